package import Foundation
package import Jobs
package import Kernel
package import Postgres
import Synchronization

/// The job that tells one endpoint of one message; siyu-ingest works it.
package struct HookSend: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "hook.send"
    /// A queue of its own: receivers that are slow hold up nothing else.
    package static let jobQueue = "hooks-out"

    /// The tenant.
    package let brand: ID<Brand>
    /// What is told.
    package let message: ID<OutgoingMessage>
    /// Who is told.
    package let endpoint: ID<HookEndpoint>

    /// Asks for a message to be sent.
    package init(brand: ID<Brand>, message: ID<OutgoingMessage>, endpoint: ID<HookEndpoint>) {
        self.brand = brand
        self.message = message
        self.endpoint = endpoint
    }

    /// Messages of a lane go to an endpoint one after another: the next waits until the one before is delivered or given up.
    func options(lane: String) -> JobOptions {
        JobOptions(brand: brand.rawValue, lane: JobLane("\(endpoint)/\(lane)"), key: message.description)
    }
}

/// Tells what happens here, from within the transaction in which it happens: what is rolled back is told to nobody.
///
/// Who listens is remembered for a second, so that a brand without endpoints pays nothing: an endpoint hears what happens from a second
/// after it was made. The look is made on the caller's own transaction, which has a connection already.
package final class OutgoingHooks: Sendable {
    private struct Known {
        var listeners: [HookEndpoints.Listener]
        var askedAt: ContinuousClock.Instant
    }

    /// How long memory is not questioned.
    private static let fresh: Duration = .seconds(1)

    private let queue: JobQueue
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let known = Mutex<[ID<Brand>: Known]>([:])

    /// Tells by jobs of `queue`.
    ///
    /// - Parameter clock: Tells how old memory is; tests bring their own.
    package init(queue: JobQueue, clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.queue = queue
        self.clock = clock
    }

    /// Tells of events as part of `tx`; each subject of each type once, however often it is said.
    ///
    /// Call ``wake()`` after the commit, or let it be: polling finds the jobs within a second.
    ///
    /// - Parameter now: The instant of the business.
    /// - Returns: Whether anybody is told.
    package func emit(
        _ events: [OutgoingEvent], brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> Bool {
        if events.isEmpty { return false }
        let listeners = try await listeners(of: brand, on: tx)
        let heard = events.filter { event in listeners.contains { $0.events.contains(event.type) } }
        if heard.isEmpty { return false }
        let messages = try heard.map {
            OutgoingStatements.NewMessage(id: .mint(), event: $0, payload: try $0.payload)
        }
        let new = Set(try await tx.run(OutgoingStatements.insert(messages, brand: brand)))
        let deliveries = messages.filter { new.contains($0.id) }.flatMap { message in
            listeners.filter { $0.events.contains(message.event.type) }.map { (message: message, endpoint: $0.id) }
        }
        if deliveries.isEmpty { return false }
        try await tx.execute(
            OutgoingStatements.insertDeliveries(
                deliveries.map { ($0.message.id, $0.endpoint) }, brand: brand, now: now))
        let lanes = Dictionary(deliveries.map { ($0.message.id, $0.message.event.lane) }) { first, _ in first }
        let jobs = deliveries.map { HookSend(brand: brand, message: $0.message.id, endpoint: $0.endpoint) }
        try await queue.push(contentsOf: jobs, on: tx) { $0.options(lane: lanes[$0.message] ?? "") }
        return true
    }

    /// Tells workers that there is something to send; after the commit.
    package func wake() async { await queue.wake(HookSend.jobQueue) }

    /// Looks up the kind of the job that sends, so that telling within a transaction needs no second connection.
    package func prepare() async throws { try await queue.prepare(HookSend.self) }

    private func listeners(of brand: ID<Brand>, on tx: Transaction) async throws -> [HookEndpoints.Listener] {
        let now = clock()
        if let entry = known.withLock({ $0[brand] }), now - entry.askedAt < Self.fresh { return entry.listeners }
        let listeners = try await tx.run(EndpointStatements.active(brand: brand))
        known.withLock { $0[brand] = Known(listeners: listeners, askedAt: now) }
        return listeners
    }
}
