import Crypto
import CryptoExtras
import Foundation
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import Synchronization
import WeChat

/// WeChat's paths for 一物一碼, and for the access token that they need.
struct MarketcodeRoutes: Sendable {
    let sandbox: Sandbox

    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.post("cgi-bin/stable_token") { request, context in try await token(request, context) }
        router.post("intp/marketcode/applycode") { request, context in try await apply(request, context) }
        router.post("intp/marketcode/applycodequery") { request, context in try await query(request, context) }
        router.post("intp/marketcode/applycodedownload") { request, context in try await download(request, context) }
        router.post("intp/marketcode/codeactive") { request, context in try await activate(request, context) }
        router.post("intp/marketcode/codeactivequery") { request, context in
            try await activation(request, context)
        }
        router.post("intp/marketcode/tickettocode") { request, context in try await exchange(request, context) }
    }

    private var madeAfter: Double {
        let time = sandbox.options.codesTime.components
        return Double(time.seconds) + Double(time.attoseconds) / 1e18
    }

    // MARK: Tokens

    private struct TokenRequest: Decodable {
        let grant_type: String
        let appid: String
        let secret: String
        let force_refresh: Bool?
    }

    private struct TokenAnswer: Encodable {
        let access_token: String
        let expires_in: Int
    }

    private func token(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let call = try await MarketcodeCall(request, context, sandbox, needsToken: false)
        return await call.answer {
            let asked = try call.read(TokenRequest.self)
            let account = try sandbox.platform.marketcode
            guard asked.grant_type == "client_credential", asked.appid == account.appid else {
                throw MarketcodeRefusal(code: 40_013, message: "invalid appid")
            }
            guard asked.secret == account.secret else {
                throw MarketcodeRefusal(code: 40_125, message: "invalid appsecret")
            }
            return try await call.work(.token, number: asked.appid) {
                let token = sandbox.tokens.current(isForced: asked.force_refresh ?? false)
                return Call.Answer(json: try Wire.json(TokenAnswer(access_token: token, expires_in: 7_200)))
            }
        }
    }

    // MARK: Applications

    private struct ApplyRequest: Decodable {
        let code_count: Int64
        let isv_application_id: String
    }

    private func apply(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let call = try await MarketcodeCall(request, context, sandbox)
        return await call.answer {
            let asked = try call.read(ApplyRequest.self)
            return try await call.work(.codeApply, number: asked.isv_application_id) {
                let application = try await sandbox.change {
                    try $0.codes.accept(ownID: asked.isv_application_id, count: asked.code_count)
                } then: {
                    $0.codes.applications[asked.isv_application_id]
                }
                guard let application else { throw PayRefusal.parameter("isv_application_id") }
                return Call.Answer(json: try Wire.json(["application_id": application.asked.number]))
            }
        }
    }

    private struct QueryRequest: Decodable {
        let application_id: Int64?
        let isv_application_id: String?
    }

    private struct QueryAnswer: Encodable {
        struct Chunk: Encodable {
            let code_start: Int64
            let code_end: Int64
        }

        let status: String
        /// Between quotation marks, as in WeChat's sample.
        let application_id: String
        let isv_application_id: String
        let create_time: Int64
        let code_generate_list: [Chunk]
    }

    private func query(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let call = try await MarketcodeCall(request, context, sandbox)
        return await call.answer {
            let asked = try call.read(QueryRequest.self)
            let name = asked.isv_application_id ?? asked.application_id.map { "\($0)" } ?? ""
            return try await call.work(.codeApplyQuery, number: name) {
                let (after, codes) = (madeAfter, sandbox.options.packageCodes)
                let found = try await sandbox.read { book -> (MarketcodeShelf.Application, [MarketcodeChunk])? in
                    guard
                        let application = asked.isv_application_id.flatMap({ book.codes.applications[$0] })
                            ?? asked.application_id.flatMap({ book.codes.application($0) })
                    else { return nil }
                    return (
                        application,
                        book.codes.packages(
                            of: application, codes: codes, after: after, now: book.time(at: Sandbox.now()))
                    )
                }
                guard let (application, chunks) = found else { throw PayRefusal.parameter("isv_application_id") }
                return Call.Answer(
                    json: try Wire.json(
                        QueryAnswer(
                            status: chunks.isEmpty ? "INIT" : "FINISH",
                            application_id: "\(application.asked.number)", isv_application_id: application.asked.ownID,
                            create_time: Int64(application.appliedAt.timeIntervalSince1970),
                            code_generate_list: chunks.map { .init(code_start: $0.first, code_end: $0.last) })))
            }
        }
    }

    private struct DownloadRequest: Decodable {
        let application_id: Int64
        let code_start: Int64
        let code_end: Int64
    }

    private func download(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let call = try await MarketcodeCall(request, context, sandbox)
        return await call.answer {
            let asked = try call.read(DownloadRequest.self)
            let chunk = MarketcodeChunk(first: asked.code_start, last: asked.code_end)
            let key = try sandbox.platform.marketcode.packageKey
            return try await call.work(.codeDownload, number: "\(asked.application_id)|\(chunk.first)") {
                let (after, codes) = (madeAfter, sandbox.options.packageCodes)
                let isThere = try await sandbox.read { book in
                    book.codes.application(asked.application_id).map {
                        book.codes.packages(of: $0, codes: codes, after: after, now: book.time(at: Sandbox.now()))
                            .contains(chunk)
                    } ?? false
                }
                guard isThere else { throw PayRefusal.parameter("code_start, code_end") }
                let sealed = try AES._CBC.encrypt(
                    MarketcodeText.lines(chunk, of: asked.application_id),
                    using: SymmetricKey(data: Array(key.utf8)), iv: AES._CBC.IV(ivBytes: Array(key.utf8)))
                return Call.Answer(json: try Wire.json(["buffer": sealed.base64EncodedString()]))
            }
        }
    }

    // MARK: Activations

    private struct ActivateRequest: Decodable {
        let application_id: Int64
        let activity_name: String
        let product_brand: String
        let product_title: String
        let product_code: String
        let wxa_appid: String
        let wxa_path: String
        let wxa_type: Int?
        let code_start: Int64
        let code_end: Int64

        func codes() throws(PayRefusal) -> ActivatedCodes {
            guard let version = MarketcodeActivity.Version(rawValue: wxa_type ?? 0) else {
                throw .parameter("wxa_type")
            }
            let texts = [activity_name, product_brand, product_title, product_code, wxa_appid, wxa_path]
            guard texts.allSatisfy({ !$0.isEmpty }) else { throw .parameter("a text is empty") }
            return ActivatedCodes(
                number: application_id, first: code_start, last: code_end,
                activity: MarketcodeActivity(
                    name: activity_name, brand: product_brand, title: product_title, ean: product_code,
                    appid: wxa_appid, path: wxa_path, version: version))
        }
    }

    private func activate(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let call = try await MarketcodeCall(request, context, sandbox)
        return await call.answer {
            let asked = try call.read(ActivateRequest.self).codes()
            return try await call.work(.codeActivate, number: "\(asked.number)|\(asked.first)") {
                let (after, now) = (madeAfter, try sandbox.clock())
                try await sandbox.change(
                    now: now, { try $0.codes.activate(asked, after: after, now: now) }, then: { _ in })
                return Call.Answer(json: try Wire.json(["errmsg": "ok"]))
            }
        }
    }

    private struct CodeRequest: Decodable {
        let application_id: Int64?
        let code_index: Int64?
    }

    private struct CodeAnswer: Encodable {
        let code: String
        let application_id: Int64
        let isv_application_id: String
        let activity_name: String?
        let product_brand: String?
        let product_title: String?
        let product_code: String?
        let wxa_appid: String?
        let wxa_path: String?
        let wxa_type: Int?
        let code_start: Int64?
        let code_end: Int64?

        init(_ index: Int64, of application: MarketcodeShelf.Application, _ activated: ActivatedCodes?) {
            code = MarketcodeText.code(index, of: application.asked.number)
            application_id = application.asked.number
            isv_application_id = application.asked.ownID
            activity_name = activated?.activity.name
            product_brand = activated?.activity.brand
            product_title = activated?.activity.title
            product_code = activated?.activity.ean
            wxa_appid = activated?.activity.appid
            wxa_path = activated?.activity.path
            wxa_type = activated?.activity.version.rawValue
            code_start = activated?.first
            code_end = activated?.last
        }
    }

    private func activation(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let call = try await MarketcodeCall(request, context, sandbox)
        return await call.answer {
            let asked = try call.read(CodeRequest.self)
            // By code and by link are not played.
            guard let number = asked.application_id, let index = asked.code_index else {
                throw PayRefusal.parameter("application_id, code_index")
            }
            return try await call.work(.codeActiveQuery, number: "\(number)|\(index)") {
                Call.Answer(json: try Wire.json(try await code(index, of: number)))
            }
        }
    }

    private func code(_ index: Int64, of number: Int64) async throws -> CodeAnswer {
        let answer = try await sandbox.read { book -> CodeAnswer? in
            guard let application = book.codes.application(number), (0..<application.asked.count).contains(index)
            else { return nil }
            return CodeAnswer(index, of: application, book.codes.activation(of: index, in: number))
        }
        guard let answer else { throw PayRefusal.parameter("code_index") }
        return answer
    }

    private struct TicketRequest: Decodable {
        let openid: String
        let code_ticket: String
    }

    private func exchange(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let call = try await MarketcodeCall(request, context, sandbox)
        return await call.answer {
            let asked = try call.read(TicketRequest.self)
            return try await call.work(.codeTicket, number: asked.code_ticket) {
                let scan = try await sandbox.read {
                    try $0.codes.exchange(
                        asked.code_ticket, openID: asked.openid, now: $0.time(at: Sandbox.now()))
                }
                return Call.Answer(json: try Wire.json(try await code(scan.index, of: scan.number)))
            }
        }
    }
}

/// The access token of the moment; forgotten with the process, as WeChat forgets it after two hours.
final class AccessTokens: Sendable {
    private let state = Mutex((token: "", count: 0))

    /// The token; another one where it is forced, or where the last one was taken away.
    func current(isForced: Bool) -> String {
        state.withLock { state in
            if isForced || state.token.isEmpty {
                state.count += 1
                state.token = "\(state.count)_" + PaySignature.nonce()
            }
            return state.token
        }
    }

    /// Takes the token away.
    func expire() { state.withLock { $0.token = "" } }

    func isValid(_ token: String) -> Bool { state.withLock { !token.isEmpty && $0.token == token } }
}

/// A refusal in the form of api.weixin.qq.com, which comes as 200.
struct MarketcodeRefusal: Error {
    let code: Int
    let message: String

    init(code: Int, message: String) {
        self.code = code
        self.message = message
    }

    init(_ refusal: PayRefusal) {
        switch refusal {
        case .fault: self.init(code: -1, message: "system error")
        case .throttled: self.init(code: 45_009, message: "reach max api daily quota limit")
        default: self.init(code: 40_097, message: "invalid args: \(refusal.message)")
        }
    }
}

/// One call of a service account: its token, its faults, its answer.
struct MarketcodeCall: Sendable {
    private let sandbox: Sandbox
    private let body: [UInt8]
    private let isAuthorized: Bool

    init(
        _ request: Request, _ context: SiyuRequestContext, _ sandbox: Sandbox, needsToken: Bool = true
    ) async throws {
        self.sandbox = sandbox
        var request = request
        body = Array(buffer: try await request.collectBody(upTo: context.maxUploadSize))
        isAuthorized =
            !needsToken
            || sandbox.tokens.isValid(request.uri.queryParameters["access_token"].map(String.init) ?? "")
    }

    func read<Value: Decodable>(_ type: Value.Type) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(body))
        } catch {
            throw MarketcodeRefusal(code: 47_001, message: "data format error")
        }
    }

    func work(
        _ operation: FaultSettings.Operation, number: String, _ work: () async throws -> Call.Answer
    ) async throws -> Call.Answer {
        try await sandbox.work(operation, number: number, work)
    }

    func answer(_ work: () async throws -> Call.Answer) async -> Response {
        await sandbox.answering { await respond(work) }
    }

    private func respond(_ work: () async throws -> Call.Answer) async -> Response {
        do {
            guard isAuthorized else {
                throw MarketcodeRefusal(code: 40_001, message: "invalid credential, access_token is invalid")
            }
            let answer = try await work()
            return Call.wire(answer, headers: [.contentType: "application/json; encoding=utf-8"])
        } catch let refusal as MarketcodeRefusal {
            return response(refusal)
        } catch let refusal as PayRefusal {
            return response(MarketcodeRefusal(refusal))
        } catch let problem as Problem {
            return problem.response()
        } catch {
            return response(MarketcodeRefusal(.fault))
        }
    }

    private struct Verdict: Encodable {
        let errcode: Int
        let errmsg: String
    }

    private func response(_ refusal: MarketcodeRefusal) -> Response {
        // Two fields of plain text encode.
        let json = (try? Wire.json(Verdict(errcode: refusal.code, errmsg: refusal.message))) ?? []
        return Call.wire(Call.Answer(json: json), headers: [.contentType: "application/json; encoding=utf-8"])
    }
}
