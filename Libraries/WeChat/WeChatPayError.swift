/// Why a call gave no result; what matters is what may have happened at the other end.
package enum WeChatPayError: Error, Hashable, Sendable {
    /// The request may have been carried out, and we do not know: no answer, 5xx, an answer that cannot be verified or read.
    ///
    /// Ask (query by our number) before anything else; only "there is no such thing" permits sending it again, under the
    /// same number.
    case outcomeUnknown(reason: String)
    /// Not carried out, and the same call will be refused again until somebody changes something.
    ///
    /// It speaks of this call alone: an earlier one under the same number whose outcome is unknown may have been carried out.
    case refused(status: Int, code: String, message: String)
    /// Not carried out: what the call names does not exist at WeChat Pay.
    case notFound(code: String)
    /// Not carried out now (too many calls, too little balance): the same call, same number, may be made later.
    case throttled(code: String)
    /// Nothing has left this process, or nobody took it.
    case notSent(reason: String)
}

extension WeChatPayError: CustomStringConvertible {
    /// A sentence for logs; no secret, nobody's data.
    package var description: String {
        switch self {
        case .outcomeUnknown(let reason): "the outcome at WeChat Pay is not known: \(reason)"
        case .refused(let status, let code, let message): "WeChat Pay refused (\(status) \(code)): \(message)"
        case .notFound(let code): "WeChat Pay knows no such thing (\(code))"
        case .throttled(let code): "WeChat Pay does not take it now (\(code))"
        case .notSent(let reason): "not sent to WeChat Pay: \(reason)"
        }
    }
}

extension WeChatPayError {
    /// What an answer other than 2xx says.
    ///
    /// Such answers carry no valid signature. What is not in WeChat Pay's own form may come from anybody on the way, so it says
    /// nothing about what happened.
    init(status: Int, body: [UInt8]) {
        guard (400..<500).contains(status), let answer = ErrorAnswer(body) else {
            self = .outcomeUnknown(reason: "it answered \(status)")
            return
        }
        switch (status, answer.code) {
        case (_, let code) where Self.undecided.contains(code):
            self = .outcomeUnknown(reason: "it answered \(status) \(code)")
        case (429, let code): self = .throttled(code: code)
        case (_, let code) where Self.transient.contains(code): self = .throttled(code: code)
        case (404, let code) where Self.absent.contains(code): self = .notFound(code: code)
        default: self = .refused(status: status, code: answer.code, message: answer.message)
        }
    }

    /// Codes that do not say whether the work was done, whatever the status beside them.
    private static let undecided: Set<String> = ["SYSTEM_ERROR", "SYSTEMERROR", "BIZERR_NEED_RETRY", "BANK_ERROR"]
    private static let transient: Set<String> = ["FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED", "NOT_ENOUGH", "NOTENOUGH"]
    private static let absent: Set<String> = ["RESOURCE_NOT_EXISTS", "ORDER_NOT_EXIST", "ORDERNOTEXIST", "NOT_FOUND"]
}
