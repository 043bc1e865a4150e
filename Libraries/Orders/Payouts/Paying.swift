import Accounting
import FoundationEssentials
package import Jobs
import Kernel
package import Keys
import Logging
import Postgres
import Vault
package import WeChat

/// Leads payouts to their end: one call to WeChat Pay in each run of a job.
///
/// A run marks the payout `sent`, commits, calls, and books what came of it together with the next job. Whoever is killed in between
/// leaves a payout behind that may have been sent, and so is asked about.
package struct Paying: Sendable {
    private let queue: JobQueue
    private let providers: any PayoutProviders
    private let keys: KeyRing

    /// Payouts through whoever `providers` names.
    package init(queue: JobQueue, providers: any PayoutProviders, keys: KeyRing) {
        self.queue = queue
        self.providers = providers
        self.keys = keys
    }

    /// Tells the queue how the jobs of payouts are done; the process must work the queue `payouts`.
    package func register() {
        let retries = ExponentialJitter.ofMoney
        queue.registerJob(parameters: PayoutRequest.self, retryStrategy: retries, timeout: .ofOneJob) { job, context in
            try await lead(job.payout, brand: job.brand, in: context)
        }
        queue.registerJob(parameters: PayoutCheck.self, retryStrategy: retries, timeout: .ofOneJob) { job, context in
            try await lead(job.payout, brand: job.brand, in: context)
        }
        queue.registerJob(parameters: PayoutReported.self, retryStrategy: retries, timeout: .ofOneJob) { job, context in
            let settled = try await context.complete { tx in try await hear(job, on: tx) }
            await tell(settled, in: context)
        }
    }

    // MARK: Calling

    private func lead(_ id: ID<Payout>, brand: ID<Brand>, in context: JobContext) async throws {
        let begun = try await context.transaction { tx in try await begin(id, brand: brand, on: tx) }
        guard let (payout, call) = begun else { return try await context.complete { _ in } }
        let heard = try await ask(call, payout, brand: brand)
        let settled = try await context.complete { tx in
            try await settle(id, .answered(call, heard.answer), heard, brand: brand, on: tx)
        }
        await tell(settled, in: context)
    }

    /// Says before the call that it may have been made; nil if no call is needed.
    ///
    /// - Throws: `JobSleep` where somebody is to be paid at night: the job comes again in the morning.
    func begin(_ id: ID<Payout>, brand: ID<Brand>, on tx: Transaction) async throws -> (PayoutRecord, PayoutCall)? {
        let (clock, found) = try await tx.pipeline(
            CatalogueStatements.clock(), PayoutStatements.lock(id, brand: brand))
        guard let now = clock.first, let payout = found.first else {
            throw JobFailure.permanent("there is no such payout")
        }
        guard let call = PayoutLife.call(for: payout.sight) else { return nil }
        guard call == .send else {
            try await tx.execute(
                PayoutStatements.markCalled(id, as: payout.stage, by: nil, sentAt: nil, brand: brand, now: now))
            return (payout, call)
        }
        if let rest = try await PayoutLimits.quietRest(brand: brand, at: now, on: tx) { throw JobSleep(for: rest) }
        var merchant = payout.mchid
        if merchant == nil { merchant = try await Merchants.list(of: brand, on: tx).first?.mchid }
        try await tx.execute(
            PayoutStatements.markCalled(
                id, as: merchant == nil ? payout.stage : .sent, by: merchant, sentAt: merchant == nil ? nil : now,
                brand: brand, now: now))
        return (try await tx.one(PayoutStatements.payout(id, brand: brand)), call)
    }

    /// What came of a call: the decision's input, and what is kept of it.
    struct Heard: Sendable {
        let answer: PayoutAnswer
        let word: String?
        var providerNo: String?
        /// What the winner needs to take the money.
        var package: String?
    }

    /// Calls WeChat Pay.
    ///
    /// - Throws: Errors of the database, while nothing has been sent.
    func ask(_ call: PayoutCall, _ payout: PayoutRecord, brand: ID<Brand>) async throws -> Heard {
        guard let mchid = payout.mchid else {
            return Heard(answer: .notSent, word: "the brand has no merchant: siyu merchant add")
        }
        let found: (provider: any PayoutProvider, notifyURL: String)?
        do {
            found = try await providers.payoutProvider(of: mchid, brand: brand)
        } catch {
            return Heard(answer: .notSent, word: "the merchant's credentials cannot be read")
        }
        guard let found else { return Heard(answer: .notSent, word: "the merchant is not set up") }
        var openid = ""
        if call == .send {
            do {
                openid = try await Vault(keys: keys).reveal(payout.person, brand: brand, on: queue.pool)
            } catch is VaultError {
                return Heard(answer: .refused, word: "nobody knows any more who the person is")
            }
        }
        do throws(WeChatPayError) {
            let result =
                switch call {
                case .query: try await found.provider.transfer(outBillNo: payout.outBillNo)
                case .send:
                    try await found.provider.transfer(
                        TransferOrder(
                            cash: payout.amount, to: openid, outBillNo: payout.outBillNo, activity: payout.activity,
                            reward: payout.reward, notifyURL: found.notifyURL))
                }
            guard result.amount == nil || result.amount == payout.amount else {
                return Heard(answer: .unknown, word: "the answer is about another amount")
            }
            let standing = PayoutStanding(result.state)
            return Heard(
                answer: .standing(standing), word: String((result.failReason ?? standing.rawValue).prefix(200)),
                providerNo: result.transferBillNo, package: standing == .waiting ? result.packageInfo : nil)
        } catch {
            return Heard(answer: PayoutAnswer(error), word: String(error.description.prefix(200)))
        }
    }

    // MARK: Booking

    /// What has become of a payout, and who wants to know at once.
    struct Settled: Sendable {
        let payout: PayoutRecord
        let outcome: PayoutOutcome
    }

    /// Decides under the payout's lock, and keeps the decision with everything that follows from it.
    ///
    /// - Returns: nil if the news changed nothing.
    func settle(
        _ id: ID<Payout>, _ news: PayoutNews, _ heard: Heard, brand: ID<Brand>, on tx: Transaction
    ) async throws -> Settled? {
        let (clock, found) = try await tx.pipeline(
            CatalogueStatements.clock(), PayoutStatements.lock(id, brand: brand))
        guard let now = clock.first, let payout = found.first else {
            throw JobFailure.permanent("there is no such payout")
        }
        var sight = payout.sight
        sight.hasPackage = sight.hasPackage || heard.package != nil
        let waits = news == .reported(.waiting) || heard.answer == .standing(.waiting)
        if waits, sight.confirmUntil == nil { sight.confirmUntil = now + PayoutLife.confirmTime }
        guard let outcome = PayoutLife.decide(sight, news, now: now) else { return nil }
        let sealed = try heard.package.map {
            try keys.seal(Array($0.utf8), for: .payoutPackage, context: id.packageContext(brand))
        }
        try await tx.execute(
            PayoutStatements.save(
                outcome, of: id, word: heard.word, providerNo: heard.providerNo, sealedPackage: sealed,
                confirmUntil: sight.confirmUntil, brand: brand, now: now))
        try await follow(outcome, payout, brand: brand, now: now, on: tx)
        return Settled(payout: payout, outcome: outcome)
    }

    private func follow(
        _ outcome: PayoutOutcome, _ payout: PayoutRecord, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        switch outcome.effect {
        case .book:
            let cash = try await Ledger.account(AccountKey(ofBrand: .merchantCash), brand: brand, now: now, on: tx)
            let posting = Posting(
                debit: payout.owedAccount, credit: cash, amount: payout.amount, kind: .payoutPaid,
                subject: payout.id.rawValue, occurredAt: now)
            try await Ledger.post([posting], brand: brand, now: now, on: tx)
            try await report(payout, isPaid: true, brand: brand, on: tx)
        case .giveUp: try await report(payout, isPaid: false, brand: brand, on: tx)
        case .renumber:
            _ = try await Payouts.add(
                [payout.wish], number: payout.number + 1, after: outcome.callAfter, brand: brand, now: now, queue, tx)
        case .none:
            guard let delay = outcome.callAfter else { return }
            let options = JobOptions(delay: delay, brand: brand.rawValue)
            if outcome.stage == .requested {
                try await queue.push(PayoutRequest(brand: brand, payout: payout.id), options: options, on: tx)
            } else {
                try await queue.push(PayoutCheck(brand: brand, payout: payout.id), options: options, on: tx)
            }
        }
    }

    private func report(_ payout: PayoutRecord, isPaid: Bool, brand: ID<Brand>, on tx: Transaction) async throws {
        try await queue.push(
            PayoutEnded(
                brand: brand, payout: payout.id, subject: payout.subject, person: payout.person,
                amount: payout.amount, isPaid: isPaid),
            options: JobOptions(brand: brand.rawValue, queue: payout.ownerQueue), on: tx)
    }

    // MARK: Hearing

    /// Takes what WeChat Pay says by itself; numbers that are not ours stay visible as failed jobs.
    func hear(_ job: PayoutReported, on tx: Transaction) async throws -> Settled? {
        guard let id = ID<Payout>(outBillNo: job.outBillNo),
            let payout = try await tx.first(PayoutStatements.payout(id, brand: job.brand)),
            payout.mchid == job.mchid
        else { throw JobFailure.permanent("a payout was reported that is not ours") }
        guard payout.amount == job.amount else {
            throw JobFailure.permanent("a payout was reported with another amount than asked")
        }
        let heard = Heard(
            answer: .standing(job.standing), word: String((job.word ?? job.standing.rawValue).prefix(200)),
            providerNo: job.providerBillNo)
        return try await settle(id, .reported(job.standing), heard, brand: job.brand, on: tx)
    }

    private func tell(_ settled: Settled?, in context: JobContext) async {
        guard let settled else { return }
        if settled.outcome.needsAttention {
            context.logger.error(
                "A payout needs a person: siyu payout show tells more.",
                metadata: ["payout": "\(settled.payout.id)", "stage": "\(settled.outcome.stage.rawValue)"])
        }
        if settled.outcome.effect == .book { await queue.wake(settled.payout.ownerQueue) }
    }
}

extension PayoutStanding {
    /// A word that we do not know is not final.
    package init(_ state: WeChat.TransferState) {
        self =
            switch state {
            case .success: .success
            case .failed: .failed
            case .waitUserConfirm: .waiting
            case .processing, .other: .processing
            }
    }
}

extension PayoutAnswer {
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
