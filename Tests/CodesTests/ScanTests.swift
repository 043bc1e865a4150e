import Accounting
import Codes
import Foundation
import Hooks
import Jobs
import Kernel
import Postgres
import Synchronization
import TestSupport
import Testing

struct ScanTests {
    @Test func c05_sameCodeInOneBatchOfScans_hasOneWinner() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let index = try #require((0..<Factory.count).first { batch.prize(of: $0)?.tier == 2 })

            let results = try await factory.answers((0..<40).map { factory.scan(batch, index, by: "p\($0)") })
            let again = try await factory.answers([factory.scan(batch, index, by: "p0")])

            #expect(results[0].outcome == "won")
            #expect(results.dropFirst().allSatisfy { $0.outcome == "already_redeemed" && $0.json["prize"] == nil })
            #expect(again[0].outcome == "redeemed_by_you")
            #expect(again[0].json["redeemed_at"] as? String == results[0].json["redeemed_at"] as? String)
            #expect(again[0].json["prize"] as? NSDictionary == results[0].json["prize"] as? NSDictionary)
            #expect(try await factory.count("codes.redemption") == 1)
        }
    }

    @Test func c05_twoBatchesInOppositeOrder_doNotDeadlock() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            for round in 0..<20 {
                let indexes = Array(Int64(round * 50)..<Int64(round * 50 + 50))
                let forward = indexes.map { factory.scan(batch, $0, by: "a") }
                let backward = indexes.reversed().map { factory.scan(batch, $0, by: "b") }

                async let one = factory.answers(forward)
                async let two = factory.answers(backward)
                let (first, second) = try await (one, Array(two.reversed()))

                for (left, right) in zip(first, second) {
                    let outcomes = [left.outcome, right.outcome]
                    #expect(outcomes.filter { $0 == "already_redeemed" }.count == 1)
                }
            }
            #expect(try await factory.count("codes.redemption") == 1_000)
            // A backend tells the statistics about once a second, and at the latest before it is gone.
            await factory.redeem.shutdown()
            try await eventually {
                try await factory.db.superuser.one(
                    Statement<Bool>(
                        """
                        SELECT NOT EXISTS (SELECT FROM pg_stat_activity
                            WHERE datname = current_database() AND usename = 'siyu_redeem')
                        """
                    ) { row throws(PostgresError) in try row.next() })
            }
            let deadlocks = try await factory.db.superuser.one(
                Statement<Int>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") {
                    row throws(PostgresError) in try row.next()
                })
            #expect(deadlocks == 0)
        }
    }

    @Test func c04_sameDeliveryInManyWays_isOneRedemptionAndTheSameBytes() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let scan = factory.scan(batch, 5, by: "p")

            // Within one transaction, in several at once, and afterwards.
            let together = try await factory.answers([scan, scan, scan])
            let other = factory.scan(batch, 6, by: "p")
            let atOnce = try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
                for _ in 0..<8 { group.addTask { try await factory.answers([other])[0].body } }
                return try await group.reduce(into: Set<[UInt8]?>()) { $0.insert($1) }
            }
            let later = try await factory.answers([scan])

            #expect(Set(together.map(\.body)).count == 1 && together[0].body != nil)
            #expect(later[0].body == together[0].body)
            #expect(atOnce.count == 1 && !atOnce.contains(nil))
            #expect(try await factory.count("codes.redemption") == 2)
            #expect(try await factory.count("hooks.inbox") == 2)
        }
    }

    @Test func c04_sameIDWithAnotherBody_isRefused() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let first = factory.scan(batch, 5, by: "p", id: "same")
            let other = factory.scan(batch, 6, by: "p", id: "same")

            let together = try await factory.answers([first, other])
            let later = try await factory.answers([other])

            #expect(together[0].outcome != nil)
            #expect(together[1].problem?.code == "idempotency_mismatch")
            #expect(later[0].problem?.code == "idempotency_mismatch")
            #expect(try await factory.count("codes.redemption") == 1)
        }
    }

    @Test func c04_sameIDWithAnotherBody_atOnce_redeemsOneCode() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let rounds = 40
            for round in 0..<rounds {
                let index = Int64(2 * round)
                let one = factory.scan(batch, index, by: "p", id: "same-\(round)")
                let other = factory.scan(batch, index + 1, by: "p", id: "same-\(round)")

                async let first = factory.answers([one])
                async let second = factory.answers([other])
                let results = try await (first, second)

                let problems = [results.0[0].problem?.code, results.1[0].problem?.code].compactMap { $0 }
                #expect(problems == ["idempotency_mismatch"])
            }
            #expect(try await factory.count("codes.redemption") == rounds)
        }
    }

    @Test func c07_codesOutsideActiveRanges_spendNothing() async throws {
        try await Factory.open { factory in
            let batch = try await factory.mint()
            try await factory.decide(.activate, batch, 10..<20)
            try await factory.decide(.freeze, batch, 12..<14)
            try await factory.decide(.void, batch, 14..<16)

            let results = try await factory.answers(
                [9, 10, 12, 14, 19, 20].map { factory.scan(batch, $0, by: "p\($0)") })

            #expect(results[0].problem?.code == "not_active" && results[5].problem?.code == "not_active")
            #expect(results[2].problem?.code == "not_active")
            #expect(results[3].problem == .codeUnknown)
            #expect(results[1].outcome != nil && results[4].outcome != nil)
            // Neither a row, nor an answer, nor a person of those that changed nothing.
            #expect(try await factory.count("codes.redemption") == 2)
            #expect(try await factory.count("hooks.inbox") == 2)
            #expect(try await factory.count("vault.person") == 2)

            // The same delivery counts once the range is active.
            let early = factory.scan(batch, 30, by: "p")
            #expect(try await factory.answers([early])[0].problem?.code == "not_active")
            try await factory.decide(.activate, batch, 20..<40)
            #expect(try await factory.answers([early])[0].outcome != nil)
        }
    }

    @Test func c07_redeemedCodes_stayRedeemedUntilVoid() async throws {
        try await Factory.open { factory in
            let batch = try await factory.mint()
            let now = try await factory.operator.one(
                Statement<Date>("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() })
            try await factory.decide(.activate, batch, until: now + 3_600)
            _ = try await factory.answers([factory.scan(batch, 1, by: "p")])
            try await factory.db.owner.execute(
                Statement("UPDATE siyu.environment SET clock_offset = interval '2 hours'"))

            let over = try await factory.answers([factory.scan(batch, 1, by: "p"), factory.scan(batch, 2, by: "p")])
            try await factory.decide(.void, batch, 0..<10)
            let void = try await factory.answers([factory.scan(batch, 1, by: "p")])

            #expect(over[0].outcome == "redeemed_by_you" && over[1].problem?.code == "not_active")
            #expect(void[0].problem == .codeUnknown)
        }
    }

    @Test func c07_voidDecidedWhileScansRun_letsNoneBegunLaterThrough() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            for round in 0..<40 {
                let index = Int64(round)
                async let scanned = factory.answers([factory.scan(batch, index, by: "p")])
                async let voided = factory.decide(.void, batch, index..<index + 1)
                _ = try await (scanned, voided)
                let after = try await factory.answers([factory.scan(batch, index, by: "q")])
                #expect(after[0].problem == .codeUnknown)
            }
        }
    }

    /// Answers are put together from parts that were written once; the encoder would write the same bytes.
    @Test func answers_areWrittenAsTheEncoderWritesThem() async throws {
        try await Factory.open { factory in
            let prizes = [
                PrizeRequest(name: #"半"\/ ½"#, kind: .item, cost: Money(fen: 500), count: 5_000),
                PrizeRequest(name: "Points", kind: .points, points: 10, cost: Money(fen: 10), count: 3_000),
            ]
            let batch = try await factory.mint(prizes: prizes, label: #"春/節 "2026" \"#)
            try await factory.decide(.activate, batch)
            let scans = (0..<100).map { factory.scan(batch, Int64($0 / 2), by: "p\($0 % 4)") }
            let again = (0..<50).map { factory.scan(batch, Int64($0), by: "p\($0 * 2 % 4)") }

            let results = try await factory.answers(scans) + factory.answers(again)

            for result in results {
                let encoded = try JSONSerialization.data(
                    withJSONObject: result.json, options: [.sortedKeys, .withoutEscapingSlashes])
                #expect(result.body == Array(encoded))
            }
            #expect(Set(results.map(\.outcome)) == ["won", "no_prize", "already_redeemed", "redeemed_by_you"])
            #expect(results.contains { ($0.json["prize"] as? [String: Any])?["name"] as? String == prizes[0].name })
            let product = results[0].json["product"] as? [String: Any]
            #expect(product?["label"] as? String == batch.record.label)
        }
    }

    /// A loser of the short way's race goes the long way: whoever it meets, codes have one winner and nobody is admitted twice.
    @Test func sameNewcomersInManyTransactions_areAdmittedOnce_andEachCodeHasOneWinner() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            for round in 0..<10 {
                let base = Int64(round * 20)
                let results = try await withThrowingTaskGroup(of: [ScanResult].self) { group in
                    for task in 0..<6 {
                        let scans = (0..<20).map { number in
                            factory.scan(batch, base + Int64((number + task) % 20), by: "n\(round)-\(number / 2)")
                        }
                        group.addTask { try await factory.answers(scans) }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(results.allSatisfy { $0.outcome != nil })
                #expect(results.filter { ["won", "no_prize"].contains($0.outcome) }.count == 20)
            }
            #expect(try await factory.count("vault.person") == 100)
            #expect(try await factory.count("codes.redemption") == 200)
            #expect(try await factory.count("hooks.inbox") == 1_200)
            #expect(try await Ledger.check(brand: factory.brand, on: factory.redeem).isBalanced)
        }
    }

    @Test func wins_areOwedAndPointsArePaid() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let (bottles, points, nothing) = (10, 40, 250)
            let indexes = [(1, bottles), (2, points), (nil, nothing)].flatMap { tier, count in
                (0..<Factory.count).lazy.filter { batch.prize(of: $0)?.tier == tier }.prefix(count)
            }
            let results = try await factory.answers(indexes.map { factory.scan(batch, $0, by: "p\($0)") })
            #expect(indexes.count == bottles + points + nothing)
            #expect(results.filter { $0.outcome == "won" }.count == bottles + points)
            #expect(results.filter { $0.outcome == "no_prize" }.count == nothing)

            let brand = factory.brand
            func balance(_ account: ID<Account>) async throws -> Int64 {
                try await Ledger.balance(of: account, brand: brand, on: factory.redeem).fen
            }
            let owed = Int64(bottles * 500 + points * 10)
            #expect(try await balance(batch.record.owedAccount) == owed)
            #expect(try await balance(batch.record.costAccount) == -owed)

            PrizePayments.register(on: factory.queue)
            let worker = Task { try await factory.queue.processor(queues: [PrizePay.jobQueue]).run() }
            try await eventually { try await balance(batch.record.owedAccount) == Int64(bottles * 500) }
            worker.cancel()
            _ = try? await worker.value
            #expect(try await Ledger.check(brand: brand, on: factory.redeem).isBalanced)
        }
    }
}

struct ScanDeskTests {
    private func scans(_ count: Int) throws -> [Scan] {
        let batch = try KeyRingFixture().batch(count: Int64(count))
        let brand = batch.record.brand
        return (0..<count).map { index in
            Scan(
                delivery: Delivery(source: .mint(), brand: brand, id: "\(index)", body: []),
                code: GenuineCode(batch: batch, index: Int64(index)), openid: "p\(index)")
        }
    }

    private func answer(_ scan: Scan) -> ScanResult {
        .success(StoredAnswer(status: 200, body: Array(scan.openid.utf8)))
    }

    @Test func scans_thatArriveWhileOneRuns_goTogetherAndGetTheirOwnAnswers() async throws {
        let count = ScanDesk.companyMin.value
        let scans = try scans(count)
        let sizes = Mutex<[Int]>([])
        let begun = TestSignal<Void>()
        let released = TestSignal<Void>()
        let desk = ScanDesk { scans, _ in
            let isFirst = sizes.withLock { sizes in
                sizes.append(scans.count)
                return sizes.count == 1
            }
            if isFirst {
                begun.send()
                try await released.wait()
            }
            return scans.map(answer)
        }

        let bodies = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            group.addTask { (0, try await desk.redeem(scans[0]).body) }
            try await begun.wait()
            for index in 1..<count { group.addTask { (index, try await desk.redeem(scans[index]).body) } }
            try await eventually { desk.waitingCount == count - 1 }
            released.send()
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }

        #expect(sizes.withLock { $0 } == [1, count - 1])
        #expect((0..<count).allSatisfy { bodies[$0] == Array("p\($0)".utf8) })
    }

    @Test(.timeLimit(.minutes(1))) func manyThatWait_setOutBesideTheFirst_andNoThirdFollows() async throws {
        let many = ScanDesk.companyMin.value
        let scans = try scans(1 + 2 * many)
        let sizes = Mutex<[Int]>([])
        let isReleased = Mutex(false)
        let desk = ScanDesk { scans, _ in
            sizes.withLock { $0.append(scans.count) }
            try await eventually { isReleased.withLock { $0 } }
            return scans.map(answer)
        }

        let bodies = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            func add(_ indexes: Range<Int>) {
                for index in indexes { group.addTask { (index, try await desk.redeem(scans[index]).body) } }
            }
            add(0..<1)
            try await eventually { sizes.withLock { $0 } == [1] }
            add(1..<1 + many)
            try await eventually { sizes.withLock { $0 } == [1, many] }
            add(1 + many..<1 + 2 * many)
            try await eventually { desk.waitingCount == many }
            #expect(sizes.withLock { $0.count } == 2)
            isReleased.withLock { $0 = true }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }

        #expect(sizes.withLock { $0 } == [1, many, many])
        #expect((0..<scans.count).allSatisfy { bodies[$0] == Array("p\($0)".utf8) })
        #expect(desk.waitingCount == 0)
    }

    @Test func oneThatFails_doesNotHarmTheOthers() async throws {
        struct Poison: Error {}
        let scans = try scans(9)
        let begun = TestSignal<Void>()
        let released = TestSignal<Void>()
        let desk = ScanDesk { scans, _ in
            if scans.map(\.openid) == ["p0"] {
                begun.send()
                try await released.wait()
            }
            if scans.contains(where: { $0.openid == "p4" }) { throw Poison() }
            return scans.map(answer)
        }

        let failed = try await withThrowingTaskGroup(of: Int?.self) { group in
            func add(_ index: Int) {
                group.addTask {
                    do {
                        _ = try await desk.redeem(scans[index])
                        return nil
                    } catch is Poison {
                        return index
                    }
                }
            }
            add(0)
            try await begun.wait()
            for index in 1..<9 { add(index) }
            try await eventually { desk.waitingCount == 8 }
            released.send()
            return try await group.reduce(into: [Int]()) { all, one in one.map { all.append($0) } }
        }

        #expect(failed == [4])
    }

    @Test(.timeLimit(.minutes(1))) func callerThatGivesUp_isToldAtOnce_andItsScanIsRedeemed() async throws {
        let scan = try scans(1)[0]
        let begun = TestSignal<Void>()
        let released = TestSignal<Void>()
        let redeemed = Mutex<[String]>([])
        let desk = ScanDesk { scans, _ in
            begun.send()
            try await released.wait()
            redeemed.withLock { $0 += scans.map(\.openid) }
            return scans.map(answer)
        }

        let caller = Task { try await desk.redeem(scan) }
        try await begun.wait()
        caller.cancel()
        let problem = await #expect(throws: Problem.self) { try await caller.value }
        #expect(problem?.status == 503)

        released.send()
        try await eventually { redeemed.withLock { $0 } == ["p0"] }
    }
}
