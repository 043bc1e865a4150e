import Accounting
import Foundation
import JobTesting
import Jobs
import Kernel
import Logging
import Orders
import Postgres
import Promotions
import TestSupport
import Testing

/// Benefits first, goals later: on the database, as siyu-gifts.
struct CardTests {
    private struct Bundle {
        let pool: Pool
        let queue: JobQueue
        let cards: Cards
        let tester: JobTester
        let brand = ID<Brand>.mint()
        let shop: ID<Shop>
        let person = ID<Person>.mint()

        init(_ db: TestDatabase) async throws {
            pool = db.pool(as: .gifts, connectionsMax: 8)
            queue = JobQueue(pool: pool, logger: Logger(label: "test"))
            cards = Cards(queue: queue)
            cards.register()
            tester = JobTester(queue, clock: db.owner)
            let brand = brand
            try await db.owner.execute(
                Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
            shop = try await Catalogue.createShop(code: "main", name: "Main", brand: brand, on: db.pool(as: .operator))
                .shop.id
        }

        /// A card of three orders and one review, of at most 20 yuan.
        func open(_ id: ID<BenefitCard> = .mint()) async throws -> ID<BenefitCard> {
            let wish = NewCard(
                id: id, shop: shop, person: person, goals: ["order": 3, "review": 1], cap: Money(fen: 2_000),
                endsAt: Date().addingTimeInterval(86_400))
            try await pool.transaction { tx in try await cards.open(wish, brand: brand, on: tx) }
            return id
        }

        @discardableResult
        func tell(
            _ card: ID<BenefitCard>, _ serial: String, _ what: CardEvent.What, order: ID<Order>? = nil
        ) async throws -> CardRecord {
            try await pool.transaction { tx in
                try await cards.tell(
                    CardEvent(serial: serial, what: what, order: order), of: card, brand: brand, on: tx)
            }
        }

        /// The card two days later.
        func settled(_ card: ID<BenefitCard>) async throws -> (state: CardState, charged: Money) {
            try await tester.advance(by: .seconds(2 * 86_400))
            try await tester.drain()
            return try await pool.one(
                Statement(
                    "SELECT state, charged_fen FROM promotions.card WHERE brand_id = \(brand) AND card_id = \(card)"
                ) { row throws(PostgresError) in (state: try row.next(), charged: try row.next()) })
        }

        func booked() async throws -> [Money] {
            try await pool.run(
                Statement(
                    "SELECT amount_fen FROM accounting.transfer WHERE brand_id = \(brand) AND kind = 'card.charged'"
                ) {
                    row throws(PostgresError) in try row.next()
                })
        }
    }

    private func withBundle(_ body: (Bundle) async throws -> Void) async throws {
        try await withTestDatabase { db in try await body(try await Bundle(db)) }
    }

    @Test func l10_goalsMet_keepTheBenefits() async throws {
        try await withBundle { bundle in
            let card = try await bundle.open()
            for serial in ["a", "b", "c"] { try await bundle.tell(card, serial, .progress(goal: "order", by: 1)) }
            try await bundle.tell(card, "d", .progress(goal: "review", by: 1))
            try await bundle.tell(card, "e", .benefit(Money(fen: 900)))

            let settled = try await bundle.settled(card)

            #expect(settled.state == .kept && settled.charged == .zero)
            #expect(try await bundle.booked() == [])
        }
    }

    @Test(arguments: [(900, 900), (1_999, 1_999), (2_000, 2_000), (5_000, 2_000)] as [(Int64, Int64)])
    func l10_goalsMissed_chargeBackWhatWasUsedUpToTheCap(_ used: Int64, _ charged: Int64) async throws {
        try await withBundle { bundle in
            let card = try await bundle.open()
            try await bundle.tell(card, "a", .progress(goal: "order", by: 3))
            try await bundle.tell(card, "b", .benefit(Money(fen: used)))

            let settled = try await bundle.settled(card)
            // Another job for the same card finds it settled.
            try await bundle.queue.push(CardSettle(brand: bundle.brand, card: card))
            try await bundle.tester.drain()

            #expect(settled.state == .missed && settled.charged == Money(fen: charged))
            #expect(try await bundle.booked() == [Money(fen: charged)])
        }
    }

    @Test func l10_refundOfACountedOrder_decreasesTheGoalOnce() async throws {
        try await withBundle { bundle in
            let card = try await bundle.open()
            let orders = (0..<3).map { _ in ID<Order>.mint() }
            for (place, order) in orders.enumerated() {
                try await bundle.tell(card, "order-\(place)", .progress(goal: "order", by: 1), order: order)
            }
            try await bundle.tell(card, "review", .progress(goal: "review", by: 1))
            try await bundle.tell(card, "benefit", .benefit(Money(fen: 500)), order: orders[0])

            for _ in 0..<2 {
                _ = try await bundle.pool.transaction { tx in
                    try await bundle.cards.refunded(orders[1], brand: bundle.brand, on: tx)
                }
            }

            let card2 = try await bundle.tell(card, "review", .progress(goal: "review", by: 1))
            #expect(card2.goals.map(\.reached) == [2, 1])
            let settled = try await bundle.settled(card)
            #expect(settled.state == .missed && settled.charged == Money(fen: 500))
            // What comes after the settlement changes nothing.
            _ = try await bundle.pool.transaction { tx in
                try await bundle.cards.refunded(orders[0], brand: bundle.brand, on: tx)
            }
            #expect(try await bundle.booked() == [Money(fen: 500)])
        }
    }

    @Test func l10_duplicateSerial_isIgnoredAndAnotherThingUnderItRefused() async throws {
        try await withBundle { bundle in
            let card = try await bundle.open()
            // Opening it again changes nothing.
            _ = try await bundle.open(card)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await bundle.tell(card, "same", .progress(goal: "order", by: 1)) }
                }
                try await group.waitForAll()
            }

            let now = try await bundle.tell(card, "same", .progress(goal: "order", by: 1))

            #expect(now.goals.map(\.reached) == [1, 0])
            for (what, code) in [
                (CardEvent.What.progress(goal: "order", by: 2), "serial_used"),
                (.benefit(Money(fen: 1)), "serial_used"),
            ] {
                let problem = await #expect(throws: Problem.self) { try await bundle.tell(card, "same", what) }
                #expect(problem?.code == code)
            }
        }
    }

    @Test func tell_whatCannotBe_isRefusedWithTheReason() async throws {
        try await withBundle { bundle in
            let card = try await bundle.open()
            for (what, code) in [
                (CardEvent.What.progress(goal: "walk", by: 1), "goal_unknown"),
                (.progress(goal: "order", by: 0), "count_malformed"),
                (.progress(goal: "order", by: 10_001), "count_malformed"), (.benefit(.zero), "amount_malformed"),
            ] {
                let problem = await #expect(throws: Problem.self) { try await bundle.tell(card, "x", what) }
                #expect(problem?.code == code)
            }
            let unknown = await #expect(throws: Problem.self) {
                try await bundle.tell(.mint(), "x", .progress(goal: "order", by: 1))
            }
            #expect(unknown?.status == 404)
            _ = try await bundle.settled(card)
            let over = await #expect(throws: Problem.self) {
                try await bundle.tell(card, "y", .progress(goal: "order", by: 1))
            }
            #expect(over?.code == "card_over")
        }
    }

    @Test func card_atItsLastInstant_stillCountsAndThenDoesNot() {
        let end = Date(timeIntervalSince1970: 1_800_000_000)
        let card = CardRecord(
            id: .mint(), shop: .mint(), person: .mint(), goals: [CardGoal(name: "order", wanted: 1)], cap: .zero,
            endsAt: end,
            state: .active, used: .zero, charged: .zero, updatedAt: end.addingTimeInterval(-10))
        let done = CardEvent(serial: "1", what: .progress(goal: "order", by: 1))
        let late = end.addingTimeInterval(0.001)

        guard case .changed = CardStep.decide(card, .tell(done, known: nil), now: end) else {
            Issue.record("the last instant does not count")
            return
        }
        #expect(CardStep.decide(card, .settle, now: end) == .notYet(end))
        #expect(CardStep.decide(card, .tell(done, known: nil), now: late) == .refused(.cardOver))
        guard case .changed(let settled, _) = CardStep.decide(card, .settle, now: late) else {
            Issue.record("it is not settled")
            return
        }
        #expect(settled.state == .missed)
    }
}
