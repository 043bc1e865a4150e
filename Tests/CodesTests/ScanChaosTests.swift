import Accounting
import Codes
import Foundation
import Hooks
import Kernel
import TestSupport
import Testing

/// Many for the same code, each hook told more than once and in any order, at two desks as in two processes.
///
/// `SIYU_CHAOS=full` takes a thousand codes instead of eight.
struct ScanChaosTests {
    private static let clients = 200
    private static let codesAtOnce: Int64 = 8

    @Test func c05_twoHundredClients_eachCodeHasOneWinner() async throws {
        let isFull = ProcessInfo.processInfo.environment["SIYU_CHAOS"] == "full"
        let codes: Int64 = isFull ? 1_000 : Self.codesAtOnce
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let desks = (0..<2).map { _ in
                let redeeming = factory.redeeming
                return ScanDesk { try await redeeming.redeem($0, brand: $1) }
            }
            var deliveries = 0
            for first in stride(from: 0, to: codes, by: Int64.Stride(Self.codesAtOnce)) {
                let scans = (first..<first + Self.codesAtOnce).flatMap { index in
                    (0..<Self.clients).map { factory.scan(batch, index, by: "client-\($0)") }
                }
                deliveries += scans.count
                let told = try await tell(scans, at: desks)
                for index in first..<first + Self.codesAtOnce {
                    let own = scans.filter { $0.code.index == index }
                    let answers = own.compactMap { told[$0.delivery.key] }
                    // Whatever is told twice is answered alike, and one client alone is the first.
                    #expect(answers.count == Self.clients && answers.allSatisfy { $0.count == 1 })
                    let outcomes = answers.compactMap { ScanResult.success($0.first ?? Self.none).outcome }
                    #expect(outcomes.filter { $0 == (batch.prize(of: index) == nil ? "no_prize" : "won") }.count == 1)
                    #expect(outcomes.filter { $0 == "already_redeemed" }.count == Self.clients - 1)
                }
            }
            #expect(try await factory.count("codes.redemption") == Int(codes))
            #expect(try await factory.count("hooks.inbox") == deliveries)
            #expect(try await factory.count("vault.person") == Self.clients)
            let owed = (0..<codes).reduce(0) { $0 + (batch.prize(of: $1)?.cost.fen ?? 0) }
            let balance = try await Ledger.balance(
                of: batch.record.owedAccount, brand: factory.brand, on: factory.redeem)
            #expect(balance.fen == owed)
        }
    }

    private static let none = StoredAnswer(status: 500, body: [])

    /// Tells every scan one to three times in any order at any desk.
    ///
    /// - Returns: The different answers by delivery.
    private func tell(_ scans: [Scan], at desks: [ScanDesk]) async throws -> [String: Set<StoredAnswer>] {
        let calls = scans.flatMap { Array(repeating: $0, count: Int.random(in: 1...3)) }.shuffled()
        return try await withThrowingTaskGroup(of: (String, StoredAnswer).self) { group in
            for scan in calls {
                let desk = try #require(desks.randomElement())
                group.addTask { (scan.delivery.key, try await desk.redeem(scan)) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0, default: []].insert($1.1) }
        }
    }
}
