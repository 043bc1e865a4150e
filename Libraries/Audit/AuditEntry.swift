import Crypto
package import FoundationEssentials
package import Kernel

/// What somebody did by hand, before it is written down.
package struct ManualAct: Hashable, Sendable {
    /// Who: a user of the operator's computer, or the id of an API key.
    package let author: String
    /// What, as in `policy set` or `POST /v1/gifts/{id}/withdraw`.
    package let act: String
    /// To what; empty where that is part of the details.
    package let subject: String
    /// Why; empty where nobody said.
    package let reason: String
    /// The rest, as it was given; never a secret and never a person's data.
    package let details: String

    /// The longest of each text: what is longer is cut.
    package static let lengthMax = Limit(500, reason: "entries are read by people, in lists")

    /// An act in its parts.
    package init(author: String, act: String, subject: String = "", reason: String = "", details: String = "") {
        func cut(_ text: String) -> String {
            String(String.UnicodeScalarView(text.unicodeScalars.prefix(Self.lengthMax.value)))
        }
        self.init(
            stored: cut(author), act: cut(act), subject: cut(subject), reason: cut(reason), details: cut(details))
    }

    /// An act as it stands in the table, whatever somebody made of it.
    init(stored author: String, act: String, subject: String, reason: String, details: String) {
        self.author = author
        self.act = act
        self.subject = subject
        self.reason = reason
        self.details = details
    }
}

/// An act as it stands in the trail of a brand.
package struct AuditEntry: Hashable, Sendable {
    /// Its place, from 1 on, without gaps.
    package let number: Int64
    /// When, by the clock of the business.
    package let actedAt: Date
    /// What was done.
    package let act: ManualAct
    /// What this entry and all before it say, as 32 bytes.
    package let hash: [UInt8]

    /// The hash that an entry with these contents must have.
    static func hash(
        brand: ID<Brand>, number: Int64, actedAt: Date, _ act: ManualAct, previous: [UInt8]
    ) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("siyu-audit-1\n".utf8))
        withUnsafeBytes(of: brand.rawValue.uuid) { hash.update(bufferPointer: $0) }
        hash.update(number: UInt64(bitPattern: number))
        hash.update(number: UInt64(bitPattern: Int64((actedAt.timeIntervalSince1970 * 1_000_000).rounded())))
        for text in [act.author, act.act, act.subject, act.reason, act.details] {
            hash.update(number: UInt64(text.utf8.count))
            hash.update(data: Array(text.utf8))
        }
        hash.update(data: previous)
        return Array(hash.finalize())
    }

    /// Before the first entry.
    static let start = [UInt8](repeating: 0, count: 32)
}

extension SHA256 {
    fileprivate mutating func update(number: UInt64) {
        withUnsafeBytes(of: number.bigEndian) { update(bufferPointer: $0) }
    }
}

/// The first place where a trail is not as it was written.
package struct AuditFault: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    /// What is wrong there.
    package enum What: String, Sendable, Codable {
        /// The entry does not say what it said, or the one before was written anew.
        case changed
        /// The entry is not there.
        case removed
        /// The entry is not the one that was noted down: the trail was written anew.
        case noted
    }

    /// What is wrong.
    package let what: What
    /// The entry's number.
    package let number: Int64

    /// A fault and where it is.
    package init(what: What, number: Int64) {
        self.what = what
        self.number = number
    }

    package var description: String {
        switch what {
        case .changed: "Entry \(number) was changed after it was written, or the one before it was written anew."
        case .removed: "Entry \(number) was removed."
        case .noted: "Entry \(number) is not the one that was noted down: the trail was written anew."
        }
    }
}
