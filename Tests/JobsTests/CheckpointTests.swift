import Foundation
import Jobs
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct CheckpointTests {
    private struct Page: Codable, Equatable, Sendable {
        var number: Int
    }

    @Test func checkpoint_ofAFailedRun_isWhatTheNextRunReads() async throws {
        struct Broken: Error {}
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let read = Collected<Page?>()
            queue.registerJob(parameters: Note.self, retryStrategy: .exponentialJitter(minBackoff: .milliseconds(10))) {
                _, context in
                let page = try await context.checkpoint(as: Page.self)
                read.add(page)
                let number = (page?.number ?? 0) + 1
                try await context.checkpoint(Page(number: number), done: number, total: 3, note: "page \(number)")
                if number < 3 { throw Broken() }
            }

            let id = try await running(queue.processor(queues: ["tests"], options: .quick())) {
                let id = try await queue.push(Note(text: "tea"))
                try await db.drained()
                return id
            }

            #expect(read.all == [nil, Page(number: 1), Page(number: 2)])
            #expect(try await queue.progress(of: id) == nil, "completed")
            #expect(try await db.count("jobs.checkpoint") == 0)
        }
    }

    @Test func progress_whileAJobRuns_isSeenFromOutsideAndLeavesTheStateAlone() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let mayEnd = TestSignal<Void>()
            let said = TestSignal<Void>()
            let read = Collected<Page?>()
            queue.registerJob(parameters: Note.self) { _, context in
                try await context.checkpoint(Page(number: 1), done: 1)
                try await context.progress(done: 7, total: 10, note: "halfway")
                read.add(try await context.checkpoint(as: Page.self))
                said.send()
                try await mayEnd.wait()
            }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                let id = try await queue.push(Note(text: "tea"))
                try await said.wait()
                let progress = try #require(try await makeQueue(db, as: .operator).progress(of: id))
                #expect(progress.done == 7 && progress.total == 10 && progress.note == "halfway")
                #expect(progress.runNumber == 1)
                #expect(read.all == [Page(number: 1)])
                mayEnd.send()
                try await db.drained()
            }
            #expect(try await db.count("jobs.checkpoint") == 0)
        }
    }

    @Test func checkpoint_inATransactionThatRollsBack_didNotHappen() async throws {
        struct Broken: Error {}
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let read = Collected<Page?>()
            queue.registerJob(parameters: Note.self) { _, context in
                await #expect(throws: Broken.self) {
                    try await context.transaction { transaction in
                        try await context.checkpoint(Page(number: 1), on: transaction)
                        throw Broken()
                    }
                }
                read.add(try await context.checkpoint(as: Page.self))
            }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await queue.push(Note(text: "tea"))
                try await db.drained()
            }
            #expect(read.all == [nil])
        }
    }

    /// The fence: a run whose job was taken away must not set the next run's place back.
    @Test func checkpoint_ofAJobThatIsSomebodyElsesNow_isRefused() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let refused = Collected<JobError?>()
            queue.registerJob(parameters: Note.self) { _, context in
                try await db.run("UPDATE jobs.hot SET claim_no = claim_no + 1")
                do {
                    try await context.checkpoint(Page(number: 1))
                    refused.add(nil)
                } catch {
                    refused.add(error as? JobError)
                }
                throw JobError.leaseLost
            }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await queue.push(Note(text: "tea"))
                try await eventually { refused.count == 1 }
            }
            #expect(refused.all == [.leaseLost])
            #expect(try await db.count("jobs.checkpoint") == 0)
        }
    }
}
