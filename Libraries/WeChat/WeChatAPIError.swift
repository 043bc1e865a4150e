/// Why a call to api.weixin.qq.com gave no result; what matters is what may have happened at the other end.
///
/// These answers are not signed and come as 200 even where they refuse: `errcode` says so.
package enum WeChatAPIError: Error, Hashable, Sendable {
    /// The request may have been carried out, and we do not know: no answer, 5xx, `errcode` -1, what cannot be read.
    case outcomeUnknown(reason: String)
    /// Not carried out, and the same call will be refused again until somebody changes something.
    case refused(code: Int, message: String)
    /// Not carried out now (too many calls, a token that nobody takes): the same call may be made later.
    case throttled(code: Int)
    /// Nothing has left this process, or nobody took it.
    case notSent(reason: String)

    /// Whether the account as a whole is refused, and not what this call asks for: appid, secret, permission, address.
    package var isAboutTheAccount: Bool {
        if case .refused(let code, _) = self { Self.ofTheAccount.contains(code) } else { false }
    }

    private static let ofTheAccount: Set<Int> = [
        40_002, 40_013, 40_125, 40_164, 41_002, 41_004, 43_002, 48_001, 48_004, 50_001, 50_002, 61_004, 61_007, 89_503,
    ]
}

extension WeChatAPIError: CustomStringConvertible {
    /// A sentence for logs and rows; no secret, nobody's data.
    package var description: String {
        switch self {
        case .outcomeUnknown(let reason): "the outcome at WeChat is not known: \(reason)"
        case .refused(let code, let message): "WeChat refused (\(code)): \(message)"
        case .throttled(let code): "WeChat does not take it now (\(code))"
        case .notSent(let reason): "not sent to WeChat: \(reason)"
        }
    }
}

extension WeChatAPIError {
    /// What happened on the way, in the words of this API.
    init(_ error: WeChatPayError) {
        self =
            switch error {
            case .notSent(let reason): .notSent(reason: reason)
            case .outcomeUnknown(let reason): .outcomeUnknown(reason: reason)
            case .refused, .notFound, .throttled: .outcomeUnknown(reason: error.description)
            }
    }

    /// What an `errcode` other than 0 says.
    init(code: Int, message: String) {
        switch code {
        case -1: self = .outcomeUnknown(reason: "it answered -1")
        case _ where Self.ofTheToken.contains(code), 45_009, 45_011: self = .throttled(code: code)
        default:
            // Shown to people and kept in rows, hence short, and without what steers a terminal or is refused by the database.
            let visible = message.unicodeScalars.filter { $0.properties.generalCategory != .control }
            self = .refused(code: code, message: String(String(String.UnicodeScalarView(visible)).prefix(160)))
        }
    }

    /// Whether a token was refused: then nothing was carried out, and another token may do.
    var isAboutTheToken: Bool {
        if case .throttled(let code) = self { Self.ofTheToken.contains(code) } else { false }
    }

    private static let ofTheToken: Set<Int> = [40_001, 40_014, 42_001]
}
