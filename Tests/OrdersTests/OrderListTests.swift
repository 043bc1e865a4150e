import FoundationEssentials
import Kernel
import Postgres
import TestSupport
import Testing

@testable import Orders

struct OrderListTests {
    private static let header = "order_no,customer,placed_at,quantity,amount,status,updated_at\n"

    private func file(_ numbers: some Sequence<Int>, customer: String = "c1") -> String {
        Self.header
            + numbers.map { number in
                // Several share an instant, so that the id decides.
                "N\(number),\(customer),2026-03-01T12:00:\(10 + number / 4)Z,1,10.00,paid,2026-03-01T12:00:00Z\n"
            }.joined()
    }

    private func walk(
        _ bundle: OrdersBundle, _ filter: OrderFilter, limit: Int, between: () async throws -> Void = {}
    ) async throws -> [CustomerOrder] {
        var orders: [CustomerOrder] = []
        var cursor: OrderCursor?
        repeat {
            let page = try await OrderList.page(
                filter, after: cursor, limit: limit, brand: bundle.brand, on: bundle.pool)
            orders += page.orders
            // As it travels through an address.
            cursor = page.next.flatMap { OrderCursor($0.description) }
            #expect((page.next == nil) == (cursor == nil))
            try await between()
        } while cursor != nil
        return orders
    }

    @Test(arguments: [1, 3, 7, 40, 41, 500])
    func i14_pagesOfAShop_holdEveryOrderOnceNewestFirst(limit: Int) async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)
            try await bundle.load(file(0..<40), bundle.request(.csv))

            let orders = try await walk(bundle, .shop(bundle.shop), limit: limit)

            #expect(Set(orders.compactMap(\.orderNumber)).count == 40)
            #expect(orders.count == 40)
            #expect(orders.map(\.placedAt) == orders.map(\.placedAt).sorted(by: >))
        }
    }

    @Test func i14_insertsBetweenPages_neitherRepeatNorHideAnOrder() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)
            try await bundle.load(file(stride(from: 0, to: 40, by: 2)), bundle.request(.csv))
            let before = Set(try await walk(bundle, .shop(bundle.shop), limit: 100).map(\.id))
            var next = 1

            let orders = try await walk(bundle, .shop(bundle.shop), limit: 3) {
                try await bundle.load(file([next, next + 100]), bundle.request(.csv))
                next += 2
            }

            #expect(Set(orders.map(\.id)).count == orders.count)
            #expect(before.isSubset(of: orders.map(\.id)))
        }
    }

    @Test func i14_listOfAPerson_holdsTheirsAndNobodyElses() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)
            try await bundle.load(file(0..<6, customer: "a"), bundle.request(.csv))
            try await bundle.load(file(10..<14, customer: "b"), bundle.request(.csv))
            let all = try await walk(bundle, .shop(bundle.shop), limit: 100)
            let first = try #require(all.last)

            let theirs = try await walk(bundle, .person(first.person, shop: nil), limit: 2)

            #expect(theirs.count == 6)
            #expect(theirs == all.filter { $0.person == first.person })
            #expect(try await walk(bundle, .person(first.person, shop: bundle.shop), limit: 4).count == 6)
            #expect(try await walk(bundle, .person(first.person, shop: .mint()), limit: 4).isEmpty)
        }
    }

    @Test(arguments: [
        "", "1", "_", "x_0190af00-0000-7000-8000-000000000000", "1_x", "-5_0190af00-0000-7000-8000-000000000000",
        "9223372036854775807_0190af00-0000-7000-8000-000000000000",
    ])
    func cursor_fromOutside_isReadOrNil(text: String) {
        #expect(OrderCursor(text) == nil)
    }

    @Test(arguments: [0, -1, 501])
    func page_withALimitOutOfBounds_isRefused(limit: Int) async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)
            await #expect(throws: Problem.self) {
                try await OrderList.page(.shop(bundle.shop), limit: limit, brand: bundle.brand, on: bundle.pool)
            }
        }
    }
}
