import Crypto
package import FoundationEssentials
package import Kernel

/// What is promised about a batch's prizes beside their table: when codes may win, and how long what was won is kept for its winner.
package struct RuleTerms: Hashable, Sendable {
    /// From when on codes may be alive.
    package var startsAt: Date
    /// Until when, and no longer; nil for ever.
    package var endsAt: Date?
    /// For how many days a thing that was won is kept.
    package var claimDays: Int32

    /// How many days a winner may be given.
    package static let claimDaysRange = Int32(1)...3_650

    /// Terms in their parts.
    package init(startsAt: Date, endsAt: Date?, claimDays: Int32) {
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.claimDays = claimDays
    }

    /// Whether all of a range's time lies in the published one.
    package func hold(_ range: CodeRange) -> Bool {
        guard startsAt <= range.validFrom else { return false }
        guard let endsAt else { return true }
        return range.validTo.map { $0 <= endsAt } ?? false
    }

    /// What is published, as it stands in the room's README: it names the prizes by their hash.
    package func document(rulesHash: [UInt8]) -> String {
        let hash = rulesHash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let end = endsAt.map(Self.text) ?? "-"
        return "siyu-rules-1\n\(hash)\n\(Self.text(startsAt))\n\(end)\n\(claimDays)\n"
    }

    /// SHA-256 of ``document(rulesHash:)``.
    package func documentHash(rulesHash: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: Array(document(rulesHash: rulesHash).utf8)))
    }

    /// An instant in UTC with the six decimals that the database keeps, so that the same instant is always the same text.
    static func text(_ instant: Date) -> String {
        let micros = Int64((instant.timeIntervalSince1970 * 1_000_000).rounded())
        let second = Date(timeIntervalSince1970: TimeInterval(micros / 1_000_000))
        let decimals = String(1_000_000 + micros % 1_000_000).dropFirst()
        return "\(second.ISO8601Format().dropLast()).\(decimals)Z"
    }
}

/// One version of what was published about a batch.
package struct PublishedRules: Hashable, Sendable {
    /// Its number, from 1.
    package let version: Int32
    /// What it says.
    package let terms: RuleTerms
    /// SHA-256 of its text.
    package let documentHash: [UInt8]
    /// Who published it.
    package let author: String
    /// When.
    package let publishedAt: Date

    /// A version in its parts.
    package init(version: Int32, terms: RuleTerms, documentHash: [UInt8], author: String, publishedAt: Date) {
        self.version = version
        self.terms = terms
        self.documentHash = documentHash
        self.author = author
        self.publishedAt = publishedAt
    }
}

/// The wish to publish other rules; what is nil stays as it is.
package struct RulesChange: Hashable, Sendable {
    /// An end, or none.
    package enum End: Hashable, Sendable {
        /// The rules hold for ever.
        case never
        /// They end at an instant.
        case at(Date)
    }

    /// From when on codes may be alive.
    package var startsAt: Date?
    /// Until when.
    package var end: End?
    /// For how many days a thing that was won is kept.
    package var claimDays: Int32?

    /// A wish in its parts.
    package init(startsAt: Date? = nil, end: End? = nil, claimDays: Int32? = nil) {
        self.startsAt = startsAt
        self.end = end
        self.claimDays = claimDays
    }

    func applied(to terms: RuleTerms) -> RuleTerms {
        var terms = terms
        if let startsAt { terms.startsAt = startsAt }
        switch end {
        case .never: terms.endsAt = nil
        case .at(let instant): terms.endsAt = instant
        case nil: break
        }
        if let claimDays { terms.claimDays = claimDays }
        return terms
    }
}

/// What becomes of a ``RulesChange``.
package enum RulesStep: Hashable, Sendable {
    /// It is published as the next version.
    case publish(RuleTerms)
    /// The rules say so already.
    case unchanged
    /// It is refused.
    case refused(Problem)

    /// Decides about a wish.
    ///
    /// Until the first code lives, the rules may change as long as every activation that was decided stays inside. From then on
    /// they change in the consumer's favour alone: a later end or none, more days to fetch what was won.
    ///
    /// - Parameter activations: Every activation that was ever decided about the batch.
    package static func decide(
        _ current: RuleTerms, _ change: RulesChange, activations: [CodeRange], now: Date
    ) -> RulesStep {
        let next = change.applied(to: current)
        if next == current { return .unchanged }
        guard RuleTerms.claimDaysRange.contains(next.claimDays) else {
            return .refused(
                .invalid(
                    "What was won is kept for \(RuleTerms.claimDaysRange.lowerBound) to \(RuleTerms.claimDaysRange.upperBound) days.",
                    code: "claim_days_out_of_range"))
        }
        if let end = next.endsAt, end != current.endsAt, end <= now {
            return .refused(.invalid("The rules must end in the future.", code: "rules_end_in_the_past"))
        }
        let hasStarted = activations.contains { $0.validFrom <= now }
        if hasStarted, !next.isInTheConsumersFavour(of: current) {
            return .refused(
                .conflict(
                    "Codes of this batch are or were alive: its rules can only get a later end or none, and more days to fetch what was won.",
                    code: "rules_fixed"))
        }
        if next.startsAt != current.startsAt, next.startsAt < now {
            return .refused(.invalid("The rules cannot begin in the past.", code: "rules_begin_in_the_past"))
        }
        guard next.endsAt.map({ next.startsAt < $0 }) ?? true else {
            return .refused(.invalid("The rules must end after they begin.", code: "rules_end_before_they_begin"))
        }
        guard let outside = activations.first(where: { !next.hold($0) }) else { return .publish(next) }
        return .refused(
            .conflict(
                "Codes \(outside.indexes.lowerBound)..\(outside.indexes.upperBound) are to live outside these rules: their activation is decided, choose rules that hold it.",
                code: "activation_outside_rules"))
    }
}

extension RuleTerms {
    fileprivate func isInTheConsumersFavour(of earlier: RuleTerms) -> Bool {
        guard startsAt == earlier.startsAt, claimDays >= earlier.claimDays else { return false }
        guard let endsAt else { return true }
        return earlier.endsAt.map { $0 <= endsAt } ?? false
    }
}
