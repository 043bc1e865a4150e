import ArgumentParser
import Foundation
import Kernel
import Keys
import Postgres
import TestSupport
import Testing

@testable import Operator

struct DrawCommandTests {
    private func run(_ arguments: [String]) async throws {
        var command = try #require(try Siyu.parseAsRoot(arguments) as? any AsyncParsableCommand)
        try await command.run()
    }

    @Test func draw_publishedExtendedShownAndVerified_byCommand() async throws {
        try await withTestDatabase { db in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("siyu-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            _ = try KeyRing.create(folder: folder)
            let brand = try await Brands.create(.mint(), name: "brand", on: db.pool(as: .operator)).brand
            let options = ["--brand", "\(brand)", "--database-url", db.conninfo(as: .operator), "--json"]
            let keys = ["--keys", folder], file = folder + "/draw.json"
            let start = Date() + 600, end = start + 3_600
            func write(_ cost: String) throws {
                let text = """
                    {"code": "spring", "name": "Draw", "mode": "odds", "entries_max": 10, "per_person_max": 1,
                     "starts_at": "\(start.ISO8601Format())", "ends_at": "\(end.ISO8601Format())",
                     "prizes": [{"name": "Bottle", "kind": "item", "cost": "\(cost)", "stock": 9, "odds_ppm": 9}]}
                    """
                try text.write(toFile: file, atomically: true, encoding: .utf8)
            }
            try write("1.234")
            await #expect(throws: Problem.self) { try await run(["draw", "publish", file] + options + keys) }
            try write("1.23")
            for _ in 0..<2 { try await run(["draw", "publish", file] + options + keys) }
            try write("4.56")
            await #expect(throws: Problem.self) { try await run(["draw", "publish", file] + options + keys) }
            await #expect(throws: Failure.self) { try await run(["draw", "publish", file + "x"] + options + keys) }

            let later = (end + 3_600).ISO8601Format()
            try await run(["draw", "extend", "spring", "--ends", later] + options)
            try await run(["draw", "list"] + options)
            await #expect(throws: Problem.self) { try await run(["draw", "reveal", "spring"] + options + keys) }
            await #expect(throws: Problem.self) { try await run(["draw", "verify", "spring"] + options) }
            try await db.owner.execute(
                Statement<Void>("UPDATE siyu.environment SET clock_offset = clock_offset + interval '1 day'"))
            try await run(["draw", "reveal", "spring"] + options + keys)
            try await run(["draw", "verify", "spring"] + options)

            // Whatever was changed behind everybody's back ends with a failure.
            try await db.owner.execute(Statement<Void>("UPDATE codes.campaign_prize SET odds_ppm = 10"))
            await #expect(throws: Failure.self) { try await run(["draw", "verify", "spring"] + options) }
        }
    }
}
