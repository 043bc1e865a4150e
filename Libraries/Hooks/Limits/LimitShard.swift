import Synchronization

/// What happened to a subject since the others were told.
struct LimitDelta: Hashable, Sendable {
    var wrong: Int32 = 0
    var hadRight = false
    var used: Int32 = 0

    var isEmpty: Bool { wrong == 0 && !hadRight && used == 0 }

    mutating func add(_ event: LimitEvent) {
        switch event {
        case .wrong(let count): wrong &+= count
        case .right: hadRight = true
        case .used(let count): used &+= count
        }
    }

    mutating func add(_ other: LimitDelta) {
        wrong &+= other.wrong
        hadRight = hadRight || other.hadRight
        used &+= other.used
    }

    /// What happened to a record that others have changed meanwhile.
    ///
    /// Right tries count as the first of them: a row is then some tries too long at most.
    func applied(to record: LimitRecord, by rule: LimitRule, at now: Duration) -> LimitRecord {
        var record = record
        if hadRight { record = LimitRules.decide(record, .right, by: rule, at: now) }
        if wrong > 0 { record = LimitRules.decide(record, .wrong(wrong), by: rule, at: now) }
        if used > 0 { record = LimitRules.decide(record, .used(used), by: rule, at: now) }
        return record
    }
}

/// News of a subject, on their way to the others.
struct LimitChange: Sendable {
    let key: Int
    let subject: BlindSubject
    let delta: LimitDelta
}

/// A part of the book, so that requests seldom wait for each other.
final class LimitShard: Sendable {
    private struct Entry {
        let subject: LimitSubject
        var record: LimitRecord
        var delta = LimitDelta()
        var counted = CountedTries()
    }

    /// The last deliveries that were counted, in the entry itself: a flood makes a hundred thousand of them.
    private struct CountedTries {
        private var tries = InlineArray<8, Int32>(repeating: 0)
        private var count = 0

        /// Remembers a delivery in the place of the oldest.
        ///
        /// - Returns: Whether it was not known.
        mutating func insert(_ attempt: Int) -> Bool {
            let attempt = Int32(truncatingIfNeeded: attempt)
            for place in 0..<min(count, tries.count) where tries[place] == attempt { return false }
            tries[count % tries.count] = attempt
            count += 1
            return true
        }
    }

    /// What was had by somebody who has not had enough of it to be worth an entry.
    private struct Uses {
        var since: Int32
        var count: Int32
        /// What was had last: telling of it again is no other use.
        var last: Int32
    }

    private struct State {
        /// Two generations each: when the young one is full it becomes the old one, which is forgotten.
        var young: [Int: Entry] = [:]
        var old: [Int: Entry] = [:]
        var youngUses: [Int: Uses] = [:]
        var oldUses: [Int: Uses] = [:]
        var changed: Set<Int> = []
    }

    private let sizeMax: Int
    private let state = Mutex(State())

    /// - Parameter sizeMax: Subjects in each generation.
    init(sizeMax: Int) { self.sizeMax = max(1, sizeMax) }

    func pause(of key: Int, at now: Duration) -> Duration? {
        state.withLock { state in (state.young[key] ?? state.old[key])?.record.pause(at: now) }
    }

    /// Counts something wrong; whoever is new gets an entry.
    func wrong(_ subject: LimitSubject, attempt: Int?, at now: Duration) {
        let (key, rule) = (subject.key, subject.scope.rule)
        state.withLock { state in
            var entry =
                state.young[key] ?? state.old[key] ?? Entry(subject: subject, record: LimitRecord(at: now))
            if let attempt, !entry.counted.insert(attempt) { return }
            apply(.wrong(1), to: &entry, rule, now)
            keep(entry, key, &state)
        }
    }

    /// Notes something right; whoever never did anything wrong stays unknown.
    func right(_ subject: LimitSubject, at now: Duration) {
        let key = subject.key
        state.withLock { state in
            guard var entry = state.young[key] ?? state.old[key] else { return }
            let before = entry.record
            entry.record = LimitRules.decide(before, .right, by: subject.scope.rule, at: now)
            // Most right tries change nothing, and are no news.
            guard entry.record != before else { return }
            entry.delta.add(.right)
            keep(entry, key, &state)
        }
    }

    /// Counts a use, and makes an entry of every so many.
    ///
    /// - Parameter what: What was had, if telling of it twice in a row is to count once.
    func used(_ subject: LimitSubject, _ what: Int?, at now: Duration) {
        let (key, rule) = (subject.key, subject.scope.rule)
        guard let use = rule.use else { return }
        let second = Int32(truncatingIfNeeded: now.components.seconds)
        let last = Int32(truncatingIfNeeded: what ?? 0)
        state.withLock { state in
            var uses = state.youngUses[key] ?? state.oldUses[key] ?? Uses(since: second, count: 0, last: 0)
            if what != nil, uses.last == last { return }
            if .seconds(Int64(second &- uses.since)) > use.window { uses = Uses(since: second, count: 0, last: 0) }
            uses.count += 1
            uses.last = last
            if uses.count >= use.step {
                var entry =
                    state.young[key] ?? state.old[key] ?? Entry(subject: subject, record: LimitRecord(at: now))
                apply(.used(uses.count), to: &entry, rule, now)
                keep(entry, key, &state)
                uses.count = 0
            }
            state.youngUses[key] = uses
            guard state.youngUses.count >= sizeMax else { return }
            state.oldUses = state.youngUses
            state.youngUses = [:]
        }
    }

    private func apply(
        _ event: LimitEvent, to entry: inout Entry, _ rule: LimitRule, _ now: Duration
    ) {
        entry.record = LimitRules.decide(entry.record, event, by: rule, at: now)
        entry.delta.add(event)
    }

    private func keep(_ entry: Entry, _ key: Int, _ state: inout State) {
        state.young[key] = entry
        if !entry.delta.isEmpty { state.changed.insert(key) }
        guard state.young.count >= sizeMax else { return }
        // News of whom there is no more room for are forgotten with them: a flood while nobody can be told must not pile up.
        for key in state.old.keys where state.young[key] == nil { state.changed.remove(key) }
        state.old = state.young
        state.young = [:]
    }
}

// MARK: - What the exchange needs

extension LimitShard {
    /// Takes news out, at most `limit` of them.
    func takeChanges(_ limit: Int) -> [(subject: LimitSubject, delta: LimitDelta)] {
        state.withLock { state in
            var taken: [(subject: LimitSubject, delta: LimitDelta)] = []
            while taken.count < limit, let key = state.changed.popFirst() {
                // Forgotten since: there was no room to remember it.
                guard var entry = state.young[key] ?? state.old[key] else { continue }
                taken.append((entry.subject, entry.delta))
                entry.delta = LimitDelta()
                Self.replace(entry, key, &state)
            }
            return taken
        }
    }

    /// News that could not be told are told the next time.
    func putBack(_ change: LimitChange) {
        state.withLock { state in
            guard var entry = state.young[change.key] ?? state.old[change.key] else { return }
            entry.delta.add(change.delta)
            Self.replace(entry, change.key, &state)
            state.changed.insert(change.key)
        }
    }

    /// What all have seen together takes the place of what was seen here; what happened here meanwhile comes on top.
    func merge(_ record: LimitRecord, _ key: Int, by rule: LimitRule, at now: Duration) {
        state.withLock { state in
            guard var entry = state.young[key] ?? state.old[key] else { return }
            let before = entry.record.pausedUntil
            var merged = entry.delta.applied(to: record, by: rule, at: now)
            if let before, before > merged.pausedUntil ?? .zero, before > now { merged.pausedUntil = before }
            entry.record = merged
            if merged.isBlank, entry.delta.isEmpty {
                state.young[key] = nil
                state.old[key] = nil
            } else {
                Self.replace(entry, key, &state)
            }
        }
    }

    /// Those who are known here, as far as they are asked for.
    func subjects(where isWanted: (LimitSubject) -> Bool) -> [LimitSubject] {
        state.withLock { state in
            let old = state.old.values.filter { state.young[$0.subject.key] == nil }
            return (state.young.values + old).map(\.subject).filter(isWanted)
        }
    }

    /// Forgets what somebody tried, told or not.
    func forget(_ key: Int) {
        state.withLock { state in
            state.young[key] = nil
            state.old[key] = nil
            state.changed.remove(key)
        }
    }

    /// Changes an entry where it stands: being told of is no sign of life.
    private static func replace(_ entry: Entry, _ key: Int, _ state: inout State) {
        if state.young[key] != nil { state.young[key] = entry } else { state.old[key] = entry }
    }
}
