import Accounting
import Codes
import Foundation
import Hooks
import Jobs
import Kernel
import Postgres
import Synchronization
import TestSupport
import Testing

/// Faults of what scans stand on: the server, and the line to it.
///
/// Whoever gets no answer tells the same delivery again.
///
/// `SIYU_CHAOS=full` takes twenty restarts instead of two and a thousand cuts instead of sixty.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct ScanFaultTests {
    private static let isFull = ProcessInfo.processInfo.environment["SIYU_CHAOS"] == "full"
    private static let patience = Duration.seconds(60)

    @Test func c05_serverRestartsUnderScans_eachCodeIsRedeemedOnce() async throws {
        try await withPrivateCluster { cluster in
            let factory = try await Factory(cluster.database)
            let batch = try await factory.activeBatch()
            let desk = Self.desk(factory.redeeming)
            let load = Load()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<8 {
                    group.addTask {
                        while let index = load.next() {
                            let scan = factory.scan(batch, index, by: "client-\(client)")
                            load.note(scan, try await Self.tell(scan, at: desk))
                        }
                    }
                }
                for _ in 0..<(Self.isFull ? 20 : 2) {
                    try await lettingPass(.milliseconds(Int.random(in: 100...600)))
                    try await cluster.crash()
                    try await cluster.start()
                }
                load.end()
                try await group.waitForAll()
            }
            #expect(load.told.count > 20, "hardly anything was scanned: nothing was tested")
            try await expectWhole(factory, batch, load)
        }
    }

    @Test(arguments: [FaultProxy.Direction.toServer, .toClient])
    func c04_lineCutUnderScans_answersTheSameBytesAndRedeemsOnce(_ direction: FaultProxy.Direction) async throws {
        let cuts = Self.isFull ? 1_000 : 60
        try await withTestDatabase { db in
            let factory = try await Factory(db)
            let batch = try await factory.activeBatch()
            let proxy = try db.proxy()
            defer { proxy.close() }
            let pool = db.pool(as: .redeem, connectionsMax: 2, through: proxy)
            let queue = JobQueue(pool: pool, logger: .silent)
            let desk = Self.desk(Redeeming(pool: pool, queue: queue, keys: factory.keys))
            let load = Load()
            for index in 0..<Int64(cuts) {
                // A scan is some thirty messages each way: the cut falls into any of them, the COMMIT and its answer included.
                proxy.arm(.init(.cut, direction, after: .messages(Int.random(in: 0...30))))
                let scan = factory.scan(batch, index, by: "client-\(index % 7)")
                load.note(scan, try await Self.tell(scan, at: desk))
                // Whoever did not hear the answer asks again.
                load.note(scan, try await Self.tell(scan, at: desk))
            }
            #expect(proxy.fired >= cuts / 2, "only \(proxy.fired) of \(cuts) cuts took place")
            try await expectWhole(factory, batch, load)
        }
    }

    // MARK: Parts

    /// Deliveries with the answers they got.
    private final class Load: Sendable {
        private struct State {
            var next: Int64 = 0
            var isOver = false
            var told: [String: Set<StoredAnswer>] = [:]
            var indexes: Set<Int64> = []
        }

        private let state = Mutex(State())

        var told: [String: Set<StoredAnswer>] { state.withLock { $0.told } }
        var indexes: Set<Int64> { state.withLock { $0.indexes } }

        func next() -> Int64? {
            state.withLock { state in
                guard !state.isOver, state.next < Factory.count else { return nil }
                defer { state.next += 1 }
                return state.next
            }
        }

        func note(_ scan: Scan, _ answer: StoredAnswer) {
            state.withLock { state in
                state.told[scan.delivery.key, default: []].insert(answer)
                state.indexes.insert(scan.code.index)
            }
        }

        func end() { state.withLock { $0.isOver = true } }
    }

    private static func desk(_ redeeming: Redeeming) -> ScanDesk {
        ScanDesk { try await redeeming.redeem($0, brand: $1) }
    }

    /// Tells a scan until it is answered, as the sender of a hook does.
    private static func tell(_ scan: Scan, at desk: ScanDesk) async throws -> StoredAnswer {
        let until = ContinuousClock.now + patience
        while true {
            do {
                return try await desk.redeem(scan)
            } catch let problem as Problem where problem.status == 503 && ContinuousClock.now < until {
                try await lettingPass(.milliseconds(20))
            } catch is PostgresError where ContinuousClock.now < until {
                try await lettingPass(.milliseconds(20))
            }
        }
    }

    /// Each delivery one answer, each code one redemption, and the books owe what was won.
    private func expectWhole(_ factory: Factory, _ batch: OpenBatch, _ load: Load) async throws {
        let told = load.told
        #expect(told.values.allSatisfy { $0.count == 1 })
        let outcomes = told.values.compactMap { $0.first.flatMap { ScanResult.success($0).outcome } }
        #expect(outcomes.count == told.count && outcomes.allSatisfy { $0 == "won" || $0 == "no_prize" })
        #expect(try await factory.count("codes.redemption") == load.indexes.count)
        #expect(try await factory.count("hooks.inbox") == told.count)
        let owed = load.indexes.reduce(0) { $0 + (batch.prize(of: $1)?.cost.fen ?? 0) }
        let balance = try await Ledger.balance(of: batch.record.owedAccount, brand: factory.brand, on: factory.operator)
        #expect(balance.fen == owed)
    }
}
