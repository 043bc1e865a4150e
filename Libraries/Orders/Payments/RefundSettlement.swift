import Accounting
package import FoundationEssentials
import Hooks
package import Jobs
package import Kernel
package import Postgres

extension AccountKey {
    /// What a shop gave back outside of WeChat Pay: owed to whoever paid it out of another purse.
    static func returnedByHand(of shop: ID<Shop>) -> AccountKey {
        AccountKey("returned_by_hand", of: shop.rawValue)
    }
}

extension TransferKind {
    /// A refund went back outside of WeChat Pay: what left the clearing account in the books is still there; subject: the refund.
    static let refundSettled: TransferKind = "refund.settled"
}

/// A refund whose money went back outside of WeChat Pay is to be booked; pushed by `siyu refund settle`.
struct RefundSettled: JobParameters {
    static let jobName = "refund.settled"
    static let jobQueue = PaymentReceived.jobQueue

    let brand: ID<Brand>
    let refund: ID<Refund>
}

/// Whether the other causes of its payment have left a closed refund anything is to be looked at; pushed with whatever takes the rest.
struct RefundLapsed: JobParameters {
    static let jobName = "refund.lapsed"
    static let jobQueue = PaymentReceived.jobQueue

    let brand: ID<Brand>
    let refund: ID<Refund>
}

/// What came of a person's word that money went back outside of WeChat Pay.
package enum RefundSettling: Hashable, Sendable {
    /// It is written down, and will be in the books.
    case settled(RefundRecord)
    /// The word stands, and somebody else must give it, too, before this instant.
    case needsSecondPerson(RefundRecord, until: Date)

    /// The refund as it is now.
    package var refund: RefundRecord {
        switch self {
        case .settled(let refund), .needsSecondPerson(let refund, _): refund
        }
    }
}

/// Whether money may go back outside of WeChat Pay, or need not go back at all: the pure part.
enum RefundSettlement {
    /// Only what WeChat Pay certainly does not pay out, and never will, may be given back another way.
    ///
    /// - Parameter attempts: All numbers of the payment, in their order.
    static func check(_ refund: RefundRecord, of intent: PaymentIntent, attempts: [RefundRecord]) throws {
        guard refund.settledAt == nil else { throw Problem.refundSettled }
        switch refund.stage {
        case .succeeded: throw Problem.conflict("This refund is over: the money is back.", code: "refund_over")
        case .sent, .unknown, .processing, .abnormal: throw Problem.refundMayStillPay
        case .requested where refund.attentionSince == nil: throw Problem.refundMayStillPay
        case .requested, .refused: break
        case .closed:
            try checkNewest(refund, among: attempts)
            guard hasRoom(refund, in: intent) else { throw Problem.refundTooLarge }
        }
    }

    /// The newest of its cause, of which WeChat Pay has not said that it was paid out after all.
    static func checkNewest(_ refund: RefundRecord, among attempts: [RefundRecord]) throws(Problem) {
        let ofCause = attempts.filter { $0.cause == refund.cause }
        guard ofCause.last?.id == refund.id else {
            throw .conflict("Another number has taken its place: look at that one.", code: "refund_renewed")
        }
        guard !ofCause.contains(where: \.mayBePaid) else { throw .refundMaybePaid }
    }

    /// Whether the payment still has as much as a closed refund would give back.
    static func hasRoom(_ refund: RefundRecord, in intent: PaymentIntent) -> Bool {
        intent.refundReserved.fen <= intent.paid.fen - refund.amount.fen
    }

    /// The closed refunds of which nothing is under way, one for each cause.
    static func stuck(_ attempts: [RefundRecord]) -> [RefundRecord] {
        Dictionary(grouping: attempts, by: \.cause).values.compactMap { ofCause in
            guard let last = ofCause.last, last.stage == .closed, last.settledAt == nil,
                !ofCause.contains(where: \.mayBePaid)
            else { return nil }
            return last
        }
    }

    /// A number of a bank transfer or the like, as it is kept and compared.
    static func reference(_ text: String) throws(Problem) -> String {
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard (1...200).contains(words.unicodeScalars.count) else {
            throw .invalid("Say by what the money went back, in at most 200 characters.", code: "reference_malformed")
        }
        return words
    }
}

extension Refunds {
    /// Writes down that the money of a refund went back outside of WeChat Pay; the books follow by a job of siyu-gifts.
    ///
    /// - Parameters:
    ///   - reference: By what it did: the number of a bank transfer.
    ///   - author: Who says so. Above the limit of the policy `refunds.two_persons` somebody else must say the same first.
    /// - Throws: ``Problem`` if WeChat Pay may still pay it out or has done so, if the payment has not so much left, or if there is none.
    package static func settle(
        _ id: ID<Refund>, with reference: String, author: String, brand: ID<Brand>, queue: JobQueue, on tx: Transaction
    ) async throws -> RefundSettling {
        let (author, reference) = (try RefundApprovals.author(author), try RefundSettlement.reference(reference))
        let (now, refund) = try await locked(id, brand: brand, on: tx)
        let (intent, attempts) = try await ground(of: refund, brand: brand, on: tx)
        try RefundSettlement.check(refund, of: intent, attempts: attempts)
        let word = RefundApprovals.Word(author: author, givenAt: now, settledWith: reference)
        if let until = try await RefundApprovals.weigh(word, about: refund, brand: brand, on: tx) {
            return .needsSecondPerson(refund, until: until)
        }
        // What was closed has given its room back; what was not holds it still.
        if refund.stage == .closed {
            let room = PaymentStatements.reserve([(refund.payment, refund.amount)], brand: brand, now: now)
            guard try await tx.run(room).count == 1 else { throw Problem.refundTooLarge }
        }
        try await tx.execute(RefundStatements.settle(id, with: reference, by: author, brand: brand, now: now))
        try await queue.push(
            RefundSettled(brand: brand, refund: id), options: JobOptions(brand: brand.rawValue), on: tx)
        return .settled(try await tx.one(RefundStatements.refund(id, brand: brand)))
    }

    /// Takes a refund off the list of those that wait for a person, where nothing is left to give back for it.
    ///
    /// - Throws: ``Problem`` if it might still be owed, or if there is none.
    package static func dismiss(
        _ id: ID<Refund>, brand: ID<Brand>, queue: JobQueue, on tx: Transaction
    ) async throws -> RefundRecord {
        let (now, refund) = try await locked(id, brand: brand, on: tx)
        let (intent, attempts) = try await ground(of: refund, brand: brand, on: tx)
        // Settled and yet reported as paid: whoever dismisses it has seen to the second payment.
        let isSeen = refund.settledAt != nil && refund.stage == .succeeded && refund.attentionSince != nil
        if !isSeen {
            guard refund.stage == .closed, refund.settledAt == nil else { throw Problem.refundStillOwed }
            try RefundSettlement.checkNewest(refund, among: attempts)
            guard !RefundSettlement.hasRoom(refund, in: intent) else { throw Problem.refundStillOwed }
            try await queue.push(
                RefundLapsed(brand: brand, refund: id), options: JobOptions(brand: brand.rawValue), on: tx)
        }
        try await tx.execute(RefundStatements.clearAttention(id, brand: brand, now: now))
        return try await tx.one(RefundStatements.refund(id, brand: brand))
    }

    private static func locked(
        _ id: ID<Refund>, brand: ID<Brand>, on tx: Transaction
    ) async throws -> (Date, RefundRecord) {
        let (clock, found) = try await tx.pipeline(
            CatalogueStatements.clock(), RefundStatements.lock(id, brand: brand))
        guard let now = clock.first, let refund = found.first else {
            throw Problem.notFound("There is no such refund.")
        }
        return (now, refund)
    }

    /// The payment, locked, and all its numbers; the refund is locked already, which is the order everywhere.
    private static func ground(
        of refund: RefundRecord, brand: ID<Brand>, on tx: Transaction
    ) async throws -> (PaymentIntent, [RefundRecord]) {
        let (intents, attempts) = try await tx.pipeline(
            PaymentStatements.lock([refund.payment], brand: brand),
            RefundStatements.refunds(of: [refund.payment], brand: brand))
        guard let intent = intents.first else { throw Problem.notFound("There is no such payment.") }
        return (intent, attempts)
    }
}

extension Refunding {
    func registerSettling(retries: any JobRetryStrategy) {
        queue.registerJob(parameters: RefundSettled.self, retryStrategy: retries, timeout: .ofOneJob) { job, context in
            let refund = try await context.complete { tx in
                try await bookSettled(job.refund, brand: job.brand, on: tx)
            }
            guard let refund else { return }
            await queue.wake(refund.ownerQueue)
            await queue.wake(OrdersChanged.jobQueue)
        }
        queue.registerJob(parameters: RefundLapsed.self, retryStrategy: retries, timeout: .ofOneJob) { job, context in
            try await context.complete { tx in try await lapse(job.refund, brand: job.brand, on: tx) }
        }
    }

    /// Books what went back outside of WeChat Pay, once.
    ///
    /// - Returns: nil if it is booked already.
    func bookSettled(_ id: ID<Refund>, brand: ID<Brand>, on tx: Transaction) async throws -> RefundRecord? {
        let (clock, found) = try await tx.pipeline(
            CatalogueStatements.clock(), RefundStatements.lock(id, brand: brand))
        guard let now = clock.first, let refund = found.first else {
            throw JobFailure.permanent("there is no such refund")
        }
        guard refund.stage == .closed, let settledAt = refund.settledAt else { return nil }
        let intent = try await tx.one(PaymentStatements.lock(refund.payment, brand: brand))
        let books = PaymentBooks(intent, brand: brand, now: now)
        // What had come back for the closed number may have gone out for another cause since.
        try await books.refill(for: refund.id.rawValue, on: tx)
        try await tx.execute(RefundStatements.markSettled(id, brand: brand, now: now))
        try await books.giveBack(refund, queue: queue, on: tx)
        let clearing = try await Ledger.account(.clearing(of: intent.shop), brand: brand, now: now, on: tx)
        let byHand = try await Ledger.account(.returnedByHand(of: intent.shop), brand: brand, now: now, on: tx)
        // It did not leave by WeChat Pay, where it is still: somebody's own purse paid it.
        try await Ledger.post(
            [
                Posting(
                    debit: clearing, credit: byHand, amount: refund.amount, kind: .refundSettled,
                    subject: refund.id.rawValue, occurredAt: settledAt)
            ], brand: brand, now: now, on: tx)
        return refund
    }

    /// A closed refund whose payment has nothing left for it waits for nobody, and neither does its case.
    func lapse(_ id: ID<Refund>, brand: ID<Brand>, on tx: Transaction) async throws {
        let (clock, found) = try await tx.pipeline(
            CatalogueStatements.clock(), RefundStatements.lock(id, brand: brand))
        guard let now = clock.first, let refund = found.first else {
            throw JobFailure.permanent("there is no such refund")
        }
        let (intents, attempts) = try await tx.pipeline(
            PaymentStatements.lock([refund.payment], brand: brand),
            RefundStatements.refunds(of: [refund.payment], brand: brand))
        guard let intent = intents.first, RefundSettlement.stuck(attempts).contains(where: { $0.id == id }),
            !RefundSettlement.hasRoom(refund, in: intent)
        else { return }
        try await tx.execute(RefundStatements.clearAttention(id, brand: brand, now: now))
        try await Aftersales(queue: queue, hooks: OutgoingHooks(queue: queue))
            .noteLapse(refund, brand: brand, now: now, on: tx)
    }
}

extension Problem {
    static var refundSettled: Problem {
        .conflict("The money of this refund went back another way.", code: "refund_settled")
    }

    static var refundMaybePaid: Problem {
        .conflict(
            "WeChat Pay has said of a closed number that it was paid out: compare with the merchant platform first.",
            code: "refund_maybe_paid")
    }

    static var refundMayStillPay: Problem {
        .conflict(
            "WeChat Pay may still pay this refund out: siyu refund retry --query-first asks, until it is closed or refused.",
            code: "refund_may_still_pay")
    }

    static var refundStillOwed: Problem {
        .conflict(
            "The payment has enough left for this refund: try it again, or settle it.", code: "refund_still_owed")
    }
}
