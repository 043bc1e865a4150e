import FoundationEssentials
import Kernel
import Orders
import Postgres

/// The SQL of gifts whose time is over; those of group gifts end with their group.
enum DeadlineStatements {
    /// Until the transaction ends, a lock that somebody else holds is waited for only as long as a commit takes.
    static func waitShortly() -> Statement<Void> { Statement("SET LOCAL lock_timeout = '100ms'") }

    /// Locks gifts that are due and free, those that wait longest first; along the index of deadlines.
    static func lockDue(
        before deadline: Date, from start: Date, sparing spared: [ID<Gift>], limit: Int, brand: ID<Brand>
    ) -> Statement<GiftRecord> {
        Statement(
            """
            SELECT gift_id, shop_id, product_id, variant_id, swapped_from, sender_id, recipient_id, greeting, cover_code,
                entry_code, send_at, state, captured_price_fen, pay_until, payment_id, order_id, sent_at, accept_until, claimed_at,
                address_id, prefilled_address_id, accepted_at, locked_until, ended_at, refund_id, refunded_at, withdrawn_at, created_at, updated_at,
                quantity, group_id
            FROM gifting.gift
            WHERE brand_id = \(brand) AND state IN ('sent', 'claimed') AND group_id IS NULL AND accept_until >= \(start) AND accept_until < \(deadline)
                AND gift_id <> ALL(\(spared))
            ORDER BY accept_until
            LIMIT \(limit)
            FOR NO KEY UPDATE SKIP LOCKED
            """,
            row: GiftStatements.giftRow)
    }

    static func due(
        before deadline: Date, from start: Date, sparing spared: [ID<Gift>], limit: Int, brand: ID<Brand>
    ) -> Statement<ID<Gift>> {
        Statement(
            """
            SELECT gift_id
            FROM gifting.gift
            WHERE brand_id = \(brand) AND state IN ('sent', 'claimed') AND group_id IS NULL AND accept_until >= \(start) AND accept_until < \(deadline)
                AND gift_id <> ALL(\(spared))
            ORDER BY accept_until
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// The rows are locked; that they had not ended is asked for all the same.
    static func save(
        _ gifts: [GiftRecord], refunds: [ID<Refund>], brand: ID<Brand>
    ) -> Statement<ID<Gift>> {
        Statement(
            """
            UPDATE gifting.gift g
            SET state = x.state, ended_at = x.ended_at, refund_id = x.refund_id, updated_at = x.updated_at
            FROM unnest(\(gifts.map(\.id)), \(gifts.map(\.state)), \(gifts.map(\.updatedAt)), \(refunds),
                \(gifts.map(\.updatedAt))) AS x (gift_id, state, ended_at, refund_id, updated_at)
            WHERE g.brand_id = \(brand) AND g.gift_id = x.gift_id AND g.state IN ('sent', 'claimed')
            RETURNING g.gift_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
