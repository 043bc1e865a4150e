import Postgres
import TestSupport
import Testing

/// The tenant is the brand: every key of a business table begins with it.
struct TenancyTests {
    /// Tables without a brand, each with a reason.
    ///
    /// What is not listed must follow the rule.
    static let exceptions: [String: String] = [
        "codes.handle": "found by the first characters of a code, before anybody knows the brand",
        "hooks.api_key": "found by the hash of a token, before anybody knows the brand",
        "hooks.operations_key": "of those who run the installation, for no brand",
        "hooks.source": "found by the name in a path, before anybody knows the brand",
        "orders.merchant": "named by a payment's notification, before anybody knows the brand",
        "policies.standard": "holds for every brand that says nothing else",
    ]

    @Test func businessTables_keysBeginWithTheBrand() async throws {
        try await withTestDatabase { db in
            let keys = try await db.owner.run(Catalog.keys)

            let wrong = keys.filter { $0.first != "brand_id" && Self.exceptions[$0.table] == nil }
            #expect(wrong.isEmpty, "keys that do not begin with brand_id: \(wrong.map(\.name))")
            #expect(keys.count > 10, "the catalogue was not read")
        }
    }

    @Test func businessTables_carryTheBrand() async throws {
        try await withTestDatabase { db in
            let tables = try await db.owner.run(Catalog.tablesWithoutBrand)

            #expect(Set(tables).subtracting(Self.exceptions.keys) == [], "tables without a brand_id that is NOT NULL")
        }
    }

    @Test func exceptions_standForTablesThatExist() async throws {
        try await withTestDatabase { db in
            let tables = try await db.owner.run(Catalog.tables)

            #expect(Set(Self.exceptions.keys).isSubset(of: tables), "no longer needs an exception")
        }
    }

    @Test func foreignKeys_stayInsideTheBrandAndOutOfJobs() async throws {
        try await withTestDatabase { db in
            let keys = try await db.owner.run(Catalog.foreignKeys)

            let crossing = keys.filter { $0.first != "brand_id" && Self.exceptions[$0.table] == nil }
            #expect(crossing.isEmpty, "foreign keys that do not begin with brand_id: \(crossing.map(\.name))")
            let queue = keys.filter { $0.table.hasPrefix("jobs.") || $0.target.hasPrefix("jobs.") }
            #expect(queue.isEmpty, "foreign keys in or out of jobs: \(queue.map(\.name))")
        }
    }

    @Test func tables_haveNoTriggersNoPoliciesAndOnlyHistoryHasPartitions() async throws {
        try await withTestDatabase { db in
            let triggers = try await db.owner.run(Catalog.triggers)
            let odd = try await db.owner.run(Catalog.oddRelations)

            #expect(triggers == [], "behaviour that no reader of the code sees")
            // The history of jobs is forgotten by the day (Jobs/Decisions/0005); nothing else is partitioned.
            #expect(
                Set(odd) == ["jobs.attempt", "jobs.done"],
                "views, partitions and row security on business tables or jobs: \(odd)")
        }
    }

    @Test func everything_belongsToTheOwner() async throws {
        try await withTestDatabase { db in
            #expect(try await db.owner.run(Catalog.ownedByOthers) == [])
            let rights = try await db.owner.run(Catalog.rightsOfPublic)
            #expect(rights == [], "granted to everybody")
        }
    }
}

/// Reads the catalogue of a migrated database.
private enum Catalog {
    struct Key: Sendable {
        let name: String
        let table: String
        /// The first column.
        let first: String
        /// The table that a foreign key points to; empty otherwise.
        let target: String
    }

    /// Primary and unique keys, unique indexes included, of the rooms that hold business.
    static let keys = key(
        """
        SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text, a.attname::text, ''
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indisunique AND n.nspname NOT IN ('jobs', 'siyu', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
        """)

    static let foreignKeys = key(
        """
        SELECT f.conname::text, f.conrelid::regclass::text, a.attname::text, f.confrelid::regclass::text
        FROM pg_catalog.pg_constraint f
        JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
        WHERE f.contype = 'f'
        """)

    static let tables = names(
        """
        SELECT c.oid::regclass::text
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('information_schema') AND n.nspname NOT LIKE 'pg\\_%'
        """)

    static let tablesWithoutBrand = names(
        """
        SELECT c.oid::regclass::text
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('jobs', 'siyu', 'information_schema')
            AND n.nspname NOT LIKE 'pg\\_%'
            AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attname = 'brand_id' AND a.attnotnull AND a.atttypid = 'uuid'::regtype
            )
        """)

    static let triggers = names("SELECT tgname::text FROM pg_catalog.pg_trigger WHERE NOT tgisinternal")

    static let oddRelations = names(
        """
        SELECT c.oid::regclass::text
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
            AND (c.relkind IN ('p', 'v', 'm', 'f') OR c.relrowsecurity)
        """)

    static let ownedByOthers = names(
        """
        SELECT c.oid::regclass::text
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
            AND c.relowner <> 'siyu_owner'::regrole
        """)

    /// Grants to PUBLIC on schemas, relations and functions of ours; functions are everybody's until revoked.
    static let rightsOfPublic = names(
        """
        SELECT n.nspname::text
        FROM pg_catalog.pg_namespace n, aclexplode(n.nspacl) g
        WHERE g.grantee = 0 AND n.nspname NOT IN ('information_schema', 'public') AND n.nspname NOT LIKE 'pg\\_%'
        UNION ALL
        SELECT c.oid::regclass::text
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) g
        WHERE g.grantee = 0 AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
        UNION ALL
        SELECT p.oid::regprocedure::text
        FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace,
            aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) g
        WHERE g.grantee = 0 AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
        """)

    private static func names(_ sql: SQL) -> Statement<String> {
        Statement(sql) { row throws(PostgresError) in try row.next() }
    }

    private static func key(_ sql: SQL) -> Statement<Key> {
        Statement(sql) { row throws(PostgresError) in
            Key(
                name: try row.next(), table: try row.next(), first: try row.next(String?.self) ?? "",
                target: try row.next())
        }
    }
}
