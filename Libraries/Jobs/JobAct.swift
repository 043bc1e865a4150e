/// Who acts upon the queue, and why: both are written down with the act.
struct JobAct: Sendable {
    let author: String
    let reason: String

    /// The longest name and reason: people read them in a list.
    private static let authorLengthMax = 100
    private static let reasonLengthMax = 500

    init(author: String, reason: String) throws(JobError) {
        self.author = author.filter { $0 != "\0" && (!$0.isWhitespace || $0 == " ") }.trimmed
        self.reason = reason.filter { $0 != "\0" }.trimmed
        guard !self.author.isEmpty, self.author.count <= Self.authorLengthMax else {
            throw .refused("Say who does it, in 1 to \(Self.authorLengthMax) characters.")
        }
        guard !self.reason.isEmpty, self.reason.count <= Self.reasonLengthMax else {
            throw .refused("Say why, in 1 to \(Self.reasonLengthMax) characters: others read it later.")
        }
    }
}

extension String {
    var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.prefix(start.count - start.reversed().prefix(while: \.isWhitespace).count))
    }
}
