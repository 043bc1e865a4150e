import Foundation
import Jobs
import Postgres
import TestSupport
import Testing

/// A kind as it was at first.
private struct First: JobParameters {
    static let jobName = "test.versioned"
    static let jobQueue = "tests"
    var name: String
}

/// The same kind two versions later.
private struct Third: JobParameters {
    static let jobName = First.jobName
    static let jobQueue = "tests"
    static let jobVersion = 3
    var given: String
    var family: String
}

private let upcasters: [Int: @Sendable ([UInt8]) throws -> [UInt8]] = [
    1: { payload in
        let old = try JSONDecoder().decode([String: String].self, from: Data(payload))
        return Array(try JSONEncoder().encode(["full": old["name"] ?? ""]))
    },
    2: { payload in
        let old = try JSONDecoder().decode([String: String].self, from: Data(payload))
        let words = (old["full"] ?? "").split(separator: " ").map(String.init)
        return Array(try JSONEncoder().encode(["given": words[0], "family": words[1]]))
    },
]

@Suite(.timeLimit(.minutes(2)))
struct VersionTests {
    @Test func payload_ofAnOlderVersion_isLiftedStepByStep() async throws {
        try await withTestDatabase { db in
            try await makeQueue(db).push(First(name: "Li Wei"))
            let queue = makeQueue(db)
            let seen = Collected<String>()
            queue.registerJob(parameters: Third.self, upcasters: upcasters) { third, _ in
                seen.add("\(third.family) \(third.given)")
            }

            try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

            #expect(seen.all == ["Wei Li"])
        }
    }

    @Test func payload_thatNoChainOfUpcastersReaches_isParkedAndNeverDiscarded() async throws {
        try await withTestDatabase { db in
            let id = try await makeQueue(db).push(First(name: "Li Wei"), options: .init(maxTries: 1))
            let queue = makeQueue(db)
            queue.registerJob(parameters: Third.self, upcasters: [2: { $0 }]) { _, _ in
                Issue.record("a payload of an unknown shape was handled")
            }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await eventually { try await queue.job(id)?.record.state == .waiting }
            }

            let record = try #require(try await queue.job(id)).record
            #expect(record.reason == "unknown_kind")
            #expect(record.tries == 0)
        }
    }

    /// The middle of a deployment: jobs of the new shape wait for the new process, those of the old are run by both.
    @Test func workers_ofTwoVersionsSideBySide_runWhatEachCanRead() async throws {
        try await withTestDatabase { db in
            let old = makeQueue(db)
            let byOld = Collected<String>()
            old.registerJob(parameters: First.self) { first, _ in byOld.add(first.name) }
            let new = makeQueue(db)
            let byNew = Collected<String>()
            new.registerJob(parameters: Third.self, upcasters: upcasters) { third, _ in byNew.add(third.given) }

            try await running(old.processor(queues: ["tests"], options: .quick())) {
                let id = try await new.push(Third(given: "Wei", family: "Li"))
                try await old.push(First(name: "Old One"))
                try await eventually { try await new.job(id)?.record.reason == "unknown_kind" }
                try await eventually { byOld.all == ["Old One"] }
                // Due long after the test's end: only the start of a process that knows it can bring it back.
                try await db.run("UPDATE jobs.later SET due_at = due_at + '1 day'")

                try await running(new.processor(queues: ["tests"], options: .quick())) {
                    // The old process may take it up again a few times before the new one does.
                    try await eventually {
                        try await db.run("UPDATE siyu.environment SET clock_offset = clock_offset + '1 minute'")
                        return byNew.all == ["Wei"]
                    }
                }
            }

            #expect(try await db.count("jobs.discarded") == 0)
            #expect(byNew.all == ["Wei"])
        }
    }

    @Test func start_ofAProcessThatDoesNotKnowTheVersion_wakesNobody() async throws {
        try await withTestDatabase { db in
            let old = makeQueue(db)
            old.registerJob(parameters: First.self) { _, _ in }
            let id = try await makeQueue(db).push(Third(given: "Wei", family: "Li"))
            func start() async throws {
                try await running(old.processor(queues: ["tests"], options: .quick())) {
                    try await old.push(First(name: "probe"))
                    try await eventually { try await db.count("jobs.hot") == 0 }
                }
            }
            try await start()
            try await db.run("UPDATE jobs.later SET due_at = due_at + '1 day'")
            let runs = try await old.job(id)?.record.runNumber

            try await start()

            #expect(try await old.job(id)?.record.runNumber == runs)
        }
    }
}
