import Accounting
import Codes
import Foundation
import JobTesting
import Kernel
import Policies
import Postgres
import TestSupport
import Testing

struct CampaignTests {
    @Test func c13_sameFileAgainAndAtOnce_isOneDraw() async throws {
        try await Lottery.open { lottery in
            let file = try await lottery.file(tiers: [Lottery.tier(cost: 10, stock: 7, odds: 5)])
            let published = try await withThrowingTaskGroup(of: (CampaignRecord, Bool).self) { group in
                for _ in 0..<4 { group.addTask { try await lottery.publish(file) } }
                return try await group.reduce(into: [(CampaignRecord, Bool)]()) { $0.append($1) }
            }
            #expect(Set(published.map(\.0.id)).count == 1 && published.filter(\.1).count == 1)
            #expect(Set(published.map(\.0.rulesHash)).count == 1)
            #expect(try await lottery.balance("prize_stock") == 70)
            #expect(try await lottery.balance("prize_cost") == -70)

            let other = try await lottery.file(tiers: [Lottery.tier(cost: 10, stock: 8, odds: 5)])
            #expect(await lottery.refusal { try await lottery.publish(other) } == "409 draw_exists")
            // The seed is nobody's, and two draws have two.
            let second = try await lottery.publish(lottery.file("autumn", tiers: [Lottery.tier(stock: 7, odds: 5)]))
            #expect(second.campaign.wrappedSeed != published[0].0.wrappedSeed)
            #expect(try await lottery.factory.count("codes.campaign WHERE revealed_seed IS NOT NULL") == 0)
        }
    }

    @Test func c13_drawThatMustNotBe_isNotPublished() async throws {
        try await Lottery.open { lottery in
            let file = try await lottery.file(tiers: [Lottery.tier(stock: 7, odds: 5)])
            try await lottery.pass(until: file.startsAt)
            #expect(await lottery.refusal { try await lottery.publish(file) } == "422 draw_begins_in_the_past")
            // The law's bound: fifty thousand yuan.
            func worth(_ fen: Int64, _ code: String) async throws -> String {
                let file = try await lottery.file(code, tiers: [Lottery.tier(1, .item, cost: fen, stock: 1, odds: 5)])
                return await lottery.refusal { try await lottery.publish(file) }
            }
            #expect(try await worth(5_000_000, "dear") == "")
            #expect(try await worth(5_000_001, "dearer") == "422 prize_too_valuable")
            let brand = lottery.factory.brand
            _ = try await lottery.factory.operator.transaction { tx in
                try await Policies.set(
                    "codes.redraw_depth_max", to: #"{"draws": 0}"#, brand: brand, author: "test", reason: "test", on: tx
                )
            }
            let chain = try await lottery.file("chain", tiers: [Lottery.tier(1, .redraw, stock: 1, odds: 5)])
            #expect(await lottery.refusal { try await lottery.publish(chain) } == "422 draw_malformed")
            #expect(
                await lottery.refusal {
                    _ = try await Campaigns.publish(
                        chain, brand: .mint(), author: "test", keys: lottery.factory.keys, on: lottery.factory.operator)
                } == "404 not_found")
            #expect(try await lottery.factory.count("codes.campaign") == 1)
        }
    }

    /// Neither who draws nor who publishes could change what was promised or drawn, whatever their programs did.
    @Test func c13_whatWasPublishedAndDrawn_isChangedByNobody_theDatabaseRefuses() async throws {
        try await Lottery.open { lottery in
            try await lottery.run(lottery.file(tiers: [Lottery.tier(stock: 7, odds: 1_000_000)]))
            #expect(try await lottery.draw("p").outcome == "won")
            let edits = [
                "UPDATE codes.campaign SET entries_max = 1", "UPDATE codes.campaign SET rules_hash = sha256('x')",
                "UPDATE codes.campaign SET ends_at = ends_at + interval '1 day'", "DELETE FROM codes.campaign",
                "UPDATE codes.campaign_prize SET stock = 8", "DELETE FROM codes.campaign_prize",
                "UPDATE codes.draw_entry SET tier = NULL", "DELETE FROM codes.draw_entry",
                "UPDATE codes.draw_right SET depth = 1", "DELETE FROM codes.draw_right", "DELETE FROM codes.draw_day",
            ]
            for pool in [lottery.factory.redeem, lottery.factory.operator] {
                for edit in edits {
                    let error = await #expect(throws: PostgresError.self, "\(edit)") {
                        try await pool.execute(Statement<Void>("\(unsafeRaw: edit)"))
                    }
                    #expect(error?.sqlState == .insufficientPrivilege, "\(edit)")
                }
            }
            // The seed is for the service that draws and for the operator who shows it.
            let error = await #expect(throws: PostgresError.self) {
                try await lottery.factory.db.pool(as: .reports).execute(
                    Statement<Void>("SELECT wrapped_seed FROM codes.campaign"))
            }
            #expect(error?.sqlState == .insufficientPrivilege)
        }
    }

    @Test func c13_end_canOnlyBecomeLater() async throws {
        try await Lottery.open { lottery in
            let campaign = try await lottery.run(
                lottery.file(perPerson: 9, tiers: [Lottery.tier(stock: 7, odds: 1_000_000)], days: 1))
            let (brand, pool) = (lottery.factory.brand, lottery.factory.operator)
            let end = campaign.terms.endsAt
            func extend(to end: Date, _ code: String = "spring") async -> String {
                await lottery.refusal { _ = try await Campaigns.extend(code, to: end, brand: brand, on: pool) }
            }
            #expect(await extend(to: end - 1) == "422 not_later")
            #expect(await extend(to: end, "none") == "404 not_found")
            for _ in 0..<2 { #expect(await extend(to: end + 86_400) == "") }
            #expect(await extend(to: end + 3_600) == "422 not_later")
            try await lottery.pass(until: end)
            #expect(try await lottery.draw("p").outcome == "won")
            #expect(
                await lottery.refusal {
                    _ = try await Campaigns.reveal("spring", brand: brand, keys: lottery.factory.keys, on: pool)
                } == "409 draw_running")
            try await lottery.pass(until: end + 86_400)
            #expect(try await lottery.draw("p").word == "409 not_active")
            #expect(await extend(to: end + 900_000) == "409 draw_over")
            // What was published says the promised end still: the commitment holds.
            try await lottery.reveal(campaign)
            #expect(try await lottery.verify().isRight)
        }
    }

    @Test func c13_seed_isShownWhenTheDrawIsOver_andTheRestGoesBack() async throws {
        try await Lottery.open { lottery in
            let campaign = try await lottery.run(
                lottery.file(
                    perPerson: 9,
                    tiers: [
                        Lottery.tier(1, cost: 10, stock: 7, day: 3, odds: 1_000_000)
                    ]))
            _ = try await lottery.draw("p")
            #expect(try await lottery.balance("prize_today") == 20)
            #expect(try await lottery.balance("prize_stock") == 40)
            #expect(await lottery.refusal { _ = try await lottery.verify() } == "409 seed_hidden")

            try await lottery.reveal(campaign)
            try await lottery.reveal(campaign)

            #expect(try await lottery.balance("prize_today") == 0)
            #expect(try await lottery.balance("prize_stock") == 0)
            #expect(try await lottery.balance("prize_cost") == -10)
            #expect(try await lottery.balance("points") == 10)
            let shown = try await Campaigns.list(brand: lottery.factory.brand, on: lottery.factory.operator)
            #expect(shown.count == 1 && shown[0].wins == 1 && shown[0].progress.revealedSeed?.count == 32)
            #expect(try await Ledger.check(brand: lottery.factory.brand, on: lottery.factory.redeem).isBalanced)
        }
    }

    /// Whoever changes a single row behind everybody's back is found out.
    @Test func c13_verify_findsOneEditedRow() async throws {
        try await Lottery.open { lottery in
            let campaign = try await lottery.run(
                lottery.file(
                    perPerson: 4,
                    tiers: [
                        Lottery.tier(1, cost: 10, stock: 3, odds: 400_000),
                        Lottery.tier(2, .redraw, cost: 1, stock: 9, odds: 300_000),
                    ]))
            _ = try await lottery.draw((0..<48).map { "p\($0 % 12)" })
            for person in 0..<12 { _ = try await lottery.draw("p\(person)") }
            try await lottery.reveal(campaign)
            #expect(try await lottery.verify().isRight)
            #expect(try await lottery.factory.count("codes.draw_entry WHERE right_id IS NOT NULL") > 0)

            let first = "ordinal = (SELECT min(ordinal) FROM codes.draw_entry WHERE"
            let edits = [
                "UPDATE codes.draw_entry SET tier = NULL WHERE \(first) tier = 1)",
                "UPDATE codes.draw_entry SET tier = 1, drawn_tier = 1 WHERE \(first) drawn_tier IS NULL)",
                "UPDATE codes.draw_entry SET drawn_tier = 1 WHERE \(first) drawn_tier IS NULL)",
                "UPDATE codes.draw_entry SET tier = drawn_tier WHERE \(first) tier IS NULL AND drawn_tier = 1)",
                "UPDATE codes.draw_entry SET drawn_at = drawn_at - interval '2 hours' WHERE ordinal = 20",
                "UPDATE codes.draw_entry SET drawn_at = drawn_at + interval '90 days' WHERE ordinal = 20",
                "UPDATE codes.draw_entry SET free_number = 5 WHERE \(first) free_number = 4)",
                "UPDATE codes.draw_entry SET ordinal = 1000 WHERE ordinal = 30",
                "DELETE FROM codes.draw_entry WHERE ordinal = (SELECT max(ordinal) FROM codes.draw_entry)",
                "UPDATE codes.draw_right SET depth = depth + 1 WHERE right_id = (SELECT right_id FROM codes.draw_entry WHERE \(first) depth = 1))",
                "UPDATE codes.campaign_prize SET stock = 4 WHERE tier = 1",
                "UPDATE codes.campaign_prize SET name = 'Other' WHERE tier = 2",
                "UPDATE codes.campaign SET per_person_max = 5",
                "UPDATE codes.campaign SET revealed_seed = sha256('other')",
                "UPDATE accounting.transfer SET amount_fen = amount_fen + 1 WHERE transfer_id = (SELECT min(transfer_id::text)::uuid FROM accounting.transfer WHERE kind = 'draw.won')",
            ]
            let (brand, owner) = (lottery.factory.brand, lottery.factory.db.owner)
            for edit in edits {
                // Edited and looked at in one transaction, which is then taken back.
                let verdict = try await owner.undone { tx in
                    #expect(try await tx.execute(Statement<Void>("\(unsafeRaw: edit)")) == 1, "\(edit)")
                    return try await DrawVerify.run("spring", brand: brand, on: tx)
                }
                #expect(!verdict.isRight, "\(edit)")
            }
            #expect(try await lottery.verify().isRight)
        }
    }
}

extension Lottery {
    /// What a refusal says; nothing for none.
    func refusal(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return ""
        } catch let problem as Problem {
            return "\(problem.status) \(problem.code)"
        } catch {
            return "\(error)"
        }
    }
}

extension Pool {
    private struct Undo: Error {}

    /// Runs `body` in a transaction that is rolled back.
    fileprivate func undone<Value: Sendable>(_ body: (Transaction) async throws -> Value) async throws -> Value {
        var value: Value?
        do {
            try await transaction { tx in
                value = try await body(tx)
                throw Undo()
            }
        } catch is Undo {}
        return try #require(value)
    }
}
