import Accounting
import Foundation
import Hosting
import Kernel
import Postgres

/// The end of the tour: every count is read back by a query of its own, the refunds also from the sandbox's own book.
struct TourReadBack {
    let brand: ID<Brand>
    let shop: ID<Shop>
    let pool: Pool
    let client: TourClient

    private struct Page: Decodable {
        let payouts: Int
        let payoutsFen: Int64
    }

    func run() async throws -> Tour.Summary {
        let orders = try await pool.one(TourStatements.orders(of: shop, brand: brand))
        guard orders == Tour.expected else { throw Failure("The tables hold \(orders), the file \(Tour.expected).") }
        let ledger = try await pool.one(TourStatements.ledger(of: shop, brand: brand))
        guard ledger.fen == orders.gmvFen, ledger.transfers == orders.orders - orders.zeroOrders else {
            throw Failure("The ledger holds \(ledger.transfers) transfers of \(ledger.fen) fen.")
        }
        let codes = try await pool.one(TourStatements.codes(brand: brand))
        guard codes.minted == TourCodes.count, codes.redeemed == TourCodes.scanned, codes.people == codes.redeemed
        else {
            throw Failure(
                "There are \(codes.minted) codes and \(codes.redeemed) redemptions of \(codes.people) people.")
        }
        let gifts = try await pool.one(TourStatements.gifts(brand: brand))
        let swaps = try await pool.one(TourStatements.swaps(brand: brand))
        let left = TourGifts.given - TourGifts.accepted
        guard gifts.given == TourGifts.given, gifts.accepted == TourGifts.accepted, gifts.expired == left, swaps == 1
        else { throw Failure("Of \(gifts.given) gifts \(gifts.accepted) were accepted, \(gifts.expired) expired.") }
        let groups = try await pool.one(TourStatements.groups(brand: brand))
        let expected = TourStatements.Groups(
            entries: TourGroups.entries, won: TourGroups.places, taken: TourGroups.places - 1, declined: 1,
            refundedFen: TourGroups.refundedFen)
        guard groups == expected else { throw Failure("Group gifts are \(groups), and should be \(expected).") }
        let book = try await book()
        guard book.refunds == left, book.twice == 0, book.sentBack == 1 else {
            throw Failure("The sandbox paid \(book.refunds) times, \(book.twice) payments more than once.")
        }
        try await checkBooks()
        Terminal.say("✓ orders, codes, gifts, refunds and ledger read back, each by a query of its own")
        return Tour.Summary(
            tour: "ok", orders: orders.orders, members: orders.members, repeatMembers: orders.repeatMembers,
            gmvFen: orders.gmvFen, zeroOrders: orders.zeroOrders, ledgerTransfers: ledger.transfers,
            ledgerFen: ledger.fen, codes: codes.minted, redemptions: codes.redeemed, gifts: gifts.given,
            accepted: gifts.accepted, swapped: swaps, expired: gifts.expired, refunds: book.refunds,
            refundedFen: book.fen, groupEntries: groups.entries, groupWins: groups.won, groupDeclined: groups.declined,
            groupRefundedFen: groups.refundedFen, sentBack: book.sentBack,
            bills: try await pool.one(TourStatements.bills(brand: brand)))
    }

    /// What the other side paid back for this brand's gifts, by its own book.
    private func book() async throws -> (refunds: Int, fen: Int64, twice: Int, sentBack: Int) {
        var total = (refunds: 0, fen: Int64(0), twice: 0, sentBack: 0)
        let sentBack = Set(try await pool.run(TourStatements.sentBack(brand: brand)))
        for payment in try await pool.run(TourStatements.giftPayments(brand: brand)) {
            let number = payment.filter { $0 != "-" }
            let page: Page = try client.expect(
                try await client.get("\(client.addresses.sandbox)/sandbox/book/\(number)"), "The sandbox")
            if sentBack.contains(payment) {
                total.sentBack += page.payouts
            } else {
                total.refunds += page.payouts
                total.fen += page.payoutsFen
            }
            if page.payouts > 1 { total.twice += 1 }
        }
        return total
    }

    /// The whole brand's books, when nothing is on its way any more.
    private func checkBooks() async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let jobs = try await pool.one(TourStatements.jobs())
            guard jobs.discarded == 0 else {
                throw Failure("\(jobs.discarded) jobs were given up: siyu jobs discarded.")
            }
            let owed = try await pool.one(TourStatements.unpaidPrizes(brand: brand))
            if owed == 0 { break }
            guard ContinuousClock.now < deadline else {
                throw Failure("\(owed) fen of prizes are still owed: is siyu-redeem running?", .unavailable)
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        let check = try await Ledger.check(brand: brand, on: pool)
        guard check.isBalanced else { throw Failure("The ledger does not balance: \(check).") }
        let held = try await pool.one(TourStatements.escrow(brand: brand))
        guard held == 0 else { throw Failure("\(held) fen are neither sold nor paid back.") }
    }
}
