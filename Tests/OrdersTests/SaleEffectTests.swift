import Accounting
import Foundation
import JobTesting
import Kernel
import Postgres
import TestSupport
import Testing
import Vault

@testable import Orders

/// What a sale gave others goes back with its refunds, whichever way they are heard of.
struct SaleEffectTests {
    /// What others get for a sale of 128 yuan: amounts that divide by nothing.
    private static let grants:
        [(kind: TransferKind, back: TransferKind, from: AccountKind, to: AccountKind, fen: Int64)] =
            [
                ("commission.earned", "commission.returned", "commission_cost", "commission_owed", 641),
                ("points.earned", "points.returned", "points_cost", "points_owed", 127),
                ("coupon.borne", "coupon.returned", "coupon_cost", "coupon_owed", 1),
            ]

    private func give(_ order: ID<Order>, _ bundle: PaymentsBundle) async throws -> Bool {
        try await bundle.pool.transaction { tx in
            var grants: [SaleGrant] = []
            for grant in Self.grants {
                grants.append(
                    SaleGrant(
                        grant.kind,
                        debit: try await Ledger.account(
                            AccountKey(grant.from, of: bundle.shop.rawValue), brand: bundle.brand, now: .now, on: tx),
                        credit: try await Ledger.account(
                            AccountKey(grant.to, of: bundle.shop.rawValue), brand: bundle.brand, now: .now, on: tx),
                        amount: Money(fen: grant.fen), backKind: grant.back,
                        ownerQueue: grant.kind == "points.earned" ? nil : "givers"))
            }
            return try await SaleEffects.give(grants, for: order, brand: bundle.brand, now: .now, on: tx)
        }
    }

    private func balances(_ brand: ID<Brand>, _ pool: Pool) async throws -> [String: Int64] {
        let kinds = try await Ledger.balances(asOf: .distantFuture, brand: brand, on: pool)
        return Dictionary(kinds.filter { $0.balance != .zero }.map { ($0.kind.rawValue, $0.balance.fen) }) { $0 + $1 }
    }

    @Test func d17_saleAndItsFullRefund_leaveEveryAccountAsBefore() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.paid()
            #expect(try await give(intent.order, bundle))
            #expect(try await !give(intent.order, bundle), "given twice")
            while try await TechnicalFees.testCharge(bundle) {}
            #expect(try await balances(bundle.brand, bundle.pool)["commission_owed"] == 641)
            #expect(try await balances(bundle.brand, bundle.pool)["fee_owed"] == 128)

            let id = try await bundle.request(intent)
            while try await bundle.lead(id) != nil {}
            while try await TechnicalFees.testCharge(bundle) {}

            #expect(try await balances(bundle.brand, bundle.pool) == [:])
            #expect(try await !give(intent.order, bundle), "what is cancelled gives nothing")
            #expect(try await Ledger.check(brand: bundle.brand, on: bundle.pool).isBalanced)
        }
    }

    @Test func d17_partialRefunds_takeBackInProportion_andTheLastTakesTheFen() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.paid()
            _ = try await give(intent.order, bundle)
            var owed: [Int64] = []
            for fen in [4_267, 4_267, 4_266] {
                // WeChat Pay takes one part a minute.
                try await db.owner.execute(
                    Statement("UPDATE siyu.environment SET clock_offset = clock_offset + INTERVAL '1 minute'"))
                let id = try await bundle.pool.transaction { tx in
                    try await Refunds.request(
                        payment: intent.id, amount: Money(fen: Int64(fen)), cause: ID<Aftersale>.mint().rawValue,
                        reason: "part", brand: bundle.brand, now: .now, queue: bundle.queue, on: tx)
                }
                while try await bundle.lead(id) != nil {}
                owed.append(try await balances(bundle.brand, bundle.pool)["commission_owed"] ?? 0)
                // Once for each who asked to be told, however many grants are theirs, and only of all of it.
                let told = try await bundle.tester.pushed(SaleTurned.self)
                #expect(told.map(\.queue) == (owed.count == 3 ? ["givers"] : []))
                #expect(told.allSatisfy { $0.parameters.order == intent.order })
            }
            // 641 × 4267/12800 = 213.68…, 641 × 8534/12800 = 427.36…, all.
            #expect(owed == [641 - 213, 641 - 427, 0])
            #expect(try await balances(bundle.brand, bundle.pool) == [:])
        }
    }

    @Test func d17_orderCancelledAndRevivedByAFile_isFollowed() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.paid()
            _ = try await give(intent.order, bundle)
            func news(_ before: Int64, _ after: Int64, _ status: OrderStatus) -> OrderNews {
                func content(_ fen: Int64, _ status: OrderStatus) -> OrderContent {
                    OrderContent(
                        person: intent.payer, status: status, placedAt: .now, quantity: 1, amount: Money(fen: fen),
                        changedAt: .now)
                }
                return OrderNews(
                    order: intent.order, version: 1, before: content(before, .paid), after: content(after, status))
            }
            func follow(_ news: OrderNews) async throws -> Int64? {
                try await bundle.pool.transaction { tx in
                    try await SaleEffects.follow([news], brand: bundle.brand, now: .now, queue: bundle.queue, on: tx)
                }
                return try await balances(bundle.brand, bundle.pool)["commission_owed"]
            }
            #expect(try await follow(news(12_800, 6_400, .paid)) == 321)
            #expect(try await bundle.jobs(SaleTurned.self) == 0)
            #expect(try await follow(news(6_400, 6_400, .cancelled)) == nil)
            #expect(try await bundle.jobs(SaleTurned.self) == 1)
            #expect(try await follow(news(0, 12_800, .completed)) == 641)
            #expect(try await bundle.jobs(SaleTurned.self) == 2)
            #expect(try await follow(news(12_800, 20_000, .completed)) == 641, "nobody gave more for it")
            #expect(try await follow(news(20_000, 12_800, .completed)) == 641, "nobody takes more back for it")
        }
    }

    @Test func d17_receiverWithAFloor_isRefusedBeforeAnythingIsGiven() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.paid()
            await #expect(throws: SaleEffectError.receiverHasFloor) {
                try await bundle.pool.transaction { tx in
                    let cost = try await Ledger.account(
                        AccountKey("points_cost", of: bundle.shop.rawValue), brand: bundle.brand, now: .now, on: tx)
                    let owed = try await Ledger.account(
                        AccountKey("points_owed", of: bundle.shop.rawValue), floor: .zero, brand: bundle.brand,
                        now: .now, on: tx)
                    let grant = SaleGrant(
                        "points.earned", debit: cost, credit: owed, amount: Money(fen: 5), backKind: "points.returned")
                    try await SaleEffects.give([grant], for: intent.order, brand: bundle.brand, now: .now, on: tx)
                }
            }
        }
    }
}

extension TechnicalFees {
    /// As siyu-ingest does.
    fileprivate static func testCharge(_ bundle: PaymentsBundle) async throws -> Bool {
        try await bundle.db.pool(as: .ingest).transaction { tx in
            try await charge(brand: bundle.brand, now: .now, on: tx)
        }
    }
}
