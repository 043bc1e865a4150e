import FoundationEssentials
import Kernel
import Logging
import Postgres

/// The work of a processor under one identity: the slots that run jobs, the pump that exchanges them with the database,
/// the heart that renews the lease, the ear that listens for wake-ups, and the housekeeper.
///
/// Ends with its lease.
struct WorkerSession: Sendable {
    static let nobody = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    let queue: JobQueue
    let options: JobProcessorOptions
    let lease: WorkerLease
    let bench: Workbench
    let drain: OneShot
    let logger: Logger
    let queueNames: [Int32: String]
    let kinds: [Int32: WorkedKind]
    let office: JobOffice
    let slots: [JobSlot]
    /// Rung when the heart should not wait for its next beat.
    let heartbell = Doorbell()

    /// Registers a new identity; what the former one still holds goes back.
    init(_ processor: JobProcessor, after former: UUID, _ drain: OneShot) async throws(PostgresError) {
        let queue = processor.queue
        var queueNames: [Int32: String] = [:]
        for name in processor.queueNames { queueNames[try await queue.catalog.queueID(name)] = name }
        var kinds: [Int32: WorkedKind] = [:]
        for handler in queue.handlers {
            let metrics = KindMetrics(name: handler.name, queue: handler.queue)
            kinds[try await queue.catalog.kindID(handler.name)] = WorkedKind(handler: handler, metrics: metrics)
        }

        let worker = ID<WorkerLease>.mint().rawValue
        let sentAt = ContinuousClock.now
        _ = try await queue.pool.pipeline([
            WorkerStatements.register(
                .init(
                    worker: worker, former: former, app: queue.pool.configuration.connection.applicationName,
                    host: ProcessInfo.processInfo.hostName, processID: ProcessInfo.processInfo.processIdentifier,
                    queueIDs: queueNames.keys.sorted(), lease: processor.options.lease)),
            WorkerStatements.unpark(
                queues: queueNames.keys.sorted(),
                kinds.map { .init(kind: $0.key, versions: $0.value.handler.versions) }),
        ])
        self.queue = queue
        self.options = processor.options
        self.drain = drain
        self.queueNames = queueNames
        self.kinds = kinds
        slots = (0..<processor.options.concurrency).map { _ in JobSlot() }
        lease = WorkerLease(worker: worker, sentAt: sentAt, trust: processor.options.leaseTrust)
        bench = Workbench(flushCount: max(1, processor.options.prefetchMax / 4))
        var logger = queue.logger
        logger[metadataKey: "jobs.worker"] = "\(ID<WorkerLease>(rawValue: worker))"
        self.logger = logger
        office = JobOffice(queue: queue, lease: lease, logger: logger, drain: drain)
    }

    func run() async {
        logger.debug("a worker began", metadata: ["queues": "\(queueNames.values.sorted())"])
        await withDiscardingTaskGroup { group in
            let interrupt = OneShot()
            group.addTask { await lease.watch() }
            group.addTask { await beat() }
            group.addTask { await listen() }
            group.addTask { await Housekeeper(session: self).run() }
            group.addTask { await runSlots(until: interrupt) }
            group.addTask {
                var pump = JobPump(session: self)
                await pump.run()
            }
            group.addTask {
                await drain.wait()
                guard !Task.isCancelled else { return }
                bench.drain()
                try? await Task.sleep(for: options.gracefulShutdownTimeout)
                interrupt.happen()
            }
            await lease.over.wait()
            bench.close()
            interrupt.happen()
            group.cancelAll()
        }
        if lease.end == nil { await handOver() }
        let end = lease.end?.rawValue ?? "cancelled"
        logger.log(
            level: lease.end == .drained ? .debug : .warning, "a worker ended", metadata: ["reason": "\(end)"])
    }

    /// What the pump would have done at the end of a drain, for a processor whose task was cancelled: a cancelled task
    /// cannot talk to the database, hence one that does not inherit the cancellation, and that is waited for.
    private func handOver() async {
        let finished = bench.takeFinished()
        await Task {
            do {
                let acks = finished.filter(\.outcome.isCompleted).map(\.token)
                _ = try await queue.pool.pipeline([
                    JobStatements.asynchronousCommit, JobStatements.ack(acks, by: lease.worker),
                ])
                try await queue.pool.execute(WorkerStatements.deregister(lease.worker))
            } catch {
                logger.warning("a cancelled worker could not hand over", metadata: ["error": "\(error)"])
            }
        }.value
    }

    // MARK: Slots

    /// The slots are a group of their own, so that running jobs can be interrupted while the pump and the heart go on.
    private func runSlots(until interrupt: OneShot) async {
        await withDiscardingTaskGroup { group in
            for slot in slots {
                group.addTask {
                    await slot.run {
                        let runner = JobRunner(session: self, slot: slot)
                        while let job = await bench.next() {
                            let startedAt = ContinuousClock.now
                            let outcome = await runner.run(job, at: startedAt)
                            let wasCancelled = slot.end()
                            bench.finish(job, outcome, took: .now - startedAt)
                            if wasCancelled { return .cancelled }
                        }
                        return .closed
                    }
                }
            }
            await interrupt.wait()
            group.cancelAll()
        }
    }

    // MARK: Heart

    /// Renews the lease on a connection of its own, so that no statement of a job can delay it.
    private func beat() async {
        var configuration = queue.pool.configuration.connection
        configuration.statementTimeout = options.heartbeatInterval
        configuration.connectTimeout = min(configuration.connectTimeout, options.heartbeatInterval)
        var connection: Connection?
        var pause = options.heartbeatInterval
        while !lease.over.hasHappened {
            await heartbell.wait(upTo: pause)
            guard !Task.isCancelled else { break }
            do throws(PostgresError) {
                let open: Connection
                if let connection, connection.isOpen {
                    open = connection
                } else {
                    open = try await Connection.connect(configuration, logger: logger)
                    connection = open
                }
                let sentAt = ContinuousClock.now
                let (answer, cancellations) = try await open.pipeline(
                    WorkerStatements.renew(lease.worker, lease: options.lease),
                    WorkerStatements.cancellations(for: lease.worker))
                if answer.isEmpty { lease.finish(.refused) }
                lease.renewed(sentAt: sentAt)
                for cancellation in cancellations { stop(cancellation) }
                pause = options.heartbeatInterval
            } catch {
                logger.warning("a lease was not renewed; will try again", metadata: ["error": "\(error)"])
                pause = options.heartbeatInterval / 6
            }
        }
        await connection?.close()
    }

    /// Cancels a job that runs, or that waits for its turn; one that has ended meanwhile is judged by the database.
    private func stop(_ cancellation: WorkerStatements.Cancellation) {
        guard !bench.discard(cancellation.id, as: cancellation.text) else { return }
        for slot in slots where slot.cancel(cancellation.id, cancellation.text) { return }
    }

    // MARK: Ear

    /// Listens for wake-ups on a connection of its own.
    ///
    /// Without it, polling finds jobs within a second. Never through a pooler in transaction mode: that would leave the
    /// LISTEN on a session that others use next.
    private func listen() async {
        guard queue.options.usesNotifications else { return }
        let shared = queue.pool.configuration.connection
        guard let configuration = queue.options.listenConnection ?? (shared.usesNamedStatements ? shared : nil) else {
            return logger.info("not listening for wake-ups behind a pooler; polling finds the jobs")
        }
        let names = Set(queueNames.values)
        var backoff = Backoff(first: .milliseconds(100), longest: .seconds(10))
        while !Task.isCancelled {
            do throws(PostgresError) {
                let connection = try await Connection.connect(configuration, logger: logger)
                let notifications = try await connection.notifications(on: JobWaker.channel)
                backoff.reset()
                // What was pushed before we listened is found by this look.
                bench.wake()
                for await notification in notifications {
                    if notification.payload.isEmpty { heartbell.ring() }
                    if names.contains(notification.payload) { bench.wake() }
                }
                await connection.close()
            } catch {
                logger.debug("not listening for wake-ups; polling goes on", metadata: ["error": "\(error)"])
            }
            if !Task.isCancelled { try? await Task.sleep(for: backoff.next()) }
        }
    }
}
