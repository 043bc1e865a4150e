import Codes
import Crypto
import Foundation
import Kernel
import Policies
import Postgres
import TestSupport
import Testing

struct RulesStepTests {
    private let now = Date(timeIntervalSince1970: 1_700_000_000)
    private var terms: RuleTerms { RuleTerms(startsAt: now - 100, endsAt: now + 1_000, claimDays: 30) }

    private func activation(from: TimeInterval, to: TimeInterval?) -> CodeRange {
        CodeRange(
            id: .mint(), kind: .activate, indexes: 0..<10, validFrom: now + from, validTo: to.map { now + $0 })
    }

    private func code(_ change: RulesChange, _ activations: [CodeRange]) -> String {
        switch RulesStep.decide(terms, change, activations: activations, now: now) {
        case .publish: "published"
        case .unchanged: "unchanged"
        case .refused(let problem): "\(problem.status) \(problem.code)"
        }
    }

    @Test func beforeTheFirstCodeLives_termsMayChangeAroundDecidedActivations() {
        let planned = [activation(from: 10, to: 500)]

        #expect(code(RulesChange(startsAt: now + 10, end: .at(now + 500), claimDays: 1), planned) == "published")
        #expect(code(RulesChange(startsAt: now + 11), planned) == "409 activation_outside_rules")
        #expect(code(RulesChange(end: .at(now + 499)), planned) == "409 activation_outside_rules")
        #expect(code(RulesChange(end: .at(now + 1)), []) == "published")
        #expect(code(RulesChange(end: .at(now)), []) == "422 rules_end_in_the_past")
        #expect(code(RulesChange(startsAt: now - 50), []) == "422 rules_begin_in_the_past")
        #expect(code(RulesChange(startsAt: now + 1_000), []) == "422 rules_end_before_they_begin")
        #expect(code(RulesChange(claimDays: 0), []) == "422 claim_days_out_of_range")
        #expect(code(RulesChange(claimDays: 3_651), []) == "422 claim_days_out_of_range")
        #expect(code(RulesChange(end: .at(now + 1_000), claimDays: 30), []) == "unchanged")
    }

    @Test func onceACodeLivedEvenIfItsTimeIsOver_onlyTheConsumerGains() {
        for activations in [[activation(from: 0, to: 900)], [activation(from: -50, to: -40)]] {
            #expect(code(RulesChange(end: .at(now + 1_001)), activations) == "published")
            #expect(code(RulesChange(end: .never), activations) == "published")
            #expect(code(RulesChange(claimDays: 31), activations) == "published")
            #expect(code(RulesChange(end: .at(now + 999)), activations) == "409 rules_fixed")
            #expect(code(RulesChange(claimDays: 29), activations) == "409 rules_fixed")
            #expect(code(RulesChange(startsAt: now + 1), activations) == "409 rules_fixed")
            // A gift with one hand does not pay for what the other takes.
            #expect(code(RulesChange(end: .never, claimDays: 29), activations) == "409 rules_fixed")
        }
        let endless = RuleTerms(startsAt: now, endsAt: nil, claimDays: 30)
        let step = RulesStep.decide(
            endless, RulesChange(end: .at(now + 9_999)), activations: [activation(from: 0, to: nil)], now: now)
        guard case .refused(let problem) = step else {
            Issue.record("an end was given to rules without one")
            return
        }
        #expect(problem.code == "rules_fixed")
    }

    @Test func document_hasOneTextForOneInstant() {
        let start = Date(timeIntervalSince1970: 1_700_000_000.000_007)
        let terms = RuleTerms(startsAt: start, endsAt: now + 60, claimDays: 30)

        #expect(
            terms.document(rulesHash: [0x0a, 0xff])
                == "siyu-rules-1\n0aff\n2023-11-14T22:13:20.000007Z\n2023-11-14T22:14:20.000000Z\n30\n")
        #expect(RuleTerms(startsAt: start, endsAt: nil, claimDays: 1).document(rulesHash: []).hasSuffix("Z\n-\n1\n"))
    }
}

struct RulesTests {
    @Test func c11_everyAnswer_carriesThePublishedHash() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let hash = batch.record.rulesHash.map { String(format: "%02x", $0) }.joined()
            let rules = try await factory.rules(of: batch)

            let indexes = Array(Int64(0)..<100)
            let first = try await factory.answers(indexes.map { factory.scan(batch, $0, by: "a\($0 % 3)") })
            let own = try await factory.answers(indexes.map { factory.scan(batch, $0, by: "a\($0 % 3)") })
            let others = try await factory.answers(indexes.map { factory.scan(batch, $0, by: "b") })

            let answers = first + own + others
            #expect(
                Set(answers.compactMap(\.outcome)) == ["won", "no_prize", "redeemed_by_you", "already_redeemed"])
            #expect(answers.allSatisfy { $0.json["rules_hash"] as? String == hash })
            // It is the hash that was published, before the first code lived.
            let document = try #require(rules.first).terms.document(rulesHash: batch.record.rulesHash)
            #expect(document.split(separator: "\n")[1] == hash)
            #expect(rules.first?.documentHash == Array(SHA256.hash(data: Data(document.utf8))))
            #expect(try #require(rules.first).publishedAt <= rules[0].terms.startsAt)
        }
    }

    @Test func c11_startedRules_changeInTheConsumersFavourOnly() async throws {
        try await Factory.open { factory in
            let batch = try await factory.mint()
            let now = try await factory.now()
            // Not started: shorter is allowed, and the database keeps each version.
            #expect(try await factory.publish(RulesChange(end: .at(now + 7_200), claimDays: 10), batch) == "2")
            try await factory.decide(.activate, batch, until: now + 3_600)
            _ = try await factory.answers([factory.scan(batch, 1, by: "p")])

            #expect(try await factory.publish(RulesChange(end: .at(now + 3_600)), batch) == "409 rules_fixed")
            #expect(try await factory.publish(RulesChange(claimDays: 9), batch) == "409 rules_fixed")
            #expect(try await factory.publish(RulesChange(startsAt: now + 60), batch) == "409 rules_fixed")
            #expect(try await factory.rules(of: batch).count == 2)
            #expect(try await factory.publish(RulesChange(end: .never, claimDays: 11), batch) == "3")
            #expect(try await factory.publish(RulesChange(claimDays: 11), batch) == "unchanged")

            let all = try await factory.rules(of: batch)
            #expect(all.map(\.version) == [3, 2, 1] && all.map(\.terms.claimDays) == [11, 10, 30])
            #expect(Set(all.map(\.terms.startsAt)).count == 1)
            #expect(Set(all.map(\.documentHash)).count == 3)
        }
    }

    @Test func c11_activationOutsideThePublishedTime_isRefused() async throws {
        try await Factory.open { factory in
            let batch = try await factory.mint()
            let now = try await factory.now()
            #expect(
                try await factory.publish(RulesChange(startsAt: now + 600, end: .at(now + 7_200)), batch) == "2")

            #expect(try await factory.activate(batch, 0..<10, from: nil, to: now + 3_600) == "outside_published_rules")
            #expect(
                try await factory.activate(batch, 0..<10, from: now + 599, to: now + 3_600)
                    == "outside_published_rules")
            #expect(try await factory.activate(batch, 0..<10, from: now + 600, to: nil) == "outside_published_rules")
            #expect(
                try await factory.activate(batch, 0..<10, from: now + 600, to: now + 7_201)
                    == "outside_published_rules")
            #expect(try await factory.count("codes.code_range") == 0)
            #expect(try await factory.activate(batch, 0..<10, from: now + 600, to: now + 7_200) == "added")
            // To freeze and to void is allowed at any time.
            #expect(try await factory.decide(.void, batch, 0..<5).isAdded)
            #expect(try await factory.decide(.freeze, batch, 5..<9).isAdded)
        }
    }

    @Test func c11_twoWhoPublishAtOnce_followEachOther() async throws {
        try await Factory.open { factory in
            let batch = try await factory.mint()
            let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
                for days in Int32(31)...50 {
                    group.addTask { try await factory.publish(RulesChange(claimDays: days), batch) }
                }
                return try await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(outcomes.compactMap { Int($0) }.sorted() == Array(2...21))
        }
    }

    @Test func c16_prizeAboveFiftyThousandYuan_cannotBeActivated() async throws {
        try await Factory.open { factory in
            func batch(_ fen: Int64) async throws -> OpenBatch {
                try await factory.mint(
                    "\(fen)",
                    prizes: [
                        PrizeRequest(name: "Small", kind: .item, cost: Money(fen: 1), count: 100),
                        PrizeRequest(name: "Car", kind: .item, cost: Money(fen: fen), count: 1),
                    ])
            }
            let (allowed, tooDear) = (try await batch(5_000_000), try await batch(5_000_001))
            #expect(try await factory.activate(allowed, 0..<10, from: nil, to: nil) == "added")
            #expect(try await factory.activate(tooDear, 0..<10, from: nil, to: nil) == "prize_too_valuable")
            #expect(try await factory.decide(.activate, tooDear, 0..<1).problem?.status == 409)
            #expect(try await factory.count("codes.code_range") == 1)
        }
    }

    @Test func c16_brandsOwnLimit_countsFromItsInstantAndIsNeverLaxer() async throws {
        try await Factory.open { factory in
            let now = try await factory.now()
            try await factory.setTopPrize(fen: 100, from: now + 3_600)
            let batch = try await factory.mint()  // its dearest prize costs 500 fen
            #expect(try await factory.activate(batch, 0..<10, from: now + 3_599, to: nil) == "added")
            #expect(
                try await factory.activate(batch, 10..<20, from: now + 3_600, to: nil) == "prize_too_valuable")

            try await factory.setTopPrize(fen: 900_000_000, from: now + 7_200)
            #expect(try await factory.activate(batch, 10..<20, from: now + 7_200, to: nil) == "added")
            let car = [PrizeRequest(name: "Car", kind: .item, cost: Money(fen: 5_000_001), count: 1)]
            let tooDear = try await factory.mint("2", prizes: car)
            #expect(
                try await factory.activate(tooDear, 0..<10, from: now + 7_200, to: nil) == "prize_too_valuable")
        }
    }

    @Test func batchesFromBeforeThereWereRules_getTheSameTextAsTheProgramWrites() async throws {
        try await Factory.open { factory in
            let batch = try await factory.mint()
            let rules = try #require(try await factory.rules(of: batch).first)
            let brand = factory.brand
            let hash = try await factory.db.owner.one(
                Statement<[UInt8]>(
                    """
                    SELECT sha256(convert_to('siyu-rules-1' || chr(10) || encode(b.rules_hash, 'hex') || chr(10)
                        || to_char(b.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || chr(10) || '-'
                        || chr(10) || '30' || chr(10), 'UTF8'))
                    FROM codes.batch b WHERE b.brand_id = \(brand)
                    """
                ) { row throws(PostgresError) in try row.next() })
            #expect(hash == rules.documentHash)
        }
    }
}

extension Factory {
    /// The business clock.
    func now() async throws -> Date {
        try await `operator`.one(
            Statement<Date>("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() })
    }

    func rules(of batch: OpenBatch) async throws -> [PublishedRules] {
        try await Rules.history(of: batch.record.id, brand: brand, on: redeem)
    }

    /// The version that was published, `unchanged`, or the refusal.
    func publish(_ change: RulesChange, _ batch: OpenBatch) async throws -> String {
        switch try await Rules.publish(change, batch: batch.record.id, brand: brand, author: "test", on: `operator`) {
        case .published(let rules): "\(rules.version)"
        case .unchanged: "unchanged"
        case .refused(let problem): "\(problem.status) \(problem.code)"
        }
    }

    /// What became of an activation.
    func activate(_ batch: OpenBatch, _ indexes: Range<Int64>, from: Date?, to: Date?) async throws -> String {
        let outcome = try await Ranges.decide(
            RangeCommand(kind: .activate, indexes: indexes, validFrom: from, validTo: to), batch: batch.record.id,
            brand: brand, author: "test", on: `operator`)
        return outcome.problem?.code ?? (outcome.isAdded ? "added" : "unchanged")
    }

    func setTopPrize(fen: Int64, from instant: Date) async throws {
        _ = try await `operator`.transaction { tx in
            try await Policies.set(
                "codes.top_prize_max", to: #"{"fen": \#(fen)}"#, brand: brand, validFrom: instant, author: "test",
                reason: "test", on: tx)
        }
    }
}

extension RangeOutcome {
    var isAdded: Bool { if case .added = self { true } else { false } }

    var problem: Problem? { if case .refused(let problem) = self { problem } else { nil } }
}
