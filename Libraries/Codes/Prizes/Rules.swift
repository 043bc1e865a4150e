import FoundationEssentials
package import Kernel
import Policies
package import Postgres

extension PolicyKey where Value == TopPrize {
    /// The most that a prize may cost.
    static var topPrizeMax: Self { Self("codes.top_prize_max") }
}

extension PolicyKey where Value == ClaimDays {
    /// How long a thing that was won is kept, where the rules say nothing else.
    static var claimDays: Self { Self("codes.claim_days") }
}

/// The worth of a prize, as policies write it.
struct TopPrize: Codable, Hashable, Sendable {
    let fen: Int64
}

/// A number of days, as policies write it.
struct ClaimDays: Codable, Hashable, Sendable {
    let days: Int32
}

/// What became of a wish to publish rules.
package enum RulesOutcome: Hashable, Sendable {
    /// They are published.
    case published(PublishedRules)
    /// They said so already.
    case unchanged(PublishedRules)
    /// The wish is refused.
    case refused(Problem)
}

/// Publishes what is promised about the prizes of a batch: before its codes live, and afterwards in the consumer's favour alone.
package enum Rules {
    /// Decides about a wish under a lock of its batch, and publishes it if that is the outcome.
    ///
    /// - Throws: ``Problem`` 404 for a batch that the brand does not have.
    package static func publish(
        _ change: RulesChange, batch: ID<CodeBatch>, brand: ID<Brand>, author: String, on pool: Pool
    ) async throws -> RulesOutcome {
        try await pool.transaction { tx in
            let (clock, locked) = try await tx.pipeline(
                BatchStatements.clock(), BatchStatements.lock(batch, brand: brand))
            guard let now = clock.first, !locked.isEmpty else { throw Problem.notFound("There is no such batch.") }
            // After the lock, so that this sees what the one before decided.
            let (published, ranges, hashes) = try await tx.pipeline(
                RulesStatements.current(of: [batch], brand: brand), BatchStatements.ranges(of: batch, brand: brand),
                RulesStatements.rulesHash(of: batch, brand: brand))
            guard let current = published.first?.rules, let rulesHash = hashes.first else {
                throw CodesError.rulesMissing(batch)
            }
            let activations = ranges.filter { $0.kind == .activate }
            switch RulesStep.decide(current.terms, change, activations: activations, now: now) {
            case .unchanged: return .unchanged(current)
            case .refused(let problem): return .refused(problem)
            case .publish(let terms):
                let next = PublishedRules(
                    version: current.version + 1, terms: terms, documentHash: terms.documentHash(rulesHash: rulesHash),
                    author: author, publishedAt: now)
                try await insert(next, batch: batch, brand: brand, on: tx)
                return .published(next)
            }
        }
    }

    /// Everything that was published about a batch, the last first.
    package static func history(
        of batch: ID<CodeBatch>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> [PublishedRules] {
        try await executor.run(RulesStatements.history(of: batch, brand: brand))
    }

    /// Publishes the first version, in the transaction of the minting: from now on, without an end.
    static func publishFirst(_ batch: CodeBatchRecord, author: String, now: Date, on tx: Transaction) async throws {
        let kept = try await Policies.value(.claimDays, brand: batch.brand, at: now, on: tx)
        let range = RuleTerms.claimDaysRange
        guard range.contains(kept.days) else {
            throw Problem.conflict(
                "The brand's policy codes.claim_days says \(kept.days) days: set it to \(range.lowerBound) to \(range.upperBound).",
                code: "claim_days_out_of_range")
        }
        let terms = RuleTerms(startsAt: now, endsAt: nil, claimDays: kept.days)
        let first = PublishedRules(
            version: 1, terms: terms, documentHash: terms.documentHash(rulesHash: batch.rulesHash), author: author,
            publishedAt: now)
        try await insert(first, batch: batch.id, brand: batch.brand, on: tx)
    }

    private static func insert(
        _ rules: PublishedRules, batch: ID<CodeBatch>, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        guard try await tx.first(RulesStatements.insert(rules, batch: batch, brand: brand)) != nil else {
            throw CodesError.rulesMissing(batch)
        }
    }
}

/// What the law asks before codes with prizes may live.
enum PrizeGuard {
    /// Why an activation must not be; nil if it may.
    ///
    /// In the transaction that decides about it, under the lock of its batch. The worth of prizes is judged by the numbers of the
    /// instant at which the codes begin to live. A brand may be stricter than the standard, never laxer.
    static func obstacle(
        to activation: CodeRange, batch: ID<CodeBatch>, brand: ID<Brand>, on tx: Transaction
    ) async throws -> Problem? {
        let (tops, published) = try await tx.pipeline(
            RulesStatements.topPrize(of: batch, brand: brand), RulesStatements.current(of: [batch], brand: brand))
        guard let rules = published.first?.rules else { throw CodesError.rulesMissing(batch) }
        guard rules.terms.hold(activation) else {
            return .conflict(
                "The codes would live outside the published rules of their batch: publish rules that hold this time with `siyu codes rules`, or choose another time.",
                code: "outside_published_rules")
        }
        guard let top = tops.first ?? nil else { return nil }
        let most = try await Self.most(brand: brand, at: activation.validFrom, on: tx)
        guard top > most else { return nil }
        return .conflict(
            "A prize of this batch costs \(top.yuanText) yuan, and no prize may cost more than \(most.yuanText) yuan: mint a batch with smaller prizes.",
            code: "prize_too_valuable")
    }

    /// The most that a prize may cost as of an instant: a brand may be stricter than the standard, never laxer.
    static func most(brand: ID<Brand>, at instant: Date, on tx: Transaction) async throws -> Money {
        let own = try await Policies.value(.topPrizeMax, brand: brand, at: instant, on: tx)
        let standard = try await Policies.standard(.topPrizeMax, at: instant, on: tx)
        return Money(fen: min(own.fen, standard.fen))
    }
}
