import ArgumentParser
import Postgres
import Testing

@testable import Operator

struct CommandTests {
    @Test(arguments: [
        ("25h", Duration.seconds(90_000)), ("30m", .seconds(1_800)), ("1s", .seconds(1)),
        ("366d", .seconds(31_622_400)),
    ])
    func interval_numberWithUnit_isRead(_ text: String, _ expected: Duration) throws {
        #expect(try BusinessClock.interval(text) == expected)
    }

    @Test(arguments: ["", "h", "25", "-1h", "0h", "1.5h", "367d", "9223372036854775807d", "25x", "25 h"])
    func interval_anythingElse_isRefused(_ text: String) {
        #expect(throws: ValidationError.self) { try BusinessClock.interval(text) }
    }

    @Test(arguments: [
        ("postgres://u:p@h:1/a", "postgres://u:p@h:1/b"), ("postgres://h", "postgres://h/b"),
        ("postgresql://h/a?sslmode=require", "postgresql://h/b?sslmode=require"),
        ("host=/run user=x dbname=a", "host=/run user=x dbname=a dbname=b"),
    ])
    func scratchURL_namesTheOtherDatabase(_ url: String, _ expected: String) {
        #expect(ScratchDatabase.url(url, database: "b") == expected)
    }

    @Test(arguments: [
        ([3.0, 1, 2], 2.0, 1.0, 3.0), ([4.0, 1, 2, 3], 2.5, 1.0, 4.0), ([7.0], 7.0, 7.0, 7.0),
    ])
    func spread_isMedianAndEnds(_ samples: [Double], _ median: Double, _ min: Double, _ max: Double) {
        let spread = Spread(samples)

        #expect([spread.median, spread.min, spread.max] == [median, min, max])
    }

    @Test func table_alignsNumbersAndWideCharacters() {
        let table = Terminal.table(["brand", "fen"], [["唱片行", "12"], ["a", "¥3.00"]])

        #expect(
            table == """
                brand   fen
                ──────  ─────
                唱片行     12
                a       ¥3.00
                """)
    }

    @Test func databaseFault_endsWithASentenceAndACode() async throws {
        var command = try #require(
            try Siyu.parseAsRoot(["brand", "list", "--database-url", "host=/nowhere"]) as? any AsyncParsableCommand)

        let error = await #expect(throws: PostgresError.self) { try await command.run() }

        let exit = Failure.exit(for: try #require(error))
        #expect((exit as? ExitCode)?.rawValue == 69)
    }
}
