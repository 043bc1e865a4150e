package import Foundation
package import Jobs
package import Kernel
package import Postgres

/// A message on its way to an endpoint, or at the end of it.
package struct HookDeliveryRecord: Sendable, Hashable {
    /// The message.
    package let message: ID<OutgoingMessage>
    /// What happened.
    package let event: String
    /// To what.
    package let subject: UUID
    /// When.
    package let occurredAt: Date
    /// How far it is: pending, delivered, refused or discarded.
    package let state: String
    /// How often it was sent since it was last asked for.
    package let attempts: Int
    /// How often it was asked for again.
    package let redeliveries: Int
    /// What the endpoint answered last.
    package let lastStatus: Int?
    /// Why it was not taken.
    package let lastError: String?
    /// When something last happened to it.
    package let updatedAt: Date
}

/// Messages that were not taken, and their way back.
package enum HookRedelivery {
    /// How far a delivery is.
    package enum State: String, Sendable, Hashable, CaseIterable {
        /// On its way.
        case pending
        /// Taken.
        case delivered
        /// Not taken, and not offered again.
        case refused
        /// Offered for three days in vain.
        case discarded
    }

    /// Which deliveries are meant.
    package struct Filter: Sendable, Hashable {
        /// How far they are.
        package var states: [State]
        /// What happened; nil for anything.
        package var event: String?
        /// The earliest instant at which it happened.
        package var from: Date?
        /// The instant before which it happened.
        package var to: Date?

        /// The dead letters, unless told otherwise.
        package init(
            states: [State] = [.refused, .discarded], event: String? = nil, from: Date? = nil, to: Date? = nil
        ) {
            self.states = states
            self.event = event
            self.from = from
            self.to = to
        }
    }

    /// How many one transaction brings back: short enough to be in nobody's way.
    package static let slice = 1_000

    /// The deliveries of an endpoint, oldest first, in parts.
    ///
    /// - Returns: Nil if the brand has no such endpoint.
    package static func list(
        _ filter: Filter, endpoint name: String, after message: ID<OutgoingMessage>? = nil, limit: Int,
        brand: ID<Brand>,
        on db: some Executor
    ) async throws(PostgresError) -> [HookDeliveryRecord]? {
        let endpoints = try await HookEndpoints.list(brand: brand, on: db)
        guard let endpoint = endpoints.first(where: { $0.name == name }) else { return nil }
        return try await db.run(
            OutgoingStatements.list(filter, endpoint: endpoint.id, after: message, limit: limit, brand: brand))
    }

    /// Sends messages again, each with the `webhook-id` that it had, in their order within each lane.
    ///
    /// In slices: one that is interrupted has brought back the oldest, and asked again it goes on.
    ///
    /// - Returns: How many; nil if the brand has no such endpoint.
    /// - Throws: ``Problem`` for an endpoint that is disabled, and for messages that are on their way anyhow; `PostgresError`.
    package static func redeliver(
        _ filter: Filter, endpoint name: String, brand: ID<Brand>, queue: JobQueue
    ) async throws -> Int? {
        guard !filter.states.contains(.pending) else {
            throw Problem.invalid("What is pending is on its way: siyu jobs shows its job.")
        }
        let endpoints = try await HookEndpoints.list(brand: brand, on: queue.pool)
        guard let endpoint = endpoints.first(where: { $0.name == name }) else { return nil }
        guard endpoint.isActive else {
            throw Problem.conflict("The endpoint \(name) is disabled: enable it first.")
        }
        var last: ID<OutgoingMessage>?
        var count = 0
        while true {
            let after = last
            let found = try await queue.pool.transaction { tx in
                let found = try await tx.run(
                    OutgoingStatements.redeliver(
                        filter, endpoint: endpoint.id, after: after, limit: slice, brand: brand))
                let lanes = Dictionary(found.map { ($0.message, $0.lane) }) { first, _ in first }
                let jobs = found.map { HookSend(brand: brand, message: $0.message, endpoint: endpoint.id) }
                try await queue.push(contentsOf: jobs, on: tx) { $0.options(lane: lanes[$0.message] ?? "") }
                return found
            }
            count += found.count
            last = found.last?.message
            if found.count < slice { break }
        }
        if count > 0 { await queue.wake(HookSend.jobQueue) }
        return count
    }
}
