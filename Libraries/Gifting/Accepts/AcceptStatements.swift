import Kernel
import Postgres

/// The SQL of gifts that are accepted together.
enum AcceptStatements {
    /// Locks the gifts that nobody else holds, one look for each (Postgres/Decisions/0002); the others bring no row.
    static func lockFree(_ gifts: [ID<Gift>], brand: ID<Brand>) -> Statement<GiftRecord> {
        Statement(
            """
            SELECT g.gift_id, g.shop_id, g.product_id, g.variant_id, g.swapped_from, g.sender_id, g.recipient_id, g.greeting,
                g.cover_code, g.entry_code, g.send_at, g.state, g.captured_price_fen, g.pay_until, g.payment_id, g.order_id, g.sent_at,
                g.accept_until, g.claimed_at, g.address_id, g.prefilled_address_id, g.accepted_at, g.locked_until, g.ended_at,
                g.refund_id, g.refunded_at, g.withdrawn_at, g.created_at, g.updated_at, g.quantity, g.group_id
            FROM unnest(\(gifts)) AS x (gift_id)
            CROSS JOIN LATERAL (
                SELECT *
                FROM gifting.gift
                WHERE brand_id = \(brand) AND gift_id = x.gift_id
                LIMIT 1
                FOR NO KEY UPDATE SKIP LOCKED
            ) g
            """,
            row: GiftStatements.giftRow)
    }

    /// The rows are locked; that they were claimed is asked for all the same.
    static func save(_ gifts: [GiftRecord], brand: ID<Brand>) -> Statement<ID<Gift>> {
        Statement(
            """
            UPDATE gifting.gift g
            SET state = x.state, accepted_at = x.accepted_at, locked_until = x.locked_until, ended_at = x.ended_at,
                updated_at = x.updated_at
            FROM unnest(\(gifts.map(\.id)), \(gifts.map(\.state)), \(gifts.map(\.acceptedAt)), \(gifts.map(\.lockedUntil)),
                \(gifts.map(\.endedAt)), \(gifts.map(\.updatedAt)))
                AS x (gift_id, state, accepted_at, locked_until, ended_at, updated_at)
            WHERE g.brand_id = \(brand) AND g.gift_id = x.gift_id AND g.state = 'claimed'
            RETURNING g.gift_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
