package import Foundation
package import Jobs
package import Kernel
package import Keys
package import Postgres

/// Sends messages to endpoints: one call in each run of a job.
///
/// At least once: whoever is killed between the call and the commit leaves a message behind that is sent again, with the same `webhook-id`.
/// How a try ended is kept in the delivery's row, and the job sleeps until the next one, so that it never fails and its lane never waits
/// for more than its turn.
package struct HookSending: Sendable {
    /// How long a run may take: the call, and what the database needs around it.
    private static let timeout: Duration = .seconds(60)
    /// For what goes wrong on our side, a database or a key that is away: half a day.
    private static let retries = ExponentialJitter.exponentialJitter(
        maxAttempts: 80, minBackoff: .seconds(1), maxBackoff: .seconds(600))

    private let pool: Pool
    private let keys: KeyRing
    private let transport: any HookTransport
    private let allowsLocal: Bool
    private let realTime: @Sendable () -> Date

    /// Sends over `transport`.
    ///
    /// - Parameters:
    ///   - allowsLocal: Whether this machine may be told, without encryption: in development.
    ///   - realTime: For signatures.
    package init(
        pool: Pool, keys: KeyRing, transport: any HookTransport, allowsLocal: Bool = false,
        realTime: @escaping @Sendable () -> Date
    ) {
        self.pool = pool
        self.keys = keys
        self.transport = transport
        self.allowsLocal = allowsLocal
        self.realTime = realTime
    }

    /// Tells `queue` how the jobs of this room are done; the process must work the queue `hooks-out`.
    package func register(on queue: JobQueue) {
        queue.registerJob(parameters: HookSend.self, retryStrategy: Self.retries, timeout: Self.timeout) {
            job, context in
            try await send(job, in: context)
        }
    }

    private func send(_ job: HookSend, in context: JobContext) async throws {
        let (found, secrets) = try await pool.pipeline(
            OutgoingStatements.telling(job.message, to: job.endpoint, brand: job.brand),
            OutgoingStatements.secrets(of: job.endpoint, brand: job.brand))
        // Forgotten, or told by another job of the same message: nothing is left to do.
        guard let telling = found.first, telling.state == "pending" else { return }
        guard telling.isActive else {
            return try await end(job, telling, "refused", "the endpoint is disabled", in: context)
        }
        // Whoever was killed before it could sleep comes back early.
        if let due = telling.dueAt, telling.now < due { throw JobSleep(for: due.timeIntervalSince(telling.now)) }
        let lease = try await turn(job, telling)
        let answer = try await call(job, telling, secrets)
        // A call that was interrupted says nothing about the endpoint.
        try Task.checkCancellation()
        let wait = try await settle(answer, job, telling, lease: lease, in: context)
        if let wait { throw JobSleep(for: wait) }
    }

    /// Passes the breaker.
    ///
    /// - Returns: The instant that the breaker was moved on to, for whoever tries an endpoint that is being spared.
    /// - Throws: `JobSleep` where it is not to be called.
    private func turn(_ job: HookSend, _ telling: OutgoingStatements.Telling) async throws -> Date? {
        switch telling.breaker.step(at: telling.now) {
        case .call: return nil
        // Spread a little, so that not all of them come back in one instant.
        case .wait(let until):
            throw JobSleep(for: until.timeIntervalSince(telling.now) * Double.random(in: 1...1.05) + 0.1)
        case .probe(let lease):
            let take = OutgoingStatements.takeProbe(
                of: job.endpoint, seen: telling.breaker.openUntil, until: lease, brand: job.brand)
            guard try await pool.first(take) != nil else { throw JobSleep(for: .seconds(5)) }
            return lease
        }
    }

    private func call(
        _ job: HookSend, _ telling: OutgoingStatements.Telling, _ sealed: [(number: Int32, sealed: [UInt8])]
    ) async throws -> HookAnswer {
        let url: HookURL
        do throws(Problem) {
            url = try HookURL(telling.url, allowsLocal: allowsLocal)
        } catch {
            return .forbidden("its URL is not one that hooks may go to")
        }
        if sealed.isEmpty { return .forbidden("it has no secret to sign with") }
        let secrets = try sealed.map { secret in
            let context = HookEndpoints.secretContext(job.endpoint, brand: job.brand, number: secret.number)
            return HookSecret(bytes: try keys.open(secret.sealed, for: .hookSecret, context: context))
        }
        let id = Self.webhookID(job.message)
        let timestamp = Int(realTime().timeIntervalSince1970)
        let signature = secrets.map {
            StandardWebhook.sign(id: id, timestamp: timestamp, body: telling.payload, secret: $0)
        }.joined(separator: " ")
        return try await transport.post(
            HookRequest(
                url: url,
                headers: [
                    ("content-type", "application/json"), ("user-agent", "Siyu/1"), ("webhook-id", id),
                    ("webhook-timestamp", "\(timestamp)"), ("webhook-signature", signature),
                ], body: telling.payload))
    }

    /// The same for every try and every redelivery of a message, so that receivers can tell that they had it.
    package static func webhookID(_ message: ID<OutgoingMessage>) -> String {
        "msg_" + message.description.filter { $0 != "-" }
    }
}

// MARK: - Settling

extension HookSending {
    /// Writes down how a call ended.
    ///
    /// - Returns: How long to wait before the next; nil if there is none.
    private func settle(
        _ answer: HookAnswer, _ job: HookSend, _ telling: OutgoingStatements.Telling, lease: Date?,
        in context: JobContext
    ) async throws -> TimeInterval? {
        switch HookOutcome.of(answer) {
        case .delivered: try await end(job, telling, "delivered", nil, answer, in: context)
        case .refused(let reason): try await end(job, telling, "refused", reason, answer, in: context)
        case .gone: try await end(job, telling, "refused", "it answered 410: it is gone", answer, in: context)
        case .again(let isStrike, let retryAfter, let reason):
            return try await again(
                job, telling, answer, isStrike: isStrike, retryAfter: retryAfter, reason, lease: lease, in: context)
        }
        return nil
    }

    /// The last word about a delivery, in the commit that ends its job; an endpoint that answers is not spared any longer.
    private func end(
        _ job: HookSend, _ telling: OutgoingStatements.Telling, _ state: String, _ error: String?,
        _ answer: HookAnswer? = nil, in context: JobContext
    ) async throws {
        let note = OutgoingStatements.Note(
            state: state, hasCalled: answer?.hasCalled ?? false, strikes: telling.strikes, status: answer?.status,
            error: error)
        try await context.complete { tx in
            let now = try await tx.one(OutgoingStatements.clock())
            try await tx.execute(
                OutgoingStatements.note(note, job.message, to: job.endpoint, brand: job.brand, now: now))
            guard let status = answer?.status else { return }
            if status == 410 {
                try await tx.execute(
                    OutgoingStatements.disable(
                        job.endpoint, at: telling.url, reason: "it answered 410: it is gone", brand: job.brand, now: now
                    ))
            } else {
                try await tx.execute(OutgoingStatements.closeBreaker(of: job.endpoint, brand: job.brand, now: now))
            }
        }
    }

    private func again(
        _ job: HookSend, _ telling: OutgoingStatements.Telling, _ answer: HookAnswer, isStrike: Bool,
        retryAfter: TimeInterval, _ reason: String, lease: Date?, in context: JobContext
    ) async throws -> TimeInterval? {
        try await context.transaction { tx in
            let now = try await tx.one(OutgoingStatements.clock())
            let before = try await tx.one(OutgoingStatements.lockBreaker(of: job.endpoint, brand: job.brand))
            let breaker = before.failed(lease: lease, at: now)
            if breaker != before {
                try await tx.execute(
                    OutgoingStatements.setBreaker(breaker, of: job.endpoint, brand: job.brand, now: now))
            }
            let pause = breaker.openUntil.map { max($0.timeIntervalSince(now), 1) }
            let strikes = telling.strikes + (isStrike && pause == nil ? 1 : 0)
            let wait = HookRetries.wait(
                strikes: Int(strikes), isStrike: isStrike, retryAfter: retryAfter,
                age: now.timeIntervalSince(telling.since), pause: pause)
            let note = OutgoingStatements.Note(
                state: wait == nil ? "discarded" : "pending", strikes: strikes, status: answer.status, error: reason,
                dueAt: wait.map { now + $0 })
            try await tx.execute(
                OutgoingStatements.note(note, job.message, to: job.endpoint, brand: job.brand, now: now))
            return wait
        }
    }
}

extension HookAnswer {
    fileprivate var status: Int? { if case .status(let status, _) = self { status } else { nil } }
    fileprivate var hasCalled: Bool { if case .forbidden = self { false } else { true } }
}

extension JobSleep {
    fileprivate init(for seconds: TimeInterval) { self.init(for: .seconds(seconds)) }
}
