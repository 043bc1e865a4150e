import Foundation
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import Logging
import NIOCore
import Orders
import WeChat

/// `POST /wechat/pay/{merchant}/notify`: payments and refunds, reported by WeChat Pay.
///
/// No bearer key: the signature is the credential. Anything but 200 and 204 makes WeChat Pay report again.
struct PayNotifyRoutes: Sendable {
    let notices: PaymentNotices

    /// Adds the route.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.post("wechat/pay/{merchant}/notify") { request, context in
            do {
                return try await take(request, context)
            } catch let error as CancellationError {
                throw error
            } catch {
                return fail(error, context)
            }
        }
    }

    private func take(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let mchid = try context.parameters.require("merchant")
        let body = try await request.body.collect(upTo: context.maxUploadSize)
        let headers = SignatureHeaders { name in
            // Several headers of one name are none: which of them would count?
            let values = HTTPField.Name(name).map { request.headers[values: $0] } ?? []
            return values.count == 1 ? values[0] : nil
        }
        let answer = try await notices.take(
            mchid: mchid, headers: headers, body: Array(buffer: body), now: PaySignature.realTime())
        return Response(status: .init(code: answer.status))
    }

    /// A refusal in WeChat Pay's own form.
    private func fail(_ error: any Error, _ context: SiyuRequestContext) -> Response {
        let problem = Problem(describing: error)
        context.logger.log(
            level: problem.status >= 500 ? .error : .warning, "A notification of WeChat Pay was refused.",
            metadata: ["code": "\(problem.code)", "error": "\(type(of: error))"])
        let body = (try? JSONEncoder().encode(Refusal(message: problem.detail))) ?? Data(#"{"code":"FAIL"}"#.utf8)
        return Response(
            status: .init(code: problem.status),
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }

    private struct Refusal: Encodable {
        var code = "FAIL"
        let message: String
    }
}
