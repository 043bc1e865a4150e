import Codes
import Hosting
import Hummingbird
import Kernel

/// Scans of codes, as hooks.
struct ScanRoutes: Sendable {
    /// A scan is a few hundred bytes.
    private static let bodyBytesMax = Limit(64 * 1_024, reason: "room for what senders add, too little to hurt")

    let hooks: SignedHooks
    let scans: Scans

    /// Adds the routes; a hook brings its own proof of who sends it.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.post("v1/hooks/{source}/scans") { request, context in
            let arrived = ContinuousClock.now
            return try await hooks.answering {
                let delivery = try await hooks.delivery(
                    request, context, bodyBytesMax: Self.bodyBytesMax.value,
                    tooLarge: "A scan has \(Self.bodyBytesMax.value) bytes at most.")
                return Response(try await scans.answer(delivery, arrived: arrived))
            }
        }
    }
}
