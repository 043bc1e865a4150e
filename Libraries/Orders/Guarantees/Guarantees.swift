package import Accounting
package import FoundationEssentials
package import Jobs
package import Kernel
package import Policies
package import Postgres

extension PolicyKey where Value == GuaranteeTerms {
    /// What shops guarantee.
    static var guarantee: Self { Self("orders.guarantee") }
}

/// Which shops guarantee what they sell.
package struct GuaranteeShops: Codable, Hashable, Sendable {
    /// Whether every shop of the brand does.
    let all: Bool
    /// Those that do.
    let shops: [ID<Shop>]

    /// Whether this one does.
    package func contains(_ shop: ID<Shop>) -> Bool { all || shops.contains(shop) }
}

extension PolicyKey where Value == GuaranteeShops {
    /// Which shops guarantee what they sell.
    package static var guaranteeShops: Self { Self("orders.guarantee_shops") }
}

extension TransferKind {
    /// A shopper is owed a compensation, since a guarantee was broken; subject: the order.
    package static let guaranteeCompensated: TransferKind = "guarantee.compensated"
}

/// The job that looks whether a guarantee is kept; due when some time of it is over.
package struct GuaranteeLook: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "guarantee.look"
    /// The queue of siyu-gifts.
    package static let jobQueue = PaymentReceived.jobQueue

    /// The tenant.
    package let brand: ID<Brand>
    /// Which order.
    package let order: ID<Order>

    /// Asks for a look at a guarantee.
    package init(brand: ID<Brand>, order: ID<Order>) {
        self.brand = brand
        self.order = order
    }
}

/// One line of the trail of evidence.
package struct GuaranteeEntry: Hashable, Sendable {
    /// What happened.
    package let fact: GuaranteeFact
    /// When, by whoever tells it.
    package let happenedAt: Date
    /// The number by which somebody can look it up: a waybill, a case.
    package let evidence: String?
    /// When we heard of it.
    package let recordedAt: Date
}

/// The clock of what shops guarantee: ship by, refund by, and a compensation if not.
package struct Guarantees: Sendable {
    private let queue: JobQueue

    /// Guarantees whose jobs go to `queue`.
    package init(queue: JobQueue) { self.queue = queue }

    /// Says how guarantees are looked at; the process must work the queue `payments`.
    package func register() {
        queue.registerJob(parameters: GuaranteeLook.self, timeout: .seconds(60)) { job, context in
            try await context.complete { tx in
                guard try await carryOut(.look, of: job.order, brand: job.brand, on: tx) != nil else {
                    throw JobFailure.permanent("there is no such guarantee")
                }
            }
        }
    }

    /// Whether a shop guarantees what it sells at an instant.
    package static func isGiven(
        by shop: ID<Shop>, brand: ID<Brand>, at instant: Date, on tx: Transaction
    ) async throws -> Bool {
        try await Policies.value(.guaranteeShops, brand: brand, at: instant, on: tx).contains(shop)
    }

    /// Starts the clock of an order; again changes nothing.
    ///
    /// - Parameters:
    ///   - since: When it became the shop's to fulfil, by whose terms: paid, or for a gift accepted.
    ///   - shipFrom: When the time to ship begins; nil for the same instant.
    package func open(
        _ order: ID<Order>, of shop: ID<Shop>, payer: ID<Person>, amount: Money, since: Date, shipFrom: Date? = nil,
        brand: ID<Brand>, on tx: Transaction
    ) async throws {
        let now = try await tx.one(GuaranteeStatements.clock())
        let terms = try await Policies.value(.guarantee, brand: brand, at: since, on: tx)
        let shipBy = (shipFrom ?? since).addingTimeInterval(TimeInterval(terms.shipSeconds))
        let record = GuaranteeRecord(
            order: order, shop: shop, payer: payer, amount: amount, compensation: terms.compensation(for: amount),
            shipBy: shipBy, shippedAt: nil, refundAskedAt: nil, refundBy: nil, refundedAt: nil, compensatedAt: nil,
            updatedAt: now)
        guard try await tx.first(GuaranteeStatements.add(record, brand: brand)) != nil else { return }
        try await tx.execute(
            GuaranteeStatements.note(.opened, of: order, at: since, evidence: nil, brand: brand, now: now))
        try await look(at: order, after: shipBy, brand: brand, now: now, on: tx)
    }

    /// The shop has shipped; again changes nothing.
    ///
    /// - Parameter evidence: The waybill's number.
    /// - Returns: The guarantee as it is now.
    /// - Throws: ``Problem`` where there is no guarantee, or what is told cannot be.
    @discardableResult
    package func shipped(
        _ order: ID<Order>, at instant: Date, evidence: String, brand: ID<Brand>, on tx: Transaction
    ) async throws -> GuaranteeRecord {
        try await require(.shipped(instant), of: order, at: instant, evidence: evidence, brand: brand, on: tx)
    }

    /// The shopper wants the money back; again changes nothing.
    ///
    /// - Parameter evidence: The number of the case.
    package func refundAsked(
        _ order: ID<Order>, evidence: String, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        let now = try await tx.one(GuaranteeStatements.clock())
        let terms = try await Policies.value(.guarantee, brand: brand, at: now, on: tx)
        try await require(
            .refundAsked(within: terms.refundSeconds), of: order, evidence: evidence, brand: brand, on: tx)
    }

    /// The money is back with the shopper; again changes nothing.
    ///
    /// - Parameter evidence: The refund's number.
    package func refunded(_ order: ID<Order>, evidence: String, brand: ID<Brand>, on tx: Transaction) async throws {
        try await require(.refunded, of: order, evidence: evidence, brand: brand, on: tx)
    }

    /// ``refundAsked(_:evidence:brand:on:)`` of an order that may have no guarantee.
    package func noteRefundAsked(
        _ order: ID<Order>, evidence: String, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        guard try await tx.first(GuaranteeStatements.guarantee(of: order, brand: brand)) != nil else { return }
        try await refundAsked(order, evidence: evidence, brand: brand, on: tx)
    }

    /// ``refunded(_:evidence:brand:on:)`` of an order that may have no guarantee.
    func noteRefund(
        _ order: ID<Order>, evidence: String, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        guard try await tx.first(GuaranteeStatements.guarantee(of: order, brand: brand)) != nil else { return }
        try await refunded(order, evidence: evidence, brand: brand, on: tx)
    }

    /// The guarantee of an order as it stands; nil if there is none.
    package static func guarantee(
        of order: ID<Order>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> GuaranteeRecord? {
        try await executor.first(GuaranteeStatements.guarantee(of: order, brand: brand))
    }

    /// All that is known of the guarantee of an order, in the order in which we heard of it.
    package static func trail(
        of order: ID<Order>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> [GuaranteeEntry] {
        try await executor.run(GuaranteeStatements.trail(of: order, brand: brand))
    }

    // MARK: Carrying out

    @discardableResult
    private func require(
        _ command: GuaranteeCommand, of order: ID<Order>, at instant: Date? = nil, evidence: String, brand: ID<Brand>,
        on tx: Transaction
    ) async throws -> GuaranteeRecord {
        guard (1...64).contains(evidence.count) else { throw Problem.evidenceMalformed }
        let record = try await carryOut(command, of: order, at: instant, evidence: evidence, brand: brand, on: tx)
        guard let record else { throw Problem.guaranteeUnknown }
        return record
    }

    /// Decides under the guarantee's lock, and keeps the decision with what follows from it; nil if there is no guarantee.
    private func carryOut(
        _ command: GuaranteeCommand, of order: ID<Order>, at instant: Date? = nil, evidence: String? = nil,
        brand: ID<Brand>, on tx: Transaction
    ) async throws -> GuaranteeRecord? {
        guard let record = try await tx.first(GuaranteeStatements.lock(order, brand: brand)) else { return nil }
        let now = max(try await tx.one(GuaranteeStatements.clock()), record.updatedAt)
        switch GuaranteeStep.decide(record, command, now: now) {
        case .refused(let problem): throw problem
        case .unchanged: return record
        case .notYet(let instant):
            try await look(at: order, after: instant, brand: brand, now: now, on: tx)
            return record
        case .changed(let next, let facts, let lookAfter):
            try await tx.execute(GuaranteeStatements.save(next, brand: brand))
            for (place, fact) in facts.enumerated() {
                // The news itself comes with its evidence; what follows from it is ours.
                let isTold = place == 0 && evidence != nil
                try await tx.execute(
                    GuaranteeStatements.note(
                        fact, of: order, at: isTold ? instant ?? now : now, evidence: isTold ? evidence : nil,
                        brand: brand, now: now))
            }
            if facts.contains(.compensated) { try await owe(next, brand: brand, now: now, on: tx) }
            if let lookAfter { try await look(at: order, after: lookAfter, brand: brand, now: now, on: tx) }
            return next
        }
    }

    private func owe(_ record: GuaranteeRecord, brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        guard record.compensation > .zero else { return }
        let cost = try await Ledger.account(
            AccountKey("guarantee_cost", of: record.shop.rawValue), brand: brand, now: now, on: tx)
        let owed = try await Ledger.account(
            AccountKey("guarantee_owed", of: record.payer.rawValue), brand: brand, now: now, on: tx)
        let posting = Posting(
            debit: cost, credit: owed, amount: record.compensation, kind: .guaranteeCompensated,
            subject: record.order.rawValue, occurredAt: now)
        try await Ledger.post([posting], brand: brand, now: now, on: tx)
    }

    /// A look just after an instant; at most a year ahead, and then again.
    private func look(
        at order: ID<Order>, after instant: Date, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        let seconds = min(max(0, instant.timeIntervalSince(now)), 366 * 86_400)
        let delay = Duration.microseconds(Int64((seconds * 1_000_000).rounded(.up)) + 1)
        try await queue.push(
            GuaranteeLook(brand: brand, order: order), options: JobOptions(delay: delay, brand: brand.rawValue), on: tx)
    }
}
