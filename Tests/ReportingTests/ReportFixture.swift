import FoundationEssentials
import Kernel
import Postgres
import Reporting

/// Small reports made by hand, without a database.
enum ReportFixture {
    static let brand = ID<Brand>.known("01910000-0000-7000-8000-00000000000b")
    static let web = ReportShop(
        id: .known("01910000-0000-7000-8000-000000000001"), code: "web", name: "网上商店")
    static let formula = ReportShop(
        id: .known("01910000-0000-7000-8000-000000000002"), code: "store", name: "=1+1, \"A\" <b>&</b>")

    static func figures(
        gmv: Int64, orders: Int64, zero: Int64 = 0, new: Int64, returning: Int64, repeats: Int64 = 0
    )
        -> Figures
    {
        Figures(
            gmv: Money(fen: gmv), orders: orders, zeroOrders: zero, payers: new + returning, newMembers: new,
            returningMembers: returning, singleMembers: new + returning - repeats, repeatMembers: repeats)
    }

    static func day(_ text: String) -> CalendarDate { CalendarDate(text) ?? CalendarDate(daysSinceEpoch: 0) }

    /// Two shops over the turn of a year; `stray` fen stand in the ledger and nowhere else.
    static func report(stray: Int64 = 0, pending: Int = 0) throws -> Report {
        let (first, second) = (day("1997-12-31"), day("1998-01-01"))
        let one = figures(gmv: 1_000, orders: 2, zero: 1, new: 1, returning: 0, repeats: 1)
        let two = figures(gmv: 12_345_678, orders: 3, new: 2, returning: 1)
        return try Report(
            ReportQuery(brand: brand, from: first, to: second), range: DayRun(from: first, to: second),
            rows: ReportRows(
                asOf: Date(timeIntervalSince1970: 1_000_000_000), brandName: "Tea & Co", allShops: [formula, web],
                span: DayRun(from: first, to: second), rolledAt: Date(timeIntervalSince1970: 999_999_990),
                pendingDays: pending, inputHash: "sha256:0123456789abcdef",
                total: figures(gmv: 12_346_678, orders: 5, zero: 1, new: 3, returning: 0, repeats: 2),
                months: [first: one, second: two], days: [first: one, second: two],
                shops: [web.id: figures(gmv: 12_346_678, orders: 5, zero: 1, new: 3, returning: 0, repeats: 2)],
                ledger: [
                    .init(shop: web.id, day: first, sum: LedgerSum(amount: Money(fen: 1_000 + stray), payments: 1)),
                    .init(shop: web.id, day: second, sum: LedgerSum(amount: Money(fen: 12_345_678), payments: 3)),
                ]))
    }
}

extension ID {
    /// An id written down in a test.
    fileprivate static func known(_ text: String) -> Self { Self(text) ?? .mint() }
}
