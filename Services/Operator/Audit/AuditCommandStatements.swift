import Kernel
import Postgres

/// The SQL of the audit's command.
enum AuditCommandStatements {
    /// Whose trails there are; the installation's first.
    static var trails: Statement<ID<Brand>> {
        Statement("SELECT brand_id FROM audit.trail ORDER BY brand_id") { row throws(PostgresError) in try row.next() }
    }
}
