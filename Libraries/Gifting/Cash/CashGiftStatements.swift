import FoundationEssentials
import Kernel
import Postgres

/// The SQL of gifts of money.
enum CashGiftStatements {
    static func add(_ gift: CashGiftRecord, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.cash_gift (brand_id, cash_gift_id, shop_id, sender_id, recipient_id, amount_fen, payment_id, state, pay_until,
                created_at, updated_at)
            VALUES (\(brand), \(gift.id), \(gift.shop), \(gift.sender), \(gift.recipient), \(gift.amount), \(gift.payment), \(gift.state),
                \(gift.payUntil), \(gift.createdAt), \(gift.updatedAt))
            """)
    }

    /// Locks the gift until the transaction ends.
    static func lock(_ id: ID<CashGift>, brand: ID<Brand>) -> Statement<CashGiftRecord> {
        Statement(
            """
            SELECT cash_gift_id, shop_id, sender_id, recipient_id, amount_fen, payment_id, state, pay_until, sent_at, accept_until, accepted_at,
                ended_at, refund_id, refunded_at, created_at, updated_at
            FROM gifting.cash_gift
            WHERE brand_id = \(brand) AND cash_gift_id = \(id)
            FOR NO KEY UPDATE
            """
        ) { row throws(PostgresError) in
            CashGiftRecord(
                id: try row.next(), shop: try row.next(), sender: try row.next(), recipient: try row.next(),
                amount: try row.next(), payment: try row.next(), state: try row.next(), payUntil: try row.next(),
                sentAt: try row.next(), acceptUntil: try row.next(), acceptedAt: try row.next(),
                endedAt: try row.next(), refund: try row.next(), refundedAt: try row.next(),
                createdAt: try row.next(), updatedAt: try row.next())
        }
    }

    /// The row is locked; that its state is the one it was locked in is asked for all the same.
    static func save(_ gift: CashGiftRecord, from state: CashGiftState, brand: ID<Brand>) -> Statement<ID<CashGift>> {
        Statement(
            """
            UPDATE gifting.cash_gift
            SET state = \(gift.state), sent_at = \(gift.sentAt), accept_until = \(gift.acceptUntil), accepted_at = \(gift.acceptedAt),
                ended_at = \(gift.endedAt), refund_id = \(gift.refund), refunded_at = \(gift.refundedAt), updated_at = \(gift.updatedAt)
            WHERE brand_id = \(brand) AND cash_gift_id = \(gift.id) AND state = \(state)
            RETURNING cash_gift_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
