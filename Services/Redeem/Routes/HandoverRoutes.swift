import Codes
import Hooks
import Hosting
import Hummingbird
import Kernel

/// Stores hand over what was won, as hooks.
struct HandoverRoutes: Sendable {
    /// A voucher and a store are some eighty bytes.
    private static let bodyBytesMax = Limit(4 * 1_024, reason: "room for what senders add, too little to hurt")

    let hooks: SignedHooks
    let handovers: Handovers

    /// Adds the routes; a hook brings its own proof of who sends it.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.post("v1/hooks/{source}/handovers") { request, context in
            let arrived = ContinuousClock.now
            return try await hooks.answering {
                Response(try await handovers.handOver(try await delivery(request, context), arrived: arrived))
            }
        }
        router.post("v1/hooks/{source}/handovers/{id}/reverse") { request, context in
            try await hooks.answering {
                let delivery = try await delivery(request, context)
                guard let id = ID<Handover>(try context.parameters.require("id")) else {
                    throw Problem.handoverUnknown
                }
                return Response(try await handovers.reverse(id, delivery))
            }
        }
    }

    private func delivery(_ request: Request, _ context: SiyuRequestContext) async throws -> Delivery {
        try await hooks.delivery(
            for: .handovers, request, context, bodyBytesMax: Self.bodyBytesMax.value,
            tooLarge: "A handover has \(Self.bodyBytesMax.value) bytes at most.")
    }
}
