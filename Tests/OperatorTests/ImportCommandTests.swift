import ArgumentParser
import Foundation
import Kernel
import Keys
import Postgres
import TestSupport
import Testing

@testable import Operator

/// Files handed in by hand: the job is worked in the process, as where siyu-ingest does not run.
struct ImportCommandTests {
    private static let file = """
        00001 19970101  1   11.77\r
        0000x 19970101  1   11.77 9\r
        00002 19970112  1   12.00\r
        00002 19971301  5   77.00\r
        00003 19970102  2   20.761\r

        """

    private func run(_ arguments: [String]) async throws {
        var command = try #require(try Siyu.parseAsRoot(arguments) as? any AsyncParsableCommand)
        try await command.run()
    }

    private func withShop(
        _ body: (_ arguments: [String], _ file: String, _ database: TestDatabase) async throws -> Void
    ) async throws {
        try await withTestDatabase { database in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("siyu-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            _ = try KeyRing.create(folder: folder)
            let file = "\(folder)/orders.txt"
            try Data(" customer_id date number_of_cds dollar_value\r\n\(Self.file)".utf8).write(
                to: URL(fileURLWithPath: file))
            let pool = database.pool(as: .operator)
            let brand = try await Brands.create(.mint(), name: "brand", on: pool).brand
            let url = ["--database-url", database.conninfo(as: .operator)]
            try await run(["shop", "create", "shop", "Shop", "--brand", "\(brand)"] + url)
            let arguments =
                [
                    "import", "orders", file, "--brand", "\(brand)", "--shop", "shop", "--format", "cdnow",
                    "--in-process", "--keys", folder,
                ] + url
            try await body(arguments, file, database)
        }
    }

    private func orders(_ database: TestDatabase) async throws -> Int {
        try await database.superuser.one(
            Statement("SELECT count(*) FROM orders.customer_order") { row throws(PostgresError) in try row.next() })
    }

    @Test func import_threeBadLines_areListedByNumberAndNothingIsLoaded() async throws {
        try await withShop { arguments, file, database in
            let failure = await #expect(throws: Failure.self) { try await run(arguments) }

            let refusals = try String(contentsOfFile: "\(file).refusals.csv", encoding: .utf8)
            let lines = refusals.split(separator: "\r\n").dropFirst().compactMap { $0.split(separator: ",").first }
            let loaded = try await orders(database)
            #expect(failure?.code == 1)
            #expect(lines == ["3", "5", "6"])
            #expect(loaded == 0)
        }
    }

    @Test func import_threeBadLines_skipped_theRestIsLoaded() async throws {
        try await withShop { arguments, _, database in
            try await run(arguments + ["--skip-bad"])

            let loaded = try await orders(database)
            #expect(loaded == 2)
        }
    }

    @Test func import_dryRun_loadsNothing() async throws {
        try await withShop { arguments, _, database in
            try await run(arguments + ["--skip-bad", "--dry-run"])

            let loaded = try await orders(database)
            #expect(loaded == 0)
        }
    }
}
