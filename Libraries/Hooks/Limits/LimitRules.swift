package import Kernel

/// Whose tries are counted together.
package enum LimitScope: String, Hashable, Sendable, CaseIterable {
    /// One person, as the sender of a hook knows them.
    case member
    /// One device.
    case device
    /// The neighbours of an address: an IPv4 /24 or an IPv6 /56.
    case network
    /// One store that hands prizes over.
    case store
    /// The neighbours of an address from which pages are opened.
    case visitor
}

/// How much may be tried, and what too much brings.
package struct LimitRule: Hashable, Sendable {
    /// How much may be had, wrong or not.
    package struct Use: Hashable, Sendable {
        /// The time within which uses add up, from the first.
        package let window: Duration
        /// So many within the window, and there is a pause until its end.
        package let max: Int32
        /// Processes tell each other of so many at a time: who has little costs no row.
        package let step: Int32
    }

    /// The time within which wrong tries add up, from the first.
    package let window: Duration
    /// So many wrong ones within the window bring a pause.
    package let wrongMax: Int32
    /// The first pause.
    package let firstPause: Duration
    /// Each pause is twice the one before, up to this.
    package let longestPause: Duration
    /// From so many wrong ones in a row on, each brings the longest pause.
    package let inARowMax: Int32?
    /// What counts though it is not wrong.
    package let use: Use?
}

extension LimitScope {
    /// What holds for the scope.
    package var limit: Limit<LimitRule> {
        switch self {
        case .member: Self.memberLimit
        case .device: Self.deviceLimit
        case .network: Self.networkLimit
        case .store: Self.storeLimit
        case .visitor: Self.visitorLimit
        }
    }

    var rule: LimitRule { limit.value }

    private static let memberLimit = Limit(
        LimitRule(
            window: .seconds(600), wrongMax: 5, firstPause: .seconds(1_800), longestPause: .seconds(86_400),
            inARowMax: 100, use: LimitRule.Use(window: .seconds(86_400), max: 30, step: 5)),
        reason: """
            a person mistypes a few times in ten minutes, not more, and redeems no thirty packs a day; \
            a hundred in a row is what NIST SP 800-63B, 5.2.2 allows an account
            """)
    private static let deviceLimit = Limit(
        LimitRule(
            window: .seconds(3_600), wrongMax: 10, firstPause: .seconds(3_600), longestPause: .seconds(3_600),
            inARowMax: nil, use: nil),
        reason: "a family shares a phone; a farm of accounts does not type ten wrong codes an hour on one and stop")
    private static let networkLimit = Limit(
        LimitRule(
            window: .seconds(60), wrongMax: 30, firstPause: .seconds(60), longestPause: .seconds(60), inARowMax: nil,
            use: LimitRule.Use(window: .seconds(60), max: 600, step: 60)),
        reason: "a carrier puts a street behind an address, so the pause is short")
    private static let storeLimit = Limit(
        LimitRule(
            window: .seconds(600), wrongMax: 20, firstPause: .seconds(1_800), longestPause: .seconds(1_800),
            inARowMax: nil, use: nil),
        reason: "a till reads vouchers by camera and types few of them")
    private static let visitorLimit = Limit(
        networkLimit.value,
        reason: "who opens pages may do as much as who scans, and is counted apart: it takes no proof to open one")
}

/// What somebody tried so far.
///
/// Instants are times since an origin that all values of a place share: the start of a process, or the database's now.
package struct LimitRecord: Hashable, Sendable {
    /// Wrong tries since ``since``.
    package var wrong: Int32 = 0
    /// The first wrong try of the window.
    package var since: Duration
    /// Wrong tries since the last right one.
    package var inARow: Int32 = 0
    /// How often there was a pause already.
    package var pauses: Int32 = 0
    /// Until when there is one.
    package var pausedUntil: Duration?
    /// What was had since ``usedSince``.
    package var used: Int32 = 0
    /// The first use of the window.
    package var usedSince: Duration

    /// Somebody who has not tried anything yet.
    package init(at now: Duration) {
        since = now
        usedSince = now
    }

    /// How long there is a pause yet; nil if there is none.
    package func pause(at now: Duration) -> Duration? {
        guard let pausedUntil, now < pausedUntil else { return nil }
        return pausedUntil - now
    }

    /// Whether nothing would be lost by forgetting it.
    var isBlank: Bool { wrong == 0 && inARow == 0 && pauses == 0 && used == 0 && pausedUntil == nil }

    /// The same by an origin that lies so much earlier.
    func shifted(by offset: Duration) -> LimitRecord {
        var record = self
        record.since += offset
        record.usedSince += offset
        record.pausedUntil = pausedUntil.map { $0 + offset }
        return record
    }
}

/// Something that counts.
package enum LimitEvent: Hashable, Sendable {
    /// So many wrong tries.
    case wrong(Int32)
    /// A right one.
    case right
    /// So many uses.
    case used(Int32)
}

/// What tries lead to.
package enum LimitRules {
    /// Doubling is stopped here, before it overflows; a pause has its longest long before.
    private static let doublingsMax: Int32 = 20

    /// The record after an event.
    ///
    /// What is wrong during a pause lengthens the row and brings no second pause. A right try ends the row; outside a pause and the window
    /// it also forgives what was before. It never ends a pause: a code that is right is right every time, and whoever has one could
    /// guess for ever by showing it in between.
    package static func decide(
        _ record: LimitRecord, _ event: LimitEvent, by rule: LimitRule, at now: Duration
    ) -> LimitRecord {
        switch event {
        case .wrong(let count): wrong(record, count, rule, now)
        case .right: right(record, rule, now)
        case .used(let count): used(record, count, rule, now)
        }
    }

    private static func wrong(
        _ record: LimitRecord, _ count: Int32, _ rule: LimitRule, _ now: Duration
    ) -> LimitRecord {
        var record = record
        let isPaused = record.pause(at: now) != nil
        record.inARow = sum(record.inARow, count)
        if !isPaused {
            if now - record.since > rule.window {
                record.wrong = 0
                record.since = now
            }
            record.wrong = sum(record.wrong, count)
        }
        let isHopeless = rule.inARowMax.map { record.inARow >= $0 } ?? false
        guard isHopeless || record.wrong >= rule.wrongMax else { return record }
        let doubled = rule.firstPause * (1 << Int(min(record.pauses, doublingsMax)))
        let pause = isHopeless ? rule.longestPause : min(doubled, rule.longestPause)
        record.pausedUntil = max(record.pausedUntil ?? now, now + pause)
        record.pauses = sum(record.pauses, isPaused ? 0 : 1)
        record.wrong = 0
        return record
    }

    private static func right(_ record: LimitRecord, _ rule: LimitRule, _ now: Duration) -> LimitRecord {
        var record = record
        record.inARow = 0
        guard record.pause(at: now) == nil, now - record.since > rule.window else { return record }
        record.wrong = 0
        record.pauses = 0
        record.pausedUntil = nil
        return record
    }

    private static func used(
        _ record: LimitRecord, _ count: Int32, _ rule: LimitRule, _ now: Duration
    ) -> LimitRecord {
        guard let use = rule.use else { return record }
        var record = record
        if record.used == 0 || now - record.usedSince > use.window {
            record.used = 0
            record.usedSince = now
        }
        record.used = sum(record.used, count)
        guard record.used >= use.max else { return record }
        record.pausedUntil = max(record.pausedUntil ?? now, record.usedSince + use.window)
        record.used = 0
        return record
    }

    private static func sum(_ left: Int32, _ right: Int32) -> Int32 {
        let (sum, overflows) = left.addingReportingOverflow(right)
        return overflows ? .max : sum
    }
}
