import Foundation
import Gifting
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

/// What is opened and read of after-sales has bounds.
@Suite struct AftersaleBoundTests {
    @Test func casesOfAnOrder_openedAndWithdrawn_areTwentyAtMost() async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(.normalOrder, try await GiftBench(db))
            for _ in 0..<20 {
                let id = try await sold.open(AftersaleWish(.refund, amount: Money(fen: 1)))
                _ = try await sold.bench.pool.transaction { tx in
                    try await sold.bench.gifts.advanceAftersale(
                        .withdraw, on: id, by: sold.giver, with: sold.aftersales, on: tx)
                }
            }
            #expect(await refusal { _ = try await sold.open(AftersaleWish(.refund)) } == "aftersale_too_many")
        }
    }

    @Test func caseThatWouldNeedTheFiftyFirstRefund_isNotOpened() async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(.normalOrder, try await GiftBench(db))
            let id = try await sold.open(AftersaleWish(.refund, amount: Money(fen: 1)))
            try await sold.decide(.agree, id)
            try await sold.settle()
            _ = try await db.superuser.run(Statement<Void>("UPDATE orders.refund SET number = 49"))
            let last = try await sold.open(AftersaleWish(.refund, amount: Money(fen: 1)))
            try await sold.decide(.agree, last)
            try await sold.settle()
            #expect(sold.paidBack == 2)
            #expect(await refusal { _ = try await sold.open(AftersaleWish(.refund)) } == "aftersale_numbers_used")
        }
    }

    @Test func casesThatWait_amongManyThatAreOver_readABoundedNumberOfThem() async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(.normalOrder, try await GiftBench(db))
            let brand = sold.bench.brand
            let first = try await sold.open(AftersaleWish(.refund))
            _ = try await db.superuser.run(
                Statement<Void>(
                    """
                    INSERT INTO orders.aftersale
                    SELECT (jsonb_populate_record(a, jsonb_build_object('aftersale_id', gen_random_uuid(), 'state', s.state,
                        'due_at', NULL, 'ended_at', a.requested_at, 'requested_at', a.requested_at - n * INTERVAL '1 second'))).*
                    FROM orders.aftersale a
                    CROSS JOIN (VALUES ('withdrawn'), ('timed_out')) s (state)
                    CROSS JOIN generate_series(1, 2000) n
                    """))
            _ = try await db.superuser.run(Statement<Void>("ANALYZE orders.aftersale"))
            try await sold.bench.pool.transaction { tx in
                let before = try await Self.read(tx)
                let page = try await Aftersales.page(
                    after: nil, state: .requested, shop: nil, limit: 50, brand: brand, on: tx)
                #expect(page.map(\.id) == [first])
                let next = try await Aftersales.page(
                    after: first, state: .requested, shop: sold.bench.shop, limit: 50, brand: brand, on: tx)
                #expect(next.isEmpty)
                let rows = try await Self.read(tx) - before
                #expect(rows <= 10, "the list reads \(rows) rows")
            }
        }
    }

    private static func read(_ tx: Transaction) async throws -> Int64 {
        try await tx.one(
            Statement(
                """
                SELECT (pg_stat_get_xact_tuples_returned(c.oid) + pg_stat_get_xact_tuples_fetched(c.oid))::bigint
                FROM pg_class c
                WHERE c.oid = 'orders.aftersale'::regclass
                """
            ) { row throws(PostgresError) in try row.next() })
    }
}
