import FoundationEssentials
import Kernel
import Postgres

/// The SQL of vouchers and handovers.
enum VoucherStatements {
    /// The clock of the business as it is now: a lock may have been waited for.
    static func clock() -> Statement<Date> {
        Statement("SELECT siyu.clock() + (clock_timestamp() - transaction_timestamp())") { row throws(PostgresError) in
            try row.next()
        }
    }

    // MARK: Issuing

    /// A voucher that is to be issued.
    struct New: Sendable {
        let id: ID<Voucher>
        let batch: ID<CodeBatch>
        let index: Int64
        let tier: Int32
        let person: ID<Person>
        let tokenHash: [UInt8]
        let cost: Money
    }

    /// Sorted by the key, so that two batches of scans cannot deadlock; kept for the days that the batch's rules give today.
    ///
    /// What was issued before, or belongs to a batch without rules, returns no row.
    static func issue(
        _ new: [New], brand: ID<Brand>, now: Date
    ) -> Statement<(id: ID<Voucher>, expiresAt: Date)> {
        Statement(
            """
            INSERT INTO codes.voucher (brand_id, voucher_id, batch_id, code_index, tier, person_id, token_hash, cost_fen,
                state, handovers, issued_at, expires_at, updated_at)
            SELECT b.brand_id, x.voucher_id, x.batch_id, x.code_index, x.tier, x.person_id, x.token_hash, x.cost_fen,
                'open', 0, \(now), CAST(\(now) AS timestamptz) + r.claim_days * interval '86400 seconds', \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(new.map(\.id)), \(new.map(\.batch)), \(new.map(\.index)), \(new.map(\.tier)),
                \(new.map(\.person)), \(new.map(\.tokenHash)), \(new.map(\.cost)))
                AS x (voucher_id, batch_id, code_index, tier, person_id, token_hash, cost_fen)
            CROSS JOIN LATERAL (SELECT p.claim_days FROM codes.rules p
                WHERE p.brand_id = b.brand_id AND p.batch_id = x.batch_id ORDER BY p.version DESC LIMIT 1) r
            WHERE b.brand_id = \(brand)
            ORDER BY x.voucher_id
            ON CONFLICT DO NOTHING
            RETURNING voucher_id, expires_at
            """
        ) { row throws(PostgresError) in (id: try row.next(), expiresAt: try row.next()) }
    }

    /// One that was issued before is an error: an entry is made once.
    static func issue(
        _ entry: DrawnEntry, of campaign: ID<Campaign>, prize: DrawTier, tokenHash: [UInt8], until end: Date,
        brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.voucher (brand_id, voucher_id, campaign_id, tier, person_id, token_hash, cost_fen, state,
                handovers, issued_at, expires_at, updated_at)
            SELECT b.brand_id, \(entry.voucher), \(campaign), \(prize.tier), \(entry.person), \(tokenHash), \(prize.cost),
                'open', 0, \(entry.drawnAt), \(end), \(entry.drawnAt)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    /// How long a voucher may be used.
    struct Terms: Sendable {
        let id: ID<Voucher>
        /// Nil for one that is not issued yet.
        let state: VoucherState?
        let expiresAt: Date?
        /// What the rules of its batch give today.
        let claimDays: Int32?
    }

    static func terms(
        of vouchers: [ID<Voucher>], batches: [ID<CodeBatch>], brand: ID<Brand>
    ) -> Statement<Terms> {
        Statement(
            """
            SELECT x.voucher_id, v.state, v.expires_at,
                (SELECT r.claim_days FROM codes.rules r WHERE r.brand_id = \(brand) AND r.batch_id = x.batch_id
                    ORDER BY r.version DESC LIMIT 1)
            FROM unnest(\(vouchers), \(batches)) AS x (voucher_id, batch_id)
            LEFT JOIN LATERAL (
                SELECT state, expires_at
                FROM codes.voucher
                WHERE brand_id = \(brand) AND voucher_id = x.voucher_id
                LIMIT 1
            ) v ON true
            """
        ) { row throws(PostgresError) in
            Terms(
                id: try row.next(), state: try row.next(VoucherState?.self), expiresAt: try row.next(Date?.self),
                claimDays: try row.next(Int32?.self))
        }
    }

    // MARK: Life

    static func lock(token hash: [UInt8], brand: ID<Brand>) -> Statement<VoucherRecord> {
        Statement(
            """
            SELECT voucher_id, COALESCE(batch_id, campaign_id), code_index, tier, cost_fen, state, handovers, expires_at,
                updated_at
            FROM codes.voucher
            WHERE brand_id = \(brand) AND token_hash = \(hash)
            FOR UPDATE
            """,
            row: voucherRow)
    }

    static func lock(_ voucher: ID<Voucher>, brand: ID<Brand>) -> Statement<VoucherRecord> {
        Statement(
            """
            SELECT voucher_id, COALESCE(batch_id, campaign_id), code_index, tier, cost_fen, state, handovers, expires_at,
                updated_at
            FROM codes.voucher
            WHERE brand_id = \(brand) AND voucher_id = \(voucher)
            FOR UPDATE
            """,
            row: voucherRow)
    }

    /// Moves a voucher on from the state that it was seen in; no row if it is in another by now.
    static func move(
        _ voucher: ID<Voucher>, from state: VoucherState, to next: VoucherState, brand: ID<Brand>, now: Date
    ) -> Statement<Int32> {
        let handovers: Int32 = next == .handedOver ? 1 : 0
        return Statement(
            """
            UPDATE codes.voucher
            SET state = \(next), handovers = handovers + \(handovers), updated_at = \(now)
            WHERE brand_id = \(brand) AND voucher_id = \(voucher) AND state = \(state)
            RETURNING handovers
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// The name of a prize, and the accounts that it moves money between.
    struct Prize: Sendable {
        let name: String
        let kind: PrizeKind
        let owed: ID<Account>
        let cost: ID<Account>
    }

    static func prize(_ tier: Int32, of origin: VoucherOrigin, brand: ID<Brand>) -> Statement<Prize> {
        switch origin {
        case .pack(let batch, _): prize(tier, of: batch, brand: brand)
        case .draw(let campaign): prize(tier, of: campaign, brand: brand)
        }
    }

    private static func prize(_ tier: Int32, of batch: ID<CodeBatch>, brand: ID<Brand>) -> Statement<Prize> {
        Statement(
            """
            SELECT p.name, p.kind, b.owed_account_id, b.cost_account_id
            FROM codes.batch b
            JOIN codes.prize p ON p.brand_id = b.brand_id AND p.batch_id = b.batch_id
            WHERE b.brand_id = \(brand) AND b.batch_id = \(batch) AND p.tier = \(tier)
            """,
            row: prizeRow)
    }

    private static func prize(_ tier: Int32, of campaign: ID<Campaign>, brand: ID<Brand>) -> Statement<Prize> {
        Statement(
            """
            SELECT p.name, p.kind, c.owed_account_id, c.cost_account_id
            FROM codes.campaign c
            JOIN codes.campaign_prize p ON p.brand_id = c.brand_id AND p.campaign_id = c.campaign_id
            WHERE c.brand_id = \(brand) AND c.campaign_id = \(campaign) AND p.tier = \(tier)
            """,
            row: prizeRow)
    }

    @Sendable
    private static func prizeRow(_ row: inout RowReader) throws(PostgresError) -> Prize {
        Prize(name: try row.next(), kind: try row.next(), owed: try row.next(), cost: try row.next())
    }

    // MARK: Handovers

    static func handover(_ id: ID<Handover>, brand: ID<Brand>) -> Statement<HandoverRecord> {
        Statement(
            """
            SELECT h.handover_id, h.voucher_id, h.number, h.shop_id, h.cost_fen, h.handed_over_at,
                EXISTS (SELECT FROM codes.handover_reversal r
                    WHERE r.brand_id = h.brand_id AND r.handover_id = h.handover_id)
            FROM codes.handover h
            WHERE h.brand_id = \(brand) AND h.handover_id = \(id)
            """
        ) { row throws(PostgresError) in
            HandoverRecord(
                id: try row.next(), voucher: try row.next(), number: try row.next(), shop: try row.next(),
                cost: try row.next(), handedOverAt: try row.next(), isReversed: try row.next())
        }
    }

    /// A number that the voucher has already is an error: whoever counted it twice must not commit.
    static func insertHandover(
        _ handover: HandoverRecord, source: ID<HookSource>, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.handover (brand_id, handover_id, voucher_id, number, shop_id, source_id, cost_fen,
                handed_over_at)
            SELECT b.brand_id, \(handover.id), \(handover.voucher), \(handover.number), \(handover.shop), \(source),
                \(handover.cost), \(handover.handedOverAt)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    /// A handover that was taken back before is an error: the voucher's lock was not held.
    static func insertReversal(
        of handover: HandoverRecord, source: ID<HookSource>, reason: String, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.handover_reversal (brand_id, handover_id, shop_id, source_id, cost_fen, reason, reversed_at)
            SELECT b.brand_id, \(handover.id), \(handover.shop), \(source), \(handover.cost), \(reason), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    @Sendable
    private static func voucherRow(_ row: inout RowReader) throws(PostgresError) -> VoucherRecord {
        let id = try row.next(ID<Voucher>.self)
        let won = try row.next(UUID.self)
        // A voucher of a code has its place, that of a draw has none.
        let origin = try row.next(Int64?.self).map { VoucherOrigin.pack(ID(rawValue: won), index: $0) }
        return VoucherRecord(
            id: id, origin: origin ?? .draw(ID(rawValue: won)), tier: try row.next(), cost: try row.next(),
            state: try row.next(), handovers: try row.next(), expiresAt: try row.next(), updatedAt: try row.next())
    }
}
