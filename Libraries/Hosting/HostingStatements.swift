import Postgres

/// The SQL of health checks.
enum HostingStatements {
    /// A round trip.
    static let ping = Statement("SELECT 1") { row throws(PostgresError) in try row.next(Int.self) }

    /// What the database is for, and by how much its clock was moved.
    static let environment = Statement(
        """
        SELECT name, clock_offset
        FROM siyu.environment
        """
    ) { row throws(PostgresError) in (try row.next(String.self), try row.next(Duration.self)) }
}
