import Jobs
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RetentionTests {
    @Test func forget_ofWhatIsOld_keepsWhatIsUnknownAndWhatLivingJobsNeed() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let alive = try await queue.push(Note(text: "alive"))
            let old = "clock_timestamp() - '40 days'::interval"
            try await db.run(
                """
                INSERT INTO jobs.fire (name, fire_at, fired_at) VALUES ('a', \(old), \(old)), ('a', siyu.clock(), \(old)),
                    ('b', siyu.clock(), clock_timestamp());
                INSERT INTO jobs.checkpoint (job_id, run_no, updated_at)
                VALUES ('\(alive)', 1, \(old)), (gen_random_uuid(), 1, \(old)), (gen_random_uuid(), 1, clock_timestamp());
                INSERT INTO jobs.effect (job_id, step, state, run_no, answer, updated_at)
                VALUES ('\(alive)', 'kept', 'ok', 1, '1', \(old)), (gen_random_uuid(), 'gone', 'ok', 1, '1', \(old)),
                    (gen_random_uuid(), 'gone', 'refused', 1, NULL, \(old)),
                    (gen_random_uuid(), 'unknown', 'unknown', 1, NULL, \(old)),
                    (gen_random_uuid(), 'unknown', 'intended', 1, NULL, \(old)),
                    (gen_random_uuid(), 'young', 'ok', 1, '1', clock_timestamp());
                """)

            try await queue.forget(olderThan: .seconds(28 * 86_400), bite: 1_000)

            #expect(try await db.count("jobs.fire") == 1)
            #expect(try await db.count("jobs.checkpoint") == 2)
            #expect(try await db.count("jobs.effect", where: "step <> 'gone'") == 4)
            #expect(try await db.count("jobs.effect", where: "step = 'gone'") == 0)
        }
    }
}
