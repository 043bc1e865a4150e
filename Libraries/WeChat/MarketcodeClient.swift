package import AsyncHTTPClient
import Foundation
package import Kernel

/// Calls WeChat about 一物一碼 for one service account.
///
/// Nothing is repeated here but a call whose token was refused, which was not carried out.
package final class MarketcodeClient: Sendable {
    /// For most calls; beyond it the outcome is unknown.
    package static let timeout = Duration.seconds(5)
    /// For a package of codes.
    package static let downloadTimeout = Duration.seconds(60)
    /// The largest package that is read into memory.
    package static let packageBytesMax = Limit(
        64 << 20, reason: "A package has fifty thousand codes, some megabytes.")
    /// How many codes one application may be for.
    package static let countRange: ClosedRange<Int64> = 10_000...20_000_000
    /// Applications are for multiples of this.
    package static let countStep: Int64 = 10_000
    /// The longest ticket of a scan.
    package static let ticketBytesMax = 256

    private let api: WeChatAPI

    /// A client over `http`, whose configuration should be `WeChatPayClient.httpConfiguration`.
    package init(
        credentials: MarketcodeCredentials, http: HTTPClient, timeout: Duration = MarketcodeClient.timeout
    ) {
        api = WeChatAPI(
            account: WeChatAPI.Account(
                appid: credentials.appid, secret: credentials.secret, baseURL: credentials.baseURL),
            http: http, timeout: timeout)
    }

    /// Applies for codes; the same number of ours is the same application.
    ///
    /// - Returns: WeChat's number of the application.
    package func apply(count: Int64, ownID: String) async throws(WeChatAPIError) -> String {
        struct Body: Encodable {
            let code_count: Int64
            let isv_application_id: String
        }
        let answer: ApplicationAnswer = try await api.call(
            "/intp/marketcode/applycode", Body(code_count: count, isv_application_id: ownID))
        return answer.application_id.text
    }

    /// How an application stands, by our number of it.
    package func application(ownID: String) async throws(WeChatAPIError) -> MarketcodeApplication {
        struct Body: Encodable { let isv_application_id: String }
        let answer: ApplicationAnswer = try await api.call(
            "/intp/marketcode/applycodequery", Body(isv_application_id: ownID))
        guard answer.isv_application_id.map({ $0 == ownID }) ?? true else { throw .mistaken }
        return MarketcodeApplication(
            id: answer.application_id.text, ownID: answer.isv_application_id, isFinished: answer.status == "FINISH",
            chunks: (answer.code_generate_list ?? []).map {
                MarketcodeChunk(first: $0.code_start.number, last: $0.code_end.number)
            })
    }

    /// Some codes of an application as WeChat sends them: base64 of what the account's key opens.
    package func download(_ chunk: MarketcodeChunk, of application: String) async throws(WeChatAPIError) -> [UInt8] {
        struct Body: Encodable {
            let application_id: Int64
            let code_start: Int64
            let code_end: Int64
        }
        struct Answer: Decodable { let buffer: String }
        let answer: Answer = try await api.call(
            "/intp/marketcode/applycodedownload",
            Body(application_id: try Self.number(application), code_start: chunk.first, code_end: chunk.last),
            timeout: Self.downloadTimeout, bytesMax: Self.packageBytesMax.value)
        return Array(answer.buffer.utf8)
    }

    /// Activates codes: from then on whoever scans one is led to the mini program.
    package func activate(
        _ codes: MarketcodeChunk, of application: String, for activity: MarketcodeActivity
    ) async throws(WeChatAPIError) {
        struct Answer: Decodable {}
        let _: Answer = try await api.call(
            "/intp/marketcode/codeactive",
            ActivationBody(application: try Self.number(application), codes: codes, activity: activity))
    }

    /// What WeChat knows of the code at an index.
    package func code(at index: Int64, of application: String) async throws(WeChatAPIError) -> MarketcodeOfWeChat {
        struct Body: Encodable {
            let application_id: Int64
            let code_index: Int64
        }
        let answer: CodeAnswer = try await api.call(
            "/intp/marketcode/codeactivequery",
            Body(application_id: try Self.number(application), code_index: index))
        let code = answer.code(of: application)
        guard code.applicationID == application else { throw .mistaken }
        return code
    }

    /// The code behind the ticket of a scan.
    ///
    /// A ticket may be good for one exchange alone: whoever may have to ask again remembers the answer.
    package func code(ticket: String, openid: String) async throws(WeChatAPIError) -> MarketcodeOfWeChat {
        struct Body: Encodable {
            let openid: String
            let code_ticket: String
        }
        let answer: CodeAnswer = try await api.call(
            "/intp/marketcode/tickettocode", Body(openid: openid, code_ticket: ticket))
        guard let code = answer.code, !code.isEmpty else { throw .mistaken }
        return answer.code(of: "")
    }

    private static func number(_ application: String) throws(WeChatAPIError) -> Int64 {
        guard let number = Int64(application) else { throw .notSent(reason: "\(application) is no application") }
        return number
    }
}

extension WeChatAPIError {
    fileprivate static let mistaken = WeChatAPIError.outcomeUnknown(reason: "its answer is about something else")
}

// MARK: - Bodies

/// A number that may stand between quotation marks, as in WeChat's own samples.
private struct LooseNumber: Decodable {
    let number: Int64
    var text: String { "\(number)" }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // Not a number: then it is a text, or nothing that we read.
        if let number = try? container.decode(Int64.self) {
            self.number = number
        } else if let number = Int64(try container.decode(String.self)) {
            self.number = number
        } else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no number")
        }
    }
}

private struct ApplicationAnswer: Decodable {
    struct Chunk: Decodable {
        let code_start: LooseNumber
        let code_end: LooseNumber
    }

    let application_id: LooseNumber
    let isv_application_id: String?
    let status: String?
    let code_generate_list: [Chunk]?
}

private struct ActivationBody: Encodable {
    let application: Int64
    let codes: MarketcodeChunk
    let activity: MarketcodeActivity

    private enum CodingKeys: String, CodingKey {
        case application_id, activity_name, product_brand, product_title, product_code, wxa_appid, wxa_path, wxa_type
        case code_start, code_end
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(application, forKey: .application_id)
        try container.encode(activity.name, forKey: .activity_name)
        try container.encode(activity.brand, forKey: .product_brand)
        try container.encode(activity.title, forKey: .product_title)
        try container.encode(activity.ean, forKey: .product_code)
        try container.encode(activity.appid, forKey: .wxa_appid)
        try container.encode(activity.path, forKey: .wxa_path)
        try container.encode(activity.version.rawValue, forKey: .wxa_type)
        try container.encode(codes.first, forKey: .code_start)
        try container.encode(codes.last, forKey: .code_end)
    }
}

private struct CodeAnswer: Decodable {
    let code: String?
    let application_id: LooseNumber?
    let activity_name: String?
    let product_brand: String?
    let product_title: String?
    let product_code: String?
    let wxa_appid: String?
    let wxa_path: String?
    let wxa_type: LooseNumber?
    let code_start: LooseNumber?
    let code_end: LooseNumber?

    /// - Parameter application: What stands for an application that is not named.
    func code(of application: String) -> MarketcodeOfWeChat {
        var activity: MarketcodeActivity?
        if let name = activity_name, !name.isEmpty {
            activity = MarketcodeActivity(
                name: name, brand: product_brand ?? "", title: product_title ?? "", ean: product_code ?? "",
                appid: wxa_appid ?? "", path: wxa_path ?? "",
                version: wxa_type.flatMap { MarketcodeActivity.Version(rawValue: Int($0.number)) } ?? .release)
        }
        var codes: MarketcodeChunk?
        if let start = code_start, let end = code_end {
            codes = MarketcodeChunk(first: start.number, last: end.number)
        }
        return MarketcodeOfWeChat(
            code: code ?? "", applicationID: application_id?.text ?? application, activity: activity, activated: codes)
    }
}
