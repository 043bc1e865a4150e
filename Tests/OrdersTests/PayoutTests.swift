import Accounting
import Foundation
import JobTesting
import Jobs
import Kernel
import Postgres
import TestSupport
import Testing
import WeChat

@testable import Orders

struct PayoutTests {
    /// Runs jobs and lets hours pass until nothing is left to do, for some days of the business at most.
    private func run(_ bundle: PayoutsBundle, hours: Int = 24 * 8) async throws {
        for _ in 0..<hours {
            try await bundle.tester.drain()
            let left = try await bundle.tester.pushed(PayoutRequest.self).count
            let asked = try await bundle.tester.pushed(PayoutCheck.self).count
            if left + asked == 0 { return }
            try await bundle.tester.advance(by: .seconds(3_600))
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func c15_payout_withEveryThirdCallFailing_paysOnce(seed: UInt64) async throws {
        try await withTestDatabase { db in
            let bank = FlakyTransfers(seed: seed, failsEvery: 3, failures: 1)
            let bundle = try await PayoutsBundle(db, bank: bank)
            try await bundle.setClock("2026-03-10T10:00:00+08:00")
            var subjects: [UUID] = []
            for number in 0..<60 { subjects.append(try await bundle.prize("o\(number)", fen: 100 + Int64(number))) }

            try await run(bundle)

            var paid = 0
            for (number, subject) in subjects.enumerated() {
                let attempts = try await bundle.attempts(subject)
                let succeeded = attempts.filter { $0.stage == .succeeded }
                // Never twice, whatever was lost: and what the books say is what the bank says.
                #expect(succeeded.count <= 1 && attempts.dropLast().allSatisfy { $0.stage == .failed })
                #expect(bank.paid["o\(number)"] == succeeded.first.map(\.amount.fen))
                #expect(succeeded.count == 1 || (attempts.count == 3 && attempts[2].attentionSince != nil))
                paid += succeeded.count
            }
            #expect(paid >= 59)
            #expect(bank.contradictions == 0 && bank.calls > 75, "\(bank.calls)")
            #expect(try await bundle.booked() == bank.paid.values.reduce(0, +))
            #expect(try await bundle.tester.pushed(PayoutEnded.self).count == 60)
            #expect(try await Ledger.check(brand: bundle.brand, on: bundle.pool).isBalanced)
        }
    }

    @Test func c15_payoutAtNight_waitsForEight() async throws {
        try await withTestDatabase { db in
            let bundle = try await PayoutsBundle(db)
            try await bundle.setClock("2026-03-10T00:30:00+08:00")
            let subject = try await bundle.prize("o")

            let runs = try await bundle.tester.drain()

            #expect(bundle.bank.calls == 0)
            guard case .snoozed(let rest) = runs.first?.end else {
                Issue.record("It should sleep: \(runs)")
                return
            }
            #expect(rest > .seconds(7 * 3_600) && rest <= .seconds(7.5 * 3_600))
            #expect(try await bundle.attempts(subject).map(\.stage) == [.requested])
            try await bundle.setClock("2026-03-10T07:59:00+08:00")
            try await bundle.tester.drain()
            #expect(bundle.bank.calls == 0)

            try await bundle.setClock("2026-03-10T08:00:01+08:00")
            try await bundle.tester.drain()

            #expect(bundle.bank.paid == ["o": 500])
            #expect(try await bundle.attempts(subject).map(\.attempts) == [1])
        }
    }

    @Test func c15_noticeToldTwice_booksOnce() async throws {
        try await withTestDatabase { db in
            let bundle = try await PayoutsBundle(db, bank: FlakyTransfers(takesAtOnce: false))
            let subject = try await bundle.prize("o")
            try await bundle.tester.drain()
            let payout = try #require(try await bundle.attempts(subject).first)
            #expect(payout.stage == .waiting)

            bundle.bank.end(payout.outBillNo, as: "SUCCESS")
            for _ in 0..<3 { try await bundle.report(payout, .success) }
            try await bundle.tester.drain()
            try await run(bundle)

            let ended = try #require(try await bundle.attempts(subject).first)
            #expect(ended.stage == .succeeded && ended.sealedPackage == nil && ended.finishedAt != nil)
            #expect(try await bundle.booked() == 500)
            #expect(try await bundle.tester.pushed(PayoutEnded.self).map(\.parameters.isPaid) == [true])
        }
    }

    @Test func c15_waitingThatExpires_isOfferedAgainAndGivenUpAfterThreeNumbers() async throws {
        try await withTestDatabase { db in
            let bundle = try await PayoutsBundle(db, bank: FlakyTransfers(takesAtOnce: false))
            let subject = try await bundle.prize("o")
            try await bundle.tester.drain()
            var numbers: Set<String> = []
            for round in 1...3 {
                let waiting = try #require(try await bundle.attempts(subject).last)
                #expect(waiting.stage == .waiting && waiting.number == round)
                #expect(numbers.insert(waiting.outBillNo).inserted)
                let until = try #require(waiting.confirmUntil)
                let sent = try #require(waiting.sentAt)
                #expect(abs(until.timeIntervalSince(sent) - 86_400) < 60)
                // What the mini program needs can be had, and only as long as it waits.
                let view = try await PayoutView.of(
                    subject, brand: bundle.brand, keys: bundle.keys, on: bundle.pool)
                #expect(view?.confirmation?.ticket == "package-\(waiting.outBillNo)")
                #expect(view?.confirmation?.appid == "wx1" && view?.confirmation?.mchid == PayoutsBundle.mchid)

                // Asked every hour for a day: it waits as long as WeChat Pay says so, and nothing is sent.
                let sends = bundle.bank.sends
                for _ in 0..<23 {
                    try await bundle.tester.advance(by: .seconds(3_600))
                    try await bundle.tester.drain()
                }
                #expect(try await bundle.attempts(subject).last?.stage == .waiting && bundle.bank.sends == sends)
                bundle.bank.end(waiting.outBillNo, as: "FAIL")
                // It is asked within an hour, and the next number is sent an hour later, unless that is at night.
                for _ in 0..<14 {
                    let last = try #require(try await bundle.attempts(subject).last)
                    if round < 3 ? last.number == round + 1 && last.stage == .waiting : last.stage == .failed { break }
                    try await bundle.tester.advance(by: .seconds(3_600))
                    try await bundle.tester.drain()
                }
            }

            let attempts = try await bundle.attempts(subject)
            #expect(attempts.map(\.stage) == [.failed, .failed, .failed] && attempts[2].attentionSince != nil)
            #expect(bundle.bank.paid.isEmpty)
            #expect(try await bundle.booked() == 0)
            #expect(try await bundle.tester.pushed(PayoutEnded.self).map(\.parameters.isPaid) == [false])
            #expect(
                try await PayoutView.of(subject, brand: bundle.brand, keys: bundle.keys, on: bundle.pool)?
                    .confirmation == nil)

            // Somebody has seen to it: one number more.
            let next = try await bundle.pool.transaction { tx in
                try await Payouts.retry(
                    attempts[2].id, brand: bundle.brand, queue: bundle.queue, on: tx)
            }
            #expect(next.number == 4 && next.stage == .requested)
            await #expect(throws: Problem.self) {
                try await bundle.pool.transaction { tx in
                    try await Payouts.retry(attempts[1].id, brand: bundle.brand, queue: bundle.queue, on: tx)
                }
            }
        }
    }

    @Test func payout_whoseSenderDied_isAskedAboutBeforeItIsSentAgain() async throws {
        try await withTestDatabase { db in
            let bundle = try await PayoutsBundle(db)
            let subject = try await bundle.prize("o")
            let id = try #require(try await bundle.attempts(subject).first?.id)

            // Marked, and then nothing: whether the call was made, nobody knows.
            _ = try await bundle.pool.transaction { tx in
                try await bundle.paying.begin(id, brand: bundle.brand, on: tx)
            }
            #expect(try await bundle.attempts(subject).map(\.stage) == [.sent])
            try await bundle.tester.drain()

            #expect(bundle.bank.calls == 2 && bundle.bank.sends == 1)
            #expect(bundle.bank.bills.count == 1 && bundle.bank.paid == ["o": 500])
        }
    }

    @Test func payout_askedForAgain_isOne() async throws {
        try await withTestDatabase { db in
            let bundle = try await PayoutsBundle(db)
            let subject = ID<Redemption>.mint().rawValue
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { _ = try await bundle.prize("o", subject: subject) } }
                try await group.waitForAll()
            }
            #expect(try await bundle.attempts(subject).count == 1)
            #expect(try await bundle.tester.pushed(PayoutRequest.self).count == 1)
        }
    }

    @Test func payout_withoutAMerchant_waitsForOne() async throws {
        try await withTestDatabase { db in
            let bundle = try await PayoutsBundle(db, hasMerchant: false)
            let subject = try await bundle.prize("o")
            try await bundle.tester.drain()
            let waiting = try #require(try await bundle.attempts(subject).first)
            #expect(waiting.stage == .requested && waiting.attentionSince != nil && waiting.sentAt == nil)

            try await bundle.addMerchant()
            try await run(bundle)

            #expect(bundle.bank.paid == ["o": 500])
            #expect(try await bundle.attempts(subject).first?.attentionSince == nil)
        }
    }

    @Test func payout_toAnErasedPerson_isNotSentAndShown() async throws {
        try await withTestDatabase { db in
            let bundle = try await PayoutsBundle(db)
            let subject = try await bundle.prize("o")
            try await db.owner.execute(
                Statement<Void>(
                    "UPDATE vault.person SET blind_index = NULL, sealed_value = NULL, wrapped_key = NULL, erased_at = now()"
                ))

            try await bundle.tester.drain()

            #expect(bundle.bank.calls == 0)
            #expect(try await bundle.attempts(subject).map(\.stage) == [.refused])
            let shown = try await Payouts.needingAttention(brand: bundle.brand, on: db.pool(as: .operator))
            #expect(shown.map(\.subject) == [subject])
        }
    }

    @Test func report_thatIsNotOurs_movesNothing() async throws {
        try await withTestDatabase { db in
            let bundle = try await PayoutsBundle(db, bank: FlakyTransfers(takesAtOnce: false))
            let subject = try await bundle.prize("o")
            try await bundle.tester.drain()
            let payout = try #require(try await bundle.attempts(subject).first)

            try await bundle.report(payout, .success, fen: 501)
            try await bundle.report(payout, .success, mchid: "1900000110")
            let ends = try await bundle.tester.drain().map(\.end)

            #expect(ends.count == 2)
            for end in ends {
                guard case .discarded(.permanent, _) = end else {
                    Issue.record("\(end)")
                    continue
                }
            }
            #expect(try await bundle.attempts(subject).map(\.stage) == [.waiting])
            #expect(try await bundle.booked() == 0)
        }
    }

    @Test func secondLiveAttempt_isRefusedByTheDatabase() async throws {
        try await withTestDatabase { db in
            let bundle = try await PayoutsBundle(db)
            let subject = try await bundle.prize("o")
            let wish = try #require(try await bundle.attempts(subject).first).wish
            let second = await #expect(throws: PostgresError.self) {
                try await bundle.pool.transaction { tx in
                    _ = try await Payouts.add(
                        [wish], number: 2, after: nil, brand: bundle.brand, now: .now, bundle.queue, tx)
                }
            }
            #expect(second?.constraint == "payout_one_live_idx")
        }
    }
}

struct PayoutLifeTests {
    private let now = Date(timeIntervalSince1970: 1_773_115_200)

    /// A random walk over all news: whatever comes, a new number is made only by the word that the last one failed.
    @Test func newNumber_needsTheWordThatTheLastOneFailed() {
        var random = SeededRandom(7)
        let standings: [PayoutStanding] = [.success, .processing, .waiting, .failed]
        let answers: [PayoutAnswer] =
            standings.map(PayoutAnswer.standing) + [
                .unknown, .notFound, .throttled, .notEnough, .notSent, .refused,
            ]
        for _ in 0..<20_000 {
            let sight = PayoutSight(
                stage: PayoutStage.allCases[random.below(8)], number: 1 + random.below(4),
                attempts: 1 + random.below(70),
                sentAt: random.below(5) == 0 ? nil : now - Double(random.below(40) * 86_400),
                confirmUntil: random.below(2) == 0 ? nil : now + Double(random.below(90_000)) - 1_800,
                hasPackage: random.below(2) == 0)
            let news: PayoutNews =
                random.below(4) == 0
                ? .reported(standings[random.below(4)])
                : .answered(random.below(2) == 0 ? .send : .query, answers[random.below(answers.count)])
            guard let outcome = PayoutLife.decide(sight, news, now: now) else {
                #expect(sight.stage == .succeeded || sight.stage == .failed)
                continue
            }
            let saysFailed =
                news == .reported(.failed) || news == .answered(.send, .standing(.failed))
                || news == .answered(.query, .standing(.failed))
            #expect(
                (outcome.effect == .renumber || outcome.effect == .giveUp) ? saysFailed && sight.stage != .failed : true
            )
            #expect(outcome.stage != .failed || saysFailed || sight.stage == .failed)
            // Back to sending only where it is known that nothing stands under this number, or nothing was ever sent.
            if outcome.stage == .requested, sight.stage != .requested {
                switch news {
                case .answered(.query, .notFound): #expect(sight.stage == .sent || sight.stage == .unknown)
                case .answered(.send, .throttled), .answered(.send, .notEnough), .answered(.send, .notSent):
                    #expect(sight.stage == .sent)
                default: Issue.record("\(sight) \(news) \(outcome)")
                }
            }
            // Nothing is forgotten: a call comes, or it is over, or a person looks.
            #expect(
                outcome.callAfter != nil || outcome.needsAttention || outcome.stage == .succeeded
                    || outcome.stage == .failed)
            if let delay = outcome.callAfter { #expect(delay >= .zero && delay <= .seconds(86_400)) }
        }
    }

    @Test func noSuchNumber_afterAMonth_saysNothing() {
        let old = PayoutSight(stage: .unknown, sentAt: now - 30 * 86_400)
        #expect(
            PayoutLife.decide(old, .answered(.query, .notFound), now: now)
                == PayoutOutcome(stage: .unknown, needsAttention: true))
        let young = PayoutSight(stage: .unknown, sentAt: now - 28 * 86_400)
        #expect(PayoutLife.decide(young, .answered(.query, .notFound), now: now)?.stage == .requested)
    }

    @Test func waitingWhoseAnswerWasLost_isSentAgainUnderItsNumber() {
        #expect(PayoutLife.call(for: PayoutSight(stage: .waiting, hasPackage: false)) == .send)
        #expect(PayoutLife.call(for: PayoutSight(stage: .waiting, hasPackage: true)) == .query)
    }

    @Test(
        arguments: [
            ("2026-03-10T00:00:00+08:00", 28_800), ("2026-03-10T07:59:59+08:00", 1), ("2026-03-10T08:00:00+08:00", nil),
            ("2026-03-10T23:59:59+08:00", nil), ("2026-03-09T16:00:00Z", 28_800), ("1969-12-31T16:00:00Z", 28_800),
        ] as [(String, Int?)])
    func quietHours_endAtEight(instant: String, rest: Int?) throws {
        let instant = try Date(instant, strategy: .iso8601)
        #expect(QuietHours(fromHour: 0, toHour: 8).rest(at: instant) == rest.map { .seconds($0) })
    }

    @Test(
        arguments: [
            ("2026-03-10T22:00:00+08:00", 36_000), ("2026-03-10T23:00:00+08:00", 32_400),
            ("2026-03-11T07:00:00+08:00", 3_600), ("2026-03-11T08:00:00+08:00", nil),
            ("2026-03-11T21:59:00+08:00", nil),
        ] as [(String, Int?)])
    func quietHours_aroundMidnight(instant: String, rest: Int?) throws {
        let instant = try Date(instant, strategy: .iso8601)
        #expect(QuietHours(fromHour: 22, toHour: 8).rest(at: instant) == rest.map { .seconds($0) })
        #expect(QuietHours(fromHour: 8, toHour: 8).rest(at: instant) == nil)
    }

    @Test func payoutNumber_isReadBack_andNothingElseIs() {
        let id = ID<Payout>.mint()
        #expect(id.outBillNo.count == 32 && ID<Payout>(outBillNo: id.outBillNo) == id)
        for wrong in [
            "", "1", id.outBillNo.uppercased(), id.description, id.outBillNo + "0", "é" + id.outBillNo.dropFirst(2),
        ]
        where wrong != id.outBillNo {
            #expect(ID<Payout>(outBillNo: wrong) == nil)
        }
    }
}
