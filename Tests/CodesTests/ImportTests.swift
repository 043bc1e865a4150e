import Codes
import Crypto
import Foundation
import Hooks
import Kernel
import Keys
import Postgres
import Synchronization
import TestSupport
import Testing

/// Codes that somebody else made.
struct ImportTests {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// Codes of another maker: 18 characters, so that none can be taken for ours.
    private func codes(_ count: Int) -> [String] {
        (0..<count).map { _ in
            String(decoding: (0..<18).compactMap { _ in Self.alphabet.randomElement() }, as: UTF8.self)
        }
    }

    private func source(_ codes: [String], pieceBytes: Int = 1_000) -> CodeBytes {
        CodeBytes(Array("code\n\(codes.joined(separator: "\n"))\n".utf8), pieceBytes: pieceBytes)
    }

    private func importing(_ factory: Factory, chunk: Int = 1_000) -> CodeImporting {
        CodeImporting(pool: factory.operator, keys: factory.keys, chunkCodes: chunk)
    }

    private func wish(
        _ factory: Factory, _ requestID: String = "1", prizes: [PrizeRequest] = [], origin: CodeOrigin = .file,
        expected: Int64? = nil
    ) -> CodeImportRequest {
        CodeImportRequest(
            batch: MintRequest(brand: factory.brand, requestID: requestID, count: 0, prizes: prizes, label: "Printer"),
            origin: origin, expected: expected)
    }

    private struct Killed: Error {}

    @discardableResult
    private func load(
        _ codes: [String], _ factory: Factory, _ requestID: String = "1", prizes: [PrizeRequest] = []
    ) async throws -> CodeBatchRecord {
        let outcome = try await importing(factory).load(
            wish(factory, requestID, prizes: prizes), from: source(codes), author: "test")
        guard case .loaded(let batch, _, _) = outcome else {
            Issue.record("\(outcome)")
            throw Killed()
        }
        return batch
    }

    // MARK: Files

    @Test(arguments: [
        ("code\nAAA1\nAAA2\n", []),
        ("\u{FEFF}index,code\r\n7,AAA1\r\n8,AAA2\r\n", []),
        ("", [1]), ("\n", [1]), ("code\n", [2]), ("codes\nAAA1\n", [1]), ("\"code\"\nAAA1\n", [1]),
        // Truncated in the middle of a line.
        ("code\nAAA1\nAAA2\nAA", [4, 4]), ("code\nAAA1\nAAA2", [3]),
        // There twice, next to each other and far apart.
        ("code\nAAA1\nAAA1\nAAA2\nAAA1\n", [3, 5]),
        // From elsewhere: another length.
        ("code\nAAA1\nAAA22\nAAA3\n", [3]),
        ("code\nAAA1\n\nAAA3\n", [3]), ("code\nAAA1\nAA 2\nAA\"3\nAA,4\n代码\n", [3, 4, 5, 6]),
        ("index,code\n0,AAA1\n2,AAA2\n3,AAA3\n", [3]), ("index,code\n0,AAA1\n0,AAA2\n", [3]),
        ("index,code\nx,AAA1\nAAA2\n-1,AAA3\n", [2, 3, 4]),
    ])
    func c17_wrongLines_areToldByNumber(text: String, lines: [Int64]) async throws {
        for pieceBytes in [1, 2, 3, 7, 1_000] {
            let file = try await CodeFile.read(
                CodeBytes(Array(text.utf8), pieceBytes: pieceBytes), format: .csv)

            #expect(file.refusals.map(\.line).sorted() == lines, "\(file.refusals)")
            #expect(file.refusalsCount == Int64(lines.count) && file.isRight == lines.isEmpty)
            #expect(file.hash == Array(SHA256.hash(data: Array(text.utf8))))
            // The text of a code stands in no message.
            #expect(!file.refusals.contains { $0.why.contains("AAA") })
        }
    }

    @Test func c17_fileWithTooLongLinesAndForeignCharacters_isRefused() async throws {
        let good = codes(200)
        let long = String(repeating: "A", count: 5_000_000)
        let edge = String(repeating: "A", count: 65)
        let file = try await CodeFile.read(
            source(good + [long, edge, String(good[0].dropLast()) + "z"] + codes(2)), format: .csv)

        #expect(file.refusals.map(\.line) == [202, 203, 204] && file.codes == 203)
        let right = try await CodeFile.read(source(good), format: .csv, count: 200)
        #expect(right.isRight && right.form.length == 18 && right.form.alphabet.utf8.count == 32)
        #expect(right.bits > 80 && right.bits < 91)
        #expect(right.form.fits(good[3]) && !right.form.fits(good[3].lowercased()) && !right.form.fits(good[3] + "0"))
        for count in [Int64(199), 201, 0] {
            let wrong = try await CodeFile.read(source(good), format: .csv, count: count)
            #expect(
                wrong.refusals == [CodeFileRefusal(line: 201, why: "the file has 200 codes, \(count) were promised")])
        }
        // With its number promised a file may end without a line feed.
        let open = CodeBytes(Array("code\nA1\nA2".utf8))
        #expect(try await CodeFile.read(open, format: .csv, count: 2).isRight)
        // Many wrong lines are counted, and the first of them told.
        let many = try await CodeFile.read(source(["A1"] + Array(repeating: "B", count: 3_000)), format: .csv)
        #expect(many.refusalsCount == 3_000 && many.refusals.count == 1_000)
    }

    @Test func c17_packageOfWeChat_opensWithItsKey() async throws {
        let key = "Ab3dEf6hIj9kLm2n"
        let buffer =
            "XgBTjfWHA2Xn5FocSz3v8+9m1gYHmKcKSiNzkKS2+94jLzir+MEG7H+BnDuqpCanx3Ta+j7r0PbS8wc1k3mJi7JCldMWpbQk/1rnt2ESdQHLXH2scAnVXU6VuG0a7oSWg2yc3ZOIBiWN5vKO7yZF/eueRV9VprXNDYY+lYJQ4Vk="
        let opened = try CodePackage.open(Array("\(buffer)\n".utf8), key: key)
        let file = try await CodeFile.read(CodeBytes(opened), format: .marketcode, count: 3)

        #expect(file.isRight && file.codes == 3 && file.form.length == 9)
        #expect(file.form.fits("044GZ*J10") && file.form.fits("044GZ*J12") && !file.form.fits("044GZ*J1"))
        #expect(opened.starts(with: Array("P.URL.CN/0ALL$V2QCNVRHYPO:K3\t044GZ*J10\t0\n".utf8)))
        for (package, key) in [
            (buffer, "Ab3dEf6hIj9kLm2m"), (buffer, "short"), ("", key), ("not base64 !", key),
            (String(buffer.dropLast(24)), key),
        ] {
            let problem = #expect(throws: Problem.self) { try CodePackage.open(Array(package.utf8), key: key) }
            #expect(problem?.status == 422)
        }
        let lines = try await CodeFile.read(
            CodeBytes(Array("044GZ*J10,P.URL.CN/0ALL$V2QCNVRHYPO:K3,50000\n044GZ*J11,x,50002\nx\ty\n".utf8)),
            format: .marketcode)
        #expect(lines.refusals.map(\.line) == [2, 3])
    }

    // MARK: Loading

    @Test func c17_badFile_isRefusedByLineAndNothingIsLoaded() async throws {
        try await Factory.open { factory in
            let good = codes(2_500)
            var bad = good
            bad[1_700] = good[3]
            bad[2_000] = "SHORT"
            let outcome = try await importing(factory).load(wish(factory), from: source(bad), author: "test")

            guard case .refused(let file) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(file.refusals.map(\.line).sorted() == [1_702, 2_002])
            #expect(file.refusals.contains { $0.why == "the code stands in line 5 already" })
            for table in ["codes.import", "codes.imported_code", "codes.batch"] {
                #expect(try await factory.count(table) == 0)
            }
            // The mended file under the same name is loaded.
            let batch = try await load(good, factory)
            func audit() async throws -> BatchAudit {
                try await BatchAudit.run(
                    batch, author: "test", keys: factory.keys, workers: 2, on: factory.operator)
            }
            #expect(try await audit().isRight && batch.count == 2_500)
            // A row that somebody removes past us is missed.
            try await factory.db.owner.execute(
                Statement("DELETE FROM codes.imported_code WHERE code_index = 9"))
            let less = try await audit()
            #expect(!less.isRight && less.missingCodes == 1)
        }
    }

    @Test func c17_codesOfAnotherBatch_areRefusedAndAllIsRemoved() async throws {
        try await Factory.open { factory in
            let first = codes(1_500)
            try await load(first, factory, "first")
            var second = codes(3_500)
            second[2_100] = first[7]
            second[2_900] = first[8]
            func again(_ codes: [String]) async throws -> CodeImportOutcome {
                try await importing(factory).load(wish(factory, "second"), from: source(codes), author: "test")
            }

            for _ in 0..<2 {
                guard case .refused(let file) = try await again(second) else {
                    Issue.record("the codes of another batch were loaded")
                    return
                }
                #expect(file.refusals.map(\.line) == [2_102, 2_902])
                #expect(try await factory.count("codes.imported_code") == 1_500)
                #expect(try await factory.count("codes.batch") == 1)
                #expect(try await factory.count("codes.import WHERE state = 'refused' AND loaded = 0") == 1)
            }
            // Killed while it removes what it had loaded: whoever imports next removes the rest.
            try await factory.db.owner.execute(
                Statement("UPDATE codes.import SET state = 'refused', loaded = codes WHERE request_id = 'second'"))
            try await factory.db.owner.execute(
                Statement(
                    "INSERT INTO codes.imported_code SELECT brand_id, substr(sha256('x'), 1, 16), batch_id, 3 FROM codes.import WHERE request_id = 'second'"
                ))
            try await load(codes(10), factory, "third")
            #expect(try await factory.count("codes.imported_code") == 1_510)
            // Another brand may have the same codes.
            let other = try await Factory(factory.db)
            #expect(try await load(first, other).count == 1_500)
        }
    }

    /// Whoever loads an import that is dropped stops; afterwards the same file comes in whole.
    @Test func c17_importDroppedWhileItLoads_leavesNothing_andMayComeAgain() async throws {
        try await Factory.open { factory in
            let all = codes(500)
            let problem = await #expect(throws: Problem.self) {
                try await importing(factory, chunk: 100).load(wish(factory), from: source(all), author: "test") {
                    guard $0 == 200 else { return }
                    let listed = try await UnfinishedImports.list(brand: factory.brand, on: factory.operator)
                    #expect(listed.map(\.loaded) == [200] && listed.map(\.requestID) == ["1"])
                    #expect(
                        try await UnfinishedImports.drop("1", brand: factory.brand, on: factory.operator)
                            == .dropped(200))
                }
            }
            #expect(problem?.status == 503)
            #expect(try await factory.count("codes.imported_code") == 0)
            #expect(try await factory.count("codes.batch") == 0)
            #expect(try await UnfinishedImports.list(brand: factory.brand, on: factory.operator).isEmpty)
            let another = await #expect(throws: Problem.self) {
                try await UnfinishedImports.drop("1", brand: .mint(), on: factory.operator)
            }
            #expect(another?.status == 404)

            let batch = try await load(all, factory)
            #expect(batch.count == 500)
            #expect(try await factory.count("codes.imported_code") == 500)
            guard
                case .refused(let refusal) = try await UnfinishedImports.drop(
                    "1", brand: factory.brand, on: factory.operator)
            else { throw Killed() }
            #expect(refusal.code == "import_loaded")
        }
    }

    @Test func c17_importKilled_resumesToTheSameCounts() async throws {
        try await Factory.open { factory in
            let all = codes(Int(Factory.count) + 250)
            let chunk = 1_000
            var kills = 0
            var record: CodeBatchRecord?
            // Killed after every chunk, until there is nothing more to be killed in.
            while record == nil, kills < 100 {
                do {
                    let outcome = try await importing(factory, chunk: chunk).load(
                        wish(factory, prizes: Factory.prizes), from: source(all), author: "test"
                    ) { _ in
                        kills += 1
                        throw Killed()
                    }
                    if case .loaded(let batch, _, let isNew) = outcome, isNew { record = batch }
                } catch is Killed {
                    // No code of a file that is half there is one.
                    #expect(try await factory.count("codes.batch") == 0)
                    #expect(try await factory.count("codes.imported_code") == min(kills * chunk, all.count))
                    continue
                }
            }

            let batch = try #require(record)
            #expect(kills == (all.count + chunk - 1) / chunk)
            #expect(batch.count == Int64(all.count) && batch.prizes.tiers.count == 2)
            #expect(try await factory.count("codes.imported_code") == all.count)
            try await factory.directory.refresh()
            for (index, code) in all.enumerated() where index % 517 == 0 || index == all.count - 1 {
                #expect(try await factory.directory.find(code, brand: factory.brand)?.index == Int64(index))
            }
            // Once more: the same batch, and nothing new.
            let again = try await load(all, factory, prizes: Factory.prizes)
            #expect(again == batch)
            #expect(try await factory.count("codes.batch") == 1)
            let audit = try await BatchAudit.run(
                batch, author: "test", keys: factory.keys, workers: 2, on: factory.operator)
            #expect(audit.isRight && audit.found[1] == 200 && audit.missingCodes == 0)
        }
    }

    @Test func c17_sameFileByManyAtOnce_isLoadedOnce() async throws {
        try await Factory.open { factory in
            let all = codes(5_500)
            let outcomes = try await withThrowingTaskGroup(of: (CodeBatchRecord, Bool)?.self) { group in
                for worker in 0..<4 {
                    group.addTask {
                        let outcome = try await importing(factory, chunk: 300 + 100 * worker).load(
                            wish(factory), from: source(all), author: "test")
                        guard case .loaded(let batch, _, let isNew) = outcome else { return nil }
                        return (batch, isNew)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(outcomes.allSatisfy { $0 != nil })
            #expect(Set(outcomes.map { $0?.0 }).count == 1 && outcomes.filter { $0?.1 == true }.count == 1)
            #expect(try await factory.count("codes.imported_code") == all.count)
            #expect(try await factory.count("codes.batch") == 1)
        }
    }

    /// A file that somebody writes to between the two readings.
    private struct Changing: CodeSource {
        let texts: [String]
        let reads = Reads()

        final class Reads: Sendable { let count = Mutex(0) }

        func read(_ body: ([UInt8]) async throws -> Void) async throws {
            let number = reads.count.withLock { count in
                defer { count += 1 }
                return count
            }
            try await CodeBytes(Array(texts[min(number, texts.count - 1)].utf8)).read(body)
        }
    }

    @Test func c17_fileThatChangesMeanwhile_isNotLoaded() async throws {
        try await Factory.open { try await loadChanging($0) }
    }

    private func loadChanging(_ factory: Factory) async throws {
        let all = codes(2_000)
        let first = "code\n\(all.joined(separator: "\n"))\n"
        let second = "code\n\(all.reversed().joined(separator: "\n"))\n"
        let source = Changing(texts: [first, second])

        let problem = await #expect(throws: Problem.self) {
            try await importing(factory).load(wish(factory), from: source, author: "test")
        }

        #expect(problem?.code == "file_changed")
        #expect(try await factory.count("codes.imported_code") == 0)
        #expect(try await factory.count("codes.batch") == 0)
        #expect(try await load(all, factory).count == 2_000)
    }

    @Test func wishes_thatMakeNoSense_areRefused() async throws {
        try await Factory.open { factory in
            func problem(_ wish: CodeImportRequest, _ codes: [String]) async -> Problem? {
                await #expect(throws: Problem.self) {
                    try await importing(factory).load(wish, from: source(codes), author: "test")
                }
            }
            let numbers = (0..<10_000).map { "LOT2026\(1_000_000 + $0)" }
            #expect(await problem(wish(factory, prizes: Factory.prizes), numbers)?.code == "codes_too_guessable")
            #expect(await problem(wish(factory, prizes: Factory.prizes), codes(100))?.code == "prizes_exceed_codes")
            // Without prizes a number may be a code.
            try await load(numbers, factory, "numbers")
            let all = codes(20)
            try await load(all, factory, "A")
            #expect(await problem(wish(factory, "A"), codes(20))?.code == "idempotency_mismatch")
            var other = wish(factory, "A")
            other.batch.label = "Another"
            #expect(await problem(other, all)?.code == "idempotency_mismatch")
            _ = try await factory.mint("minted")
            #expect(await problem(wish(factory, "minted"), codes(20))?.status == 409)
            await #expect(throws: Problem.self) { try await factory.mint("A") }
            var stranger = wish(factory, "B")
            stranger.batch.brand = .mint()
            #expect(await problem(stranger, all)?.status == 404)
        }
    }

    // MARK: Scans

    @Test func c01_importedCode_isRedeemedOnce() async throws {
        try await Factory.open { factory in
            let all = codes(Int(Factory.count))
            let record = try await load(all, factory, prizes: Factory.prizes)
            let stranger = try await Factory(factory.db)
            try await factory.directory.refresh()
            let batch = try OpenBatch(record, keys: factory.keys)
            let index = try #require((0..<Factory.count).first { batch.prize(of: $0)?.tier == 2 })
            let code = all[Int(index)]
            let redeeming = factory.redeeming
            let scans = Scans(
                directory: factory.directory, limits: LimitBook(keys: factory.keys, isAlone: true),
                desk: ScanDesk { try await redeeming.redeem($0, brand: $1) })
            func scan(_ code: String, by openid: String) async -> String {
                do {
                    let answer = try await scans.answer(
                        factory.delivery(code, openid: openid), arrived: ContinuousClock.now)
                    return ScanResult.success(answer).outcome ?? "?"
                } catch {
                    return (error as? Problem)?.code ?? "\(error)"
                }
            }

            #expect(await scan(code, by: "early") == "not_active")
            try await factory.decide(.activate, batch)
            let outcomes = await withTaskGroup(of: String.self) { group in
                for person in 0..<300 { group.addTask { await scan(code, by: "p\(person)") } }
                return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }

            #expect(outcomes == ["won": 1, "already_redeemed": 299])
            #expect(try await factory.count("codes.redemption") == 1)
            #expect(await scan(code.lowercased(), by: "q") == Problem.codeUnknown.code)
            #expect(await scan(codes(1)[0], by: "q") == Problem.codeUnknown.code)
            #expect(try await stranger.directory.find(code, brand: stranger.brand) == nil)
            #expect(try await factory.directory.find(code, brand: stranger.brand) == nil)
            // What our own key would print for the batch is none of its codes.
            let own = batch.cipher.code(at: 0).description
            #expect(try await factory.directory.find(own, brand: factory.brand) == nil)
            #expect(factory.directory.code(own, brand: factory.brand) == nil)
            // Nobody who reads the tables can print a code.
            let clear = try await factory.count("codes.imported_code WHERE position('\(code)'::bytea IN code_hash) > 0")
            #expect(clear == 0)

            let fate = try await CodeFate.find(
                code, brand: factory.brand, author: "test", keys: factory.keys, on: factory.operator)
            #expect(fate?.index == index && fate?.prize?.tier == 2 && fate?.redeemedAt != nil)
            let nobody = try await CodeFate.find(code, author: "test", keys: factory.keys, on: factory.operator)
            #expect(nobody == nil)
        }
    }

    @Test func c01_textThatLooksLikeNoImport_asksNobody() async throws {
        try await Factory.open { factory in
            let all = codes(700)
            try await load(all, factory)
            try await factory.directory.refresh()
            // Together: some of them in one statement.
            let found = try await withThrowingTaskGroup(of: Int64?.self) { group in
                for code in all {
                    group.addTask { try await factory.directory.find(code, brand: factory.brand)?.index }
                }
                return try await group.reduce(into: Set<Int64?>()) { $0.insert($1) }
            }
            #expect(found == Set((0..<700).map { Int64($0) }))

            await factory.redeem.shutdown()
            for text in ["", "A", all[0] + "A", String(all[0].dropLast()), all[0].lowercased(), "代码"] {
                #expect(try await factory.directory.find(text, brand: factory.brand) == nil)
            }
            #expect(try await factory.directory.find(all[0], brand: .mint()) == nil)
            // What looks like one is not answered without the database: not even that it is unknown.
            let problem = await #expect(throws: Problem.self) {
                try await factory.directory.find(all[0], brand: factory.brand)
            }
            #expect(problem?.status == 503)
        }
    }
}
