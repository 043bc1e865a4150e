import FoundationEssentials
import Kernel
import Postgres

/// The SQL of the trail.
enum AuditStatements {
    static func clock() -> Statement<Date> {
        Statement("SELECT siyu.clock() + (clock_timestamp() - transaction_timestamp())") { row throws(PostgresError) in
            try row.next()
        }
    }

    /// Locks the end of a brand's trail until the transaction ends; makes it where there is none yet.
    static func lockEnd(brand: ID<Brand>) -> Statement<(number: Int64, hash: [UInt8])> {
        Statement(
            """
            INSERT INTO audit.trail (brand_id, number, hash)
            VALUES (\(brand), 0, \(AuditEntry.start))
            ON CONFLICT (brand_id) DO UPDATE SET number = trail.number
            RETURNING number, hash
            """
        ) { row throws(PostgresError) in (number: try row.next(), hash: try row.next()) }
    }

    static func end(brand: ID<Brand>) -> Statement<(number: Int64, hash: [UInt8])> {
        Statement("SELECT number, hash FROM audit.trail WHERE brand_id = \(brand)") { row throws(PostgresError) in
            (number: try row.next(), hash: try row.next())
        }
    }

    static func moveEnd(to number: Int64, hash: [UInt8], brand: ID<Brand>) -> Statement<Void> {
        Statement("UPDATE audit.trail SET number = \(number), hash = \(hash) WHERE brand_id = \(brand)")
    }

    static func insert(_ entry: AuditEntry, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO audit.entry (brand_id, number, acted_at, author, act, subject, reason, details, hash)
            VALUES (\(brand), \(entry.number), \(entry.actedAt), \(entry.act.author), \(entry.act.act), \(entry.act.subject),
                \(entry.act.reason), \(entry.act.details), \(entry.hash))
            """)
    }

    static func after(_ number: Int64, limit: Int, brand: ID<Brand>) -> Statement<AuditEntry> {
        Statement(
            """
            SELECT number, acted_at, author, act, subject, reason, details, hash
            FROM audit.entry
            WHERE brand_id = \(brand) AND number > \(number)
            ORDER BY number
            LIMIT \(limit)
            """, row: entry)
    }

    static func before(_ number: Int64, limit: Int, brand: ID<Brand>) -> Statement<AuditEntry> {
        Statement(
            """
            SELECT number, acted_at, author, act, subject, reason, details, hash
            FROM audit.entry
            WHERE brand_id = \(brand) AND number < \(number)
            ORDER BY number DESC
            LIMIT \(limit)
            """, row: entry)
    }

    private static func entry(_ row: inout RowReader) throws(PostgresError) -> AuditEntry {
        AuditEntry(
            number: try row.next(), actedAt: try row.next(),
            act: ManualAct(
                stored: try row.next(), act: try row.next(), subject: try row.next(), reason: try row.next(),
                details: try row.next()),
            hash: try row.next())
    }
}
