package import Kernel
package import Keys
import Synchronization

/// Who tried how much, in memory: a look costs no statement, and one of a shop without guessers not even a digest.
///
/// Half of it is what this process saw, half what a ``LimitExchange`` brings from the others. What is kept is bounded: when it is full,
/// those who were quiet longest are forgotten first.
package final class LimitBook: Sendable {
    /// How old what is known of the others may be.
    package static let staleMax = Limit<Duration>(
        .seconds(10), reason: "ten exchanges missed: a guesser could be at it elsewhere")
    /// How many subjects are kept in each generation.
    package static let subjectsMax = Limit(
        98_304, reason: "tens of megabytes for each generation; one more, and the tables of its parts double")
    /// How many of the others' pauses are kept.
    package static let pausesMax = Limit(100_000, reason: "some fifteen megabytes; more is an attack by other means")
    private static let shards = 16

    private let keys: KeyRing
    private let isAlone: Bool
    private let origin: ContinuousClock.Instant
    private let shards: [LimitShard]
    /// Pauses by subject, on the axis of ``origin``; mostly empty.
    private let pauses = Mutex<[BlindSubject: Duration]>([:])
    private let hasPauses = Atomic(false)
    /// When the others were heard last, in milliseconds after ``origin``.
    private let heard = Atomic(Int64.min)

    /// An empty book.
    ///
    /// - Parameters:
    ///   - isAlone: Whether nobody else counts, so that nobody need be heard of.
    ///   - origin: Instants are kept as times after this one.
    package init(
        keys: KeyRing, isAlone: Bool = false, subjectsMax: Int = LimitBook.subjectsMax.value,
        origin: ContinuousClock.Instant = .now
    ) {
        self.keys = keys
        self.isAlone = isAlone
        self.origin = origin
        shards = (0..<Self.shards).map { _ in LimitShard(sizeMax: subjectsMax / Self.shards) }
    }

    /// Refuses whoever has to pause.
    package func requireNoPause(
        of subject: LimitSubject, at now: ContinuousClock.Instant
    ) throws(LimitRefusal) {
        if let pause = pause(of: subject, at: now) { throw .pause(pause) }
    }

    /// How long a subject has to pause yet; nil if it need not.
    package func pause(of subject: LimitSubject, at now: ContinuousClock.Instant) -> Duration? {
        let own = shard(subject.key).pause(of: subject.key, at: now - origin)
        guard hasPauses.load(ordering: .relaxed) else { return own }
        let blind = subject.blind(keys)
        guard let until = pauses.withLock({ $0[blind] }), now - origin < until else { return own }
        return max(own ?? .zero, until - (now - origin))
    }

    /// Refuses everybody while it is not known what was tried elsewhere.
    package func requireFresh(at now: ContinuousClock.Instant) throws(LimitRefusal) {
        if staleness(at: now) > Self.staleMax.value { throw .unavailable }
    }

    /// How old what is known of the others is.
    package func staleness(at now: ContinuousClock.Instant) -> Duration {
        if isAlone { return .zero }
        let heard = heard.load(ordering: .relaxed)
        // Before the first time everything is unknown.
        guard heard != .min else { return .seconds(Int64(Int32.max)) }
        return max(.zero, now - origin - .milliseconds(heard))
    }

    /// Counts a wrong try.
    ///
    /// - Parameter delivery: What told of it. Senders repeat what was refused, for hours: the same delivery counts once.
    package func wrong(
        _ subject: LimitSubject, delivery: Delivery? = nil, at now: ContinuousClock.Instant
    ) {
        shard(subject.key).wrong(subject, attempt: delivery.map(Self.attempt), at: now - origin)
    }

    /// Notes a right try.
    package func right(_ subject: LimitSubject, at now: ContinuousClock.Instant) {
        shard(subject.key).right(subject, at: now - origin)
    }

    /// Counts a use.
    ///
    /// - Parameter what: What was had, if telling of it twice in a row is to count once.
    package func used(_ subject: LimitSubject, _ what: Int? = nil, at now: ContinuousClock.Instant) {
        shard(subject.key).used(subject, what, at: now - origin)
    }

    private func shard(_ key: Int) -> LimitShard { shards[key & (Self.shards - 1)] }

    /// The body counts too: a sender that gives everything the same id is not to be a way around the count.
    private static func attempt(_ delivery: Delivery) -> Int {
        var hasher = Hasher()
        hasher.combine(delivery.key)
        hasher.combine(delivery.bodyHash)
        return hasher.finalize()
    }
}

// MARK: - What the exchange needs

extension LimitBook {
    /// Takes news out, at most `limit` of them.
    func takeChanges(_ limit: Int) -> [LimitChange] {
        var taken: [LimitChange] = []
        // Begun anywhere, so that under a flood no part waits for ever.
        let start = Int.random(in: 0..<Self.shards)
        for place in 0..<Self.shards where taken.count < limit {
            // Digests are made here, outside of the part's lock, and only of what is told.
            taken += shards[(start + place) % Self.shards].takeChanges(limit - taken.count).map {
                LimitChange(key: $0.subject.key, subject: $0.subject.blind(keys), delta: $0.delta)
            }
        }
        return taken
    }

    func putBack(_ changes: [LimitChange]) {
        for change in changes { shard(change.key).putBack(change) }
    }

    /// - Parameter record: By the database's now, which is `now` here.
    func merge(_ record: LimitRecord, _ change: LimitChange, at now: ContinuousClock.Instant) {
        shard(change.key).merge(
            record.shifted(by: now - origin), change.key, by: change.subject.scope.rule, at: now - origin)
    }

    /// Forgets what subjects tried: somebody ended their pause.
    ///
    /// Whose digest that is must be computed of everybody who is known here in the same way: some tenths of a second for a full book, beside
    /// the requests.
    func lift(_ lifted: Set<BlindSubject>) {
        if lifted.isEmpty { return }
        pauses.withLock { pauses in for subject in lifted { pauses[subject] = nil } }
        let kinds = Set(lifted.map { Kind(scope: $0.scope, brand: $0.brand) })
        for shard in shards {
            let known = shard.subjects { kinds.contains(Kind(scope: $0.scope, brand: $0.brand)) }
            for subject in known where lifted.contains(subject.blind(keys)) { shard.forget(subject.key) }
        }
    }

    private struct Kind: Hashable {
        let scope: LimitScope
        let brand: ID<Brand>
    }

    /// Learns pauses, as far as there is room, and that the others were heard.
    ///
    /// - Parameter lengths: How long each lasts from `now`.
    /// - Returns: How many pauses there was no room for.
    func learn(_ lengths: [(subject: BlindSubject, pause: Duration)], at now: ContinuousClock.Instant) -> Int {
        let instant = now - origin
        let (dropped, isEmpty) = pauses.withLock { pauses in
            if pauses.count + lengths.count > Self.pausesMax.value || lengths.isEmpty {
                pauses = pauses.filter { $0.value > instant }
            }
            var dropped = 0
            for (subject, pause) in lengths {
                if pauses.count >= Self.pausesMax.value, pauses[subject] == nil {
                    dropped += 1
                } else {
                    pauses[subject] = instant + pause
                }
            }
            return (dropped, pauses.isEmpty)
        }
        hasPauses.store(!isEmpty, ordering: .relaxed)
        let (seconds, attoseconds) = instant.components
        heard.store(seconds * 1_000 + attoseconds / 1_000_000_000_000_000, ordering: .relaxed)
        return dropped
    }
}
