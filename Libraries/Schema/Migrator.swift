package import Logging
package import Postgres

/// Brings a database to the version of this binary, and tells whether it is there.
///
/// Forward only: a file is applied in one transaction together with its record, or not at all. Each transaction first takes
/// one advisory lock and reads the record again, so that any number of migrators may start together and a killed one
/// leaves nothing held. The lock belongs to the transaction: it needs no session and passes a pooler.
package struct Migrator: Sendable {
    /// PostgreSQL 15: the oldest release that the statements are tested on.
    package static let serverVersionMin = 150_000

    private let pool: Pool
    private let logger: Logger
    private let migrations: [Migration]

    /// - Parameters:
    ///   - pool: Connections as the owner of the database; one is enough.
    ///   - migrations: What to apply; tests pass lists of their own.
    package init(pool: Pool, logger: Logger, migrations: [Migration] = Migration.all) {
        self.pool = pool
        self.logger = logger
        self.migrations = migrations
    }

    /// Applies what is missing and records what the database is for.
    ///
    /// - Returns: How many files were applied; 0 when the database stood there already.
    /// - Throws: ``MigratorError``, or `PostgresError` when the server cannot be reached.
    @discardableResult
    package func migrate(environment: Schema.Environment) async throws -> Int {
        let server = try await pool.one(Statements.serverVersion)
        guard server >= Self.serverVersionMin else { throw MigratorError.serverTooOld(version: server) }
        guard try await pool.one(Statements.rolesExist) else { throw MigratorError.rolesMissing }
        var count = 0
        while try await applyNext() { count += 1 }
        try await record(environment)
        return count
    }

    /// How the database stands to this binary; changes nothing.
    package func check() async throws -> Schema.State {
        try await Self.state(of: pool, against: migrations)
    }

    private func applyNext() async throws -> Bool {
        try await pool.transaction { tx in
            try await tx.execute(Statements.lock)
            switch try await Self.state(of: tx, against: migrations) {
            case .fits:
                return false
            case .newer(let version):
                throw MigratorError.newer(version: version)
            case .edited(let version, let name):
                throw MigratorError.edited(version: version, name: name)
            case .empty:
                try await apply(migrations[0], on: tx)
            case .behind(let missing):
                try await apply(migrations[migrations.count - missing], on: tx)
            }
            return true
        }
    }

    private func apply(_ migration: Migration, on tx: Transaction) async throws {
        for part in SQLScript(migration.sql).parts {
            do {
                try await tx.execute(Statement("\(unsafeRaw: part.text)"))
            } catch {
                throw MigratorError.statementFailed(file: migration.fileName, line: part.line, underlying: error)
            }
        }
        try await tx.execute(Statements.record(migration))
        logger.info("migration applied", metadata: ["version": "\(migration.version)", "name": "\(migration.name)"])
    }

    private func record(_ environment: Schema.Environment) async throws {
        let recorded = try await pool.transaction { tx in
            try await tx.execute(Statements.lock)
            try await tx.execute(Statements.recordEnvironment(environment.rawValue))
            return try await tx.one(Statements.environment)
        }
        guard let recorded = Schema.Environment(rawValue: recorded), recorded == environment else {
            throw MigratorError.environmentDiffers(
                recorded: Schema.Environment(rawValue: recorded) ?? .production, wanted: environment)
        }
    }

    private static func state(of db: some Executor, against migrations: [Migration]) async throws -> Schema.State {
        guard try await db.one(Statements.recordExists) else { return .empty }
        let applied = try await db.run(Statements.applied)
        for (record, migration) in zip(applied, migrations) where record.checksum != migration.checksum {
            return .edited(version: record.version, name: record.name)
        }
        if let last = applied.last, applied.count > migrations.count { return .newer(version: last.version) }
        let missing = migrations.count - applied.count
        return missing == 0 ? .fits : applied.isEmpty ? .empty : .behind(by: missing)
    }
}
