import FoundationEssentials
import Kernel
import Postgres

/// The tour reads every count back by a query of its own, which shares nothing with the code that made it.
enum TourStatements {
    /// What the tables hold of a brand's orders.
    struct Orders: Sendable, Equatable {
        var orders: Int
        var members: Int
        var repeatMembers: Int
        var gmvFen: Int64
        var zeroOrders: Int
    }

    static func orders(of shop: ID<Shop>, brand: ID<Brand>) -> Statement<Orders> {
        Statement(
            """
            WITH by_member AS (
                SELECT person_id, count(*) AS orders, sum(amount_fen) AS fen, count(*) FILTER (WHERE amount_fen = 0) AS zero
                FROM orders.customer_order
                WHERE brand_id = \(brand) AND shop_id = \(shop) AND status <> 'cancelled'
                GROUP BY person_id
            )
            SELECT COALESCE(sum(orders), 0)::bigint, count(*), count(*) FILTER (WHERE orders >= 2),
                COALESCE(sum(fen), 0)::bigint, COALESCE(sum(zero), 0)::bigint
            FROM by_member
            """
        ) { row throws(PostgresError) in
            Orders(
                orders: try row.next(), members: try row.next(), repeatMembers: try row.next(),
                gmvFen: try row.next(), zeroOrders: try row.next())
        }
    }

    /// What the ledger holds of the same: how many payments were posted to the shop's sales, and how much.
    static func ledger(of shop: ID<Shop>, brand: ID<Brand>) -> Statement<(transfers: Int, fen: Int64)> {
        Statement(
            """
            SELECT count(*), COALESCE(sum(t.amount_fen), 0)::bigint
            FROM accounting.account a
            JOIN accounting.transfer t ON t.brand_id = a.brand_id AND t.credit_account_id = a.account_id
            WHERE a.brand_id = \(brand) AND a.kind = 'sales' AND a.subject_id = \(shop) AND t.kind = 'order.paid'
            """
        ) { row throws(PostgresError) in (try row.next(), try row.next()) }
    }

    /// The business clock.
    static func now() -> Statement<Date> {
        Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() }
    }

    /// What was minted, and what became of it.
    static func codes(brand: ID<Brand>) -> Statement<(minted: Int, redeemed: Int, people: Int)> {
        Statement(
            """
            SELECT (SELECT COALESCE(sum(count), 0)::bigint FROM codes.batch WHERE brand_id = \(brand)), count(*),
                count(DISTINCT person_id)
            FROM codes.redemption
            WHERE brand_id = \(brand)
            """
        ) { row throws(PostgresError) in (try row.next(), try row.next(), try row.next()) }
    }

    /// The oldest gift of the person behind a blind index.
    static func gift(bySender index: [UInt8], brand: ID<Brand>) -> Statement<String> {
        Statement(
            """
            SELECT g.gift_id::text
            FROM vault.person p
            JOIN gifting.gift g ON g.brand_id = p.brand_id AND g.sender_id = p.person_id
            WHERE p.brand_id = \(brand) AND p.kind = 'openid' AND p.blind_index = \(index)
            ORDER BY g.created_at
            LIMIT 1
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What became of a brand's gifts.
    struct Gifts: Sendable {
        let given: Int
        let open: Int
        let accepted: Int
        let expired: Int
        let refunded: Int
    }

    static func gifts(brand: ID<Brand>) -> Statement<Gifts> {
        Statement(
            """
            SELECT count(*) FILTER (WHERE sent_at IS NOT NULL), count(*) FILTER (WHERE state IN ('sent', 'claimed')),
                count(*) FILTER (WHERE state = 'accepted'), count(*) FILTER (WHERE state = 'expired'),
                count(*) FILTER (WHERE refunded_at IS NOT NULL)
            FROM gifting.gift
            WHERE brand_id = \(brand) AND group_id IS NULL
            """
        ) { row throws(PostgresError) in
            Gifts(
                given: try row.next(), open: try row.next(), accepted: try row.next(), expired: try row.next(),
                refunded: try row.next())
        }
    }

    /// The payments of all gifts but those of groups.
    static func giftPayments(brand: ID<Brand>) -> Statement<String> {
        Statement(
            """
            SELECT payment_id::text FROM gifting.gift
            WHERE brand_id = \(brand) AND payment_id IS NOT NULL AND group_id IS NULL
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// The group gift of a giver.
    static func group(bySender index: [UInt8], brand: ID<Brand>) -> Statement<String> {
        Statement(
            """
            SELECT g.group_id::text
            FROM vault.person p
            JOIN gifting.gift_group g ON g.brand_id = p.brand_id AND g.sender_id = p.person_id
            WHERE p.brand_id = \(brand) AND p.kind = 'openid' AND p.blind_index = \(index)
            ORDER BY g.created_at
            LIMIT 1
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// A variant of the tour's box.
    static func variant(_ sku: String, brand: ID<Brand>) -> Statement<ID<Variant>> {
        Statement(
            """
            SELECT v.variant_id
            FROM orders.variant v
            JOIN orders.product p ON p.brand_id = v.brand_id AND p.product_id = v.product_id AND p.sku = 'tour-box'
            WHERE v.brand_id = \(brand) AND v.sku = \(sku)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What became of a brand's group gifts.
    struct Groups: Sendable, Equatable {
        let entries: Int
        let won: Int
        let taken: Int
        let declined: Int
        let refundedFen: Int64
    }

    static func groups(brand: ID<Brand>) -> Statement<Groups> {
        Statement(
            """
            SELECT (SELECT count(*) FROM gifting.group_entry WHERE brand_id = \(brand)),
                (SELECT count(*) FROM gifting.group_win WHERE brand_id = \(brand)),
                count(*) FILTER (WHERE state = 'accepted'), count(*) FILTER (WHERE state = 'declined'),
                (SELECT COALESCE(sum(refund_fen), 0)::bigint FROM gifting.gift_group
                WHERE brand_id = \(brand) AND refunded_at IS NOT NULL)
            FROM gifting.gift
            WHERE brand_id = \(brand) AND group_id IS NOT NULL
            """
        ) { row throws(PostgresError) in
            Groups(
                entries: try row.next(), won: try row.next(), taken: try row.next(), declined: try row.next(),
                refundedFen: try row.next())
        }
    }

    /// The payments of gifts that were sent back after they were accepted.
    static func sentBack(brand: ID<Brand>) -> Statement<String> {
        Statement("SELECT payment_id::text FROM orders.aftersale WHERE brand_id = \(brand) AND state = 'refunded'") {
            row throws(PostgresError) in try row.next()
        }
    }

    /// The first case that was opened.
    static func aftersale(brand: ID<Brand>) -> Statement<String> {
        Statement(
            "SELECT aftersale_id::text FROM orders.aftersale WHERE brand_id = \(brand) ORDER BY aftersale_id LIMIT 1"
        ) { row throws(PostgresError) in try row.next() }
    }

    /// The day in Beijing on which the first gift was paid.
    static func dayOfPayments(brand: ID<Brand>) -> Statement<CalendarDate> {
        Statement(
            """
            SELECT (min(paid_at) AT TIME ZONE 'Asia/Shanghai')::date
            FROM orders.payment_intent
            WHERE brand_id = \(brand) AND state = 'paid'
            HAVING count(*) > 0
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Bills that were compared without leaving anything open.
    static func bills(brand: ID<Brand>) -> Statement<Int> {
        Statement(
            """
            SELECT count(*)
            FROM orders.bill b
            WHERE b.brand_id = \(brand) AND NOT EXISTS (
                SELECT FROM orders.mismatch m WHERE m.brand_id = \(brand) AND m.resolved_at IS NULL)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func swaps(brand: ID<Brand>) -> Statement<Int> {
        Statement("SELECT count(*) FROM gifting.swap WHERE brand_id = \(brand)") {
            row throws(PostgresError) in try row.next()
        }
    }

    /// What the brand owes to winners and has not credited to them.
    static func unpaidPrizes(brand: ID<Brand>) -> Statement<Int64> {
        Statement(
            """
            SELECT COALESCE(sum(CASE t.kind WHEN 'prize.owed' THEN t.amount_fen ELSE -t.amount_fen END), 0)::bigint
            FROM accounting.transfer t
            WHERE t.brand_id = \(brand) AND t.kind IN ('prize.owed', 'prize.paid')
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What is kept for gifts that are neither accepted nor refunded.
    static func escrow(brand: ID<Brand>) -> Statement<Int64> {
        Statement(
            """
            SELECT COALESCE(sum(k.balance_fen), 0)::bigint
            FROM accounting.account a
            JOIN accounting.balance k ON k.brand_id = a.brand_id AND k.account_id = a.account_id
            WHERE a.brand_id = \(brand) AND a.kind = 'escrow'
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Jobs that wait, run, or were given up.
    static func jobs() -> Statement<(open: Int, discarded: Int)> {
        Statement(
            """
            SELECT (SELECT count(*) FROM jobs.hot) + (SELECT count(*) FROM jobs.later),
                (SELECT count(*) FROM jobs.discarded)
            """
        ) { row throws(PostgresError) in (try row.next(), try row.next()) }
    }
}
