package import Hooks
package import Kernel
import Synchronization

/// Counts the wrong codes of each person, and makes whoever guesses pause.
///
/// Five wrong codes within ten minutes bring a pause of half an hour, the next one twice that, up to a day; from the hundredth wrong code
/// in a row on every further one brings a day. A right code outside a pause ends the row, and forgives what is older than the ten minutes.
/// In memory, by real time: a restart forgets.
/// What is kept is bounded: when it is full, those who were quiet longest are forgotten first.
package final class WrongCodes: Sendable {
    private struct Record {
        /// Wrong codes since `since`.
        var wrong = 0
        var since: ContinuousClock.Instant
        var inARow = 0
        var pauses = 0
        var pausedUntil: ContinuousClock.Instant?
        /// The last deliveries that were counted.
        var counted: [Int] = []
    }

    private struct State {
        /// Two generations: when the young one is full it becomes the old one, which is forgotten.
        var young: [Int: Record] = [:]
        var old: [Int: Record] = [:]
    }

    /// The time within which wrong codes add up.
    package static let window = Limit<Duration>(.seconds(600), reason: "typing a code five times takes minutes")
    /// So many wrong codes within the window bring a pause.
    package static let wrongMax = Limit(5, reason: "a person mistypes a few times, not more")
    /// The first pause.
    package static let firstPause = Limit<Duration>(
        .seconds(1_800), reason: "long for a guesser, bearable for a person")
    /// The longest pause.
    package static let longestPause = Limit<Duration>(.seconds(86_400), reason: "doubling has to end somewhere")
    /// From so many wrong codes in a row on, each brings the longest pause.
    package static let inARowMax = Limit(100, reason: "NIST SP 800-63B, 5.2.2: consecutive failures of one account")
    /// How many people are kept in each generation.
    package static let peopleMax = Limit(100_000, reason: "some twenty megabytes for each generation")
    /// How many deliveries of a person are known again.
    private static let countedMax = Limit(8, reason: "a pause comes after five; the others are still being repeated")

    private let peopleMax: Int
    private let state = Mutex(State())

    /// Nobody has tried anything yet.
    package init(peopleMax: Int = WrongCodes.peopleMax.value) { self.peopleMax = peopleMax }

    /// How long a person has to pause yet; nil if they need not.
    package func pause(of openid: String, brand: ID<Brand>, at now: ContinuousClock.Instant) -> Duration? {
        let key = Self.key(openid, brand)
        return state.withLock { state in
            guard let until = (state.young[key] ?? state.old[key])?.pausedUntil, now < until else { return nil }
            return until - now
        }
    }

    /// Counts a wrong code.
    ///
    /// - Parameter delivery: What told of it. Senders repeat what was refused, for hours: the same delivery counts once.
    package func wrong(
        by openid: String, brand: ID<Brand>, delivery: Delivery? = nil, at now: ContinuousClock.Instant
    ) {
        let key = Self.key(openid, brand)
        let attempt = delivery.map { Self.key($0) }
        state.withLock { state in
            var record = state.young[key] ?? state.old[key] ?? Record(since: now)
            if let attempt {
                if record.counted.contains(attempt) { return }
                record.counted.append(attempt)
                if record.counted.count > Self.countedMax.value { record.counted.removeFirst() }
            }
            if now - record.since > Self.window.value {
                record.wrong = 0
                record.since = now
            }
            record.wrong += 1
            record.inARow += 1
            if record.wrong >= Self.wrongMax.value || record.inARow >= Self.inARowMax.value {
                let doubled = Self.firstPause.value * (1 << min(record.pauses, 10))
                let pause =
                    record.inARow >= Self.inARowMax.value
                    ? Self.longestPause.value : min(doubled, Self.longestPause.value)
                record.pausedUntil = now + pause
                record.pauses += 1
                record.wrong = 0
            }
            keep(record, key, &state)
        }
    }

    /// Notes a right code.
    ///
    /// Wrong ones within the window stay counted: a code that is right is right every time, and whoever has one could guess for ever by
    /// showing it in between.
    package func right(by openid: String, brand: ID<Brand>, at now: ContinuousClock.Instant) {
        let key = Self.key(openid, brand)
        state.withLock { state in
            guard var record = state.young[key] ?? state.old[key] else { return }
            let isPaused = record.pausedUntil.map { now < $0 } ?? false
            guard isPaused || now - record.since <= Self.window.value else {
                state.young[key] = nil
                state.old[key] = nil
                return
            }
            record.inARow = 0
            keep(record, key, &state)
        }
    }

    private func keep(_ record: Record, _ key: Int, _ state: inout State) {
        state.young[key] = record
        if state.young.count >= peopleMax {
            state.old = state.young
            state.young = [:]
        }
    }

    /// Seeded anew in each process, so that nobody can choose identifiers that meet.
    private static func key(_ openid: String, _ brand: ID<Brand>) -> Int {
        var hasher = Hasher()
        hasher.combine(brand)
        hasher.combine(openid)
        return hasher.finalize()
    }

    /// The body counts too: a sender that gives every scan the same id is not to be a way around the count.
    private static func key(_ delivery: Delivery) -> Int {
        var hasher = Hasher()
        hasher.combine(delivery.key)
        hasher.combine(delivery.bodyHash)
        return hasher.finalize()
    }
}
