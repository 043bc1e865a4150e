import Codes
import Foundation
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore

/// Stores hand over what was won, as hooks.
struct HandoverRoutes: Sendable {
    /// A voucher and a store are some eighty bytes.
    private static let bodyBytesMax = Limit(4 * 1_024, reason: "room for what senders add, too little to hurt")

    let origins: HookOrigins
    let handovers: Handovers

    /// Adds the routes; a hook brings its own proof of who sends it.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.post("v1/hooks/{source}/handovers") { request, context in
            let arrived = ContinuousClock.now
            return Response(try await handovers.handOver(try await delivery(request, context), arrived: arrived))
        }
        router.post("v1/hooks/{source}/handovers/{id}/reverse") { request, context in
            let delivery = try await delivery(request, context)
            guard let id = ID<Handover>(try context.parameters.require("id")) else { throw Problem.handoverUnknown }
            return Response(try await handovers.reverse(id, delivery))
        }
    }

    private func delivery(_ request: Request, _ context: SiyuRequestContext) async throws -> Delivery {
        let source = try context.parameters.require("source")
        let headers = request.headers
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.bodyBytesMax.value)
        } catch is NIOTooManyBytesError {
            throw Problem.contentTooLarge("A handover has \(Self.bodyBytesMax.value) bytes at most.")
        }
        return try await origins.delivery(
            from: source, id: headers.value("webhook-id"), timestamp: headers.value("webhook-timestamp"),
            signature: headers.value("webhook-signature"), body: Array(buffer: body), now: Date())
    }
}

extension HTTPFields {
    /// The field of a name that is known to be one.
    fileprivate func value(_ name: String) -> String? { HTTPField.Name(name).flatMap { self[$0] } }
}
