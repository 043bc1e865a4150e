import Postgres

/// The statements of the migrator itself.
enum Statements {
    struct Applied: Sendable {
        let version: Int
        let name: String
        let checksum: String
    }

    static let serverVersion = Statement<Int>("SELECT current_setting('server_version_num')::int") {
        row throws(PostgresError) in try row.next()
    }

    static let rolesExist = Statement<Bool>("SELECT to_regrole('siyu_worker') IS NOT NULL") {
        row throws(PostgresError) in try row.next()
    }

    /// Any number, as long as nobody else uses it.
    ///
    /// Waits for another migrator at most as long as the role's lock_timeout.
    static let lock = Statement<Void>("SELECT pg_advisory_xact_lock(7311985)")

    static let recordExists = Statement<Bool>("SELECT to_regclass('siyu.migration') IS NOT NULL") {
        row throws(PostgresError) in try row.next()
    }

    static let applied = Statement<Applied>("SELECT version, name, checksum FROM siyu.migration ORDER BY version") {
        row throws(PostgresError) in
        Applied(version: try row.next(), name: try row.next(), checksum: try row.next())
    }

    static func record(_ migration: Migration) -> Statement<Void> {
        Statement(
            """
            INSERT INTO siyu.migration (version, name, checksum)
            VALUES (\(migration.version)::int, \(migration.name), \(migration.checksum))
            """)
    }

    /// The first migrate decides; a later one reads what was recorded.
    static func recordEnvironment(_ name: String) -> Statement<Void> {
        Statement("INSERT INTO siyu.environment (name) VALUES (\(name)) ON CONFLICT DO NOTHING")
    }

    static let environment = Statement<String>("SELECT name FROM siyu.environment") {
        row throws(PostgresError) in try row.next()
    }
}
