import FoundationEssentials
import Jobs
import Kernel
import Logging
import Postgres
package import WeChat

/// Leads refunds to their end: one call to WeChat Pay in each run of a job.
///
/// A run marks the refund `sent`, commits, calls, and books what came of it together with the next job. Whoever is killed in between
/// leaves a refund behind that may have been sent, and so is asked about.
struct Refunding: Sendable {
    let queue: JobQueue
    let providers: any PaymentProviders

    func register(retries: any JobRetryStrategy) {
        queue.registerJob(
            parameters: RefundRequest.self, retryStrategy: retries, timeout: .ofOneJob, upcasters: RefundJobs.upcasters
        ) { job, context in
            try await lead(job.refund, brand: job.brand, in: context)
        }
        queue.registerJob(parameters: RefundAgain.self, retryStrategy: retries, timeout: .ofOneJob) { job, context in
            try await lead(job.refund, brand: job.brand, in: context)
        }
        queue.registerJob(
            parameters: RefundCheck.self, retryStrategy: retries, timeout: .ofOneJob, upcasters: RefundJobs.upcasters
        ) { job, context in
            try await lead(job.refund, brand: job.brand, in: context)
        }
        queue.registerJob(
            parameters: RefundReported.self, retryStrategy: retries, timeout: .ofOneJob, upcasters: RefundJobs.upcasters
        ) { job, context in
            let settled = try await context.complete { tx in try await hear(job, on: tx) }
            await tell(settled, in: context)
        }
        registerSettling(retries: retries)
    }

    // MARK: Calling

    private func lead(_ id: ID<Refund>, brand: ID<Brand>, in context: JobContext) async throws {
        let begun = try await context.transaction { tx in try await begin(id, brand: brand, on: tx) }
        guard let (refund, intent, call) = begun else { return try await context.complete { _ in } }
        let heard = await ask(call, refund, intent, brand: brand)
        let settled = try await context.complete { tx in
            try await settle(id, .answered(call, heard.answer), heard, brand: brand, on: tx)
        }
        await tell(settled, in: context)
    }

    /// Says before the call that it may have been made; nil if no call is needed.
    ///
    /// - Throws: `JobSleep` where another refund of the payment was sent a moment ago: the job comes again when its minute is over.
    func begin(
        _ id: ID<Refund>, brand: ID<Brand>, on tx: Transaction
    ) async throws -> (RefundRecord, PaymentIntent, RefundCall)? {
        let (clock, found) = try await tx.pipeline(
            CatalogueStatements.clock(), RefundStatements.lock(id, brand: brand))
        guard let now = clock.first, let refund = found.first else {
            throw JobFailure.permanent("there is no such refund")
        }
        guard let call = RefundLife.call(in: refund.stage) else { return nil }
        let isSend = call == .send
        let intent: PaymentIntent
        if isSend {
            // The payment is locked, so that two numbers of it cannot both find that no other was sent.
            let since = now.addingTimeInterval(-Double(RefundLife.spacing.components.seconds))
            let (locked, last) = try await tx.pipeline(
                PaymentStatements.lock([refund.payment], brand: brand),
                RefundStatements.lastSent(of: refund.payment, apartFrom: id, after: since, brand: brand))
            guard let found = locked.first else { throw JobFailure.permanent("there is no such payment") }
            intent = found
            if let last = last.first ?? nil, let rest = RefundLife.rest(after: last, now: now) {
                throw JobSleep(for: rest)
            }
        } else {
            intent = try await tx.one(PaymentStatements.intent(refund.payment, brand: brand))
        }
        try await tx.execute(
            RefundStatements.markCalled(
                id, as: isSend ? .sent : refund.stage, sentAt: isSend ? now : nil, brand: brand, now: now))
        return (refund, intent, call)
    }

    /// What came of a call: the decision's input, and what is kept of it for people.
    struct Heard: Sendable {
        let answer: RefundAnswer
        let word: String
        var providerID: String?
    }

    func ask(
        _ call: RefundCall, _ refund: RefundRecord, _ intent: PaymentIntent, brand: ID<Brand>
    ) async -> Heard {
        let found: (provider: any PaymentProvider, notifyURL: String)?
        do {
            found = try await providers.provider(of: intent.mchid, brand: brand)
        } catch {
            return Heard(answer: .notSent, word: "the merchant's credentials cannot be read")
        }
        guard let found else { return Heard(answer: .notSent, word: "the merchant is not set up") }
        do throws(WeChatPayError) {
            let result =
                switch call {
                case .query: try await found.provider.refund(outRefundNo: refund.outRefundNo)
                case .send:
                    try await found.provider.refund(
                        RefundOrder(
                            outTradeNo: intent.outTradeNo, outRefundNo: refund.outRefundNo, reason: refund.reason,
                            notifyURL: found.notifyURL, refund: refund.amount, total: intent.paid))
                }
            // An answer to a query names the number alone: about other money it says nothing of this refund.
            guard result.refund == refund.amount, result.outTradeNo == intent.outTradeNo else {
                return Heard(answer: .unknown, word: "the answer is about another amount or payment")
            }
            let standing = RefundStanding(result.state)
            return Heard(answer: .standing(standing), word: standing.rawValue, providerID: result.refundID)
        } catch {
            return Heard(answer: RefundAnswer(error), word: String(error.description.prefix(200)))
        }
    }

    // MARK: Booking

    /// What has become of a refund, and who wants to know at once.
    struct Settled: Sendable {
        let refund: RefundRecord
        let outcome: RefundOutcome
    }

    /// Decides under the refund's lock, and keeps the decision with everything that follows from it.
    ///
    /// - Returns: nil if the news changed nothing.
    func settle(
        _ id: ID<Refund>, _ news: RefundNews, _ heard: Heard, brand: ID<Brand>, on tx: Transaction
    ) async throws -> Settled? {
        let (clock, found) = try await tx.pipeline(
            CatalogueStatements.clock(), RefundStatements.lock(id, brand: brand))
        guard let now = clock.first, let refund = found.first else {
            throw JobFailure.permanent("there is no such refund")
        }
        guard
            var outcome = RefundLife.decide(
                refund.stage, number: refund.round, attempts: refund.attempts, isSettled: refund.settledAt != nil, news)
        else { return nil }
        let next = outcome.effect == .renumber ? try await nextNumber(after: refund, brand: brand, on: tx) : nil
        if outcome.effect == .renumber, next == nil { outcome = RefundOutcome(stage: .closed, needsAttention: true) }
        let isOver = outcome.stage == .succeeded || outcome.stage == .closed
        try await tx.execute(
            RefundStatements.save(
                outcome, of: id, finishedAt: isOver ? now : nil, word: heard.word, providerID: heard.providerID,
                brand: brand, now: now))
        try await follow(outcome, refund, as: next, brand: brand, now: now, on: tx)
        return Settled(refund: refund, outcome: outcome)
    }

    /// The next number of a payment; nil if WeChat Pay takes no more of them.
    private func nextNumber(
        after refund: RefundRecord, brand: ID<Brand>, on tx: Transaction
    ) async throws -> Int? {
        // Two statements: the second must see what the previous holder of the payment committed.
        let (_, attempts) = try await tx.pipeline(
            PaymentStatements.lock([refund.payment], brand: brand),
            RefundStatements.refunds(of: [refund.payment], brand: brand))
        let number = (attempts.last?.number ?? refund.number) + 1
        return number <= RefundPlan.numbersMax.value ? number : nil
    }

    private func follow(
        _ outcome: RefundOutcome, _ refund: RefundRecord, as number: Int?, brand: ID<Brand>, now: Date,
        on tx: Transaction
    ) async throws {
        if outcome.effect == .none, outcome.stage != .closed {
            guard let delay = outcome.callAfter else { return }
            let options = JobOptions(delay: delay, brand: brand.rawValue)
            if outcome.isLikelyRefused {
                try await queue.push(RefundAgain(brand: brand, refund: refund.id), options: options, on: tx)
            } else if outcome.stage == .requested {
                try await queue.push(RefundRequest(brand: brand, refund: refund.id), options: options, on: tx)
            } else {
                try await queue.push(RefundCheck(brand: brand, refund: refund.id), options: options, on: tx)
            }
            return
        }
        let intent = try await tx.one(PaymentStatements.lock(refund.payment, brand: brand))
        switch outcome.effect {
        case .book: try await PaymentBooks(intent, brand: brand, now: now).giveBack(refund, queue: queue, on: tx)
        // What the closed number had reserved goes to the next.
        case .renumber:
            guard let number else { return }
            _ = try await Refunds.renew(
                refund, as: number, of: intent, after: outcome.callAfter, brand: brand, now: now, queue, tx)
        case .none where refund.stage != .closed:
            try await tx.execute(
                PaymentStatements.release(refund.amount, of: refund.payment, brand: brand, now: now))
        case .none: break
        }
    }

    // MARK: Hearing

    /// Takes what WeChat Pay says by itself; numbers that are not ours stay visible as failed jobs.
    func hear(_ job: RefundReported, on tx: Transaction) async throws -> Settled? {
        guard let id = try await tx.first(RefundStatements.id(of: job.outRefundNo, brand: job.brand)) else {
            throw JobFailure.permanent("a refund was reported that is not ours")
        }
        let refund = try await tx.one(RefundStatements.refund(id, brand: job.brand))
        guard refund.amount == job.amount else {
            throw JobFailure.permanent("a refund was reported with another amount than asked")
        }
        let heard = Heard(
            answer: .standing(job.standing), word: job.standing.rawValue, providerID: job.providerRefundID)
        return try await settle(id, .reported(job.standing), heard, brand: job.brand, on: tx)
    }

    private func tell(_ settled: Settled?, in context: JobContext) async {
        guard let settled else { return }
        if settled.outcome.needsAttention {
            context.logger.error(
                "A refund needs a person: siyu refund show tells more.",
                metadata: ["refund": "\(settled.refund.id)", "stage": "\(settled.outcome.stage.rawValue)"])
        }
        if settled.outcome.effect == .book {
            await queue.wake(settled.refund.ownerQueue)
            await queue.wake(OrdersChanged.jobQueue)
        }
    }
}

extension RefundStanding {
    /// A word that we do not know is not final.
    package init(_ state: WeChat.RefundState) {
        self =
            switch state {
            case .success: .success
            case .closed: .closed
            case .abnormal: .abnormal
            case .processing, .other: .processing
            }
    }
}

extension RefundAnswer {
    init(_ error: WeChatPayError) {
        self =
            switch error {
            case .outcomeUnknown: .unknown
            case .notFound: .notFound
            case .throttled(let code) where code.hasPrefix("NOT"): .notEnough
            case .throttled: .throttled
            case .notSent: .notSent
            case .refused: .refused
            }
    }
}
