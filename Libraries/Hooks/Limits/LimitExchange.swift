import Foundation
package import Kernel
package import Logging
import Metrics
package import Postgres
import ServiceLifecycle
import Synchronization

/// Tells the other processes what was tried here, and hears what was tried there: once a second, beside the requests.
///
/// News are added to the table's rows while they are locked, and ``LimitRules`` decides about the sum: five wrong tries at two processes are
/// five. What could not be told is told the next time; if it is not known whether it was, it is told twice, which may bring a pause
/// early. A process that is killed takes the news of its last second with it.
package final class LimitExchange: Service {
    private static let interval = Limit<Duration>(
        .seconds(1), reason: "how long others may not know of a pause, at the price of two statements a second")
    /// News of one exchange; more wait for the next.
    package static let changesMax = Limit(
        1_000, reason: "so much a flood of guesses may cost the database each second, and no more")
    /// How far a look reaches back before the one before it: rows are dated by the beginning of transactions that end later.
    private static let overlap: TimeInterval = 10

    private let book: LimitBook
    private let pool: Pool
    private let logger: Logger
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let stale = Meter(label: "siyu.limits.stale_seconds")
    /// The database's now at the last look.
    private let lookedAt = Mutex<Date?>(nil)
    /// The lifts of the last look: the next one, which reaches back, finds them again.
    private let lifts = Mutex<Set<ID<LimitLift>>>([])

    /// Exchanges what `book` counts through the database of `pool`.
    package init(
        book: LimitBook, pool: Pool, logger: Logger,
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.book = book
        self.pool = pool
        self.logger = logger
        self.clock = clock
    }

    /// Exchanges until it is told to stop, and then once more.
    ///
    /// An exchange that fails is repeated with the next one; meanwhile the book grows stale.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.exchangeOrSay()
                // Cancelled: the loop ends.
                try? await Task.sleep(for: Self.interval.value)
            }
        }
        // The last news; a task of its own, for this one may be cancelled.
        await Task { await self.exchangeOrSay() }.value
    }

    private func exchangeOrSay() async {
        do {
            try await exchange()
        } catch {
            logger.warning("What was tried elsewhere is not known.", metadata: ["error": "\(type(of: error))"])
        }
        stale.set(Double(min(book.staleness(at: clock()), .seconds(86_400)).components.seconds))
    }

    /// Tells and hears once.
    ///
    /// - Throws: `PostgresError`; then the book is as fresh as it was.
    package func exchange() async throws {
        try await tell()
        try await hear()
    }

    /// Hears the others, without telling them anything: the book is fresh.
    package func hear() async throws {
        let mark = lookedAt.withLock { $0 }
        let asked = clock()
        let since = mark?.addingTimeInterval(-Self.overlap)
        // Lifts first: a pause that is read after them and still stands began later.
        let (clocks, lifted, lengths) = try await pool.pipeline(
            LimitStatements.now(), LimitLiftStatements.lifts(since: since),
            LimitStatements.pauses(since: since, limit: LimitBook.pausesMax.value))
        let known = lifts.withLock { lifts in
            let known = lifts
            lifts = Set(lifted.map(\.id))
            return known
        }
        book.lift(Set(lifted.filter { !known.contains($0.id) }.map(\.subject)))
        let dropped = book.learn(lengths, at: asked)
        if let now = clocks.first { lookedAt.withLock { $0 = max(now, $0 ?? now) } }
        if dropped > 0 {
            logger.error("There is no room for all pauses.", metadata: ["forgotten": "\(dropped)"])
        }
    }

    private func tell() async throws {
        let changes = book.takeChanges(Self.changesMax.value)
        if changes.isEmpty { return }
        var untold = Dictionary(grouping: changes, by: \.subject.brand)
        do {
            for brand in untold.keys.sorted() {
                guard let news = untold[brand] else { continue }
                try await tell(news, of: brand)
                untold[brand] = nil
            }
        } catch {
            for news in untold.values { book.putBack(news) }
            throw error
        }
    }

    private func tell(_ news: [LimitChange], of brand: ID<Brand>) async throws {
        let deltas = Dictionary(news.map { ($0.subject, $0) }) { first, _ in first }
        let subjects = Array(deltas.keys)
        let rows = try await pool.transaction { tx in
            let (_, locked, clock) = try await tx.pipeline(
                LimitStatements.open(subjects, brand: brand), LimitStatements.lock(subjects, brand: brand),
                LimitStatements.now())
            let merged = locked.compactMap { row -> LimitStatements.Row? in
                guard let delta = deltas[row.subject]?.delta else { return nil }
                let record = delta.applied(to: row.record, by: row.subject.scope.rule, at: .zero)
                return LimitStatements.Row(subject: row.subject, record: record)
            }
            if let now = clock.first, !merged.isEmpty {
                try await tx.execute(LimitStatements.write(merged, now: now, brand: brand))
            }
            return merged
        }
        let now = clock()
        var told: Set<BlindSubject> = []
        for row in rows {
            guard let change = deltas[row.subject] else { continue }
            told.insert(row.subject)
            book.merge(row.record, change, at: now)
        }
        // Swept away in this very moment, or two subjects of this process that share a digest.
        book.putBack(news.filter { !told.contains($0.subject) })
    }
}
