import FoundationEssentials
import Postgres

/// The SQL of the business clock.
enum ClockStatements {
    static func read<Value>(_ value: @escaping @Sendable (Date, Duration, String) -> Value) -> Statement<Value> {
        Statement("SELECT siyu.clock(), e.clock_offset, e.name FROM siyu.environment e") {
            row throws(PostgresError) in
            value(try row.next(), try row.next(), try row.next())
        }
    }

    static func advance(_ by: Duration) -> Statement<Void> {
        Statement(
            """
            UPDATE siyu.environment
            -- In seconds throughout: an interval in days would follow the session's time zone.
            SET clock_offset = make_interval(secs => EXTRACT(EPOCH FROM clock_offset) + EXTRACT(EPOCH FROM \(by)))
            WHERE name <> 'production'
            """)
    }
}
