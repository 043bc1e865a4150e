import Foundation
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore

/// What all hooks of shops begin with: their body, whose size is bounded, and the proof of who sends it.
struct ShopHooks: Sendable {
    /// What a shop says is some hundred bytes.
    private static let bodyBytesMax = Limit(4 * 1_024, reason: "room for what senders add, too little to hurt")

    let origins: HookOrigins

    /// Reads a request and checks it.
    ///
    /// - Parameter purpose: What its source must be for.
    /// - Throws: ``Problem`` 401, 403 or 413.
    func delivery(
        for purpose: HookPurpose, _ request: Request, _ context: SiyuRequestContext
    ) async throws -> Delivery {
        func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { request.headers[$0] } }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.bodyBytesMax.value)
        } catch is NIOTooManyBytesError {
            throw Problem.contentTooLarge("What a shop says has \(Self.bodyBytesMax.value) bytes at most.")
        }
        return try await origins.delivery(
            for: purpose, from: try context.parameters.require("source"), id: header("webhook-id"),
            timestamp: header("webhook-timestamp"), signature: header("webhook-signature"),
            body: Array(buffer: body), now: Date())
    }
}
