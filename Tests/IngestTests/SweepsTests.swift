import Foundation
import Hooks
import Ingest
import JobTesting
import Jobs
import Kernel
import Postgres
import TestSupport
import Testing

struct SweepsTests {
    @Test func sweeps_pushedByManyProcesses_areOneADayForEachBrand() async throws {
        try await withTestDatabase { db in
            let brands = [ID<Brand>.mint(), ID<Brand>.mint()]
            for brand in brands {
                try await db.owner.execute(
                    Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
            }
            let pool = db.pool(as: .ingest, connectionsMax: 8)

            let pushed = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let queue = JobQueue(pool: pool, logger: .silent)
                        return try await Sweeps(pool: pool, queue: queue, logger: .silent).pushDue()
                    }
                }
                return try await group.reduce(0, +)
            }

            #expect(pushed == 2)
            let tester = JobTester(JobQueue(pool: pool, logger: .silent))
            let jobs = try await tester.pushed(SweepHooks.self)
            #expect(Set(jobs.map(\.brand)) == Set(brands.map(\.rawValue)) && jobs.count == 2)
        }
    }

    @Test func service_thatRuns_forgetsWhatHasExpired() async throws {
        try await IngestBundle.serve { bundle in
            let pool = bundle.db.pool(as: .ingest)
            for (id, days) in [("old", 15), ("young", 13)] {
                let hash = [UInt8](repeating: 0, count: 32)
                try await bundle.db.owner.execute(
                    Statement<Void>(
                        """
                        INSERT INTO hooks.inbox VALUES (\(bundle.brand), \(bundle.brand), \(id), \(hash), 200, 'x', '', '1',
                            now() - make_interval(days => \(Int32(days))))
                        """))
            }
            // The service looked when it started, perhaps before the brand existed: this is what it does every hour.
            let queue = JobQueue(pool: pool, logger: .silent)
            _ = try await Sweeps(pool: pool, queue: queue, logger: .silent).pushDue()
            await queue.wake(SweepHooks.jobQueue)

            try await eventually {
                try await bundle.db.owner.run(
                    Statement("SELECT delivery_id FROM hooks.inbox WHERE sealed_body IS NOT NULL") {
                        row throws(PostgresError) in try row.next(String.self)
                    }) == ["young"]
            }
        }
    }
}
