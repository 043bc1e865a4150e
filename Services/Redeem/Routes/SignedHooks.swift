import Codes
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
    /// - Parameter purpose: What its source must be for.
    /// - Throws: ``Problem`` 401, 403 or 413; `LimitRefusal` for what is one of too many that prove nothing.
    func delivery(
        for purpose: HookPurpose, _ request: Request, _ context: SiyuRequestContext, bodyBytesMax: Int, tooLarge: String
    ) async throws -> Delivery {
        let arrived = ContinuousClock.now
        let source = try context.parameters.require("source")
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: bodyBytesMax)
        } catch is NIOTooManyBytesError {
            throw Problem.contentTooLarge(tooLarge)
        }
        return try await delivery(
            for: purpose,
            DirectRequest(parameter: source, headers: request.headers, body: body, arrived: arrived))
    }

    /// Checks a request whose body was read; the path's parameter is the source.
    ///
    /// - Throws: As the other.
    func delivery(for purpose: HookPurpose, _ request: DirectRequest) async throws -> Delivery {
        let (source, headers) = (request.parameter, request.headers)
        do {
            return try await origins.delivery(
                for: purpose, from: source, id: headers[.webhookID], timestamp: headers[.webhookTimestamp],
                signature: headers[.webhookSignature], body: Array(buffer: request.body), now: Date())
        } catch let problem as Problem where problem.status == 401 {
            try refused.refuse(source, at: request.arrived)
            throw problem
        }
    }

    /// Answers, and tells whoever has to wait how long.
    func answering(_ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let refusal as LimitRefusal {
            return Response(refusal.answer)
        } catch let refusal as TicketRefusal {
            return Response(refusal.answer)
        }
    }
}

extension TicketRefusal {
    /// What whoever has to come again is answered.
    var answer: WholeAnswer { problem.answer(headers: [.retryAfter: "\(retryAfter)"]) }
}

extension LimitRefusal {
    /// What whoever has to wait is answered.
    var answer: WholeAnswer { problem.answer(headers: [.retryAfter: "\(retryAfter)"]) }
}

extension HTTPField.Name {
    fileprivate static let webhookID = Self(constant: "webhook-id")
    fileprivate static let webhookTimestamp = Self(constant: "webhook-timestamp")
    fileprivate static let webhookSignature = Self(constant: "webhook-signature")
}
