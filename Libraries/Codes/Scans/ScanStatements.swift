import FoundationEssentials
import Hooks
import Kernel
import Postgres

/// The SQL of scans and of the prizes that they win.
enum ScanStatements {
    /// One look at the primary key for each; see Postgres/Decisions/0002.
    static func redemptions(of codes: [CodeKey], brand: ID<Brand>) -> Statement<RedemptionRow> {
        Statement(
            """
            SELECT x.batch_id, x.code_index, r.redemption_id, r.person_id, r.tier, r.redeemed_at
            FROM unnest(\(codes.map(\.batch)), \(codes.map(\.index))) AS x (batch_id, code_index)
            CROSS JOIN LATERAL (
                SELECT redemption_id, person_id, tier, redeemed_at
                FROM codes.redemption
                WHERE brand_id = \(brand) AND batch_id = x.batch_id AND code_index = x.code_index
                LIMIT 1
            ) r
            """
        ) { row throws(PostgresError) in
            RedemptionRow(
                key: CodeKey(batch: try row.next(), index: try row.next()), id: try row.next(), person: try row.next(),
                tier: try row.next(Int32?.self), redeemedAt: try row.next())
        }
    }

    /// The redemptions of a batch by index, a page at a time.
    static func redemptions(
        of batch: ID<CodeBatch>, after index: Int64, limit: Int, brand: ID<Brand>
    ) -> Statement<(index: Int64, tier: Int32?)> {
        Statement(
            """
            SELECT code_index, tier
            FROM codes.redemption
            WHERE brand_id = \(brand) AND batch_id = \(batch) AND code_index > \(index)
            ORDER BY code_index
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in (index: try row.next(), tier: try row.next(Int32?.self)) }
    }

    /// Sorted by the key, so that two batches of scans cannot deadlock.
    ///
    /// Codes that somebody else redeemed return no row: they are read again in a second statement.
    static func redeem(
        _ codes: [WantedRedemption], _ onConflict: OnConflict, brand: ID<Brand>, now: Date
    ) -> Statement<ID<Redemption>> {
        Statement(
            """
            INSERT INTO codes.redemption (brand_id, batch_id, code_index, redemption_id, person_id, tier, source_id,
                redeemed_at)
            SELECT b.brand_id, x.batch_id, x.code_index, x.redemption_id, x.person_id, x.tier, x.source_id, \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(codes.map(\.row.key.batch)), \(codes.map(\.row.key.index)), \(codes.map(\.row.id)),
                \(codes.map(\.row.person)), \(codes.map(\.row.tier)), \(codes.map(\.scan.delivery.source)))
                AS x (batch_id, code_index, redemption_id, person_id, tier, source_id)
            WHERE b.brand_id = \(brand)
            ORDER BY x.batch_id, x.code_index
            \(onConflict)
            RETURNING redemption_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What a prize of points or cash is paid by.
    struct Owed: Sendable {
        let person: ID<Person>
        let account: ID<Account>
        let cost: Money
        let kind: PrizeKind
        /// The prize's name.
        let name: String
        /// The batch's name.
        let label: String
    }

    static func owed(_ redemption: ID<Redemption>, brand: ID<Brand>) -> Statement<Owed> {
        Statement(
            """
            SELECT r.person_id, b.owed_account_id, p.cost_fen, p.kind, p.name, b.label
            FROM codes.redemption r
            JOIN codes.batch b ON b.brand_id = r.brand_id AND b.batch_id = r.batch_id
            JOIN codes.prize p ON p.brand_id = r.brand_id AND p.batch_id = r.batch_id AND p.tier = r.tier
            WHERE r.brand_id = \(brand) AND r.redemption_id = \(redemption)
            """
        ) { row throws(PostgresError) in
            Owed(
                person: try row.next(), account: try row.next(), cost: try row.next(), kind: try row.next(),
                name: try row.next(), label: try row.next())
        }
    }
}
