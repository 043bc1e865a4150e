import Codes
import Foundation
import Hooks
import JobTesting
import Jobs
import Kernel
import Postgres
import TestSupport
import Testing

struct ScanTellerTests {
    private func redeeming(_ factory: Factory) -> Redeeming {
        let hooks = OutgoingHooks(queue: factory.queue)
        return Redeeming(
            pool: factory.redeem, queue: factory.queue, keys: factory.keys, followers: [ScanTeller(hooks: hooks)])
    }

    @Test func o05_redemption_isToldOnceInItsCommit_howeverOftenItIsScanned() async throws {
        try await Factory.open { factory in
            _ = try await HookEndpoints.create(
                "partner", url: "https://hooks.example.com/", events: ["scan.redeemed"], known: CodesEvents.types,
                brand: factory.brand, keys: factory.keys, on: factory.operator)
            let batch = try await factory.activeBatch()
            let redeeming = redeeming(factory)
            let scans = (0..<40).map { factory.scan(batch, Int64($0 / 2), by: "canary-\($0)") }

            for _ in 0..<2 { _ = try await redeeming.redeem(scans, brand: factory.brand) }

            #expect(try await factory.count("codes.redemption") == 20)
            #expect(try await factory.count("hooks.outgoing") == 20)
            #expect(try await factory.count("hooks.outgoing_delivery WHERE state = 'pending'") == 20)
            let jobs = try await JobTester(factory.queue).pushed(HookSend.self)
            #expect(Set(jobs.map(\.lane)).count == 20)
            let payloads = try await factory.db.owner.run(
                Statement("SELECT convert_from(payload, 'UTF8') FROM hooks.outgoing") { row throws(PostgresError) in
                    try row.next(String.self)
                })
            #expect(payloads.allSatisfy { $0.contains(#""type":"scan.redeemed""#) && !$0.contains("canary") })
            // Neither the code nor anything that it could be computed from.
            let codes = (0..<20).map { batch.cipher.code(at: Int64($0)).description }
            #expect(payloads.allSatisfy { payload in !codes.contains { payload.contains($0) } })
        }
    }

    @Test func redemption_whereNobodyListens_writesNothing() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            _ = try await redeeming(factory).redeem([factory.scan(batch, 1, by: "p")], brand: factory.brand)

            #expect(try await factory.count("codes.redemption") == 1)
            #expect(try await factory.count("hooks.outgoing") == 0)
        }
    }
}
