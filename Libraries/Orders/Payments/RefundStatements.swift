import FoundationEssentials
import Kernel
import Postgres

/// The SQL of refunds.
enum RefundStatements {
    static func add(
        _ id: ID<Refund>, number: Int, outRefundNo: String, amount: Money, reason: String, of intent: PaymentIntent,
        brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.refund (brand_id, refund_id, payment_id, number, out_refund_no, amount_fen, reason, subject,
                owner_queue, state, attempts, requested_at, updated_at)
            SELECT b.brand_id, \(id), \(intent.id), \(Int32(clamping: number)), \(outRefundNo), \(amount), \(reason),
                \(intent.subject), \(intent.ownerQueue), 'requested', 0, \(now), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    static func refund(_ id: ID<Refund>, brand: ID<Brand>) -> Statement<RefundRecord> {
        Statement(
            """
            SELECT refund_id, payment_id, number, out_refund_no, amount_fen, reason, subject, owner_queue, state, provider_refund_id,
                provider_word, attempts, requested_at, sent_at, finished_at, attention_since
            FROM orders.refund
            WHERE brand_id = \(brand) AND refund_id = \(id)
            """,
            row: refund)
    }

    static func refunds(of payment: ID<Payment>, brand: ID<Brand>) -> Statement<RefundRecord> {
        Statement(
            """
            SELECT refund_id, payment_id, number, out_refund_no, amount_fen, reason, subject, owner_queue, state, provider_refund_id,
                provider_word, attempts, requested_at, sent_at, finished_at, attention_since
            FROM orders.refund
            WHERE brand_id = \(brand) AND payment_id = \(payment)
            ORDER BY number
            """,
            row: refund)
    }

    static func needingAttention(limit: Int, brand: ID<Brand>) -> Statement<RefundRecord> {
        Statement(
            """
            SELECT refund_id, payment_id, number, out_refund_no, amount_fen, reason, subject, owner_queue, state, provider_refund_id,
                provider_word, attempts, requested_at, sent_at, finished_at, attention_since
            FROM orders.refund
            WHERE brand_id = \(brand) AND attention_since IS NOT NULL
            ORDER BY attention_since, refund_id
            LIMIT \(limit)
            """,
            row: refund)
    }

    /// Locks the refund until the transaction ends.
    static func lock(_ id: ID<Refund>, brand: ID<Brand>) -> Statement<RefundRecord> {
        Statement(
            """
            SELECT refund_id, payment_id, number, out_refund_no, amount_fen, reason, subject, owner_queue, state, provider_refund_id,
                provider_word, attempts, requested_at, sent_at, finished_at, attention_since
            FROM orders.refund
            WHERE brand_id = \(brand) AND refund_id = \(id)
            FOR UPDATE
            """,
            row: refund)
    }

    static func id(of outRefundNo: String, brand: ID<Brand>) -> Statement<ID<Refund>> {
        Statement(
            """
            SELECT refund_id
            FROM orders.refund
            WHERE brand_id = \(brand) AND out_refund_no = \(outRefundNo)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Before a call: from here on it may have been made.
    static func markCalled(
        _ id: ID<Refund>, as stage: RefundStage, sentAt: Date?, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.refund
            SET state = \(stage), attempts = attempts + 1, sent_at = COALESCE(sent_at, \(sentAt)), updated_at = \(now)
            WHERE brand_id = \(brand) AND refund_id = \(id)
            """)
    }

    static func save(
        _ outcome: RefundOutcome, of id: ID<Refund>, finishedAt: Date?, word: String?, providerID: String?,
        brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.refund
            SET state = \(outcome.stage), provider_word = COALESCE(\(word), provider_word),
                provider_refund_id = COALESCE(\(providerID), provider_refund_id),
                sent_at = CASE WHEN \(outcome.stage == .requested) THEN sent_at ELSE COALESCE(sent_at, \(now)) END,
                finished_at = COALESCE(finished_at, \(finishedAt)),
                attention_since = CASE WHEN \(outcome.needsAttention) THEN COALESCE(attention_since, \(now)) END,
                updated_at = \(now)
            WHERE brand_id = \(brand) AND refund_id = \(id)
            """)
    }

    /// An operator asks for another round: whatever was sent is asked about first.
    static func revive(_ id: ID<Refund>, as stage: RefundStage, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.refund
            SET state = \(stage), attempts = 0, attention_since = NULL, updated_at = \(now)
            WHERE brand_id = \(brand) AND refund_id = \(id)
            """)
    }

    @Sendable
    private static func refund(_ row: inout RowReader) throws(PostgresError) -> RefundRecord {
        RefundRecord(
            id: try row.next(), payment: try row.next(), number: Int(try row.next(Int32.self)),
            outRefundNo: try row.next(), amount: try row.next(), reason: try row.next(), subject: try row.next(),
            ownerQueue: try row.next(), stage: try row.next(), providerRefundID: try row.next(),
            providerWord: try row.next(), attempts: Int(try row.next(Int32.self)), requestedAt: try row.next(),
            sentAt: try row.next(), finishedAt: try row.next(), attentionSince: try row.next())
    }
}
