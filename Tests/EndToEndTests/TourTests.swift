import Foundation
import Kernel
import Postgres
import TestSupport
import Testing

/// The services as processes on a real database: what `make run` shows, and what a crash may not change.
@Suite(.serialized)
struct TourTests {
    /// The last line of a tour that held.
    private static let summary =
        #"{"accepted":21,"bills":2,"codes":10000,"expired":29,"gifts":50,"gmv_fen":250031563,"group_declined":1,"group_entries":5,"#
        + #""group_refunded_fen":17600,"group_wins":3,"ledger_fen":250031563,"#
        + #""ledger_transfers":69579,"members":23570,"orders":69659,"redemptions":500,"refunded_fen":255200,"#
        + #""refunds":29,"repeat_members":11662,"sent_back":1,"swapped":1,"tour":"ok","zero_orders":80}"#

    private func expectSummary(_ tour: (exit: Int32, output: String, errors: String), _ deployment: Deployment) {
        #expect(tour.exit == 0, "\(tour.errors) \(deployment.lastWords)")
        #expect(tour.output.split(separator: "\n").last.map(String.init) == Self.summary)
    }

    @Test func o01_tour_runTwice_printsTheSameCounts() async throws {
        try await withTestDatabase { database in
            let deployment = try Deployment(database)
            try await deployment.awaitReady()

            for _ in 1...2 { expectSummary(try await background { try deployment.tour() }, deployment) }

            for service in Deployment.services { #expect(deployment[service.name].terminate() == 0, "\(service.name)") }
        }
    }

    @Test func o01_servicesKilledInMidImport_tourAgain_changesNoCount() async throws {
        try await withTestDatabase { database in
            let deployment = try Deployment(database)
            try await deployment.awaitReady()

            async let interrupted = background { try deployment.tour() }
            try await eventually(within: .seconds(60), every: .milliseconds(5)) { try await deployment.orders() > 0 }
            for service in Deployment.services { deployment[service.name].kill() }
            let loaded = try await deployment.orders()
            for service in Deployment.services { try deployment.start(service.name) }
            try await deployment.awaitReady()
            expectSummary(try await interrupted, deployment)

            #expect(loaded < 69_659, "the kill came too late to show anything")
            expectSummary(try await background { try deployment.tour() }, deployment)
        }
    }

    /// Twenty tours in the full form (`make chaos`), one else; in each, every service is killed once, in any order and at any moment.
    ///
    /// Not more often: a job whose process is lost three times while it runs is quarantined, whoever killed it.
    @Test func o01_anyServiceKilledAtAnyMoment_changesNoCount() async throws {
        let isFull = ProcessInfo.processInfo.environment["SIYU_CHAOS"] == "full"
        var kills: [String: Int] = [:]
        for _ in 0..<(isFull ? 20 : 1) {
            try await withTestDatabase { database in
                let deployment = try Deployment(database)
                try await deployment.awaitReady()

                let walk = Walk()
                async let tour = background {
                    defer { walk.end() }
                    return try deployment.tour()
                }
                for name in Deployment.services.map(\.name).shuffled() {
                    try await lettingPass(.milliseconds(Int.random(in: 200...8_000)))
                    if walk.isOver { break }
                    deployment[name].kill()
                    try deployment.start(name)
                    try await deployment[name].awaitReady()
                    kills[name, default: 0] += 1
                }
                let walked = try await tour
                expectSummary(walked, deployment)
                if walked.exit != 0 { print(try await deployment.openRefunds()) }
            }
        }
        #expect(kills.values.reduce(0, +) > 0, "nothing was killed")
        print("killed and started again: \(kills.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })")
    }

    /// Whether the tour is over.
    private final class Walk: @unchecked Sendable {
        private let lock = NSLock()
        private var over = false
        var isOver: Bool { lock.withLock { over } }
        func end() { lock.withLock { over = true } }
    }

    /// Runs what blocks on a thread of its own, so that the test goes on beside it.
    private func background<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
        }
    }
}
