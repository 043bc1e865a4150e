import Codes
import Foundation
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore

/// Scans of codes, as hooks.
struct ScanRoutes: Sendable {
    /// A scan is a few hundred bytes.
    private static let bodyBytesMax = Limit(64 * 1_024, reason: "room for what senders add, too little to hurt")

    let origins: HookOrigins
    let scans: Scans

    /// Adds the routes; a hook brings its own proof of who sends it.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.post("v1/hooks/{source}/scans") { request, context in try await scan(request, context) }
    }

    private func scan(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let arrived = ContinuousClock.now
        let source = try context.parameters.require("source")
        let headers = request.headers
        let body = try await Self.body(of: request)
        let delivery = try await origins.delivery(
            from: source, id: headers["webhook-id"], timestamp: headers["webhook-timestamp"],
            signature: headers["webhook-signature"], body: Array(buffer: body), now: Date())
        do {
            return Response(try await scans.answer(delivery, arrived: arrived))
        } catch let error as TooManyWrongCodes {
            return error.problem.response(headers: [.retryAfter: "\(max(1, error.pause.components.seconds))"])
        }
    }
}

extension ScanRoutes {
    private static func body(of request: Request) async throws -> ByteBuffer {
        do {
            return try await request.body.collect(upTo: bodyBytesMax.value)
        } catch is NIOTooManyBytesError {
            throw Problem.contentTooLarge("A scan has \(bodyBytesMax.value) bytes at most.")
        }
    }
}

extension HTTPFields {
    /// The field of a name that is known to be one.
    fileprivate subscript(name: String) -> String? { HTTPField.Name(name).flatMap { self[$0] } }
}
