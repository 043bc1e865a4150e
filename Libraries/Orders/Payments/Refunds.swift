package import FoundationEssentials
package import Jobs
package import Kernel
package import Postgres

/// Money on its way back.
package enum Refunds {
    /// Asks for money of a payment to be given back, once for each cause: asking again finds the refund there is.
    ///
    /// The first attempt and its job stand in the caller's transaction; after the commit, wake the queue `payments`.
    ///
    /// - Parameters:
    ///   - cause: What it goes back for; nil where all of the payment does.
    ///   - reason: Words that the shopper reads at WeChat; what is longer than 80 bytes is cut.
    ///   - now: The instant, from `siyu.clock()`.
    /// - Returns: The newest attempt.
    /// - Throws: ``Problem`` as ``request(_:brand:now:queue:on:)`` does.
    package static func request(
        payment: ID<Payment>, amount: Money, cause: UUID? = nil, reason: String, brand: ID<Brand>, now: Date,
        queue: JobQueue, on tx: Transaction
    ) async throws -> ID<Refund> {
        let wish = RefundWish(payment: payment, amount: amount, cause: cause, reason: reason)
        return try await request([wish], brand: brand, now: now, queue: queue, on: tx)[0]
    }

    /// Asks for many refunds of a brand in a handful of statements, however many they are: all of them, or none.
    ///
    /// The payments are locked in the order of their keys until the transaction ends, so that parts which are asked for at once cannot
    /// exceed what was paid together.
    ///
    /// - Returns: The newest attempt for each wish, in their order.
    /// - Throws: ``Problem`` if a payment is not paid, was paid more than a year ago, or has not so much left, or if it has as many
    ///   refunds as WeChat Pay takes; for a cause whose last number was closed for good, since only a person begins another one.
    package static func request(
        _ wishes: [RefundWish], brand: ID<Brand>, now: Date, queue: JobQueue, on tx: Transaction
    ) async throws -> [ID<Refund>] {
        if wishes.isEmpty { return [] }
        let payments = Set(wishes.map(\.payment)).sorted()
        // Two statements: the second must see what the previous holders of the payments committed.
        let (intents, attempts) = try await tx.pipeline(
            PaymentStatements.lock(payments, brand: brand), RefundStatements.refunds(of: payments, brand: brand))
        let plan = try RefundPlan(wishes, intents: intents, attempts: attempts, now: now)
        if plan.fresh.isEmpty { return plan.ids }
        var flight = Flight()
        let room = flight.add(PaymentStatements.reserve(plan.reserved, brand: brand, now: now))
        _ = flight.add(RefundStatements.add(plan.fresh, brand: brand, now: now))
        for part in plan.fresh.parts(of: jobsAtOnce.value) {
            let jobs = part.map { RefundRequest(brand: brand, refund: $0.id) }
            _ = flight.add(try await queue.pushing(jobs, options: JobOptions(brand: brand.rawValue)))
        }
        let landing = try await tx.run(flight)
        // The plan says that there is room; this is the second lock on the door.
        guard try landing.rows(room).count == plan.reserved.count else { throw Problem.refundTooLarge }
        return plan.ids
    }

    /// All attempts to give a payment back, in their order.
    package static func of(
        _ payment: ID<Payment>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> [RefundRecord] {
        try await executor.run(RefundStatements.refunds(of: payment, brand: brand))
    }

    /// The refund of an id, if the brand has it.
    package static func refund(
        _ id: ID<Refund>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> RefundRecord? {
        try await executor.first(RefundStatements.refund(id, brand: brand))
    }

    /// The refunds that wait for a person, those that wait longest first.
    package static func needingAttention(
        limit: Int = 100, brand: ID<Brand>, on executor: some Executor
    ) async throws -> [RefundRecord] {
        try await executor.run(RefundStatements.needingAttention(limit: limit, brand: brand))
    }

    /// Makes the next attempt for a cause, with its job.
    ///
    /// What the number before had reserved is its own now.
    static func renew(
        _ refund: RefundRecord, as number: Int, of intent: PaymentIntent, after delay: Duration?, brand: ID<Brand>,
        now: Date, _ queue: JobQueue, _ tx: Transaction
    ) async throws -> ID<Refund> {
        let next = NewRefund(
            intent: intent, amount: refund.amount, cause: refund.cause, reason: refund.reason, number: number,
            round: refund.round + 1)
        try await tx.execute(RefundStatements.add([next], brand: brand, now: now))
        try await queue.push(
            RefundRequest(brand: brand, refund: next.id), options: JobOptions(delay: delay, brand: brand.rawValue),
            on: tx)
        return next.id
    }

    private static let jobsAtOnce = Limit(1_000, reason: "What one statement pushes.")
}

extension Array {
    /// The elements in their order, so many at a time.
    fileprivate func parts(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
