import Foundation
import Hooks
import Kernel
import Keys
import Logging
import Postgres
import Synchronization
import TestSupport
import Testing

/// Two processes of siyu-redeem, as far as they count.
private struct Processes {
    let db: TestDatabase
    let pool: Pool
    let brand: ID<Brand>
    let keys = KeyRing.ephemeral()
    let start = ContinuousClock.now

    static func open(_ body: (Processes) async throws -> Void) async throws {
        try await withTestDatabase { db in
            let brand = ID<Brand>.mint()
            try await db.owner.execute(
                Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
            try await body(Processes(db: db, pool: db.pool(as: .redeem), brand: brand))
        }
    }

    func process(_ clock: TestClock) -> (book: LimitBook, exchange: LimitExchange) {
        let book = LimitBook(keys: keys, origin: start)
        return (
            book,
            LimitExchange(book: book, pool: pool, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) {
                clock.now
            }
        )
    }

    func member(_ openid: String) -> LimitSubject { LimitSubject(.member, openid, brand: brand) }

    func count(_ condition: String = "true") async throws -> Int {
        try await db.owner.one(
            Statement<Int>("SELECT count(*) FROM hooks.limit_count WHERE \(unsafeRaw: condition)") {
                row throws(PostgresError) in try row.next()
            })
    }
}

private final class TestClock: Sendable {
    private let instant: Mutex<ContinuousClock.Instant>
    init(_ start: ContinuousClock.Instant) { instant = Mutex(start) }
    var now: ContinuousClock.Instant { instant.withLock { $0 } }
    func advance(_ seconds: Int) { instant.withLock { $0 += .seconds(seconds) } }
}

struct LimitExchangeTests {
    @Test func wrongTriesAtTwoProcesses_addUp() async throws {
        try await Processes.open { all in
            let clock = TestClock(all.start)
            let (one, two) = (all.process(clock), all.process(clock))
            try await one.exchange.exchange()
            try await two.exchange.exchange()
            for _ in 0..<3 { one.book.wrong(all.member("a"), at: clock.now) }
            for _ in 0..<2 { two.book.wrong(all.member("a"), at: clock.now) }
            #expect(one.book.pause(of: all.member("a"), at: clock.now) == nil)
            #expect(two.book.pause(of: all.member("a"), at: clock.now) == nil)

            try await one.exchange.exchange()
            #expect(one.book.pause(of: all.member("a"), at: clock.now) == nil)
            try await two.exchange.exchange()
            try await one.exchange.exchange()

            for process in [one, two] {
                let pause = try #require(process.book.pause(of: all.member("a"), at: clock.now))
                #expect(pause > .seconds(1_700) && pause <= .seconds(1_801))
                #expect(process.book.pause(of: all.member("b"), at: clock.now) == nil)
            }
            #expect(try await all.count("wrong = 0 AND in_a_row = 5 AND pauses = 1") == 1)
            // Nobody's identifier stands there.
            #expect(try await all.count("encode(subject, 'escape') LIKE '%a%' AND octet_length(subject) <> 16") == 0)
        }
    }

    @Test func sameProcessAgain_tellsNothingTwice() async throws {
        try await Processes.open { all in
            let clock = TestClock(all.start)
            let one = all.process(clock)
            for _ in 0..<4 { one.book.wrong(all.member("a"), at: clock.now) }
            for _ in 0..<5 { try await one.exchange.exchange() }
            #expect(try await all.count("wrong = 4 AND in_a_row = 4") == 1)

            one.book.wrong(all.member("a"), at: clock.now)
            #expect(one.book.pause(of: all.member("a"), at: clock.now) == .seconds(1_800))
            try await one.exchange.exchange()
            #expect(try await all.count("pauses = 1") == 1)
        }
    }

    @Test func pause_survivesARestart() async throws {
        try await Processes.open { all in
            let clock = TestClock(all.start)
            let one = all.process(clock)
            for _ in 0..<5 { one.book.wrong(all.member("a"), at: clock.now) }
            try await one.exchange.exchange()

            let restarted = all.process(clock)
            #expect(restarted.book.pause(of: all.member("a"), at: clock.now) == nil)
            try await restarted.exchange.hear()
            let pause = try #require(restarted.book.pause(of: all.member("a"), at: clock.now))
            #expect(pause > .seconds(1_700))

            // A right code there does not end it, neither there nor, told, here.
            restarted.book.right(all.member("a"), at: clock.now)
            try await restarted.exchange.exchange()
            let third = all.process(clock)
            try await third.exchange.hear()
            #expect(third.book.pause(of: all.member("a"), at: clock.now) != nil)
        }
    }

    @Test func pauseOfElsewhere_isOverWhenItsTimeIs() async throws {
        try await Processes.open { all in
            let clock = TestClock(all.start)
            let (one, two) = (all.process(clock), all.process(clock))
            let network = LimitSubject(networkOf: try #require(NetworkAddress("192.0.2.1")), brand: all.brand)
            for _ in 0..<30 { one.book.wrong(network, at: clock.now) }
            try await one.exchange.exchange()
            try await two.exchange.exchange()
            #expect(two.book.pause(of: network, at: clock.now) != nil)

            clock.advance(61)
            #expect(two.book.pause(of: network, at: clock.now) == nil)
            #expect(one.book.pause(of: network, at: clock.now) == nil)
        }
    }

    @Test func manyAtOnce_countEverythingOnceAndDoNotDeadlock() async throws {
        try await Processes.open { all in
            let clock = TestClock(all.start)
            let processes = (0..<6).map { _ in all.process(clock) }
            let devices = (0..<40).map { LimitSubject(.device, "device-\($0)", brand: all.brand) }
            for round in 0..<3 {
                for process in processes {
                    for device in devices { process.book.wrong(device, at: clock.now) }
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for process in processes { group.addTask { try await process.exchange.exchange() } }
                    try await group.waitForAll()
                }
                #expect(try await all.count("in_a_row = \(6 * (round + 1))") == 40)
            }
        }
    }

    @Test func exchangeThatFails_makesTheBookStale_andTellsLater() async throws {
        try await Processes.open { all in
            let clock = TestClock(all.start)
            let one = all.process(clock)
            try await one.exchange.exchange()
            try one.book.requireFresh(at: clock.now)
            for _ in 0..<3 { one.book.wrong(all.member("a"), at: clock.now) }

            try await all.db.owner.execute(Statement("REVOKE ALL ON hooks.limit_count FROM siyu_redeem"))
            clock.advance(9)
            await #expect(throws: PostgresError.self) { try await one.exchange.exchange() }
            try one.book.requireFresh(at: clock.now)
            clock.advance(2)
            #expect(throws: LimitRefusal.unavailable) { try one.book.requireFresh(at: clock.now) }

            try await all.db.owner.execute(
                Statement("GRANT SELECT, INSERT, UPDATE ON hooks.limit_count TO siyu_redeem"))
            try await one.exchange.exchange()
            try one.book.requireFresh(at: clock.now)
            #expect(try await all.count("wrong = 3") == 1)
        }
    }

    @Test func floodOfGuesses_costsABoundedNumberOfRowsEachTime() async throws {
        try await Processes.open { all in
            let clock = TestClock(all.start)
            let one = all.process(clock)
            for number in 0..<2_500 { one.book.wrong(all.member("x\(number)"), at: clock.now) }

            for expected in [1_000, 2_000, 2_500, 2_500] {
                try await one.exchange.exchange()
                #expect(try await all.count() == expected)
            }
        }
    }

    @Test func honestPeople_costNoRow() async throws {
        try await Processes.open { all in
            let clock = TestClock(all.start)
            let one = all.process(clock)
            for number in 0..<200 {
                let person = all.member("p\(number)")
                for pack in 0..<4 {
                    #expect(one.book.pause(of: person, at: clock.now) == nil)
                    one.book.right(person, at: clock.now)
                    one.book.used(person, pack + 1, at: clock.now)
                }
            }
            try await one.exchange.exchange()
            #expect(try await all.count() == 0)
        }
    }

    @Test func quietRows_areForgottenByTheSweep_pausesAreNot() async throws {
        try await Processes.open { all in
            let clock = TestClock(all.start)
            let one = all.process(clock)
            for (person, times) in [("quiet", 1), ("paused", 5), ("recent", 1)] {
                for _ in 0..<times { one.book.wrong(all.member(person), at: clock.now) }
            }
            try await one.exchange.exchange()
            try await all.db.owner.execute(
                Statement(
                    """
                    UPDATE hooks.limit_count SET updated_at = now() - interval '49 hours'
                    WHERE wrong <> 1 OR subject = (
                        SELECT subject FROM hooks.limit_count WHERE wrong = 1 ORDER BY subject LIMIT 1)
                    """))

            let more = try await all.db.pool(as: .ingest).transaction { tx in
                try await HookSweep.forget(brand: all.brand, on: tx)
            }
            #expect(!more)
            #expect(try await all.count() == 2)
            #expect(try await all.count("paused_until > now()") == 1)
        }
    }
}
