import Jobs
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct AdminTests {
    @Test func pause_keepsJobsFromBeingClaimedUntilResume() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<String>()
            queue.registerJob(parameters: Note.self) { note, _ in seen.add(note.text) }
            let operators = makeQueue(db, as: .operator)
            try await queue.push(Note(text: "tea"))
            try await operators.pause(.queue("tests"), reason: "the provider is down", author: "Li")

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await pass(.milliseconds(300))
                #expect(seen.count == 0)
                let statistics = try #require(try await queue.statistics(of: "tests"))
                #expect(statistics.pauseReason == "the provider is down")
                #expect(statistics.pausedAt != nil)
                #expect(statistics.ready == 1)
                #expect(statistics.oldestReadyAge > .milliseconds(200))

                try await operators.resume(.queue("tests"), author: "Li", reason: "it is back")
                try await db.drained()
            }

            #expect(seen.all == ["tea"])
        }
    }

    @Test func pause_byAService_isRefusedByTheDatabase() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db, as: .gifts)
            try await queue.push(Note(text: "tea"))

            let error = await #expect(throws: PostgresError.self) {
                try await queue.pause(.queue("tests"), reason: "mine", author: "x")
            }

            #expect(error?.sqlState == .insufficientPrivilege)
        }
    }

    @Test func pause_ofNoQueue_saysSo() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db, as: .operator)
            await #expect(throws: JobError.unknownQueue("nowhere")) {
                try await queue.pause(.queue("nowhere"), reason: "x", author: "x")
            }
            return
        }
    }

    @Test func cancel_ofReadyAndDelayedJobs_discardsThemOnce() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let ready = try await queue.push(Note(text: "now"))
            let delayed = try await queue.push(Note(text: "then"), options: .init(delay: .seconds(60)))

            let answers = [
                try await queue.cancel(ready), try await queue.cancel(delayed), try await queue.cancel(ready),
            ]

            #expect(answers == [true, true, false])
            let discarded = try await queue.jobs(queue: "tests", state: .discarded)
            #expect(discarded.map(\.id) == [ready, delayed])
            #expect(discarded.allSatisfy { $0.reason == "cancelled" })
            let statistics = try #require(try await queue.statistics(of: "tests"))
            #expect([statistics.ready, statistics.waiting, statistics.discarded] == [0, 0, 2])
        }
    }

    @Test func jobs_inPages_comeInOrderWithoutGaps() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let pushed = try await queue.pool.transaction { transaction in
                try await queue.push(contentsOf: (0..<25).map { Other(number: $0) }, on: transaction)
            }

            var listed: [JobID] = []
            while true {
                let page = try await queue.jobs(queue: "tests", state: .ready, after: listed.last, limit: 10)
                if page.isEmpty { break }
                listed += page.map(\.id)
            }

            #expect(listed == pushed)
        }
    }
}
