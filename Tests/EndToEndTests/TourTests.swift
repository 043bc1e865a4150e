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
        #"{"gmv_fen":250031563,"ledger_fen":250031563,"ledger_transfers":69579,"members":23570,"orders":69659,"#
        + #""repeat_members":11662,"tour":"ok","zero_orders":80}"#

    @Test func o01_tour_runTwice_printsTheSameCounts() async throws {
        try await withTestDatabase { database in
            let deployment = try Deployment(database)
            try await deployment.awaitReady()

            for _ in 1...2 {
                let tour = try deployment.tour()
                #expect(tour.exit == 0, "\(tour.errors) \(deployment.ingest.output.suffix(1_000))")
                #expect(tour.output.split(separator: "\n").last.map(String.init) == Self.summary)
            }

            #expect(deployment.ingest.terminate() == 0)
            #expect(deployment.reports.terminate() == 0)
        }
    }

    @Test func o01_servicesKilledInMidImport_tourAgain_changesNoCount() async throws {
        try await withTestDatabase { database in
            let deployment = try Deployment(database)
            try await deployment.awaitReady()

            async let interrupted = Self.background { try deployment.tour() }
            try await eventually(within: .seconds(60), every: .milliseconds(5)) { try await deployment.orders() > 0 }
            deployment.ingest.kill()
            deployment.reports.kill()
            let loaded = try await deployment.orders()
            try deployment.restartIngest()
            try deployment.restartReports()
            try await deployment.awaitReady()
            _ = try? await interrupted
            let tour = try await Self.background { try deployment.tour() }

            #expect(loaded < 69_659, "the kill came too late to show anything")
            #expect(tour.exit == 0, "\(tour.errors) \(deployment.ingest.output.suffix(1_000))")
            #expect(tour.output.split(separator: "\n").last.map(String.init) == Self.summary)
        }
    }

    /// Runs what blocks on a thread of its own, so that the test goes on beside it.
    private static func background<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
        }
    }
}
