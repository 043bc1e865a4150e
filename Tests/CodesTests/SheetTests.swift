import Codes
import Crypto
import Foundation
import Kernel
import Postgres
import TestSupport
import Testing

/// Codes as files, and what their packs tell.
struct SheetTests {
    private let facts = BatchFacts(gtin: "6901234567892", lot: "L2026A", linkBase: "HTTPS://ID.EXAMPLE.CN")

    private func bytes(_ sheet: CodeSheet, from first: Int64 = 0) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await sheet.write(from: first, workers: 3) { piece, _ in bytes += piece }
        return bytes
    }

    /// A folder that lives as long as `body`.
    private func withFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sheet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // The folder is the system's to clean if this fails.
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder)
    }

    private struct Killed: Error {}

    @Test func c01_sheetKilledAnywhere_resumesToTheSameBytes() async throws {
        let batch = try KeyRingFixture().batch(count: 26_000)
        let sync: Int64 = 8_192
        try await withFolder { folder in
            do {
                let sheet = try CodeSheet(batch)
                let whole = try await bytes(sheet)
                #expect(Int64(whole.count) == sheet.bytes(upTo: sheet.count))
                // Mid-line, at a line's end, before and behind each place where the disk was waited for, at the very ends.
                let indexes: [Int64] = [0, 1, 11, 12, 8_192, 16_384, 24_576, 26_000]
                let places = indexes.map { sheet.bytes(upTo: $0) }
                var cuts: Set<Int64> = [0, 5, Int64(whole.count / 3)]
                for place in places { cuts.formUnion([place - 1, place, place + 1]) }
                for cut in cuts.sorted() where cut <= Int64(whole.count) {
                    let path = folder.appending(path: "\(cut).csv").path
                    try Data(whole.prefix(Int(cut))).write(to: URL(filePath: path + ".partial"))

                    let first = try await SheetFile(path, syncCodes: sync).write(sheet, workers: 2)

                    #expect(Array(try Data(contentsOf: URL(filePath: path))) == whole, "cut at \(cut)")
                    #expect(!FileManager.default.fileExists(atPath: path + ".partial"))
                    #expect(first % sync == 0 && sheet.bytes(upTo: first) <= max(cut, sheet.bytes(upTo: 0)))
                    #expect(cut < sheet.bytes(upTo: sync) || first > 0, "what was whole was written again")
                }
                // Ended by an error in the middle, twice, and then not.
                let path = folder.appending(path: "again.csv").path
                for limit in [Int64(10_000), 17_000] {
                    await #expect(throws: Killed.self) {
                        try await SheetFile(path, syncCodes: sync).write(sheet, workers: 2) {
                            if $0 > limit { throw Killed() }
                        }
                    }
                    #expect(!FileManager.default.fileExists(atPath: path))
                }
                #expect(try await SheetFile(path, syncCodes: sync).write(sheet, workers: 2) == 24_576)
                #expect(Array(try Data(contentsOf: URL(filePath: path))) == whole)
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == 0o600)
            }
        }
    }

    @Test func c01_rowsOfAnotherBatch_areNotResumed() async throws {
        let fixture = KeyRingFixture()
        let batch = try fixture.batch(count: 40_000)
        let sheet = try CodeSheet(batch)
        let whole = try await bytes(sheet)
        let foreign = try await bytes(CodeSheet(fixture.batch(count: 40_000)))
        // Longer than the file, shorter, somebody else's from the start, and with a hole in the last line.
        var torn = whole.prefix(Int(sheet.bytes(upTo: 32_768)))
        torn[torn.count - 3] = 0
        try await withFolder { folder in
            for (number, before) in [foreign, whole + whole, Array(torn), [UInt8](repeating: 0, count: 5_000_000)]
                .enumerated()
            {
                let path = folder.appending(path: "\(number).csv").path
                try Data(before).write(to: URL(filePath: path + ".partial"))

                let first = try await SheetFile(path, syncCodes: 16_384).write(sheet, workers: 2)

                #expect(first == (number == 1 ? 32_768 : 0))
                #expect(Array(try Data(contentsOf: URL(filePath: path))) == whole)
            }
        }
    }

    @Test func c01_twoWritersOfOneFile_oneWritesAndTheOtherIsTold() async throws {
        let sheet = try CodeSheet(KeyRingFixture().batch(count: 40_000))
        try await withFolder { folder in
            let path = folder.appending(path: "codes.csv").path
            var refusals = 0
            try await SheetFile(path, syncCodes: 8_192).write(sheet, workers: 2) { _ in
                let error = await #expect(throws: SheetFileError.self) {
                    try await SheetFile(path, syncCodes: 8_192).write(sheet, workers: 2)
                }
                if case .busy = error { refusals += 1 }
            }
            #expect(refusals == 6)
            let expected = try await bytes(sheet)
            #expect(Array(try Data(contentsOf: URL(filePath: path))) == expected)
            // A folder that is not there is said, not ignored.
            let error = await #expect(throws: SheetFileError.self) {
                try await SheetFile(folder.appending(path: "no/codes.csv").path).write(sheet, workers: 1)
            }
            #expect("\(try #require(error))".contains("No such file"))
        }
    }

    @Test func sheet_withAddresses_hasTheLengthItSays() async throws {
        let batch = try KeyRingFixture().batch(count: 11_000, facts: facts.checked())
        let code = batch.cipher.code(at: 0).description
        let first: [SheetColumns: [String]] = [
            .indexCode: ["0,\(code)", "0,\(code)"],
            .indexCodeURL: [
                "0,\(code),HTTPS://ID.EXAMPLE.CN/C/\(code)",
                "0,\(code),HTTPS://ID.EXAMPLE.CN/01/06901234567892/21/\(code)",
            ],
            .url: ["HTTPS://ID.EXAMPLE.CN/C/\(code)", "HTTPS://ID.EXAMPLE.CN/01/06901234567892/21/\(code)"],
        ]
        for columns in SheetColumns.allCases {
            for (form, line) in zip([LinkForm.short, .gs1], first[columns] ?? []) {
                let sheet = try CodeSheet(batch, columns: columns, links: form)
                let whole = try await bytes(sheet)

                #expect(whole.starts(with: Array("\(columns.rawValue)\n\(line)\n".utf8)))
                #expect(Int64(whole.count) == sheet.bytes(upTo: sheet.count))
                for index in [Int64(1), 9, 10, 99, 100, 1_000, 8_192, 10_001] {
                    let rest = try await bytes(sheet, from: index)
                    #expect(Array(whole[Int(sheet.bytes(upTo: index))...]) == rest)
                }
            }
        }
        let bare = try KeyRingFixture().batch(count: 1)
        let problem = #expect(throws: Problem.self) { try CodeSheet(bare, columns: .url) }
        #expect(problem?.code == "link_base_missing")
        let linked = try KeyRingFixture().batch(count: 1, facts: BatchFacts(linkBase: "HTTPS://A.CN"))
        #expect(throws: Problem.self) { try CodeSheet(linked, columns: .url, links: .gs1) }
    }

    // MARK: Facts

    @Test func checkDigits_areGS1s() throws {
        for (text, padded) in [
            ("09506000134352", "09506000134352"), ("09506000134376", "09506000134376"),
            ("09521234543213", "09521234543213"), ("6901234567892", "06901234567892"),
            ("6923456789012", "06923456789012"), ("02345673", "00000002345673"), ("416000336108", "00416000336108"),
            ("6931234567899", "06931234567899"), ("6999999999997", "06999999999997"),
        ] {
            #expect(GS1.gtin(text) == padded)
            #expect(GS1.checkDigit(of: text.dropLast()) == text.last?.wholeNumberValue)
            for digit in "0123456789" where digit != text.last {
                #expect(GS1.gtin(text.dropLast() + String(digit)) == nil)
            }
        }
        #expect(GS1.checkDigit(of: "00000000000000000") == 0)
        for text in [
            "09506000134353", "6901234567890", "0416000336109", "02345674", "", "690123456789", "69012345678921",
            "690123456789x", "６９０１２３４５６７８９２", "-901234567892", "6901234567892 ",
        ] {
            #expect(GS1.gtin(text) == nil, "\(text)")
        }
    }

    @Test func facts_thatMakeNoSense_areRefused() throws {
        func day(_ text: String) throws -> CalendarDate { try #require(CalendarDate(text)) }
        let wrong: [(BatchFacts, String)] = [
            (BatchFacts(gtin: "6901234567890"), "gtin_malformed"), (BatchFacts(lot: ""), "lot_malformed"),
            (BatchFacts(lot: "123456789012345678901"), "lot_malformed"), (BatchFacts(lot: "批次"), "lot_malformed"),
            (BatchFacts(lot: "A B"), "lot_malformed"),
            (BatchFacts(madeOn: try day("2026-11-22"), bestBefore: try day("2026-11-21")), "dates_malformed"),
        ]
        for (facts, code) in wrong {
            let problem = #expect(throws: Problem.self) { try facts.checked() }
            #expect(problem?.code == code && problem?.status == 422)
        }
        for base in [
            "https://id.example.cn", "HTTPS://ID.EXAMPLE.CN/", "HTTP://ID.EXAMPLE.CN", "HTTPS://", "HTTPS:///C",
            "HTTPS://:443", "HTTPS://ID.EXAMPLE.CN/A?B", "HTTPS://ID.EXAMPLE.CN/\n", "HTTPS://ID EXAMPLE.CN",
            "HTTPS://" + String(repeating: "A", count: 81),
        ] {
            let problem = #expect(throws: Problem.self) { try BatchFacts(linkBase: base).checked() }
            #expect(problem?.code == "link_base_malformed", "\(base)")
        }
        #expect(try facts.checked().gtin == "06901234567892")
    }

    @Test func c14_factsOfABatch_areKeptAndKnownToTheService() async throws {
        try await Factory.open { factory in
            let shop = ID<Shop>.mint()
            let product = ID<Product>.mint()
            let brand = factory.brand
            try await factory.db.owner.execute(
                Statement(
                    "INSERT INTO orders.shop (brand_id, shop_id, code, name, created_at) VALUES (\(brand), \(shop), 's', 'S', now())"
                ))
            try await factory.db.owner.execute(
                Statement(
                    "INSERT INTO orders.product (brand_id, product_id, shop_id, sku, title, list_price_fen, created_at) VALUES (\(brand), \(product), \(shop), 'tea', '烏龍茶', 500, now())"
                ))
            var facts = facts
            facts.madeOn = CalendarDate("2026-11-01")
            facts.bestBefore = CalendarDate("2027-11-01")
            var request = MintRequest(
                brand: brand, requestID: "A", count: 10, label: "Tea", product: product, facts: facts)
            func mint() async throws -> CodeBatchRecord {
                try await Minting.mint(request, author: "test", keys: factory.keys, on: factory.operator).batch
            }
            let batch = try await mint()
            try await factory.directory.refresh()
            let checked = try facts.checked()
            let known = try #require(factory.directory.batch(batch.handle)?.record)

            #expect(known == batch && known.facts == checked && known.productTitle == "烏龍茶")
            // The same wish with the GTIN in its other spelling, then another wish.
            request.facts.gtin = "06901234567892"
            #expect(try await mint() == batch)
            request.facts.lot = "L2026B"
            let problem = await #expect(throws: Problem.self) { try await mint() }
            #expect(problem?.code == "idempotency_mismatch")
            request = MintRequest(brand: brand, requestID: "B", count: 10, label: "Tea", product: .mint())
            #expect(await #expect(throws: Problem.self) { try await mint() }?.status == 404)
            #expect(try await factory.count("codes.batch_fact") == 1)
            let id = batch.id
            for pool in [factory.operator, factory.redeem] {
                let error = await #expect(throws: PostgresError.self) {
                    try await pool.execute(
                        Statement<Void>("UPDATE codes.batch_fact SET lot = 'X' WHERE batch_id = \(id)"))
                }
                #expect(error?.sqlState == .insufficientPrivilege)
            }
        }
    }
}
