import FoundationEssentials
import Kernel
import Postgres

/// The SQL of published rules.
enum RulesStatements {
    /// What was published last, of each batch that has rules.
    static func current(
        of batches: [ID<CodeBatch>], brand: ID<Brand>
    ) -> Statement<(batch: ID<CodeBatch>, rules: PublishedRules)> {
        Statement(
            """
            SELECT DISTINCT ON (batch_id) batch_id, version, starts_at, ends_at, claim_days, document_hash, author,
                published_at
            FROM codes.rules
            WHERE brand_id = \(brand) AND batch_id = ANY(\(batches))
            ORDER BY batch_id, version DESC
            """
        ) { row throws(PostgresError) in (batch: try row.next(), rules: try rulesRow(&row)) }
    }

    /// Everything that was published about a batch, the last first.
    static func history(of batch: ID<CodeBatch>, brand: ID<Brand>) -> Statement<PublishedRules> {
        Statement(
            """
            SELECT version, starts_at, ends_at, claim_days, document_hash, author, published_at
            FROM codes.rules
            WHERE brand_id = \(brand) AND batch_id = \(batch)
            ORDER BY version DESC
            """,
            row: rulesRow)
    }

    /// A version that is there already returns no row.
    static func insert(
        _ rules: PublishedRules, batch: ID<CodeBatch>, brand: ID<Brand>
    ) -> Statement<Int32> {
        Statement(
            """
            INSERT INTO codes.rules (brand_id, batch_id, version, starts_at, ends_at, claim_days, document_hash, author,
                published_at)
            SELECT b.brand_id, \(batch), \(rules.version), \(rules.terms.startsAt), \(rules.terms.endsAt),
                \(rules.terms.claimDays), \(rules.documentHash), \(rules.author), \(rules.publishedAt)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT DO NOTHING
            RETURNING version
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What the rules of a batch commit to.
    static func rulesHash(of batch: ID<CodeBatch>, brand: ID<Brand>) -> Statement<[UInt8]> {
        Statement(
            """
            SELECT rules_hash
            FROM codes.batch
            WHERE brand_id = \(brand) AND batch_id = \(batch)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What the dearest prize of a batch costs; nil for one without prizes.
    static func topPrize(of batch: ID<CodeBatch>, brand: ID<Brand>) -> Statement<Money?> {
        Statement(
            """
            SELECT max(cost_fen)
            FROM codes.prize
            WHERE brand_id = \(brand) AND batch_id = \(batch)
            """
        ) { row throws(PostgresError) in try row.next(Money?.self) }
    }

    @Sendable
    private static func rulesRow(_ row: inout RowReader) throws(PostgresError) -> PublishedRules {
        let version = try row.next(Int32.self)
        let startsAt = try row.next(Date.self)
        let endsAt = try row.next(Date?.self)
        return PublishedRules(
            version: version, terms: RuleTerms(startsAt: startsAt, endsAt: endsAt, claimDays: try row.next()),
            documentHash: try row.next(), author: try row.next(), publishedAt: try row.next())
    }
}
