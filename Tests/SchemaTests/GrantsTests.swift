import Foundation
import Postgres
import TestSupport
import Testing

/// Who may do what with which column, in one file, so that a review of a migration shows whom it lets in.
struct GrantsTests {
    private static let path = Repository.path("Libraries/Schema/grants.txt")

    /// `make schema` sets SIYU_WRITE_GOLDEN, and the file is written instead of compared.
    @Test func o08_grants_areThoseOfTheCommittedTable() async throws {
        try await withTestDatabase { db in
            let rows = try await db.superuser.run(Self.grants)
            let text = Self.header + rows.joined(separator: "\n") + "\n"
            if ProcessInfo.processInfo.environment["SIYU_WRITE_GOLDEN"] != nil {
                try text.write(toFile: Self.path, atomically: true, encoding: .utf8)
            }

            let committed = try String(contentsOfFile: Self.path, encoding: .utf8)

            let (has, may) = (Set(text.split(separator: "\n")), Set(committed.split(separator: "\n")))
            #expect(has.subtracting(may) == [], "granted and not in the table: run `make schema` and look at it")
            #expect(may.subtracting(has) == [], "in the table and not granted: run `make schema` and look at it")
            #expect(rows.count > 200, "the catalogue was not read")
        }
    }

    /// What no grant may ever say, whatever the table says.
    @Test func o08_grants_keepAddressesFromMoney_andReportsFromPeople() async throws {
        try await withTestDatabase { db in
            let rows = try await db.superuser.run(Self.grants)

            let vault = rows.filter { $0.contains(" vault.") }
            #expect(vault.allSatisfy { !$0.hasPrefix("siyu_reports") }, "reports read no person's data")
            #expect(
                vault.filter { $0.contains(" vault.address SELECT ") }
                    .allSatisfy { $0.hasPrefix("siyu_gifts") || $0.hasPrefix("siyu_operator") })
            #expect(rows.allSatisfy { !$0.contains(" TRUNCATE ") && !$0.contains(" TRIGGER ") })
            #expect(rows.filter { $0.contains(" accounting.transfer ") }.allSatisfy { !$0.contains(" DELETE ") })
            #expect(!vault.isEmpty)
        }
    }

    private static let header = """
        # Written by `make schema`; never edited. role, table, right, columns: * are all of them.

        """

    /// Tables as a whole and column by column; the owner's own rights go without saying.
    private static let grants: Statement<String> = Statement(
        """
        WITH whole AS (
            SELECT g.grantee, c.oid, g.privilege_type
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN LATERAL aclexplode(c.relacl) g
            WHERE c.relkind IN ('r', 'p', 'v', 'S') AND NOT c.relispartition
                AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' AND g.grantee <> c.relowner
        ), parts AS (
            SELECT g.grantee, a.attrelid AS oid, g.privilege_type,
                string_agg(a.attname::text, ', ' ORDER BY a.attname) AS columns
            FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN LATERAL aclexplode(a.attacl) g
            WHERE NOT a.attisdropped AND NOT c.relispartition
                AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' AND g.grantee <> c.relowner
            GROUP BY g.grantee, a.attrelid, g.privilege_type
        )
        SELECT format('%s %s %s %s', CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END,
            x.oid::regclass::text, x.privilege_type, x.columns) COLLATE "C" AS line
        FROM (
            SELECT grantee, oid, privilege_type, '*' AS columns FROM whole
            UNION ALL
            SELECT p.grantee, p.oid, p.privilege_type, p.columns FROM parts p
            WHERE NOT EXISTS (
                SELECT FROM whole w
                WHERE w.grantee = p.grantee AND w.oid = p.oid AND w.privilege_type = p.privilege_type)
        ) x
        ORDER BY line
        """
    ) { row throws(PostgresError) in try row.next() }
}
