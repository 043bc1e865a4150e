import Foundation
import Glibc
import Jobs
import Logging
import Postgres
import ServiceLifecycle
import Synchronization
import UnixSignals

/// A real process that works off the queue `crash` and strikes itself at a boundary between two statements.
///
/// Environment: CRASH_DATABASE (connection string), CRASH_LEASE (seconds), CRASH_BOUNDARY (`after claim`), CRASH_KIND
/// (`kill`, `cut`, `sever`, `stop`), CRASH_NTH (at which passage), CRASH_MARK (a file that is made when it strikes),
/// CRASH_CLOCK (a file for what it takes for the time).
@main
struct CrashWorker {
    static func main() async throws {
        let environment = ProcessInfo.processInfo.environment
        guard let url = environment["CRASH_DATABASE"] else {
            FileHandle.standardError.write(Data("CRASH_DATABASE is not set: this program is part of the tests.\n".utf8))
            exit(64)
        }
        let lease = Double(environment["CRASH_LEASE"] ?? "") ?? 15
        let application = "crash-\(getpid())"
        var logger = Logger(label: application)
        logger.logLevel = environment["CRASH_LOG"] == nil ? .critical : .debug
        let connection = ConnectionConfiguration(
            url: url, applicationName: application, usesNamedStatements: environment["SIYU_DB_POOLED"] != "1")
        let pool = Pool(.init(connection: connection, connectionsMax: 8), logger: logger)

        var options = JobQueueOptions()
        if let boundary = environment["CRASH_BOUNDARY"] {
            let fault = Fault(
                boundary: boundary, kind: environment["CRASH_KIND"] ?? "kill",
                nth: Int(environment["CRASH_NTH"] ?? "") ?? 1, mark: environment["CRASH_MARK"] ?? "/dev/null",
                connection: connection, logger: logger)
            options.faults = JobFaults { try await fault.pass($0, $1) }
        }
        let queue = JobQueue(pool: pool, logger: logger, options: options)
        queue.registerJob(
            parameters: CrashEffect.self, retryStrategy: .exponentialJitter(minBackoff: .milliseconds(50))
        ) { parameters, context in
            try await run(parameters, context)
        }
        queue.registerLongJobs()
        queue.registerJob(
            parameters: GatedEffect.self, retryStrategy: .exponentialJitter(minBackoff: .milliseconds(50))
        ) { parameters, context in
            try await run(parameters.effect, context)
        }
        if let file = environment["CRASH_CLOCK"] {
            // What this process takes for the time: it may have been told a wrong one.
            try Data("\(time(nil))".utf8).write(to: URL(filePath: file))
        }
        let processor = queue.processor(
            queues: [CrashEffect.jobQueue],
            options: .init(
                concurrency: 4, gracefulShutdownTimeout: .seconds(5), lease: .seconds(lease),
                rescueInterval: lease < 15 ? .milliseconds(200) : .seconds(2)))
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: processor)], gracefulShutdownSignals: [.sigterm], logger: logger))
        try await group.run()
        await pool.shutdown()
    }

    private static func run(_ parameters: CrashEffect, _ context: JobContext) async throws {
        struct FirstTry: Error {}
        if parameters.number < 0 { kill(getpid(), SIGKILL) }
        try await ContinuousClock().sleep(for: .milliseconds(Int.random(in: 1...4)))
        switch parameters.way {
        case .acked: return
        case .failsFirst where context.attempt == 1: throw FirstTry()
        case .completed, .failsFirst, .urgent:
            try await context.complete { transaction in
                try await transaction.execute(
                    CrashStatements.effect(parameters.number, run: context.runNumber))
            }
        }
    }
}

/// What strikes, where, and at which passage.
private final class Fault: Sendable {
    private let boundary: String
    private let kind: String
    private let nth: Int
    private let mark: String
    private let connection: ConnectionConfiguration
    private let logger: Logger
    private let passages = Mutex(0)

    init(
        boundary: String, kind: String, nth: Int, mark: String, connection: ConnectionConfiguration, logger: Logger
    ) {
        self.boundary = boundary
        self.kind = kind
        self.nth = nth
        self.mark = mark
        self.connection = connection
        self.logger = logger
    }

    func pass(_ boundary: JobBoundary, _ executor: (any Executor)?) async throws {
        guard boundary.description == self.boundary else { return }
        let isNow = passages.withLock { count in
            count += 1
            return count == nth
        }
        guard isNow else { return }
        _ = FileManager.default.createFile(atPath: mark, contents: nil)
        switch kind {
        case "kill": kill(getpid(), SIGKILL)
        case "stop": kill(getpid(), SIGSTOP)
        case "cut": try await cut(executor)
        default: try await cut(nil)
        }
    }

    /// Has the server end the connection under `executor`, or all connections of this process.
    private func cut(_ executor: (any Executor)?) async throws {
        let backend = try await executor?.one(CrashStatements.ownBackend)
        var other = connection
        other.applicationName = "crash-knife"
        let knife = try await Connection.connect(other, logger: logger)
        _ = try await knife.one(
            CrashStatements.terminate(backend, application: connection.applicationName))
        await knife.close()
    }
}
