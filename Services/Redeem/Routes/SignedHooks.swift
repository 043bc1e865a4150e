import Foundation
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore

/// What all hooks of this service begin with: their body, whose size is bounded, and the proof of who sends it.
struct SignedHooks: Sendable {
    let origins: HookOrigins
    private let refused = RefusedSources()

    init(origins: HookOrigins) { self.origins = origins }

    /// Reads a request and checks it.
    ///
    /// - Throws: ``Problem`` 401 or 413; `LimitRefusal` for what is one of too many that prove nothing.
    func delivery(
        _ request: Request, _ context: SiyuRequestContext, bodyBytesMax: Int, tooLarge: String
    ) async throws -> Delivery {
        let arrived = ContinuousClock.now
        let source = try context.parameters.require("source")
        let headers = request.headers
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: bodyBytesMax)
        } catch is NIOTooManyBytesError {
            throw Problem.contentTooLarge(tooLarge)
        }
        do {
            return try await origins.delivery(
                from: source, id: headers[.webhookID], timestamp: headers[.webhookTimestamp],
                signature: headers[.webhookSignature], body: Array(buffer: body), now: Date())
        } catch let problem as Problem where problem.status == 401 {
            try refused.refuse(source, at: arrived)
            throw problem
        }
    }

    /// Answers, and tells whoever has to wait how long.
    func answering(_ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let refusal as LimitRefusal {
            return refusal.problem.response(headers: [.retryAfter: "\(refusal.retryAfter)"])
        }
    }
}

extension HTTPField.Name {
    fileprivate static let webhookID = Self(constant: "webhook-id")
    fileprivate static let webhookTimestamp = Self(constant: "webhook-timestamp")
    fileprivate static let webhookSignature = Self(constant: "webhook-signature")
}
