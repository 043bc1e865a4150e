package import FoundationEssentials
package import Kernel

/// What is decided about a range of codes.
package enum RangeKind: String, Sendable, CaseIterable, Codable {
    /// They may be redeemed.
    case activate
    /// They are dead: nothing tells them from codes that never were.
    case void
    /// They are held back: nothing happens to them.
    case freeze
}

/// A decision about some codes of a batch: half-open over the index, half-open in time.
package struct CodeRange: Hashable, Sendable {
    /// Its id.
    package let id: ID<CodeRange>
    /// What is decided.
    package let kind: RangeKind
    /// The codes, by index.
    package let indexes: Range<Int64>
    /// From when on it holds.
    package let validFrom: Date
    /// Until when, and no longer; nil for ever.
    package let validTo: Date?

    /// A decision in its parts.
    package init(id: ID<CodeRange>, kind: RangeKind, indexes: Range<Int64>, validFrom: Date, validTo: Date?) {
        self.id = id
        self.kind = kind
        self.indexes = indexes
        self.validFrom = validFrom
        self.validTo = validTo
    }

    func holds(for index: Int64, at now: Date) -> Bool {
        indexes.contains(index) && validFrom <= now && validTo.map { now < $0 } ?? true
    }

    /// Whether both hold for some code at some instant.
    func meets(_ other: CodeRange) -> Bool {
        indexes.overlaps(other.indexes)
            && validTo.map { other.validFrom < $0 } ?? true
            && other.validTo.map { validFrom < $0 } ?? true
    }
}

/// What a code is at an instant.
package enum CodeStanding: Hashable, Sendable {
    /// It may be redeemed.
    case active
    /// It is not, or no longer, or for now not: the pack is not on sale.
    case notActive
    /// It was taken out of use.
    case void
    /// It is held back.
    case frozen

    /// What `ranges` make of a code: void before frozen before active.
    package static func of(_ index: Int64, in ranges: [CodeRange], at now: Date) -> CodeStanding {
        var standing = CodeStanding.notActive
        for range in ranges where range.holds(for: index, at: now) {
            switch range.kind {
            case .void: return .void
            case .freeze: standing = .frozen
            case .activate: standing = standing == .frozen ? .frozen : .active
            }
        }
        return standing
    }
}

/// The wish to activate, void or freeze some codes.
package struct RangeCommand: Hashable, Sendable {
    /// What is wished.
    package var kind: RangeKind
    /// For which codes.
    package var indexes: Range<Int64>
    /// From when on; nil for now.
    package var validFrom: Date?
    /// Until when; nil for ever.
    package var validTo: Date?

    /// A wish in its parts.
    package init(kind: RangeKind, indexes: Range<Int64>, validFrom: Date? = nil, validTo: Date? = nil) {
        self.kind = kind
        self.indexes = indexes
        self.validFrom = validFrom
        self.validTo = validTo
    }
}

/// What becomes of a ``RangeCommand``.
package enum RangeOutcome: Hashable, Sendable {
    /// It is written down.
    case added(CodeRange)
    /// It was decided before, exactly so: nothing happens.
    case unchanged(CodeRange)
    /// It is refused.
    case refused(Problem)

    /// Decides about a wish, given what was decided about the batch before.
    ///
    /// - Parameters:
    ///   - count: How many codes the batch has.
    ///   - id: The id that a new decision gets.
    package static func decide(
        _ decided: [CodeRange], count: Int64, command: RangeCommand, id: ID<CodeRange>, now: Date
    ) -> RangeOutcome {
        let indexes = command.indexes
        guard indexes.lowerBound >= 0, !indexes.isEmpty, indexes.upperBound <= count else {
            return .refused(
                .invalid(
                    "The range must lie in the batch: from 0 up to \(count), the end not included.",
                    code: "range_outside_batch"))
        }
        if let from = command.validFrom, from < now {
            return .refused(
                .invalid("The range cannot begin in the past: leave its begin out for now.", code: "range_in_the_past"))
        }
        let range = CodeRange(
            id: id, kind: command.kind, indexes: indexes, validFrom: command.validFrom ?? now, validTo: command.validTo)
        guard range.validTo.map({ range.validFrom < $0 }) ?? true else {
            return .refused(.invalid("The range must end after it begins.", code: "range_ends_before_it_begins"))
        }
        let same = decided.filter { $0.kind == range.kind }
        if let earlier = same.first(where: { $0.isSame(as: command, at: now) }) { return .unchanged(earlier) }
        if let other = same.first(where: range.meets) {
            return .refused(
                .conflict(
                    "The range overlaps \(other.indexes.lowerBound)..\(other.indexes.upperBound), of which the same was decided.",
                    code: "range_overlaps"))
        }
        return .added(range)
    }
}

extension CodeRange {
    /// Whether a wish asks for what this says already, so that it may be repeated.
    fileprivate func isSame(as command: RangeCommand, at now: Date) -> Bool {
        indexes == command.indexes && validTo == command.validTo
            && (command.validFrom.map { $0 == validFrom } ?? (validFrom <= now))
    }
}

// MARK: - Lifting

extension RangeOutcome {
    /// Decides whether a freeze may end now.
    ///
    /// - Parameters:
    ///   - indexes: The codes of the freeze, exactly.
    ///   - lifted: The freezes that were lifted before.
    /// - Returns: ``added(_:)`` is the freeze as it stands, to be ended; ``unchanged(_:)`` one that was lifted before.
    package static func lift(
        _ indexes: Range<Int64>, _ decided: [CodeRange], lifted: Set<ID<CodeRange>>, count: Int64, now: Date
    ) -> RangeOutcome {
        guard indexes.lowerBound >= 0, !indexes.isEmpty, indexes.upperBound <= count else {
            return .refused(
                .invalid(
                    "The range must lie in the batch: from 0 up to \(count), the end not included.",
                    code: "range_outside_batch"))
        }
        let living = decided.filter { $0.indexes.overlaps(indexes) && ($0.validTo.map { now < $0 } ?? true) }
        let freezes = living.filter { $0.kind == .freeze }
        if let freeze = freezes.first(where: { $0.indexes == indexes && $0.validFrom < now }) { return .added(freeze) }
        if let other = freezes.first(where: { $0.indexes != indexes }) {
            return .refused(
                .conflict(
                    "A freeze is lifted as it was decided: name \(other.indexes.lowerBound)..\(other.indexes.upperBound), and freeze again what shall stay frozen.",
                    code: "range_not_exact"))
        }
        if let planned = freezes.first {
            return .refused(
                .conflict(
                    "The freeze has not begun: it can be lifted after \(planned.validFrom.ISO8601Format()).",
                    code: "freeze_not_begun"))
        }
        if let before = decided.last(where: { $0.indexes == indexes && lifted.contains($0.id) }) {
            return .unchanged(before)
        }
        if let other = living.first(where: { $0.kind == .void }) {
            return .refused(
                .conflict(
                    "The codes \(other.indexes.lowerBound)..\(other.indexes.upperBound) are void, and that is for good: only a freeze is lifted.",
                    code: "not_a_freeze"))
        }
        return .refused(
            .conflict(
                "There is no freeze of these codes to lift; an activation ends by its own end.", code: "not_a_freeze"))
    }
}

extension CodeRange {
    /// The same range with an earlier end.
    func ended(at instant: Date) -> CodeRange {
        CodeRange(id: id, kind: kind, indexes: indexes, validFrom: validFrom, validTo: instant)
    }
}
