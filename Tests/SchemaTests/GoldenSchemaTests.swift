import Foundation
import TestSupport
import Testing

/// The whole schema in one file, so that a review of a migration shows what it does to the tables.
struct GoldenSchemaTests {
    private static let path = Repository.path("Libraries/Schema/golden.sql")

    /// `make schema` sets SIYU_WRITE_GOLDEN, and the file is written instead of compared.
    @Test func golden_isTheDumpOfAMigratedDatabase() async throws {
        try await withTestDatabase { db in
            let dump = try Self.dump(conninfo: db.conninfoOfSuperuser)
            if ProcessInfo.processInfo.environment["SIYU_WRITE_GOLDEN"] != nil {
                try dump.text.write(toFile: Self.path, atomically: true, encoding: .utf8)
            }

            let golden = try String(contentsOfFile: Self.path, encoding: .utf8)

            // Another release of pg_dump writes the same schema in other words.
            let release = golden.firstMatch(of: /PostgreSQL (\d+)/).map { String($0.1) }
            guard release == dump.release else { return }
            let difference = zip(Self.lines(golden), Self.lines(dump.text)).first { $0 != $1 }
            #expect(difference == nil, "the tables changed: run `make schema` and look at the difference")
            #expect(golden.count == dump.text.count, "the tables changed: run `make schema` and look at the difference")
        }
    }

    @Test func normalised_dump_losesWhatChangesFromRunToRun() {
        let text = GoldenSchemaTests.normalised(
            """
            --
            -- PostgreSQL database dump
            --

            \\restrict abc
            -- Dumped from database version 15.18 (Debian)
            -- Dumped by pg_dump version 15.18

            SET statement_timeout = 0;
            SELECT pg_catalog.set_config('search_path', '', false);

            --
            -- Name: a; Type: TABLE; Schema: s; Owner: o
            --

            CREATE TABLE s.a ();


            \\unrestrict abc
            """, release: "15")

        #expect(
            text == "-- Written by `make schema` with pg_dump of PostgreSQL 15; never edited.\n\nCREATE TABLE s.a ();\n"
        )
    }

    private static func lines(_ text: String) -> [Substring] { text.split(separator: "\n") }

    private static func dump(conninfo: String) throws -> (text: String, release: String) {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["pg_dump", "--schema-only", "--dbname", conninfo]
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "pg_dump failed; is PostgreSQL's client installed?")
        let release = try #require(text.firstMatch(of: /Dumped by pg_dump version (\d+)/).map { String($0.1) })
        return (normalised(text, release: release), release)
    }

    /// Statements only: comments, settings and versions differ between two dumps of the same tables.
    private static func normalised(_ text: String, release: String) -> String {
        var lines = ["-- Written by `make schema` with pg_dump of PostgreSQL \(release); never edited.", ""]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let isNoise =
                line.hasPrefix("--") || line.hasPrefix("\\") || line.hasPrefix("SET ")
                || line.hasPrefix("SELECT pg_catalog.set_config") || (line.isEmpty && lines.last == "")
            if !isNoise { lines.append(String(line)) }
        }
        while lines.last == "" { lines.removeLast() }
        return lines.joined(separator: "\n") + "\n"
    }
}
