import Accounting
import AsyncHTTPClient
import Codes
import Foundation
import Hooks
import Kernel
import Keys
import NIOCore
import NIOHTTP1
import Postgres
import Synchronization
import TestSupport
import Testing

/// siyu-redeem as a process that is killed in the middle of its work, again and again.
///
/// `SIYU_CHAOS=full` kills it three hundred times instead of five.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct ScanKillTests {
    private static let count: Int64 = 100_000

    @Test func c05_redeemKilledUnderLoad_eachCodeIsRedeemedOnce() async throws {
        let kills = ProcessInfo.processInfo.environment["SIYU_CHAOS"] == "full" ? 300 : 5
        try await withTestDatabase { database in
            let folder = FileManager.default.temporaryDirectory.path + "/siyu-keys-\(UUID().uuidString)"
            let keys = try KeyRing.create(folder: folder)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let brand = ID<Brand>.mint()
            try await database.owner.execute(
                Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
            let pool = database.pool(as: .operator)
            let secret = try #require(
                try await HookSources.create("till", brand: brand, purposes: [.scans], keys: keys, on: pool)
            ).secret
            let prizes = [
                PrizeRequest(
                    name: "Coupon", kind: .coupon, cost: Money(fen: 10), count: Self.count / 5,
                    coupon: CouponTerms(threshold: Money(fen: 100), days: 1))
            ]
            let request = MintRequest(
                brand: brand, requestID: "1", count: Self.count, prizes: prizes, label: "Test")
            let record = try await Minting.mint(request, author: "test", keys: keys, on: pool).batch
            let batch = try OpenBatch(record, keys: keys)
            _ = try await Ranges.decide(
                RangeCommand(kind: .activate, indexes: 0..<Self.count), batch: record.id, brand: brand, author: "test",
                on: pool)

            let environment = database.environment(as: .redeem).merging(
                ["SIYU_KEYS": folder, "SIYU_ENV": "development"]) { $1 }
            var redeem = try ServiceProcess("siyu-redeem", environment: environment)
            try await redeem.awaitReady()
            let load = Load(batch: batch, secret: secret, url: redeem.url + "/v1/hooks/till/scans")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<8 { group.addTask { try await load.scan(as: client) } }
                for _ in 0..<kills {
                    try await lettingPass(.milliseconds(Int.random(in: 20...400)))
                    let ports = (api: redeem.port, admin: redeem.adminPort)
                    redeem.kill()
                    redeem = try ServiceProcess("siyu-redeem", environment: environment, ports: ports)
                    try await redeem.awaitReady()
                }
                load.end()
                try await group.waitForAll()
            }

            let won = load.won
            #expect(load.answered > kills, "hardly anything was scanned: nothing was tested")
            #expect(try await rows("codes.redemption", database) == load.answered)
            #expect(try await rows("hooks.inbox", database) == load.answered)
            #expect(
                try await rows("accounting.transfer WHERE kind = 'prize.owed' AND amount_fen = 10", database) == won)
            // The jobs of processes that were killed run in the last one.
            try await eventually { try await rows("promotions.coupon", database) == won }
            #expect(try await Ledger.balance(of: record.owedAccount, brand: brand, on: pool) == .zero)
            #expect(
                try await rows("accounting.transfer WHERE kind = 'coupon.granted' AND amount_fen = 10", database) == won
            )
            #expect(redeem.terminate() == 0)
        }
    }

    private func rows(_ table: String, _ database: TestDatabase) async throws -> Int {
        try await database.superuser.one(
            Statement("SELECT count(*) FROM \(unsafeRaw: table)") { row throws(PostgresError) in try row.next() })
    }

    /// Codes that are scanned one after the other, each told until it is answered.
    private final class Load: Sendable {
        private struct State {
            var next: Int64 = 0
            var isOver = false
            var answered = 0
            var won = 0
        }

        private let batch: OpenBatch
        private let secret: HookSecret
        private let url: String
        private let state = Mutex(State())

        init(batch: OpenBatch, secret: HookSecret, url: String) {
            self.batch = batch
            self.secret = secret
            self.url = url
        }

        var answered: Int { state.withLock { $0.answered } }
        var won: Int { state.withLock { $0.won } }

        func end() { state.withLock { $0.isOver = true } }

        func scan(as client: Int) async throws {
            while let index = next() {
                let body = Array(
                    #"{"code":"\#(batch.cipher.code(at: index))","openid":"client-\#(client)-\#(index / 80)"}"#.utf8)
                let outcome = try await tell("d-\(index)", body)
                let wins = batch.prize(of: index) != nil
                guard outcome == (wins ? "won" : "no_prize") else {
                    throw EndToEndError("code \(index) was answered \(outcome ?? "nothing")")
                }
                state.withLock { state in
                    state.answered += 1
                    if wins { state.won += 1 }
                }
            }
        }

        private func next() -> Int64? {
            state.withLock { state in
                guard !state.isOver, state.next < ScanKillTests.count else { return nil }
                defer { state.next += 1 }
                return state.next
            }
        }

        private func tell(_ id: String, _ body: [UInt8]) async throws -> String? {
            let until = ContinuousClock.now + .seconds(60)
            while true {
                let timestamp = Int(Date().timeIntervalSince1970)
                var request = HTTPClientRequest(url: url)
                request.method = .POST
                request.headers = [
                    "content-type": "application/json", "webhook-id": id, "webhook-timestamp": "\(timestamp)",
                    "webhook-signature": StandardWebhook.sign(id: id, timestamp: timestamp, body: body, secret: secret),
                ]
                request.body = .bytes(body)
                do {
                    let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
                    let bytes = try await answer.body.collect(upTo: 1 << 16)
                    if answer.status == .ok {
                        let json =
                            try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView)) as? [String: Any]
                        return json?["outcome"] as? String
                    }
                    guard answer.status == .serviceUnavailable, ContinuousClock.now < until else {
                        throw EndToEndError("\(answer.status.code) \(String(buffer: bytes))")
                    }
                } catch let error where !(error is EndToEndError) && ContinuousClock.now < until {
                    // Killed in the middle of it: as senders of hooks do, it is told again.
                }
                try await lettingPass(.milliseconds(20))
            }
        }
    }
}
