import FoundationEssentials
import Kernel
import Postgres

/// The SQL of payouts.
enum PayoutStatements {
    /// Sorted by the unique key; a subject that has this number already keeps it, and returns no row.
    static func add(
        _ payouts: [(id: ID<Payout>, wish: NewPayout)], number: Int, brand: ID<Brand>, now: Date
    ) -> Statement<ID<Payout>> {
        let wishes = payouts.map(\.wish)
        return Statement(
            """
            INSERT INTO orders.payout (brand_id, payout_id, subject_id, number, person_id, amount_fen, owed_account_id, activity,
                reward, owner_queue, state, attempts, requested_at, updated_at)
            SELECT b.brand_id, x.payout_id, x.subject_id, \(Int32(clamping: number)), x.person_id, x.amount_fen, x.account_id,
                x.activity, x.reward, x.owner_queue, 'requested', 0, \(now), \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(payouts.map(\.id)), \(wishes.map(\.subject)), \(wishes.map(\.person)),
                \(wishes.map(\.amount)), \(wishes.map(\.owedAccount)), \(wishes.map(\.activity)),
                \(wishes.map(\.reward)), \(wishes.map(\.ownerQueue)))
                AS x (payout_id, subject_id, person_id, amount_fen, account_id, activity, reward, owner_queue)
            WHERE b.brand_id = \(brand)
            ORDER BY x.subject_id
            ON CONFLICT (brand_id, subject_id, number) DO NOTHING
            RETURNING payout_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func payout(_ id: ID<Payout>, brand: ID<Brand>) -> Statement<PayoutRecord> {
        Statement(
            """
            SELECT payout_id, subject_id, number, person_id, amount_fen, owed_account_id, activity, reward, owner_queue, mchid, state,
                provider_bill_no, provider_word, sealed_package, confirm_until, attempts, requested_at, sent_at, finished_at,
                attention_since
            FROM orders.payout
            WHERE brand_id = \(brand) AND payout_id = \(id)
            """,
            row: payout)
    }

    static func payouts(for subject: UUID, brand: ID<Brand>) -> Statement<PayoutRecord> {
        Statement(
            """
            SELECT payout_id, subject_id, number, person_id, amount_fen, owed_account_id, activity, reward, owner_queue, mchid, state,
                provider_bill_no, provider_word, sealed_package, confirm_until, attempts, requested_at, sent_at, finished_at,
                attention_since
            FROM orders.payout
            WHERE brand_id = \(brand) AND subject_id = \(subject)
            ORDER BY number
            """,
            row: payout)
    }

    static func needingAttention(limit: Int, brand: ID<Brand>) -> Statement<PayoutRecord> {
        Statement(
            """
            SELECT payout_id, subject_id, number, person_id, amount_fen, owed_account_id, activity, reward, owner_queue, mchid, state,
                provider_bill_no, provider_word, sealed_package, confirm_until, attempts, requested_at, sent_at, finished_at,
                attention_since
            FROM orders.payout
            WHERE brand_id = \(brand) AND attention_since IS NOT NULL
            ORDER BY attention_since, payout_id
            LIMIT \(limit)
            """,
            row: payout)
    }

    /// Locks the payout until the transaction ends.
    static func lock(_ id: ID<Payout>, brand: ID<Brand>) -> Statement<PayoutRecord> {
        Statement(
            """
            SELECT payout_id, subject_id, number, person_id, amount_fen, owed_account_id, activity, reward, owner_queue, mchid, state,
                provider_bill_no, provider_word, sealed_package, confirm_until, attempts, requested_at, sent_at, finished_at,
                attention_since
            FROM orders.payout
            WHERE brand_id = \(brand) AND payout_id = \(id)
            FOR UPDATE
            """,
            row: payout)
    }

    /// Before a call: from here on it may have been made, by this merchant.
    static func markCalled(
        _ id: ID<Payout>, as stage: PayoutStage, by mchid: String?, sentAt: Date?, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.payout
            SET state = \(stage), attempts = attempts + 1, mchid = COALESCE(mchid, \(mchid)),
                sent_at = COALESCE(sent_at, \(sentAt)), updated_at = \(now)
            WHERE brand_id = \(brand) AND payout_id = \(id)
            """)
    }

    /// What the winner needs goes with the end: it opens nothing any more.
    static func save(
        _ outcome: PayoutOutcome, of id: ID<Payout>, word: String?, providerNo: String?, sealedPackage: [UInt8]?,
        confirmUntil: Date?, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        let isOver = outcome.stage == .succeeded || outcome.stage == .failed
        return Statement(
            """
            UPDATE orders.payout
            SET state = \(outcome.stage), provider_word = COALESCE(\(word), provider_word),
                provider_bill_no = COALESCE(\(providerNo), provider_bill_no),
                sealed_package = CASE WHEN \(isOver) THEN NULL ELSE COALESCE(\(sealedPackage), sealed_package) END,
                confirm_until = COALESCE(confirm_until, \(confirmUntil)),
                finished_at = CASE WHEN \(isOver) THEN COALESCE(finished_at, \(now)) END,
                attention_since = CASE WHEN \(outcome.needsAttention) THEN COALESCE(attention_since, \(now)) END,
                updated_at = \(now)
            WHERE brand_id = \(brand) AND payout_id = \(id)
            """)
    }

    /// An operator asks for another round: whatever was sent is asked about first.
    static func revive(_ id: ID<Payout>, as stage: PayoutStage, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.payout
            SET state = \(stage), attempts = 0, attention_since = NULL, updated_at = \(now)
            WHERE brand_id = \(brand) AND payout_id = \(id)
            """)
    }

    /// Nobody needs to look at it: its money goes back.
    static func abandon(_ id: ID<Payout>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.payout
            SET abandoned_at = \(now), attention_since = NULL, updated_at = \(now)
            WHERE brand_id = \(brand) AND payout_id = \(id)
            """)
    }

    static func isAbandoned(_ id: ID<Payout>, brand: ID<Brand>) -> Statement<Bool> {
        Statement(
            """
            SELECT abandoned_at IS NOT NULL
            FROM orders.payout
            WHERE brand_id = \(brand) AND payout_id = \(id)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    @Sendable
    private static func payout(_ row: inout RowReader) throws(PostgresError) -> PayoutRecord {
        PayoutRecord(
            id: try row.next(), subject: try row.next(), number: Int(try row.next(Int32.self)),
            person: try row.next(), amount: try row.next(), owedAccount: try row.next(), activity: try row.next(),
            reward: try row.next(), ownerQueue: try row.next(), mchid: try row.next(String?.self),
            stage: try row.next(), providerBillNo: try row.next(String?.self),
            providerWord: try row.next(String?.self), sealedPackage: try row.next([UInt8]?.self),
            confirmUntil: try row.next(Date?.self), attempts: Int(try row.next(Int32.self)),
            requestedAt: try row.next(), sentAt: try row.next(Date?.self), finishedAt: try row.next(Date?.self),
            attentionSince: try row.next(Date?.self))
    }
}
