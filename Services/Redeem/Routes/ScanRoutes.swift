import Codes
import Hooks
import Hosting
import Hummingbird
import Kernel

/// Scans of codes, as hooks.
struct ScanRoutes: Sendable {
    /// A scan is a few hundred bytes.
    private static let bodyBytesMax = Limit(64 * 1_024, reason: "room for what senders add, too little to hurt")

    let hooks: SignedHooks
    let scans: Scans

    private static let path = "v1/hooks/{source}/scans"

    /// Adds the routes; a hook brings its own proof of who sends it.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.post("\(Self.path)") { request, context in
            let arrived = ContinuousClock.now
            return try await hooks.answering {
                let delivery = try await hooks.delivery(
                    for: .scans, request, context, bodyBytesMax: Self.bodyBytesMax.value,
                    tooLarge: "A scan has \(Self.bodyBytesMax.value) bytes at most.")
                return Response(try await scans.answer(delivery, arrived: arrived))
            }
        }
    }

    /// The same for almost every scan there is: a shop's lunch hour goes this way.
    var direct: DirectRoute {
        DirectRoute(post: Self.path, bodyBytesMax: Self.bodyBytesMax.value) { request in
            do {
                let delivery = try await hooks.delivery(for: .scans, request)
                return WholeAnswer(try await scans.answer(delivery, arrived: request.arrived))
            } catch let refusal as LimitRefusal {
                return refusal.answer
            } catch let refusal as TicketRefusal {
                return refusal.answer
            }
        }
    }
}
