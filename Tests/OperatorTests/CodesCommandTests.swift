import ArgumentParser
import Codes
import Foundation
import Kernel
import Keys
import Postgres
import TestSupport
import Testing

@testable import Operator

/// The operator's commands about codes, as typed.
struct CodesCommandTests {
    /// A brand, its keys, and a folder for files.
    struct Bench {
        let db: TestDatabase
        let brand: ID<Brand>
        let folder: String

        var keys: [String] { ["--keys", folder + "/keys"] }
        var ring: KeyRing { get throws { try KeyRing.load(folder: folder + "/keys") } }

        /// Types a command; the database and JSON go without saying.
        func run(_ arguments: String...) async throws { try await run(arguments) }

        /// The same, its words in a list.
        func run(_ arguments: [String]) async throws {
            var command = try #require(
                try Siyu.parseAsRoot(arguments + ["--database-url", db.conninfo(as: .operator), "--json"])
                    as? any AsyncParsableCommand)
            try await command.run()
        }

        func count(_ sql: SQL) async throws -> Int {
            try await db.owner.one(Statement(sql) { row throws(PostgresError) in try row.next() })
        }

        func write(_ name: String, _ text: String) throws -> String {
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
            return "\(folder)/\(name)"
        }

        /// Mints a batch and says what its codes begin with.
        func mint(count: Int, _ more: String...) async throws -> String {
            var command = try #require(
                try Siyu.parseAsRoot(
                    [
                        "codes", "mint", "--brand", "\(brand)", "--count", "\(count)", "--out", folder + "/minted.csv",
                        "--database-url", db.conninfo(as: .operator), "--json",
                    ] + keys + more) as? any AsyncParsableCommand)
            try await command.run()
            return try await db.owner.one(
                Statement("SELECT handle FROM codes.batch ORDER BY created_at DESC LIMIT 1") {
                    row throws(PostgresError) in try row.next(BatchHandle.self).description
                })
        }
    }

    private func withBench(_ body: (Bench) async throws -> Void) async throws {
        try await withTestDatabase { db in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("siyu-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            _ = try KeyRing.create(folder: folder + "/keys")
            let brand = try await Brands.create(.mint(), name: "brand", on: db.pool(as: .operator)).brand
            try await body(Bench(db: db, brand: brand, folder: folder))
        }
    }

    /// Codes of another maker.
    private func codes(_ count: Int) -> [String] { (0..<count).map { String(format: "PRINT%08d", $0) } }

    private func csv(_ codes: [String]) -> String { "code\n\(codes.joined(separator: "\n"))\n" }

    // MARK: Codes of WeChat

    @Test func marketcodes_areWishedForOnce_andRefusedInWords() async throws {
        try await withBench { bench in
            let brand = "\(bench.brand)"
            let apply = [
                "codes", "marketcode", "apply", "--brand", brand, "--count", "20000", "--request-id", "spring",
            ]
            // Without a service account nobody can be asked.
            await #expect(throws: Problem.self) { try await bench.run(apply) }
            await #expect(throws: Failure.self) {
                try await bench.run(["codes", "marketcode", "account", "--brand", brand])
            }
            let wrong = try bench.write("wrong.json", #"{"appid":"wx1"}"#)
            let short = try bench.write("short.json", #"{"appid":"wx1","secret":"s","package_key":"short"}"#)
            let right = try bench.write(
                "right.json", #"{"appid":"wx1","secret":"s","package_key":"0123456789abcdef"}"#)
            let account = ["codes", "marketcode", "account", "--brand", brand] + bench.keys + ["--file"]
            await #expect(throws: Failure.self) { try await bench.run(account + [wrong]) }
            await #expect(throws: Problem.self) { try await bench.run(account + [short]) }
            try await bench.run(account + [right])
            try await bench.run(["codes", "marketcode", "account", "--brand", brand])

            try await bench.run(apply)
            try await bench.run(apply)
            #expect(try await bench.count("SELECT count(*) FROM codes.marketcode_application") == 1)
            #expect(try await bench.count("SELECT count(*) FROM jobs.hot") == 1)
            await #expect(throws: Problem.self) { try await bench.run(apply + ["--label", "Another"]) }
            await #expect(throws: Problem.self) {
                try await bench.run(["codes", "marketcode", "apply", "--brand", brand, "--count", "12345"])
            }
            try await bench.run(["codes", "marketcode", "show", "--brand", brand])
            try await bench.run(["codes", "marketcode", "show", "spring", "--brand", brand])
            await #expect(throws: Failure.self) {
                try await bench.run(["codes", "marketcode", "show", "none", "--brand", brand])
            }
            let activate = [
                "codes", "marketcode", "activate", "spring", "0..100", "--brand", brand, "--activity", "春",
                "--product-brand",
                "私域", "--product-title", "龙井", "--ean", "6901234567892", "--wxa-appid", "wx", "--wxa-path", "p",
            ]
            let early = await #expect(throws: Problem.self) { try await bench.run(activate) }
            #expect(early?.code == "not_loaded")
            #expect(throws: (any Error).self) {
                try Siyu.parseAsRoot(activate + ["--wechat-only", "--until", "2030-01-01T00:00:00+08:00"])
            }
            try await bench.run(["codes", "marketcode", "retry", "spring", "--brand", brand])
            #expect(try await bench.count("SELECT step::int FROM codes.marketcode_application") == 2)
        }
    }

    // MARK: Imports

    @Test func codesImport_loadsAFileOnce_andRefusesAWrongOneWhole() async throws {
        try await withBench { bench in
            let brand = "\(bench.brand)"
            let file = try bench.write("right.csv", csv(codes(2_500)))
            try await bench.run("codes", "import", file, "--brand", brand, "--keys", bench.folder + "/keys")
            // The same again is the same wish.
            try await bench.run("codes", "import", file, "--brand", brand, "--keys", bench.folder + "/keys")
            #expect(try await bench.count("SELECT count(*) FROM codes.imported_code") == 2_500)
            #expect(try await bench.count("SELECT count(*) FROM codes.batch") == 1)

            let twice = try bench.write("twice.csv", csv(["A1", "A2", "A1"]))
            let prizes = try bench.write("prizes.csv", "name,kind,points,cost,count\nBottle,item,0,5.00,10\n")
            let guessable = try bench.write("guessable.csv", csv(codes(10_000).map { String($0.reversed()) }))
            await #expect(throws: Failure.self) {
                try await bench.run("codes", "import", twice, "--brand", brand, "--keys", bench.folder + "/keys")
            }
            await #expect(throws: Failure.self) {
                try await bench.run(
                    "codes", "import", guessable, "--brand", brand, "--count", "9999", "--keys", bench.folder + "/keys")
            }
            let problem = await #expect(throws: Problem.self) {
                try await bench.run(
                    "codes", "import", guessable, "--brand", brand, "--prizes", prizes, "--keys",
                    bench.folder + "/keys")
            }
            #expect(problem?.code == "codes_too_guessable")
            let missing = await #expect(throws: Failure.self) {
                try await bench.run(
                    "codes", "import", bench.folder + "/none", "--brand", brand, "--keys", bench.folder + "/keys")
            }
            #expect((Failure.exit(for: try #require(missing)) as? ExitCode)?.rawValue == 66)
            #expect(throws: (any Error).self) {
                try Siyu.parseAsRoot(["codes", "import", file, "--brand", brand, "--wechat-key-file", file])
            }
            #expect(try await bench.count("SELECT count(*) FROM codes.imported_code") == 2_500)
            #expect(try await bench.count("SELECT count(*) FROM codes.batch") == 1)
        }
    }

    private struct Killed: Error {}

    @Test func codesImportsDrop_removesWhatAKilledImportLeft_andTheFileMayComeAgain() async throws {
        try await withBench { bench in
            let brand = "\(bench.brand)"
            let file = try bench.write("codes.csv", csv(codes(500)))
            let request = MintRequest(brand: bench.brand, requestID: "monday", count: 0, label: "Codes")
            let importing = CodeImporting(pool: bench.db.pool(as: .operator), keys: try bench.ring, chunkCodes: 100)
            await #expect(throws: Killed.self) {
                try await importing.load(
                    CodeImportRequest(batch: request), from: CodeFileOnDisk(URL(filePath: file)), author: "test"
                ) { if $0 == 300 { throw Killed() } }
            }
            #expect(try await bench.count("SELECT count(*) FROM codes.imported_code") == 300)

            try await bench.run("codes", "imports", "list", "--brand", brand)
            try await bench.run("codes", "imports", "drop", "monday", "--brand", brand)
            #expect(try await bench.count("SELECT count(*) FROM codes.imported_code") == 0)
            #expect(
                try await bench.count("SELECT count(*) FROM codes.import WHERE state = 'refused' AND loaded = 0") == 1)
            try await bench.run("codes", "imports", "drop", "monday", "--brand", brand)

            try await bench.run(
                "codes", "import", file, "--brand", brand, "--request-id", "monday", "--keys", bench.folder + "/keys")
            #expect(try await bench.count("SELECT count(*) FROM codes.imported_code") == 500)
            // What is finished stays.
            let problem = await #expect(throws: Problem.self) {
                try await bench.run("codes", "imports", "drop", "monday", "--brand", brand)
            }
            #expect(problem?.code == "import_loaded")
            await #expect(throws: Problem.self) {
                try await bench.run("codes", "imports", "drop", "tuesday", "--brand", brand)
            }
            #expect(try await bench.count("SELECT count(*) FROM codes.imported_code") == 500)
        }
    }

    // MARK: Ranges

    @Test func codesFreeze_dryRun_decision_andLift() async throws {
        try await withBench { bench in
            let batch = try await bench.mint(count: 100)
            let freezes: SQL = "SELECT count(*) FROM codes.code_range WHERE kind = 'freeze'"
            let inForce: SQL = """
                SELECT count(*) FROM codes.code_range WHERE kind = 'freeze' AND (valid_to IS NULL OR valid_to > siyu.clock())
                """
            try await bench.run("codes", "activate", batch, "all", "--dry-run")
            #expect(try await bench.count("SELECT count(*) FROM codes.code_range") == 0)
            try await bench.run("codes", "activate", batch, "all")
            try await bench.run("codes", "freeze", batch, "10..20", "--dry-run")
            #expect(try await bench.count(freezes) == 0)
            try await bench.run("codes", "freeze", batch, "10..20")
            try await bench.run("codes", "freeze", batch, "10..20")
            #expect(try await bench.count(inForce) == 1)

            // Not that freeze, none at all, and a range that is none.
            let problem = await #expect(throws: Problem.self) {
                try await bench.run("codes", "freeze", batch, "10..15", "--lift", "--reason", "checked")
            }
            #expect(problem?.code == "range_not_exact")
            await #expect(throws: Problem.self) { try await bench.run("codes", "freeze", batch, "90..101") }
            for range in ["20..10", "10", "a..b", ".."] {
                let failure = await #expect(throws: Failure.self) {
                    try await bench.run("codes", "freeze", batch, range)
                }
                #expect((Failure.exit(for: try #require(failure)) as? ExitCode)?.rawValue == 64, "\(range)")
            }
            await #expect(throws: ValidationError.self) {
                try await bench.run("codes", "freeze", batch, "10..20", "--lift", "--reason", "x", "--dry-run")
            }
            #expect(throws: (any Error).self) { try Siyu.parseAsRoot(["codes", "freeze", batch, "10..20", "--lift"]) }
            #expect(try await bench.count(inForce) == 1)

            try await bench.run("codes", "freeze", batch, "10..20", "--lift", "--reason", "checked")
            #expect(try await bench.count(inForce) == 0)
            #expect(try await bench.count(freezes) == 1)
            #expect(try await bench.count("SELECT count(*) FROM codes.range_end WHERE reason = 'checked'") == 1)
        }
    }

    // MARK: Labels

    @Test func codesLabel_writesTheSameFilesAgain_forTheirOwnerAlone() async throws {
        try await withBench { bench in
            let batch = try await bench.mint(count: 200, "--link-base", "HTTPS://ID.EXAMPLE.CN")
            let out = bench.folder + "/labels"
            func label(_ more: String...) async throws -> [String: Data] {
                var command = try #require(
                    try Siyu.parseAsRoot(
                        [
                            "codes", "label", batch, "--out", out, "--database-url", bench.db.conninfo(as: .operator),
                            "--json",
                        ] + bench.keys + more) as? any AsyncParsableCommand)
                try await command.run()
                let names = try FileManager.default.contentsOfDirectory(atPath: out)
                return try Dictionary(
                    uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(filePath: "\(out)/\($0)"))) })
            }

            let drawings = try await label("--format", "svg", "--range", "8..11")
            #expect(drawings.keys.sorted() == ["\(batch)-008.svg", "\(batch)-009.svg", "\(batch)-010.svg"])
            // An older file, open to others and half written.
            _ = FileManager.default.createFile(
                atPath: "\(out)/\(batch)-008.svg", contents: Data("x".utf8), attributes: [.posixPermissions: 0o644])
            #expect(try await label("--format", "svg", "--range", "8..11") == drawings)
            for name in drawings.keys {
                let mode = try FileManager.default.attributesOfItem(atPath: "\(out)/\(name)")[.posixPermissions]
                #expect(mode as? Int == 0o600)
            }
            #expect(try await label("--format", "sheet").keys.contains("\(batch)-000-199.html"))
            // Each time is written down.
            #expect(try await bench.count("SELECT count(*) FROM codes.key_use WHERE purpose = 'mint'") >= 3)

            await #expect(throws: Problem.self) { _ = try await label("--format", "svg", "--range", "190..201") }
            await #expect(throws: Problem.self) { _ = try await label("--format", "svg", "--content", "gs1") }
            #expect(throws: (any Error).self) {
                try Siyu.parseAsRoot(["codes", "label", batch, "--format", "png", "--out", out])
            }
        }
    }

    // MARK: Cases

    @Test func codesCases_andDealers_liveThroughTheirCommands() async throws {
        try await withBench { bench in
            let brand = "\(bench.brand)"
            let batch = try await bench.mint(count: 100)
            let right = try bench.write("right.csv", "case,batch,from,to\nA,\(batch),0,24\nB,\(batch),24,48\n")
            let wrong = try bench.write("wrong.csv", "case,batch,from,to\nC,\(batch),48,72\nD,\(batch),90,101\n")
            try await bench.run("codes", "cases", "import", right, "--brand", brand)
            try await bench.run("codes", "cases", "import", right, "--brand", brand)
            await #expect(throws: Failure.self) {
                try await bench.run("codes", "cases", "import", wrong, "--brand", brand)
            }
            #expect(try await bench.count("SELECT count(*) FROM codes.pack_case") == 2)

            let place = ["--lat", "-31.2", "--lon", "121.5", "--radius-km", "150"]
            var set = try #require(
                try Siyu.parseAsRoot(
                    ["codes", "dealers", "set", "east", "--name", "East", "--brand", brand] + place
                        + ["--database-url", bench.db.conninfo(as: .operator)]) as? any AsyncParsableCommand)
            try await set.run()
            #expect(try await bench.count("SELECT count(*) FROM codes.dealer WHERE lat = -31.2") == 1)
            try await bench.run("codes", "cases", "ship", "A", "B", "--dealer", "east", "--brand", brand)
            await #expect(throws: Problem.self) {
                try await bench.run("codes", "cases", "ship", "A", "--dealer", "west", "--brand", brand)
            }
            #expect(try await bench.count("SELECT count(*) FROM codes.pack_case WHERE shipped_at IS NOT NULL") == 2)
            try await bench.run("codes", "dealers", "list", "--brand", brand)
            try await bench.run("codes", "dealers", "strays", "--brand", brand)
            try await bench.run("codes", "dealers", "strays", "--dealer", "east", "--brand", brand)
            await #expect(throws: Problem.self) {
                try await bench.run("codes", "dealers", "strays", "--dealer", "west", "--brand", brand)
            }
        }
    }

    // MARK: Endpoints

    @Test func hooksEndpoint_livesThroughItsCommands() async throws {
        try await withBench { bench in
            let brand = ["--brand", "\(bench.brand)"]
            func run(_ arguments: String...) async throws {
                var command = try #require(
                    try Siyu.parseAsRoot(
                        ["hooks", "endpoint"] + arguments + brand + [
                            "--database-url", bench.db.conninfo(as: .operator),
                        ])
                        as? any AsyncParsableCommand)
                try await command.run()
            }
            let keys = bench.folder + "/keys"
            let url = "https://hooks.example.com/siyu"
            try await run("create", "erp", "--url", url, "--events", "scan.redeemed, prize.paid", "--keys", keys)
            for (name, url, events) in [
                ("erp", url, "scan.redeemed"), ("Erp", url, "scan.redeemed"), ("b", url, "scan.unheard"),
                ("c", "http://hooks.example.com/", "scan.redeemed"), ("d", "https://10.0.0.1/", "scan.redeemed"),
            ] {
                await #expect(throws: Problem.self, "\(name) \(url) \(events)") {
                    try await run("create", name, "--url", url, "--events", events, "--keys", keys)
                }
            }
            #expect(try await bench.count("SELECT count(*) FROM hooks.endpoint WHERE cardinality(events) = 2") == 1)
            try await run("change", "erp", "--events", "scan.redeemed")
            #expect(try await bench.count("SELECT count(*) FROM hooks.endpoint WHERE cardinality(events) = 1") == 1)
            #expect(throws: (any Error).self) { try Siyu.parseAsRoot(["hooks", "endpoint", "change", "erp"] + brand) }
            try await run("list")

            let valid: SQL =
                "SELECT count(*) FROM hooks.endpoint_secret WHERE valid_until IS NULL OR valid_until > now()"
            try await run("rotate", "erp", "--overlap", "1h", "--keys", keys)
            #expect(try await bench.count(valid) == 2)
            try await run("rotate", "erp", "--end-old", "--keys", keys)
            #expect(try await bench.count(valid) == 1)

            try await run("disable", "erp", "--reason", "gone")
            #expect(try await bench.count("SELECT count(*) FROM hooks.endpoint WHERE state = 'disabled'") == 1)
            try await run("enable", "erp")
            #expect(try await bench.count("SELECT count(*) FROM hooks.endpoint WHERE state = 'active'") == 1)

            try await bench.db.owner.execute(
                Statement(
                    """
                    WITH told AS (
                        INSERT INTO hooks.outgoing (brand_id, message_id, event, subject_id, lane, payload, occurred_at)
                        SELECT brand_id, \(ID<OutgoingMessage>.mint()), 'scan.redeemed', endpoint_id, 'l', '{}', now()
                        FROM hooks.endpoint RETURNING brand_id, message_id, subject_id)
                    INSERT INTO hooks.outgoing_delivery (brand_id, message_id, endpoint_id, state, since, updated_at)
                    SELECT brand_id, message_id, subject_id, 'refused', now(), now() FROM told
                    """))
            try await run("messages", "erp")
            try await run("redeliver", "erp", "--event", "prize.paid")
            #expect(try await bench.count("SELECT count(*) FROM hooks.outgoing_delivery WHERE state = 'refused'") == 1)
            try await run("redeliver", "erp")
            #expect(try await bench.count("SELECT count(*) FROM hooks.outgoing_delivery WHERE state = 'pending'") == 1)
            for command in ["enable", "messages", "redeliver"] {
                await #expect(throws: Failure.self, "\(command)") { try await run(command, "nobody") }
            }
        }
    }
}
