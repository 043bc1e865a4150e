import Codes
import Hooks
import Hosting
import Hummingbird
import Kernel

/// People draw, as hooks.
struct DrawRoutes: Sendable {
    /// An openid and a right are some hundred bytes.
    private static let bodyBytesMax = Limit(4 * 1_024, reason: "room for what senders add, too little to hurt")

    let hooks: SignedHooks
    let draws: Draws

    /// Adds the route; a hook brings its own proof of who sends it.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.post("v1/hooks/{source}/draws/{campaign}/entries") { request, context in
            let arrived = ContinuousClock.now
            return try await hooks.answering {
                let delivery = try await hooks.delivery(
                    for: .draws, request, context, bodyBytesMax: Self.bodyBytesMax.value,
                    tooLarge: "An entry in a draw has \(Self.bodyBytesMax.value) bytes at most.")
                return Response(
                    try await draws.enter(
                        try context.parameters.require("campaign"), delivery, arrived: arrived))
            }
        }
    }
}
