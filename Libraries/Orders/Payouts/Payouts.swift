package import Accounting
package import FoundationEssentials
package import Jobs
package import Kernel
package import Keys
package import Postgres

/// Money that is given to people: prizes of cash, by WeChat Pay's merchant transfer.
package enum Payouts {
    /// Asks for payouts, each once for its subject: asking again changes nothing.
    ///
    /// The first attempts and their jobs stand in the caller's transaction; after the commit, wake the queue `payouts`.
    ///
    /// - Parameter now: The instant, from `siyu.clock()`.
    package static func request(
        _ wishes: [NewPayout], brand: ID<Brand>, now: Date, queue: JobQueue, on tx: Transaction
    ) async throws {
        _ = try await add(wishes, number: 1, after: nil, brand: brand, now: now, queue, tx)
    }

    /// Makes attempts with their jobs; those that exist already stay as they are.
    static func add(
        _ wishes: [NewPayout], number: Int, after delay: Duration?, brand: ID<Brand>, now: Date, _ queue: JobQueue,
        _ tx: Transaction
    ) async throws -> [ID<Payout>] {
        if wishes.isEmpty { return [] }
        let payouts = wishes.map { (id: ID<Payout>.mint(), wish: $0) }
        let added = try await tx.run(PayoutStatements.add(payouts, number: number, brand: brand, now: now))
        try await queue.push(
            contentsOf: added.map { PayoutRequest(brand: brand, payout: $0) },
            options: JobOptions(delay: delay, brand: brand.rawValue), on: tx)
        return added
    }

    /// All attempts for a subject, in their order.
    package static func of(
        _ subject: UUID, brand: ID<Brand>, on executor: some Executor
    ) async throws -> [PayoutRecord] {
        try await executor.run(PayoutStatements.payouts(for: subject, brand: brand))
    }

    /// The payout of an id, if the brand has it.
    package static func payout(
        _ id: ID<Payout>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> PayoutRecord? {
        try await executor.first(PayoutStatements.payout(id, brand: brand))
    }

    /// The payouts that wait for a person, those that wait longest first.
    package static func needingAttention(
        limit: Int = 100, brand: ID<Brand>, on executor: some Executor
    ) async throws -> [PayoutRecord] {
        try await executor.run(PayoutStatements.needingAttention(limit: limit, brand: brand))
    }

    /// Starts another round of calls for a payout that waits for a person; what may have been sent is asked about first.
    ///
    /// Where the last number has failed, that is one number more: somebody has seen to the reason.
    ///
    /// - Returns: The payout that is tried now.
    /// - Throws: ``Problem`` if it is paid, or a later number is being tried, or there is none.
    package static func retry(
        _ id: ID<Payout>, brand: ID<Brand>, queue: JobQueue, on tx: Transaction
    ) async throws -> PayoutRecord {
        let (clock, found) = try await tx.pipeline(
            CatalogueStatements.clock(), PayoutStatements.lock(id, brand: brand))
        guard let now = clock.first, let payout = found.first else {
            throw Problem.notFound("There is no such payout.")
        }
        switch payout.stage {
        case .succeeded: throw Problem.conflict("This payout is over (succeeded).", code: "payout_over")
        case .failed:
            let newest = try await tx.run(PayoutStatements.payouts(for: payout.subject, brand: brand)).last
            guard newest?.id == id else {
                throw Problem.conflict("A later attempt of this payout is on its way.", code: "payout_over")
            }
            guard try await !tx.one(PayoutStatements.isAbandoned(id, brand: brand)) else {
                throw Problem.conflict(
                    "The money went back to where it came from: nothing is left to pay out.", code: "payout_abandoned")
            }
            try await tx.execute(PayoutStatements.revive(id, as: .failed, brand: brand, now: now))
            let next = try await add(
                [payout.wish], number: payout.number + 1, after: nil, brand: brand, now: now, queue, tx)
            guard let next = next.first else {
                throw Problem.conflict("Somebody else has begun another attempt.", code: "payout_over")
            }
            return try await tx.one(PayoutStatements.payout(next, brand: brand))
        case .requested, .sent, .unknown, .processing, .waiting, .refused:
            // Only what certainly never left may be sent without a question.
            let stage: PayoutStage = payout.sentAt == nil ? .requested : .unknown
            try await tx.execute(PayoutStatements.revive(id, as: stage, brand: brand, now: now))
            try await queue.push(
                PayoutRequest(brand: brand, payout: id), options: JobOptions(brand: brand.rawValue), on: tx)
            return try await tx.one(PayoutStatements.payout(id, brand: brand))
        }
    }
}

extension Payouts {
    /// Says that whoever asked for a payout which failed for good has another use for the money: no other number of it is begun.
    ///
    /// - Returns: Whether it is so; false where somebody has begun another number since, whose end is the one to wait for.
    package static func abandon(
        _ id: ID<Payout>, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> Bool {
        guard let payout = try await tx.first(PayoutStatements.lock(id, brand: brand)), payout.stage == .failed
        else { return false }
        // A statement of its own: it sees what whoever held the lock committed.
        let newest = try await tx.run(PayoutStatements.payouts(for: payout.subject, brand: brand)).last
        guard newest?.id == id else { return false }
        try await tx.execute(PayoutStatements.abandon(id, brand: brand, now: now))
        return true
    }
}

/// How a payout stands towards whoever won, and what they can do about it.
package struct PayoutView: Hashable, Sendable {
    /// What the mini program hands to `wx.requestMerchantTransfer`.
    package struct Confirmation: Hashable, Sendable {
        /// The merchant.
        package let mchid: String
        /// The mini program.
        package let appid: String
        /// The ticket.
        package let ticket: String
        /// Until when.
        package let until: Date?
    }

    /// The newest attempt.
    package let payout: PayoutRecord
    /// Nil where there is nothing to confirm.
    package let confirmation: Confirmation?

    /// The newest attempt for a subject; nil if nothing was ever to be paid for it.
    package static func of(
        _ subject: UUID, brand: ID<Brand>, keys: KeyRing, on executor: some Executor
    ) async throws -> PayoutView? {
        guard let payout = try await Payouts.of(subject, brand: brand, on: executor).last else { return nil }
        guard payout.stage == .waiting, let sealed = payout.sealedPackage, let mchid = payout.mchid,
            let merchant = try await Merchants.list(of: brand, on: executor).first(where: { $0.mchid == mchid })
        else { return PayoutView(payout: payout, confirmation: nil) }
        let bytes = try keys.open(sealed, for: .payoutPackage, context: payout.id.packageContext(brand))
        return PayoutView(
            payout: payout,
            confirmation: Confirmation(
                mchid: mchid, appid: merchant.appid, ticket: String(decoding: bytes, as: UTF8.self),
                until: payout.confirmUntil))
    }
}

extension KeyRing.Purpose {
    /// What lets somebody's mini program take money that waits for them.
    static let payoutPackage = KeyRing.Purpose("payout-package")
}

extension ID where Entity == Payout {
    /// What binds a sealed package to its row.
    func packageContext(_ brand: ID<Brand>) -> [UInt8] { Array("\(brand) \(self)".utf8) }
}

extension PayoutRecord {
    /// What was asked for, to be asked for again under the next number.
    var wish: NewPayout {
        NewPayout(
            subject: subject, person: person, amount: amount, owedAccount: owedAccount, activity: activity,
            reward: reward, ownerQueue: ownerQueue)
    }
}

extension AccountKind {
    /// What the brand's merchants have paid out in cash; of the brand.
    package static let merchantCash: AccountKind = "merchant_cash"
}

extension TransferKind {
    /// A prize was paid out in cash; subject: the payout.
    package static let payoutPaid: TransferKind = "payout.paid"
}
