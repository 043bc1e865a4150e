package import FoundationEssentials
package import Kernel
package import Postgres

/// A place of sale of a brand.
package struct ShopRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<Shop>
    /// Its short name in commands and addresses, unique within the brand: lower-case letters, digits and hyphens.
    package let code: String
    /// Its name for people.
    package let name: String
    /// When it was made.
    package let createdAt: Date
}

/// Something a shop sells.
package struct ProductRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<Product>
    /// Who sells it.
    package let shop: ID<Shop>
    /// Its number within the shop.
    package let sku: String
    /// Its name for people.
    package let title: String
    /// Its price before any promotion.
    package let listPrice: Money
}

/// What brands sell, and where.
package enum Catalogue {
    /// Makes a shop, or finds the one that has the code already.
    ///
    /// - Returns: The shop, and whether it is new.
    package static func createShop(
        _ id: ID<Shop> = .mint(), code: String, name: String, brand: ID<Brand>, on pool: Pool
    ) async throws -> (shop: ShopRecord, isNew: Bool) {
        guard isShopCode(code) else {
            throw Problem.invalid(
                "A shop's code is 1 to 40 lower-case letters, digits and hyphens.", code: "shop_code_malformed")
        }
        guard (1...80).contains(name.unicodeScalars.count) else {
            throw Problem.invalid("A shop's name is 1 to 80 characters long.", code: "shop_name_malformed")
        }
        return try await pool.transaction { tx in
            let now = try await tx.one(CatalogueStatements.clock())
            let made = try await tx.run(
                CatalogueStatements.createShop(id, code: code, name: name, brand: brand, now: now))
            let shop = try await tx.first(CatalogueStatements.shop(code: code, brand: brand))
            guard let shop else { throw Problem.notFound("There is no such brand.") }
            return (shop, !made.isEmpty)
        }
    }

    /// The shops of a brand by code.
    package static func shops(of brand: ID<Brand>, on executor: some Executor) async throws -> [ShopRecord] {
        try await executor.run(CatalogueStatements.shops(of: brand))
    }

    /// The shop that has the code, if there is one.
    package static func shop(
        code: String, brand: ID<Brand>, on executor: some Executor
    ) async throws -> ShopRecord? {
        try await executor.first(CatalogueStatements.shop(code: code, brand: brand))
    }

    /// The shop that has the id, if the brand has it.
    package static func shop(
        _ id: ID<Shop>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> ShopRecord? {
        try await executor.first(CatalogueStatements.shop(id, brand: brand))
    }

    /// Puts a product on a shop's list, or finds the one that has the number already.
    package static func addProduct(
        sku: String, title: String, listPrice: Money, shop: ID<Shop>, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> ProductRecord {
        try await tx.execute(
            CatalogueStatements.addProduct(
                .mint(), sku: sku, title: title, listPrice: listPrice, shop: shop, brand: brand, now: now))
        guard let product = try await tx.first(CatalogueStatements.product(sku: sku, shop: shop, brand: brand)) else {
            throw Problem.notFound("There is no such shop.")
        }
        return product
    }

    /// Whether the database will take it, too.
    private static func isShopCode(_ code: String) -> Bool {
        let isWord = code.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
            default: false
            }
        }
        return isWord && (1...40).contains(code.utf8.count) && !code.hasPrefix("-")
    }
}
