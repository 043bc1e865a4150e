import Foundation
import Jobs
import Postgres
import TestSupport
import Testing

/// A job that may be packed.
private struct Light: JobParameters {
    static let jobName = "test.light"
    static let jobQueue = "tests"
    var number: Int
}

@Suite(.timeLimit(.minutes(2)))
struct PackedJobsTests {
    private struct Broken: Error {}

    @Test func pack_withOneFailureInAHundred_repeatsThatOneAlone() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let runs = Collected<[Int]>()
            queue.registerPackedJob(
                parameters: Light.self, retryStrategy: .exponentialJitter(minBackoff: .milliseconds(20))
            ) { job, context in
                runs.add([job.number, context.attempt])
                if job.number == 42, context.attempt == 1 { throw Broken() }
            }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                let packs = try await queue.push(
                    packed: (0..<100).map(Light.init(number:)), options: .init(priority: .higher, maxTries: 3))
                #expect(packs.count == 1)
                try await db.drained()
            }

            let once = (0..<100).map { [$0, 1] }
            #expect(runs.all.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) } == (once + [[42, 2]]).sorted { $0[0] < $1[0] })
            // The pack, and the one that left it.
            let done = try await db.superuser.one(
                Peek.text(
                    """
                    SELECT string_agg(k.name || ' ' || d.run_no || ' ' || d.tries, ', ' ORDER BY k.name)
                    FROM jobs.done d JOIN jobs.kind k USING (kind_id)
                    """))
            #expect(done == "test.light 2 1, test.light.packed 1 0")
            #expect(try await db.count("jobs.attempt", where: "error = 'Broken' AND run_no = 1") == 1)
        }
    }

    @Test func pack_whoseJobsCannotSucceed_discardsThemWithTheirPayloads() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            queue.registerPackedJob(parameters: Light.self, retryStrategy: .dontRetry) { job, _ in
                switch job.number {
                case 1: throw Broken()
                case 2: throw JobFailure.permanent("never")
                case 3: throw JobSleep(for: .seconds(3_600))
                default: break
                }
            }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await queue.push(packed: (0..<10).map(Light.init(number:)))
                try await eventually { try await db.count("jobs.hot") == 0 }
            }

            let discarded = try await db.superuser.one(
                Peek.text(
                    """
                    SELECT string_agg(reason || ' ' || last_error || ' ' || convert_from(payload, 'UTF8'), ', '
                        ORDER BY reason)
                    FROM jobs.discarded
                    """))
            #expect(discarded == #"exhausted Broken {"number":1}, permanent never {"number":2}"#)
            #expect(try await db.count("jobs.later", where: "reason = 'snoozed' AND tries = 0") == 1)
        }
    }

    /// A pack that was in a lost process is taken apart before anything of it runs, so that a killer stands alone.
    @Test func pack_underSuspicion_isTakenApart() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let runs = Collected<Int>()
            queue.registerPackedJob(parameters: Light.self) { job, _ in runs.add(job.number) }
            try await queue.push(packed: (0..<50).map(Light.init(number:)))
            try await db.run("UPDATE jobs.hot SET crashes = 1")

            try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

            #expect(runs.all.sorted() == Array(0..<50))
            #expect(try await db.count("jobs.done") == 51)
        }
    }

    /// The failure of one and the completion of the others are one commit: without the lease, neither happens.
    @Test func pack_thatIsNoLongerOurs_leavesNothingBehind() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let runs = Collected<Int>()
            queue.registerPackedJob(
                parameters: Light.self, retryStrategy: .exponentialJitter(minBackoff: .milliseconds(20))
            ) { job, _ in
                runs.add(job.number)
                guard job.number == 0, runs.count == 1 else { return }
                // As a rescue would have it: somebody else has the pack now, and gives it back later.
                try await db.run("UPDATE jobs.hot SET claim_no = -1")
                throw Broken()
            }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await queue.push(packed: (0..<5).map(Light.init(number:)))
                try await eventually { runs.count == 5 }
                try await lettingPass(.milliseconds(200))
                #expect(try await db.count("jobs.later") == 0)
                #expect(try await db.count("jobs.done") == 0)
                try await db.run(
                    "UPDATE jobs.hot SET worker = '00000000-0000-0000-0000-000000000000', claim_no = 0")
                try await db.drained()
            }

            #expect(runs.all == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
        }
    }
}
