import FoundationEssentials
import Kernel
import Postgres
import TestSupport
import Testing

@testable import Orders

struct CatalogueTests {
    @Test func createShop_twice_findsTheFirst() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)

            let again = try await Catalogue.createShop(
                code: "main", name: "Other", brand: bundle.brand, on: bundle.pool)
            let second = try await Catalogue.createShop(code: "b-2", name: "店", brand: bundle.brand, on: bundle.pool)

            #expect(!again.isNew && again.shop.id == bundle.shop && again.shop.name == "Main")
            #expect(second.isNew)
            #expect(try await Catalogue.shops(of: bundle.brand, on: bundle.pool).map(\.code) == ["b-2", "main"])
        }
    }

    @Test(arguments: ["", "-a", "A", "a b", "ä", String(repeating: "a", count: 41)])
    func createShop_withABadCode_isRefusedBeforeTheDatabase(code: String) async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)
            let problem = await #expect(throws: Problem.self) {
                try await Catalogue.createShop(code: code, name: "Shop", brand: bundle.brand, on: bundle.pool)
            }
            #expect(problem?.code == "shop_code_malformed")
        }
    }

    @Test func addProduct_twice_keepsTheFirst() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)

            let products = try await bundle.pool.transaction { tx in
                var products: [ProductRecord] = []
                for price in [100, 200] {
                    products.append(
                        try await Catalogue.addProduct(
                            sku: "S1", title: "Tea", listPrice: Money(fen: Int64(price)), shop: bundle.shop,
                            brand: bundle.brand, now: .now, on: tx))
                }
                return products
            }

            #expect(products[0] == products[1] && products[0].listPrice == Money(fen: 100))
        }
    }
}
