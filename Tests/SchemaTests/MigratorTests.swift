import Foundation
import Postgres
import Schema
import TestSupport
import Testing

struct MigratorTests {
    private static func migration(_ version: Int, _ sql: String, name: String = "room") -> Migration {
        Migration(version: version, name: name, bytes: Array(sql.utf8))
    }

    private static let base = Migration.all[0]

    @Test func folderAndList_nameTheSameFilesInOrderWithoutGaps() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Repository.path("Libraries/Schema/SQL"))
            .sorted()

        #expect(names == Migration.all.map(\.fileName))
        #expect(Migration.all.map(\.version) == Array(1...Migration.all.count))
        for migration in Migration.all {
            let text = try String(
                contentsOfFile: Repository.path("Libraries/Schema/SQL/\(migration.fileName)"), encoding: .utf8)
            #expect(text == migration.sql, "\(migration.fileName) is embedded in another form")
        }
    }

    @Test func files_beginWithWhyAndLocks() {
        for migration in Migration.all {
            let header = migration.sql.split(separator: "\n").prefix { $0.hasPrefix("--") }.joined(separator: "\n")
            #expect(header.lowercased().contains("why"), "\(migration.fileName) does not say why")
            #expect(header.contains("\n-- Locks: "), "\(migration.fileName) does not say what it locks")
        }
    }

    @Test func checksum_isWhatSha256sumPrints() {
        #expect(
            Self.migration(1, "abc").checksum == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func migrate_onAnEmptyDatabase_appliesAllAndThenNothing() async throws {
        try await withEmptyDatabase { db in
            let migrator = Migrator(pool: db.owner, logger: .silent)

            let before = try await migrator.check()
            let first = try await migrator.migrate(environment: .development)
            let after = try await migrator.check()
            let second = try await migrator.migrate(environment: .development)

            #expect(before == .empty)
            #expect(first == Migration.all.count)
            #expect(after == .fits)
            #expect(second == 0)
        }
    }

    /// Nobody's after-sales stop at an update: what a source could do before there were purposes it may go on doing.
    @Test func migrate_withSourcesOfHooksFromBefore_leavesThemWhatTheyCouldDo() async throws {
        try await withEmptyDatabase { db in
            let before = Migration.all.filter { $0.version < 64 }
            _ = try await Migrator(pool: db.owner, logger: .silent, migrations: before).migrate(
                environment: .development)
            let id = UUID()
            func add(_ name: String) -> Statement<Void> {
                Statement(
                    """
                    INSERT INTO hooks.source (name, source_id, brand_id, created_at)
                    SELECT \(name), gen_random_uuid(), brand_id, now() FROM siyu.brand
                    """)
            }
            try await db.owner.execute(
                Statement<Void>("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(id), 'x', now())"))
            try await db.owner.execute(add("earlier"))

            _ = try await Migrator(pool: db.owner, logger: .silent).migrate(environment: .development)
            try await db.owner.execute(add("later"))

            let purposes = try await db.owner.run(
                Statement("SELECT purposes FROM hooks.source ORDER BY name") { row throws(PostgresError) in
                    try row.next([String].self)
                })
            #expect(purposes == [["scans", "handovers", "draws", "aftersales"], []])
        }
    }

    @Test func migrate_eightAtOnce_appliesEachFileOnce() async throws {
        try await withEmptyDatabase { db in
            let pool = db.pool(as: .owner, connectionsMax: 8)

            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await Migrator(pool: pool, logger: .silent).migrate(environment: .development) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(counts.reduce(0, +) == Migration.all.count)
        }
    }

    @Test func migrate_withAFailingStatement_leavesNothingOfThatFileAndNamesItsLine() async throws {
        try await withEmptyDatabase { db in
            let bad = Self.migration(2, "CREATE TABLE siyu.a (x int);\nCREATE TABLE siyu.a (x int);", name: "bad")
            let migrator = Migrator(pool: db.owner, logger: .silent, migrations: [Self.base, bad])

            let error = await #expect(throws: MigratorError.self) {
                try await migrator.migrate(environment: .development)
            }

            #expect(error?.description.hasPrefix("000002_bad.sql, line 2: ") == true)
            let state = try await migrator.check()
            #expect(state == .behind(by: 1))
            let exists = try await db.owner.one(Probe.tableExists("siyu.a"))
            #expect(!exists)
        }
    }

    @Test func migrate_afterANewerRelease_refuses() async throws {
        try await withEmptyDatabase { db in
            let newer = Self.migration(2, "CREATE TABLE siyu.a (x int)")
            let pool = db.owner
            try await Migrator(pool: pool, logger: .silent, migrations: [Self.base, newer]).migrate(
                environment: .development)
            let older = Migrator(pool: pool, logger: .silent, migrations: [Self.base])

            #expect(try await older.check() == .newer(version: 2))
            let error = await #expect(throws: MigratorError.self) { try await older.migrate(environment: .development) }
            #expect(error?.description.contains("version 2") == true)
        }
    }

    @Test func migrate_afterAnAppliedFileWasEdited_refuses() async throws {
        try await withEmptyDatabase { db in
            let pool = db.owner
            try await Migrator(pool: pool, logger: .silent, migrations: [Self.base]).migrate(environment: .development)
            let edited = Migration(version: 1, name: "base", bytes: Array((Self.base.sql + "\n").utf8))
            let migrator = Migrator(pool: pool, logger: .silent, migrations: [edited])

            #expect(try await migrator.check() == .edited(version: 1, name: "base"))
            await #expect(throws: MigratorError.self) { try await migrator.migrate(environment: .development) }
        }
    }

    @Test func environment_onceRecorded_neverChanges() async throws {
        try await withEmptyDatabase { db in
            let migrator = Migrator(pool: db.owner, logger: .silent)
            try await migrator.migrate(environment: .production)

            let error = await #expect(throws: MigratorError.self) {
                try await migrator.migrate(environment: .development)
            }

            #expect(
                error?.description
                    == "The database was made for production, not for development: an environment is for life.")
            #expect(try await db.owner.one(Probe.environment) == "production")
        }
    }

    @Test func clock_inProduction_refusesAnOffset() async throws {
        try await withEmptyDatabase { db in
            try await Migrator(pool: db.owner, logger: .silent).migrate(environment: .production)
            let operators = db.pool(as: .operator)

            let error = await #expect(throws: PostgresError.self) { try await operators.execute(Probe.advance) }

            #expect(error?.constraint == "environment_production_has_no_offset")
        }
    }

    @Test func clock_inDevelopment_standsStillInATransactionAndMovesByTheOffset() async throws {
        try await withTestDatabase { db in
            let operators = db.pool(as: .operator)
            let ingest = db.pool(as: .ingest)
            #expect(try await ingest.one(Probe.clockAhead) == .zero)

            try await operators.execute(Probe.advance)

            #expect(try await ingest.one(Probe.clockAhead) == .seconds(25 * 3600))
            try await ingest.transaction { tx in
                let first = try await tx.one(Probe.clock)
                #expect(try await tx.one(Probe.clock) == first)
            }
        }
    }

    @Test func service_movesNoClockAndMakesNoBrand() async throws {
        try await withTestDatabase { db in
            for role in [TestRole.ingest, .redeem, .gifts, .reports] {
                let pool = db.pool(as: role)
                for refused in [Probe.advance, Probe.brand] {
                    let error = await #expect(throws: PostgresError.self) { try await pool.execute(refused) }
                    #expect(error?.sqlState?.rawValue == "42501", "\(role)")
                }
            }
        }
    }

    @Test func roles_carryTimeoutsAndAnEmptySearchPath() async throws {
        try await withTestDatabase { db in
            for role in TestRole.allCases {
                let pool = db.pool(as: role)
                let path = try await pool.one(Probe.setting("search_path"))
                let lock = try await pool.one(Probe.setting("lock_timeout"))
                let idle = try await pool.one(Probe.setting("idle_in_transaction_session_timeout"))
                #expect(path == "\"\"" && lock != "0" && idle != "0", "\(role)")
            }
        }
    }
}

/// Statements that only these tests need.
private enum Probe {
    static let environment = text("SELECT name FROM siyu.environment")
    static let advance = Statement<Void>("UPDATE siyu.environment SET clock_offset = INTERVAL '25 hours'")
    static let brand = Statement<Void>("INSERT INTO siyu.brand VALUES (gen_random_uuid(), 'x', now())")
    static let clock = Statement<Date>("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() }
    static let clockAhead = Statement<Duration>("SELECT siyu.clock() - transaction_timestamp()") {
        row throws(PostgresError) in try row.next()
    }

    static func tableExists(_ name: String) -> Statement<Bool> {
        Statement("SELECT to_regclass(\(name)) IS NOT NULL") { row throws(PostgresError) in try row.next() }
    }

    static func setting(_ name: String) -> Statement<String> {
        text("SELECT current_setting(\(name))")
    }

    private static func text(_ sql: SQL) -> Statement<String> {
        Statement(sql) { row throws(PostgresError) in try row.next() }
    }
}
