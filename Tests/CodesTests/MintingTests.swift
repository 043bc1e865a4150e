import Accounting
import Codes
import Foundation
import Kernel
import Keys
import Postgres
import TestSupport
import Testing

struct MintingTests {
    private static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

    private func sheet(_ batch: OpenBatch) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await CodeSheet(batch).write(workers: 3) { piece, _ in bytes += piece }
        return bytes
    }

    @Test func c01_aMillionCodes_haveNoDuplicates() async throws {
        let count: Int64 = 1_000_000
        let batch = try KeyRingFixture().batch(count: count)
        var codes: Set<[UInt8]> = []
        codes.reserveCapacity(Int(count))
        var lines: Int64 = -1

        try await CodeSheet(batch).write(workers: Self.cores) { piece, _ in
            for line in piece.split(separator: UInt8(ascii: "\n")) {
                lines += 1
                guard let comma = line.firstIndex(of: UInt8(ascii: ",")), lines > 0 else { continue }
                codes.insert(Array(line[(comma + 1)...]))
            }
        }

        #expect(lines == count && codes.count == Int(count))
        #expect(codes.allSatisfy { $0.count == 20 && $0.starts(with: Array("K7QX".utf8)) })
    }

    /// The look-up is a plain function of what is in memory, and the pool behind it is shut: it cannot ask the database.
    ///
    /// Ten million of them with `SIYU_CHAOS=full`.
    @Test func c01_aMillionForgedCodes_areRefusedWithoutTheDatabase() async throws {
        let isFull = ProcessInfo.processInfo.environment["SIYU_CHAOS"] == "full"
        let each = isFull ? 2_500_000 : 250_000
        try await Factory.open { factory in
            let batch = try await factory.mint(count: 20_000_000, prizes: [])
            try await factory.directory.refresh()
            await factory.redeem.shutdown()
            let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
            let prefix = Array(batch.record.handle.description.utf8)

            let (tries, valid) = await withTaskGroup(of: (Int, Int).self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        var valid = 0
                        for _ in 0..<each {
                            let bits = UInt64.random(in: 0..<1 << 40)
                            let more = UInt64.random(in: 0..<1 << 40)
                            var code = prefix
                            for shift in stride(from: UInt64(0), to: 40, by: 5) {
                                code.append(alphabet[Int(bits >> shift & 31)])
                                code.append(alphabet[Int(more >> shift & 31)])
                            }
                            let text = String(decoding: code, as: UTF8.self)
                            if factory.directory.code(text, brand: factory.brand) != nil { valid += 1 }
                        }
                        return (each, valid)
                    }
                }
                return await group.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
            }

            #expect(tries == 4 * each && valid == 0)
            #expect(factory.directory.code(batch.cipher.code(at: 0).description, brand: factory.brand) != nil)
        }
    }

    @Test func c01_sameRequest_givesTheSameBatchAndTheSameBytes() async throws {
        try await Factory.open { factory in
            let first = try await factory.mint("A")
            let again = try await factory.mint("A")
            let other = try await factory.mint("B")

            #expect(first.record == again.record)
            #expect(first.record.handle != other.record.handle)
            let bytes = try await sheet(first)
            #expect(try await sheet(again) == bytes)
            #expect(try await sheet(other) != bytes)
            #expect(bytes.starts(with: Array("index,code\n0,\(first.record.handle)".utf8)))
            #expect(try await factory.count("codes.batch") == 2)
            #expect(try await factory.count("codes.handle") == 2)
            #expect(try await factory.count("codes.key_use") == 3)
        }
    }

    @Test func c01_sameRequestAtOnce_isMintedOnce() async throws {
        try await Factory.open { factory in
            let handles = try await withThrowingTaskGroup(of: BatchHandle.self) { group in
                for _ in 0..<8 { group.addTask { try await factory.mint("A", prizes: []).record.handle } }
                return try await group.reduce(into: Set<BatchHandle>()) { $0.insert($1) }
            }

            #expect(handles.count == 1)
            #expect(try await factory.count("codes.batch") == 1)
            #expect(try await factory.count("codes.handle") == 1)
        }
    }

    @Test func sameRequest_withAnotherWish_isRefused() async throws {
        try await Factory.open { factory in
            _ = try await factory.mint("A")

            let problem = await #expect(throws: Problem.self) { try await factory.mint("A", count: Factory.count + 1) }
            #expect(problem?.code == "idempotency_mismatch")
            let prizes = await #expect(throws: Problem.self) { try await factory.mint("A", prizes: []) }
            #expect(prizes?.status == 409)
        }
    }

    @Test func mint_thatMakesNoSense_isRefused() async throws {
        try await Factory.open { factory in
            for count in [Int64(0), -1, CodeCipher.countMax + 1] {
                let problem = await #expect(throws: Problem.self) { try await factory.mint(count: count, prizes: []) }
                #expect(problem?.code == "count_out_of_range")
            }
            let foreign = MintRequest(brand: .mint(), requestID: "A", count: 1, label: "x")
            let problem = await #expect(throws: Problem.self) {
                try await Minting.mint(foreign, author: "test", keys: factory.keys, on: factory.operator)
            }
            #expect(problem?.status == 404)
        }
    }

    /// A whole batch swept through the database, shuffled and by many at once; then one prize is put elsewhere.
    @Test func c06_auditOfASweptBatch_agrees() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let indexes = (0..<Factory.count).shuffled()
            try await withThrowingTaskGroup(of: Swift.Void.self) { group in
                for worker in 0..<4 {
                    group.addTask {
                        for start in stride(from: worker * 256, to: indexes.count, by: 4 * 256) {
                            let scans = indexes[start..<min(start + 256, indexes.count)].map {
                                factory.scan(batch, $0, by: "p\(worker)")
                            }
                            for result in try await factory.answers(scans) {
                                #expect(["won", "no_prize"].contains(result.outcome))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            func audit() async throws -> BatchAudit {
                try await BatchAudit.run(
                    batch.record, author: "test", keys: factory.keys, workers: 2, on: factory.operator)
            }

            let whole = try await audit()

            #expect(whole.isRight && whole.wrongRedemptions == 0)
            #expect(whole.found == [0: 8_000, 1: 200, 2: 800] && whole.won == whole.found)
            let owed = try await factory.count(
                "accounting.transfer WHERE kind = 'prize.owed' AND amount_fen IN (500, 10)")
            #expect(owed == 1_000)
            // The counts still agree; the codes do not.
            try await factory.db.owner.execute(
                Statement(
                    "UPDATE codes.redemption r SET tier = CASE WHEN tier IS NULL THEN 1 END WHERE code_index IN (SELECT min(code_index) FROM codes.redemption WHERE tier IS NULL UNION SELECT min(code_index) FROM codes.redemption WHERE tier = 1)"
                ))
            let wrong = try await audit()
            #expect(!wrong.isRight && wrong.wrongRedemptions == 2 && wrong.won == whole.won)
        }
    }

    @Test func directory_learnsOfBatchesAndLeavesOutUnreadableOnes() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch("A")
            let code = batch.cipher.code(at: 7).description
            let stranger = CodeDirectory(pool: factory.redeem, keys: .ephemeral(), logger: .silent)
            try await stranger.refresh()

            #expect(factory.directory.code(code.lowercased(), brand: factory.brand)?.index == 7)
            #expect(factory.directory.code(code, brand: .mint()) == nil)
            #expect(stranger.code(code, brand: factory.brand) == nil)

            let later = try await factory.mint("B")
            #expect(factory.directory.batch(later.record.handle) == nil)
            try await eventually {
                try await factory.directory.refresh()
                return factory.directory.batch(later.record.handle) != nil
            }
        }
    }

    @Test func siyuRedeem_mayNotMintNorChangeWhatWasDecided() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let id = batch.record.id
            let forbidden: [Statement<Void>] = [
                Statement("UPDATE codes.redemption SET tier = 1"), Statement("DELETE FROM codes.redemption"),
                Statement("DELETE FROM codes.code_range"), Statement("UPDATE codes.batch SET closed_at = now()"),
                Statement(
                    "INSERT INTO codes.handle (handle, brand_id, batch_id, created_at) SELECT 1, brand_id, batch_id, now() FROM codes.batch WHERE batch_id = \(id)"
                ),
                Statement("UPDATE codes.prize SET count = count + 1"),
            ]
            for statement in forbidden {
                let error = await #expect(throws: PostgresError.self) { try await factory.redeem.execute(statement) }
                #expect(error?.sqlState == .insufficientPrivilege)
            }
            let reports = factory.db.pool(as: .reports)
            let error = await #expect(throws: PostgresError.self) {
                try await reports.execute(Statement<Void>("SELECT wrapped_key FROM codes.batch"))
            }
            #expect(error?.sqlState == .insufficientPrivilege)
        }
    }

    @Test func audit_ofABatch_findsWhatWasPromisedAndWhatWasTamperedWith() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let scans = (0..<50).map { factory.scan(batch, Int64($0), by: "p\($0)") }
            _ = try await factory.answers(scans)

            let bare = try await factory.mint("bare", prizes: [])

            func audit(_ batch: OpenBatch) async throws -> BatchAudit {
                try await BatchAudit.run(
                    batch.record, author: "test", keys: factory.keys, workers: 2, on: factory.operator)
            }
            #expect(try await audit(bare).isRight)
            // One sweep is enough for both: the tampered redemption is the only thing that is wrong.
            try await factory.db.owner.execute(
                Statement("UPDATE codes.redemption SET tier = CASE WHEN tier IS NULL THEN 1 END WHERE code_index = 3"))
            let wrong = try await audit(batch)
            #expect(!wrong.isRight && wrong.wrongRedemptions == 1 && wrong.isRulesHashRight)
            #expect(wrong.found[1] == 200 && wrong.found[2] == 800)
            #expect(wrong.won.values.reduce(0, +) == 50)

            let fate = try await CodeFate.find(
                batch.cipher.code(at: 4).description, author: "test", keys: factory.keys, on: factory.operator)
            #expect(fate?.index == 4 && fate?.standing == .active && fate?.redeemedAt != nil)
            #expect(try await factory.count("codes.key_use") == 5)
        }
    }
}
