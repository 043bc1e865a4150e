import Foundation
import Gifting
import Jobs
import Kernel
import Logging
import Orders
import Postgres
import TestSupport
import Testing

/// Gifts that are due, ended in sets.
///
/// `SIYU_CHAOS=full` ends two hundred thousand instead of two thousand.
@Suite(.timeLimit(.minutes(20))) struct GiftDeadlineTests {
    @Test func g26_manyGiftsDue_twoSweepWhileTheirConnectionsAreCut_eachEndsOnceWithinAMinute() async throws {
        let isFull = ProcessInfo.processInfo.environment["SIYU_CHAOS"] == "full"
        let (count, cuts) = isFull ? (200_000, 20) : (2_000, 3)
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            // All of them are due in the same two minutes; in the short form they already are.
            try await bench.fill(count, dueWithin: isFull ? 120 : 0)
            let before = try await bench.available(bench.red)

            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    let deadlines = GiftDeadlines(
                        gifts: bench.gifts, pool: db.pool(as: .gifts, connectionsMax: 2), logger: .silent)
                    group.addTask {
                        while try await bench.number("SELECT count(*) FROM gifting.gift WHERE state = 'sent'") > 0 {
                            do { try await bench.sweep(deadlines) } catch is PostgresError {}
                        }
                    }
                }
                for _ in 0..<cuts {
                    try await lettingPass(.milliseconds(Int.random(in: 20...150) * (isFull ? 20 : 1)))
                    _ = try await db.superuser.run(
                        Statement<Bool>(
                            """
                            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE datname = current_database() AND usename = 'siyu_gifts' AND state <> 'idle'
                            """
                        ) { row throws(PostgresError) in try row.next() })
                }
                try await group.waitForAll()
            }
            let seconds = (ContinuousClock.now - start).components.seconds

            #expect(try await bench.number("SELECT count(*) FROM gifting.gift WHERE state = 'expired'") == count)
            #expect(
                try await bench.number(
                    "SELECT count(*) FROM gifting.gift g JOIN gifting.outcome o USING (brand_id, gift_id) WHERE o.outcome = 'expired'"
                ) == count)
            // One refund each, the one that the gift names, of all that was paid.
            #expect(
                try await bench.number(
                    """
                    SELECT count(*) FROM gifting.gift g JOIN orders.refund r USING (brand_id, refund_id, payment_id)
                    JOIN orders.payment_intent p ON p.brand_id = g.brand_id AND p.intent_id = g.payment_id
                    WHERE r.amount_fen = p.paid_fen AND p.refund_reserved_fen = p.paid_fen
                    """) == count)
            #expect(try await bench.number("SELECT count(*) FROM orders.refund") == count)
            #expect(
                try await bench.number(
                    """
                    SELECT count(*) FROM (SELECT kind_id FROM jobs.hot UNION ALL SELECT kind_id FROM jobs.later
                        UNION ALL SELECT kind_id FROM jobs.gate) j JOIN jobs.kind k USING (kind_id) WHERE k.name = 'refund.request'
                    """) == count, "one job for each refund")
            #expect(
                try await bench.number("SELECT count(*) FROM orders.stock_movement WHERE kind = 'gift.release'")
                    == count)
            #expect(try await bench.available(bench.red) == before + count)
            let late = try await bench.number(
                "SELECT ceil(max(extract(epoch FROM ended_at - accept_until)))::bigint FROM gifting.gift")
            #expect(late <= 60, "the last gift ended \(late) s after it was due")
            #expect(seconds < 180, "\(count) gifts took \(seconds) s")
        }
    }

    @Test func g02_giftThatCannotBeEnded_holdsUpNoOther_andIsTriedAgainLater() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            try await bench.fill(20, dueWithin: 0)
            // Money that is said not to have come cannot go back.
            try await bench.spoil(
                "UPDATE orders.payment_intent SET state = 'closed', paid_fen = 0, paid_at = NULL, transaction_id = NULL"
            )

            #expect(try await bench.sweep() == 19)
            #expect(try await bench.sweep() == 0, "it is left alone for a while")
            #expect(try await bench.number("SELECT count(*) FROM gifting.gift WHERE state = 'sent'") == 1)
            #expect(try await bench.number("SELECT count(*) FROM orders.refund") == 19)

            try await bench.spoil(
                "UPDATE orders.payment_intent SET state = 'paid', paid_fen = amount_fen, paid_at = now(), transaction_id = '42'"
            )
            #expect(try await bench.sweep() == 0)
            try await bench.advance(301)
            #expect(try await bench.sweep() == 1)
            #expect(try await bench.number("SELECT count(*) FROM gifting.outcome") == 20)
        }
    }

    @Test func giftWhoseShelfIsHeld_holdsUpNoneOfAnotherShelf_andEndsSoonAfter() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            try await bench.fill(4, dueWithin: 0)
            let (brand, blue) = (bench.brand, bench.blue.id)
            // The one that is due last is of another shelf.
            try await db.owner.execute(
                Statement(
                    """
                    UPDATE gifting.gift SET variant_id = \(blue), accept_until = accept_until + INTERVAL '1 millisecond'
                    WHERE brand_id = \(brand) AND gift_id = md5('g4')::uuid
                    """))
            try await bench.waitAtMost(milliseconds: 200)
            let deadlines = GiftDeadlines(
                gifts: bench.gifts, pool: db.pool(as: .gifts, connectionsMax: 2), logger: .silent)

            try await db.owner.transaction { tx in
                try await tx.execute(
                    Statement(
                        "SELECT FROM orders.stock WHERE brand_id = \(brand) AND variant_id <> \(blue) FOR UPDATE"))
                #expect(try await bench.sweep(deadlines) == 1)
                #expect(try await bench.sweep(deadlines) == 0, "they are left alone for a while")
            }
            #expect(try await bench.number("SELECT count(*) FROM gifting.gift WHERE state = 'sent'") == 3)
            try await bench.advance(16)
            #expect(try await bench.sweep(deadlines) == 3)
            #expect(try await bench.number("SELECT count(*) FROM orders.refund") == 4)
        }
    }

    @Test func g02_giftThatIsBeingAccepted_isPassedOver() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            try await bench.fill(3, dueWithin: 0)
            let first = try await bench.firstGift()

            try await bench.pool.transaction { tx in
                let (brand, id) = (bench.brand, first)
                try await tx.execute(
                    Statement("SELECT FROM gifting.gift WHERE brand_id = \(brand) AND gift_id = \(id) FOR UPDATE"))
                #expect(try await bench.sweep() == 2)
            }
            #expect(try await bench.sweep() == 1)
        }
    }
}

extension GiftBench {
    /// Gifts of the red variant that were sent and paid for, whose time to accept is over, or ends in the next so many seconds.
    func fill(_ count: Int, dueWithin seconds: Double) async throws {
        let (brand, shop, product, variant, mchid) = (brand, shop, product, red.id, Self.mchid)
        try await db.owner.execute(
            Statement(
                """
                INSERT INTO orders.payment_intent (brand_id, intent_id, order_id, shop_id, person_id, mchid, amount_fen, quantity,
                    description, subject, owner_queue, state, transaction_id, paid_fen, expires_at, paid_at, created_at, updated_at)
                SELECT \(brand), md5('p' || i)::uuid, md5('o' || i)::uuid, \(shop), md5('s' || i)::uuid, \(mchid), 10000, 1, 'Tea',
                    'gift:' || md5('g' || i)::uuid, 'gifts', 'paid', '42' || i, 10000, now(), now(), now(), now()
                FROM generate_series(1, \(count)) AS i
                """))
        try await db.owner.execute(
            Statement(
                """
                INSERT INTO gifting.gift (brand_id, gift_id, shop_id, product_id, variant_id, sender_id, recipient_id, state,
                    captured_price_fen, pay_until, payment_id, order_id, sent_at, accept_until, created_at, updated_at)
                SELECT \(brand), md5('g' || i)::uuid, \(shop), \(product), \(variant), md5('s' || i)::uuid, md5('r' || i)::uuid, 'sent',
                    10000, now(), md5('p' || i)::uuid, md5('o' || i)::uuid, now() - INTERVAL '1 day',
                    siyu.clock() + make_interval(secs => \(seconds) * i / \(count)), now() - INTERVAL '1 day', now() - INTERVAL '1 day'
                FROM generate_series(1, \(count)) AS i
                """))
    }

    /// Changes the payment of the first gift.
    func spoil(_ update: String) async throws {
        try await db.owner.execute(
            Statement("\(unsafeRaw: update) WHERE intent_id = md5('p1')::uuid"))
    }

    /// From now on new connections of siyu-gifts wait for a lock no longer than this.
    func waitAtMost(milliseconds: Int) async throws {
        try await db.superuser.execute(
            Statement(
                """
                DO $$ BEGIN
                    EXECUTE format('ALTER ROLE siyu_gifts IN DATABASE %I SET lock_timeout = \(unsafeRaw: "\(milliseconds)")', current_database());
                END $$
                """))
    }

    func firstGift() async throws -> ID<Gift> {
        try await db.owner.one(Statement("SELECT md5('g1')::uuid") { row throws(PostgresError) in try row.next() })
    }
}
