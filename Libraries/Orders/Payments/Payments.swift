import Accounting
package import AsyncHTTPClient
package import FoundationEssentials
package import Jobs
package import Kernel
package import Keys
import Logging
package import Postgres
package import WeChat

/// Money that is asked for, and what comes of it.
///
/// Whoever wishes money creates an intent in the transaction of its own doing, has it prepaid when the shopper is ready, and hears
/// ``OrderPaid`` on its queue when the money is here. Calls to WeChat Pay are made outside transactions.
package struct Payments: Sendable {
    private let pool: Pool
    private let queue: JobQueue
    private let providers: any PaymentProviders

    /// Payments through whoever `providers` names.
    package init(pool: Pool, queue: JobQueue, providers: any PaymentProviders) {
        self.pool = pool
        self.queue = queue
        self.providers = providers
    }

    /// Payments through WeChat Pay.
    package init(pool: Pool, queue: JobQueue, keys: KeyRing, http: HTTPClient) {
        self.init(pool: pool, queue: queue, providers: Merchants(pool: pool, keys: keys, http: http))
    }

    // MARK: Asking for money

    /// Records a wish for money; the same id again changes nothing.
    ///
    /// - Parameter now: The instant, from `siyu.clock()`.
    /// - Throws: ``Problem`` `merchant_missing` if nobody can take money for the brand.
    package static func create(
        _ intent: NewIntent, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> PaymentIntent {
        guard let merchant = try await Merchants.list(of: brand, on: tx).first else {
            throw Problem.conflict(
                "The brand has no WeChat Pay merchant yet: add one with `siyu merchant add`.", code: "merchant_missing")
        }
        try await tx.execute(PaymentStatements.create(intent, mchid: merchant.mchid, brand: brand, now: now))
        guard let created = try await tx.first(PaymentStatements.intent(intent.id, brand: brand)) else {
            throw Problem.notFound("There is no such shop.")
        }
        return created
    }

    /// A payment as it stands; nil if the brand has none of that id.
    package static func intent(
        _ id: ID<Payment>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> PaymentIntent? {
        try await executor.first(PaymentStatements.intent(id, brand: brand))
    }

    /// The payment of an order; nil for one that was paid elsewhere, or of another brand.
    package static func intent(
        of order: ID<Order>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> PaymentIntent? {
        guard let id = try await executor.first(PaymentStatements.id(of: order, brand: brand)) else { return nil }
        return try await intent(id, brand: brand, on: executor)
    }

    /// Says that nobody waits for the money any more, unless it is here: what still comes is given back.
    ///
    /// - Returns: The state it has from now on: ``PaymentState/paid`` if the money was first.
    package static func close(
        _ id: ID<Payment>, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> PaymentState {
        try await tx.execute(PaymentStatements.close(id, brand: brand, now: now))
        guard let intent = try await tx.first(PaymentStatements.intent(id, brand: brand)) else {
            throw Problem.notFound("There is no such payment.")
        }
        return intent.state
    }

    /// Says that the money of a payment was paid out to somebody else: its order is none, and what came in is settled with what went out.
    package static func passOn(
        _ id: ID<Payment>, brand: ID<Brand>, now: Date, queue: JobQueue, on tx: Transaction
    ) async throws {
        let intent = try await tx.one(PaymentStatements.lock(id, brand: brand))
        try await PaymentBooks(intent, brand: brand, now: now).passOn(queue: queue, on: tx)
    }

    /// Places the order at WeChat Pay and gives what the mini program needs to let the shopper pay; may be repeated.
    ///
    /// The first time it also schedules the questions that find out about a payment nobody reports.
    ///
    /// - Parameter payerOpenID: Who will pay, by the openid of the merchant's mini program.
    /// - Throws: ``Problem`` if it is paid, closed or expired, or WeChat Pay does not do it.
    package func prepay(
        _ id: ID<Payment>, payerOpenID: String, brand: ID<Brand>
    ) async throws -> PaymentParameters {
        let (clock, found) = try await pool.pipeline(
            CatalogueStatements.clock(), PaymentStatements.intent(id, brand: brand))
        guard let now = clock.first, let intent = found.first else {
            throw Problem.notFound("There is no such payment.")
        }
        try Self.requirePayable(intent, now: now)
        guard let (provider, notifyURL) = try await providers.provider(of: intent.mchid, brand: brand) else {
            throw Problem.unavailable("The brand's WeChat Pay merchant is not set up.")
        }
        if let known = intent.prepayID { return try provider.paymentParameters(prepayID: known) }
        let prepayID: String
        do throws(WeChatPayError) {
            prepayID = try await provider.prepay(
                JSAPIOrder(
                    description: intent.description, outTradeNo: intent.outTradeNo, notifyURL: notifyURL,
                    amount: intent.amount, payerOpenID: payerOpenID, expiresAt: intent.expiresAt))
        } catch {
            throw Problem(ofPrepaying: error)
        }
        try await pool.transaction { tx in try await keep(prepayID, of: id, brand: brand, on: tx) }
        return try provider.paymentParameters(prepayID: prepayID)
    }

    private static func requirePayable(_ intent: PaymentIntent, now: Date) throws(Problem) {
        let isOpen = intent.state == .created || intent.state == .prepaid
        guard intent.transactionID == nil else { throw .conflict("This has been paid.", code: "already_paid") }
        guard isOpen, now <= intent.expiresAt else {
            throw .conflict("The time to pay is over: begin anew.", code: "payment_closed")
        }
    }

    private func keep(_ prepayID: String, of id: ID<Payment>, brand: ID<Brand>, on tx: Transaction) async throws {
        let (clock, found) = try await tx.pipeline(
            CatalogueStatements.clock(), PaymentStatements.lock(id, brand: brand))
        guard let now = clock.first, let intent = found.first else {
            throw Problem.notFound("There is no such payment.")
        }
        try Self.requirePayable(intent, now: now)
        try await tx.execute(PaymentStatements.setPrepaid(id, prepayID: prepayID, brand: brand, now: now))
        guard intent.state == .created else { return }
        try await push(PaymentCheck(brand: brand, payment: id, check: 0), after: PaymentLife.checks[0], on: tx)
    }

    // MARK: Money that comes

    /// Tells `queue` how the jobs of payments and refunds are done.
    ///
    /// The process must work the queue `payments`.
    package func register() {
        let retries = ExponentialJitter.ofMoney
        queue.registerJob(parameters: PaymentReceived.self, retryStrategy: retries, timeout: .ofOneJob) {
            job, context in
            let fact = PaymentFact(
                mchid: job.mchid, transactionID: job.transactionID, amount: job.amount, paidAt: job.paidAt)
            let outcome = try await context.complete { tx in
                try await receive(fact, payment: job.payment, brand: job.brand, on: tx)
            }
            await tell(outcome, in: context)
        }
        queue.registerJob(parameters: PaymentCheck.self, retryStrategy: retries, timeout: .ofOneJob) { job, context in
            try await check(job, in: context)
        }
        Refunding(queue: queue, providers: providers).register(retries: retries)
    }

    /// Books money that came in: once, however often and by whichever way we hear of it.
    ///
    /// - Throws: `JobFailure.permanent` for what contradicts our books: the job stays visible with its reason.
    func receive(
        _ fact: PaymentFact, payment: ID<Payment>, brand: ID<Brand>, on tx: Transaction
    ) async throws -> Received {
        let (clock, found) = try await tx.pipeline(
            CatalogueStatements.clock(), PaymentStatements.lock(payment, brand: brand))
        guard let now = clock.first, let intent = found.first else {
            throw JobFailure.permanent("money came for a payment that is not ours")
        }
        let outcome = PaymentLife.decide(intent, fact)
        switch outcome {
        case .repeated: break
        case .contradiction(let why): throw JobFailure.permanent(why)
        case .accept:
            try await tx.execute(PaymentStatements.setPaid(payment, as: .paid, fact, brand: brand, now: now))
            try await PaymentBooks(intent, brand: brand, now: now).take(fact, queue: queue, on: tx)
        case .giveBack(let reason):
            try await tx.execute(PaymentStatements.setPaid(payment, as: .unwanted, fact, brand: brand, now: now))
            try await PaymentBooks(intent, brand: brand, now: now).takeUnwanted(fact, on: tx)
            _ = try await Refunds.request(
                payment: payment, amount: fact.amount, reason: reason.rawValue, brand: brand, now: now, queue: queue,
                on: tx)
        }
        return Received(outcome: outcome, ownerQueue: intent.ownerQueue)
    }

    /// What came of money that came in, and who wants to know at once.
    struct Received: Sendable {
        let outcome: PaymentOutcome
        let ownerQueue: String
    }

    private func tell(_ received: Received, in context: JobContext) async {
        switch received.outcome {
        case .accept:
            await queue.wake(received.ownerQueue)
            await queue.wake(OrdersChanged.jobQueue)
        case .giveBack(let reason):
            context.logger.warning("Money goes back that nobody waits for.", metadata: ["reason": "\(reason.rawValue)"])
            await queue.wake(RefundRequest.jobQueue)
        case .repeated, .contradiction: break
        }
    }

    // MARK: Money that nobody reports

    private func check(_ job: PaymentCheck, in context: JobContext) async throws {
        guard let intent = try await pool.first(PaymentStatements.intent(job.payment, brand: job.brand)) else {
            throw JobFailure.permanent("there is no such payment")
        }
        guard intent.transactionID == nil else { return try await context.complete { _ in } }
        let answer = await ask(intent, brand: job.brand)
        if case .paid(let fact) = answer {
            let received = try await context.complete { tx in
                try await receive(fact, payment: job.payment, brand: job.brand, on: tx)
            }
            return await tell(received, in: context)
        }
        let next = Self.next(after: job, answer)
        if next == nil, answer != .over {
            context.logger.warning(
                "A payment was asked about for the last time.", metadata: ["payment": "\(job.payment)"])
        }
        try await context.complete { tx in
            if let next { try await push(next.check, after: next.delay, on: tx) }
        }
    }

    /// The next question: the same one where nobody answered, for as long as that makes sense.
    private static func next(
        after job: PaymentCheck, _ answer: CheckAnswer
    ) -> (check: PaymentCheck, delay: Duration)? {
        var next = job
        if answer == .none, PaymentLife.faults.indices.contains(job.faults) {
            next.faults += 1
            return (next, PaymentLife.faults[job.faults])
        }
        guard answer != .over, PaymentLife.checks.indices.contains(job.check + 1) else { return nil }
        next = PaymentCheck(brand: job.brand, payment: job.payment, check: job.check + 1)
        return (next, PaymentLife.checks[next.check])
    }

    private enum CheckAnswer: Equatable {
        case paid(PaymentFact)
        /// Not paid, and it may still be.
        case open
        /// Nobody answered.
        case none
        /// It can no longer be paid.
        case over
    }

    private func ask(_ intent: PaymentIntent, brand: ID<Brand>) async -> CheckAnswer {
        let result: PaymentResult
        do {
            guard let (provider, _) = try await providers.provider(of: intent.mchid, brand: brand) else { return .none }
            result = try await provider.payment(outTradeNo: intent.outTradeNo)
        } catch WeChatPayError.notFound {
            // Known here, unknown there: whoever was to pay never came so far.
            return .open
        } catch {
            return .none
        }
        if let paid = result.paid {
            return .paid(
                PaymentFact(
                    mchid: result.mchid, transactionID: paid.transactionID, amount: paid.amount, paidAt: paid.at))
        }
        return result.state == .closed || result.state == .revoked ? .over : .open
    }

    private func push(_ check: PaymentCheck, after delay: Duration, on tx: Transaction) async throws {
        try await queue.push(check, options: JobOptions(delay: delay, brand: check.brand.rawValue), on: tx)
    }
}

extension Problem {
    fileprivate init(ofPrepaying error: WeChatPayError) {
        switch error {
        case .refused(_, "ORDERPAID", _), .refused(_, "ORDER_PAID", _):
            self = .conflict("This has been paid; the order follows in a moment.", code: "already_paid")
        case .refused, .notFound:
            self = Problem(
                status: 502, code: "payment_refused", title: "Bad gateway",
                detail: "WeChat Pay does not take this order: the brand's merchant needs somebody's attention.")
        case .outcomeUnknown, .throttled, .notSent:
            self = .unavailable("WeChat Pay does not answer at the moment: try again.")
        }
    }
}

extension JobRetryStrategy where Self == ExponentialJitter {
    /// For jobs that lead money on: a night without a database must not end them, and their number is bounded all the same.
    static var ofMoney: Self {
        .exponentialJitter(maxAttempts: 100, minBackoff: .seconds(1), maxBackoff: .seconds(600))
    }
}

extension Duration {
    /// A job makes one call to WeChat Pay (5 s) and one transaction.
    static var ofOneJob: Duration { .seconds(60) }
}
