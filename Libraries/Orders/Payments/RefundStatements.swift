import FoundationEssentials
import Kernel
import Postgres

/// The SQL of refunds.
enum RefundStatements {
    /// The rows of the payments are locked; a conflict is a fault and fails the transaction.
    static func add(_ refunds: [NewRefund], brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.refund (brand_id, refund_id, payment_id, cause_id, number, round, out_refund_no, amount_fen, reason,
                subject, owner_queue, state, attempts, requested_at, updated_at)
            SELECT b.brand_id, x.refund_id, x.payment_id, x.cause_id, x.number, x.round, x.out_refund_no, x.amount_fen, x.reason,
                x.subject, x.owner_queue, 'requested', 0, \(now), \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(refunds.map(\.id)), \(refunds.map(\.intent.id)), \(refunds.map(\.cause)),
                \(refunds.map { Int32(clamping: $0.number) }), \(refunds.map { Int32(clamping: $0.round) }),
                \(refunds.map(\.outRefundNo)), \(refunds.map(\.amount)), \(refunds.map(\.reason)),
                \(refunds.map(\.intent.subject)), \(refunds.map(\.intent.ownerQueue)))
                AS x (refund_id, payment_id, cause_id, number, round, out_refund_no, amount_fen, reason, subject, owner_queue)
            WHERE b.brand_id = \(brand)
            ORDER BY x.payment_id, x.number
            """)
    }

    static func refund(_ id: ID<Refund>, brand: ID<Brand>) -> Statement<RefundRecord> {
        Statement(
            """
            SELECT refund_id, payment_id, COALESCE(cause_id, payment_id), number, COALESCE(round, number), out_refund_no, amount_fen,
                reason, subject, owner_queue, state, provider_refund_id, provider_word, attempts, requested_at, sent_at, finished_at,
                attention_since, settled_at, settled_with
            FROM orders.refund
            WHERE brand_id = \(brand) AND refund_id = \(id)
            """,
            row: refund)
    }

    static func refunds(of payment: ID<Payment>, brand: ID<Brand>) -> Statement<RefundRecord> {
        Statement(
            """
            SELECT refund_id, payment_id, COALESCE(cause_id, payment_id), number, COALESCE(round, number), out_refund_no, amount_fen,
                reason, subject, owner_queue, state, provider_refund_id, provider_word, attempts, requested_at, sent_at, finished_at,
                attention_since, settled_at, settled_with
            FROM orders.refund
            WHERE brand_id = \(brand) AND payment_id = \(payment)
            ORDER BY number
            """,
            row: refund)
    }

    /// All numbers of some payments; those of one payment in their order.
    static func refunds(of payments: [ID<Payment>], brand: ID<Brand>) -> Statement<RefundRecord> {
        Statement(
            """
            SELECT r.*
            FROM unnest(\(payments)) AS x (payment_id)
            CROSS JOIN LATERAL (
                SELECT refund_id, payment_id, COALESCE(cause_id, payment_id), number, COALESCE(round, number), out_refund_no, amount_fen,
                    reason, subject, owner_queue, state, provider_refund_id, provider_word, attempts, requested_at, sent_at, finished_at,
                    attention_since, settled_at, settled_with
                FROM orders.refund
                WHERE brand_id = \(brand) AND payment_id = x.payment_id
                ORDER BY number
                LIMIT 50
            ) r
            """,
            row: refund)
    }

    /// When any other number of the payment was last sent, as far as that is after `instant`.
    static func lastSent(
        of payment: ID<Payment>, apartFrom id: ID<Refund>, after instant: Date, brand: ID<Brand>
    ) -> Statement<Date?> {
        Statement(
            """
            SELECT max(last_sent_at)
            FROM orders.refund
            WHERE brand_id = \(brand) AND payment_id = \(payment) AND refund_id <> \(id) AND last_sent_at > \(instant)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What has gone back of a payment.
    static func returned(of payment: ID<Payment>, brand: ID<Brand>) -> Statement<Money> {
        Statement(
            """
            SELECT COALESCE(sum(amount_fen), 0)::bigint
            FROM orders.refund
            WHERE brand_id = \(brand) AND payment_id = \(payment) AND state = 'succeeded'
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func needingAttention(limit: Int, brand: ID<Brand>) -> Statement<RefundRecord> {
        Statement(
            """
            SELECT refund_id, payment_id, COALESCE(cause_id, payment_id), number, COALESCE(round, number), out_refund_no, amount_fen,
                reason, subject, owner_queue, state, provider_refund_id, provider_word, attempts, requested_at, sent_at, finished_at,
                attention_since, settled_at, settled_with
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
            SELECT refund_id, payment_id, COALESCE(cause_id, payment_id), number, COALESCE(round, number), out_refund_no, amount_fen,
                reason, subject, owner_queue, state, provider_refund_id, provider_word, attempts, requested_at, sent_at, finished_at,
                attention_since, settled_at, settled_with
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
            SET state = \(stage), attempts = attempts + 1, sent_at = COALESCE(sent_at, \(sentAt)),
                last_sent_at = COALESCE(\(sentAt), last_sent_at), updated_at = \(now)
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

    /// Nobody needs to look at it any more: another number has taken its place.
    static func clearAttention(_ id: ID<Refund>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.refund
            SET attention_since = NULL, updated_at = \(now)
            WHERE brand_id = \(brand) AND refund_id = \(id)
            """)
    }

    // MARK: Outside of WeChat Pay

    /// The money went back another way: the number is closed, and never used again.
    static func settle(
        _ id: ID<Refund>, with reference: String, by author: String, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.refund
            SET state = 'closed', finished_at = COALESCE(finished_at, \(now)), settled_at = \(now), settled_by = \(author),
                settled_with = \(reference), attention_since = NULL, updated_at = \(now)
            WHERE brand_id = \(brand) AND refund_id = \(id)
            """)
    }

    /// What went back another way is in the books.
    static func markSettled(_ id: ID<Refund>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.refund
            SET state = 'succeeded', updated_at = \(now)
            WHERE brand_id = \(brand) AND refund_id = \(id) AND state = 'closed' AND settled_at IS NOT NULL
            """)
    }

    // MARK: Two persons

    static func words(about id: ID<Refund>, brand: ID<Brand>) -> Statement<RefundApprovals.Word> {
        Statement(
            """
            SELECT author, approved_at, settled_with
            FROM orders.refund_approval
            WHERE brand_id = \(brand) AND refund_id = \(id) AND used_at IS NULL
            """
        ) { row throws(PostgresError) in
            RefundApprovals.Word(
                author: try row.next(), givenAt: try row.next(), settledWith: try row.next(String?.self))
        }
    }

    /// Said again, it counts from now, and as it was said last.
    static func addWord(_ word: RefundApprovals.Word, about id: ID<Refund>, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.refund_approval (brand_id, approval_id, refund_id, author, approved_at, settled_with)
            VALUES (\(brand), \(ID<RefundApprovals.Word>.mint()), \(id), \(word.author), \(word.givenAt), \(word.settledWith))
            ON CONFLICT (brand_id, refund_id, author) WHERE used_at IS NULL
            DO UPDATE SET approved_at = excluded.approved_at, settled_with = excluded.settled_with
            """)
    }

    static func useWords(about id: ID<Refund>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.refund_approval
            SET used_at = \(now)
            WHERE brand_id = \(brand) AND refund_id = \(id) AND used_at IS NULL
            """)
    }

    @Sendable
    private static func refund(_ row: inout RowReader) throws(PostgresError) -> RefundRecord {
        RefundRecord(
            id: try row.next(), payment: try row.next(), cause: try row.next(),
            number: Int(try row.next(Int32.self)), round: Int(try row.next(Int32.self)),
            outRefundNo: try row.next(), amount: try row.next(), reason: try row.next(), subject: try row.next(),
            ownerQueue: try row.next(), stage: try row.next(), providerRefundID: try row.next(),
            providerWord: try row.next(), attempts: Int(try row.next(Int32.self)), requestedAt: try row.next(),
            sentAt: try row.next(), finishedAt: try row.next(), attentionSince: try row.next(),
            settledAt: try row.next(Date?.self), settledWith: try row.next(String?.self))
    }
}
