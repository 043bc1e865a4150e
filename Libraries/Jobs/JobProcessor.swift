import FoundationEssentials
import Kernel
import Logging
import Postgres
public import ServiceLifecycle
import Synchronization

/// How a processor works.
public struct JobProcessorOptions: Sendable {
    /// Jobs that run at once.
    public var concurrency: Int
    /// Jobs held in memory at once, running ones included, at most.
    public var prefetchMax: Int
    /// How long running jobs may go on after a graceful shutdown began; then they are cancelled and given back.
    public var gracefulShutdownTimeout: Duration
    /// How long the jobs of a lost process stay with it.
    ///
    /// Renewed five times as often; relied upon for four fifths.
    public var lease: Duration
    /// How often leases of others are looked at.
    public var rescueInterval: Duration
    /// At how many lost processes a job is discarded as poison.
    public var crashesMax: Int
    /// The first and the longest pause between two looks at an empty queue.
    public var pollInterval: ClosedRange<Duration>
    /// How long completed jobs stay in the history.
    public var historyAge: Duration

    /// Options with the usual defaults.
    public init(
        concurrency: Int = 16, prefetchMax: Int = 1_000, gracefulShutdownTimeout: Duration = .seconds(30),
        lease: Duration = .seconds(15), rescueInterval: Duration = .seconds(2), crashesMax: Int = 3,
        pollInterval: ClosedRange<Duration> = .milliseconds(20)...(.seconds(1)),
        historyAge: Duration = .seconds(7 * 86_400)
    ) {
        precondition(concurrency > 0 && lease > .zero && crashesMax > 0, "a processor needs room, time and patience")
        self.concurrency = concurrency
        self.prefetchMax = max(prefetchMax, concurrency)
        self.gracefulShutdownTimeout = gracefulShutdownTimeout
        self.lease = lease
        self.rescueInterval = rescueInterval
        self.crashesMax = crashesMax
        self.pollInterval = pollInterval
        self.historyAge = historyAge
    }

    var heartbeatInterval: Duration { lease / 5 }
    var leaseTrust: Duration { lease * 4 / 5 }
}

/// Runs the jobs of some queues in this process.
///
/// Works under one identity after another: when a lease is lost, because the database was away or the process was
/// stopped, everything of that identity is cancelled and the next one begins. No fault of the database ends it.
public final class JobProcessor: Service {
    let queue: JobQueue
    let queueNames: [String]
    let options: JobProcessorOptions

    init(queue: JobQueue, queueNames: [String], options: JobProcessorOptions) {
        precondition(!queueNames.isEmpty, "a processor needs a queue")
        self.queue = queue
        self.queueNames = queueNames
        self.options = options
    }

    /// Runs until graceful shutdown or cancellation.
    ///
    /// Both give back what was not completed, without a try lost.
    public func run() async throws {
        let drain = OneShot()
        await withGracefulShutdownHandler {
            await withTaskCancellationHandler {
                await runIdentities(drain)
            } onCancel: {
                drain.happen()
            }
        } onGracefulShutdown: {
            drain.happen()
        }
        queue.logger.debug("the job processor ended")
    }

    private func runIdentities(_ drain: OneShot) async {
        await withDiscardingTaskGroup { group in
            var former = WorkerSession.nobody
            while let session = await open(after: former, drain) {
                // Not awaited to its end: a handler that ignores its cancellation must not keep the next identity from
                // working. It can write nothing: its fence is gone.
                group.addTask { await session.run() }
                await session.lease.over.wait()
                former = session.lease.worker
            }
        }
    }

    /// Registers the next identity, however long the database takes to come back; nil when it is not needed any more.
    private func open(after former: UUID, _ drain: OneShot) async -> WorkerSession? {
        var backoff = Backoff(first: .milliseconds(50), longest: .seconds(2))
        while !drain.hasHappened, !Task.isCancelled {
            do throws(PostgresError) {
                return try await WorkerSession(self, after: former, drain)
            } catch {
                queue.logger.warning("no worker could be registered; will try again", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: backoff.next())
            }
        }
        return nil
    }
}
