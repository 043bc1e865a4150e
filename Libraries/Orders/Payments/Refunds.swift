package import FoundationEssentials
package import Jobs
package import Kernel
package import Postgres

/// Money on its way back.
package enum Refunds {
    /// Asks for the whole of a payment to be given back, once: asking again finds the refund there is.
    ///
    /// The first attempt and its job stand in the caller's transaction; after the commit, wake the queue `payments`.
    ///
    /// - Parameters:
    ///   - reason: Words that the shopper reads at WeChat; what is longer than 80 bytes is cut.
    ///   - now: The instant, from `siyu.clock()`.
    /// - Returns: The newest attempt.
    /// - Throws: ``Problem`` if the payment is not paid, or `amount` is not all of it.
    package static func request(
        payment: ID<Payment>, amount: Money, reason: String, brand: ID<Brand>, now: Date, queue: JobQueue,
        on tx: Transaction
    ) async throws -> ID<Refund> {
        // Two statements: the second must see what the previous holder of the payment committed.
        let (intents, attempts) = try await tx.pipeline(
            PaymentStatements.lock(payment, brand: brand), RefundStatements.refunds(of: payment, brand: brand))
        guard let intent = intents.first else { throw Problem.notFound("There is no such payment.") }
        guard intent.state == .paid || intent.state == .unwanted else {
            throw Problem.conflict("What has not been paid cannot be given back.", code: "not_paid")
        }
        guard amount == intent.paid else {
            throw Problem.invalid(
                "A payment is given back as a whole: \(intent.paid.yuanText) yuan.", code: "refund_not_whole")
        }
        if let newest = attempts.last { return newest.id }
        let room = try await tx.first(PaymentStatements.reserve(amount, of: payment, brand: brand, now: now))
        guard room != nil else {
            throw Problem.conflict("Refunds of this payment would exceed what was paid.", code: "refund_too_large")
        }
        return try await add(
            1, of: intent, amount: amount, reason: reason, after: nil, brand: brand, now: now, queue, tx)
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

    /// Starts another round of calls for a refund that waits for a person; what may have been sent is asked about first.
    ///
    /// - Returns: The refund as it is now.
    /// - Throws: ``Problem`` if the refund is over, or there is none.
    package static func retry(
        _ id: ID<Refund>, brand: ID<Brand>, queue: JobQueue, on tx: Transaction
    ) async throws -> RefundRecord {
        let (clock, found) = try await tx.pipeline(
            CatalogueStatements.clock(), RefundStatements.lock(id, brand: brand))
        guard let now = clock.first, let refund = found.first else {
            throw Problem.notFound("There is no such refund.")
        }
        guard refund.stage != .succeeded, refund.stage != .closed else {
            throw Problem.conflict("This refund is over (\(refund.stage.rawValue)).", code: "refund_over")
        }
        // Only what certainly never left may be sent without a question.
        let stage: RefundStage = refund.sentAt == nil ? .requested : .unknown
        try await tx.execute(RefundStatements.revive(id, as: stage, brand: brand, now: now))
        try await queue.push(
            RefundRequest(brand: brand, refund: id), options: JobOptions(brand: brand.rawValue), on: tx)
        return try await tx.one(RefundStatements.refund(id, brand: brand))
    }

    /// Makes an attempt with its job.
    static func add(
        _ number: Int, of intent: PaymentIntent, amount: Money, reason: String, after delay: Duration?,
        brand: ID<Brand>, now: Date, _ queue: JobQueue, _ tx: Transaction
    ) async throws -> ID<Refund> {
        let id = ID<Refund>.mint()
        try await tx.execute(
            RefundStatements.add(
                id, number: number, outRefundNo: RefundRecord.outRefundNo(intent.id, number), amount: amount,
                reason: reason.cut(toBytes: 80), of: intent, brand: brand, now: now))
        try await queue.push(
            RefundRequest(brand: brand, refund: id), options: JobOptions(delay: delay, brand: brand.rawValue), on: tx)
        return id
    }
}

extension String {
    /// As many whole characters as fit.
    fileprivate func cut(toBytes limit: Int) -> String {
        var cut = self
        while cut.utf8.count > limit { cut.removeLast() }
        return cut.isEmpty ? "refund" : cut
    }
}
