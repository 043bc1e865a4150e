import Foundation
import Gifting
import JobTesting
import Jobs
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

/// Group gifts from their beginning to each of their ends, on PostgreSQL, as siyu-gifts.
@Suite struct GroupFlowTests {
    // MARK: At its time

    @Test func g19_drawAtItsTime_runsOnce_thoughTwoRaceAndOneIsKilled() async throws {
        try await withTestDatabase { db in
            let group = try await GroupBench(db)
            let bench = group.bench
            let at = try await group.clock() + 3_600
            let terms = group.terms(units: 6, places: 3, split: .lucky, entries: 50, moment: .atTime(at))
            let id = try await group.create(terms)
            try await bench.working {
                try await bench.notify(try await group.reserve(id), fen: 60_000)
                try await eventually { try await group.state(of: id) == "open" }
            }
            for number in 0..<8 { try await group.enter(id, "friend-\(number)") }
            try await group.due(id)
            #expect(try await group.state(of: id) == "open", "its time has not come")
            #expect(try await group.proof(id).verify() == .notDrawn)
            try await bench.advance(3_601)
            #expect(try await bench.refusal { try await group.enter(id, "late") } == .groupOver)

            // The first to draw dies before its commit; the others come while it lives, and after.
            let (pool, brand, groups) = (bench.pool, bench.brand, group.groups)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    await #expect(throws: (any Error).self) {
                        try await pool.transaction { tx in
                            try await groups.due(id, brand: brand, on: tx)
                            try await tx.execute(Statement("SELECT pg_terminate_backend(pg_backend_pid())"))
                        }
                    }
                }
                for _ in 0..<4 { tasks.addTask { try await group.due(id) } }
                try await tasks.waitForAll()
            }
            #expect(try await group.state(of: id) == "drawn")
            #expect(try await bench.number("SELECT count(*) FROM gifting.group_win") == 3)
            #expect(try await bench.number("SELECT count(*) FROM gifting.gift WHERE state = 'sent'") == 3)
            #expect(try await bench.number("SELECT sum(quantity)::bigint FROM gifting.gift") == 6)

            // Anybody computes the same from what is published, and winners are who entered.
            let proof = try await group.proof(id)
            #expect(proof.verify() == .right && proof.entries.count == 8)
            let matching = try await bench.number(
                """
                SELECT count(*) FROM gifting.group_win w JOIN gifting.group_entry e USING (brand_id, entry_id)
                JOIN gifting.gift g ON g.brand_id = w.brand_id AND g.gift_id = w.gift_id AND g.recipient_id = e.person_id
                    AND g.quantity = w.units AND g.group_id = w.group_id
                """)
            #expect(matching == 3)
        }
    }

    @Test func g19_whatIsNotWonOrTaken_goesBackToTheFen_inOneRefund() async throws {
        try await withTestDatabase { db in
            let group = try await GroupBench(db, pay: StubPay(failsEvery: 3))
            let bench = group.bench
            let at = try await group.clock() + 600
            try await bench.working {
                // Five places of two pieces; four people enter, one takes it, one declines, two let it lie.
                let id = try await group.open(
                    group.terms(units: 10, places: 5, entries: 20, moment: .atTime(at)))
                #expect(try await bench.available(bench.red) == 1_990)
                for number in 0..<4 { try await group.enter(id, "friend-\(number)") }
                try await bench.advance(601)
                try await eventually { try await group.state(of: id) == "drawn" }
                #expect(try await bench.available(bench.red) == 1_992, "what nobody won is back on the shelf")

                let first = try #require(try await group.won(id, "friend-0"))
                let second = try #require(try await group.won(id, "friend-1"))
                try await group.take(first)
                try await bench.decline(second)
                let third = try #require(try await group.won(id, "friend-2"))
                try await bench.claim(third)
                try await bench.swap(third, to: bench.blue.id)
                #expect(try await bench.available(bench.red, bench.blue) == [1_996, 1_998])
                try await bench.advance(86_401)
                try await eventually(every: .milliseconds(100)) {
                    try await bench.advance(30)
                    return try await bench.number(
                        "SELECT count(*) FROM gifting.gift_group WHERE refunded_at IS NOT NULL") == 1
                }

                #expect(try await group.state(of: id) == "settled")
                #expect(try await bench.refusal { try await bench.accept(third) }?.status == 410)
                #expect(group.paidBack == 80_000 && bench.pay.payouts.values.map(\.count) == [1])
                #expect(try await bench.escrow() == (0, 0))
                #expect(
                    try await bench.number(
                        "SELECT sum(amount_fen)::bigint FROM accounting.transfer WHERE kind = 'gift.accepted'")
                        == 20_000)
                #expect(try await bench.available(bench.red, bench.blue) == [1_998, 2_000])
                #expect(try await bench.stockFaults() == 0)
                #expect(
                    try await bench.number(
                        "SELECT count(*) FROM gifting.gift g JOIN gifting.outcome o USING (brand_id, gift_id) WHERE g.state = o.outcome"
                    )
                        == 4)
                // Later looks change nothing.
                try await group.due(id)
                #expect(group.paidBack == 80_000)
            }
        }
    }

    @Test func g19_nobodyEntered_isRefundedWhole() async throws {
        try await withTestDatabase { db in
            let group = try await GroupBench(db)
            let bench = group.bench
            let at = try await group.clock() + 600
            try await bench.working {
                let id = try await group.open(group.terms(units: 4, places: 2, entries: 9, moment: .atTime(at)))
                try await bench.advance(601)
                try await eventually {
                    try await bench.number("SELECT count(*) FROM gifting.gift_group WHERE refunded_at IS NOT NULL") == 1
                }
                #expect(try await group.state(of: id) == "failed")
                #expect(group.paidBack == 40_000)
                #expect(try await bench.escrow() == (0, 0))
                #expect(try await bench.available(bench.red) == 2_000)
                // The seed of a draw that never was stays hidden.
                #expect(
                    try await bench.number("SELECT count(*) FROM gifting.gift_group WHERE revealed_seed IS NOT NULL")
                        == 0)
            }
        }
    }

    // MARK: When full

    @Test func g20_fiveHundredJoinAtOnce_exactlyAHundredEnter_andOneDraw() async throws {
        try await withTestDatabase { db in
            let group = try await GroupBench(db, connections: 16)
            let bench = group.bench
            try await bench.working {
                let id = try await group.open(group.terms(units: 10, places: 10, entries: 100))
                let outcomes = try await withThrowingTaskGroup(of: Problem?.self) { tasks in
                    for number in 0..<500 {
                        tasks.addTask {
                            try await bench.refusal { try await group.enter(id, "friend-\(number)") }
                        }
                    }
                    return try await tasks.reduce(into: [Problem?]()) { $0.append($1) }
                }
                #expect(outcomes.count { $0 == nil } == 100)
                #expect(outcomes.allSatisfy { $0 == nil || $0 == .groupFull || $0 == .groupOver })
                try await eventually { try await group.state(of: id) == "drawn" }

                #expect(
                    try await bench.number(
                        "SELECT count(*) FROM gifting.group_entry WHERE ordinal BETWEEN 0 AND 99") == 100)
                #expect(
                    try await bench.number("SELECT count(DISTINCT person_id) FROM gifting.group_entry") == 100)
                #expect(try await bench.number("SELECT count(*) FROM gifting.gift") == 10)
                #expect(try await group.proof(id).verify() == .right)
            }
        }
    }

    @Test func g20_samePersonAgainAndAtOnce_isOneEntry_andTheGiverIsNone() async throws {
        try await withTestDatabase { db in
            let group = try await GroupBench(db)
            let bench = group.bench
            try await bench.working {
                let id = try await group.open(group.terms(units: 2, places: 2, entries: 2))
                let seen = try await withThrowingTaskGroup(of: GroupGuestView.self) { tasks in
                    for _ in 0..<20 { tasks.addTask { try await group.enter(id, "friend") } }
                    return try await tasks.reduce(into: Set<String>()) { ids, view in
                        ids.insert((view.json["entry"] as? [String: Any])?["entry_id"] as? String ?? "none")
                    }
                }
                #expect(seen.count == 1 && !seen.contains("none"))
                #expect(try await bench.number("SELECT count(*) FROM gifting.group_entry") == 1)
                #expect(try await bench.number("SELECT entries FROM gifting.gift_group") == 1)
                #expect(try await bench.refusal { try await group.enter(id, "giver") } == .groupOwn)

                // The last one brings the draw; whoever is in still hears of their own place afterwards.
                try await group.enter(id, "another")
                try await eventually { try await group.state(of: id) == "drawn" }
                #expect(try await group.enter(id, "friend").json["result"] as? String == "won")
                #expect(try await bench.refusal { try await group.enter(id, "third") } == .groupOver)
            }
        }
    }

    @Test func g20_notFullInADay_isCalledOffAndRefunded() async throws {
        try await withTestDatabase { db in
            let group = try await GroupBench(db)
            let bench = group.bench
            try await bench.working {
                let id = try await group.open(group.terms(units: 6, places: 3, entries: 3))
                for number in 0..<2 { try await group.enter(id, "friend-\(number)") }
                try await bench.advance(86_300)
                try await group.due(id)
                #expect(try await group.state(of: id) == "open")
                try await bench.advance(101)
                try await eventually {
                    try await bench.number("SELECT count(*) FROM gifting.gift_group WHERE refunded_at IS NOT NULL") == 1
                }
                #expect(try await group.state(of: id) == "failed")
                #expect(group.paidBack == 60_000)
                #expect(try await bench.escrow() == (0, 0))
                #expect(try await bench.available(bench.red) == 2_000)
                #expect(try await bench.number("SELECT count(*) FROM gifting.gift") == 0)
                #expect(try await group.enter(id, "friend-0").json["result"] as? String == "not_won")
            }
        }
    }

    @Test func g20_allTaken_leavesNothingToRefund_andSettlesAtOnce() async throws {
        try await withTestDatabase { db in
            let group = try await GroupBench(db)
            let bench = group.bench
            try await bench.working {
                let id = try await group.open(group.terms(units: 5, places: 2, split: .lucky, entries: 2))
                for number in 0..<2 { try await group.enter(id, "friend-\(number)") }
                try await eventually { try await group.state(of: id) == "drawn" }
                for number in 0..<2 { try await group.take(try #require(try await group.won(id, "friend-\(number)"))) }
                try await eventually { try await group.state(of: id) == "settled" }
                #expect(try await bench.escrow() == (0, 0))
                #expect(try await bench.available(bench.red) == 1_995)
                #expect(try await bench.number("SELECT count(*) FROM orders.refund") == 0)
            }
        }
    }

    @Test func winThatItsShopTakesBack_goesBackWithTheGroup_orByItselfAfterwards() async throws {
        try await withTestDatabase { db in
            let group = try await GroupBench(db)
            let bench = group.bench
            try await bench.working {
                let id = try await group.open(group.terms(units: 6, places: 3, entries: 3))
                for number in 0..<3 { try await group.enter(id, "friend-\(number)") }
                try await eventually { try await group.state(of: id) == "drawn" }
                var won: [GiftBench.Pair] = []
                for number in 0..<3 { won.append(try #require(try await group.won(id, "friend-\(number)"))) }
                for pair in won.prefix(2) { try await group.take(pair) }
                let decision = try GiftWithdrawal(shop: nil, author: "desk", reason: "broken")
                func withdraw(_ pair: GiftBench.Pair) async throws {
                    _ = try await bench.pool.transaction { tx in
                        try await bench.gifts.withdraw(pair.id, brand: bench.brand, decision, on: tx)
                    }
                }
                // While others may still take theirs, it waits for the group's refund.
                try await withdraw(won[0])
                #expect(try await bench.number("SELECT count(*) FROM orders.refund") == 0)
                try await bench.decline(won[2])
                try await eventually { group.paidBack == 40_000 }
                try await eventually { try await bench.escrow().sum == 0 }
                // Afterwards it has a refund of its own.
                try await withdraw(won[1])
                try await withdraw(won[1])
                try await bench.advance(61)
                try await eventually { group.paidBack == 60_000 }
                try await eventually { try await bench.escrow() == (0, 0) }
                #expect(bench.pay.payouts.values.map(\.count) == [2])
                #expect(
                    try await bench.number("SELECT refund_fen FROM gifting.gift_group") == 40_000, "the group's own")
                #expect(try await bench.available(bench.red) == 2_000)
            }
        }
    }

    // MARK: Before it is open

    @Test func groupThatNobodyPaysFor_isCalledOff_andSeenByItsGiverAlone() async throws {
        try await withTestDatabase { db in
            let group = try await GroupBench(db, stock: 5)
            let bench = group.bench
            try await bench.working {
                let id = try await group.create(group.terms(units: 3, places: 3, entries: 3))
                #expect(try await bench.refusal { try await group.enter(id, "friend") } == .groupUnknown)
                #expect(try await bench.refusal { _ = try await group.won(id, "friend") } == .groupUnknown)
                #expect(try await bench.refusal { _ = try await group.proof(id) } == .groupUnknown)
                _ = try await group.reserve(id)
                #expect(try await bench.available(bench.red) == 2)
                let other = try await group.create(group.terms(units: 3, places: 3, entries: 3))
                #expect(try await bench.refusal { _ = try await group.reserve(other) } == .giftSoldOut)
                #expect(try await bench.available(bench.red) == 2)
                try await bench.advance(901)
                try await eventually { try await group.state(of: id) == "cancelled" }
                try await eventually { try await group.state(of: other) == "cancelled" }
                #expect(try await bench.available(bench.red) == 5)
                #expect(try await bench.stockFaults() == 0)
            }
        }
    }

    @Test func g19_termsCommitmentAndEntries_areChangedByNobody_theDatabaseRefuses() async throws {
        try await withTestDatabase { db in
            let group = try await GroupBench(db)
            _ = try await group.create(group.terms(units: 3, places: 3, entries: 3))
            let brand = group.bench.brand
            for role in [TestRole.gifts, .operator, .reports, .ingest, .redeem] {
                let pool = db.pool(as: role, connectionsMax: 1)
                // Whoever rotates keys wraps the seed again; that it is another one, the commitment would tell.
                let seed = role == .operator ? [] : ["wrapped_seed = wrapped_seed"]
                for column in seed + ["commitment = commitment", "units = units", "places = 1"] {
                    await #expect(throws: PostgresError.self, "\(role): \(column)") {
                        try await pool.execute(
                            Statement(
                                "UPDATE gifting.gift_group SET \(unsafeRaw: column) WHERE brand_id = \(brand)"))
                    }
                }
                for table in ["group_entry", "group_win"] {
                    await #expect(throws: PostgresError.self, "\(role): \(table)") {
                        try await pool.execute(
                            Statement("DELETE FROM gifting.\(unsafeRaw: table) WHERE brand_id = \(brand)"))
                    }
                }
            }
        }
    }
}
