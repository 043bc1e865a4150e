package import FoundationEssentials
package import Kernel
package import Postgres

/// One size, colour or taste of a product: what has a price and is kept in stock.
package struct VariantRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<Variant>
    /// What it is a variant of.
    package let product: ID<Product>
    /// Who sells it.
    package let shop: ID<Shop>
    /// Its number within the product.
    package let sku: String
    /// Its name for people.
    package let title: String
    /// Its price before any promotion.
    package let listPrice: Money
    /// How many may still be taken.
    package let available: Int
}

extension Catalogue {
    /// The product that has the id, if the brand has it.
    package static func product(
        _ id: ID<Product>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> ProductRecord? {
        try await executor.first(CatalogueStatements.product(id, brand: brand))
    }

    /// Puts a variant beside a product's others, with nothing in stock, or finds the one that has the number already.
    package static func addVariant(
        _ id: ID<Variant> = .mint(), sku: String, title: String, listPrice: Money, product: ID<Product>,
        brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> VariantRecord {
        let added = try await tx.first(
            CatalogueStatements.addVariant(
                id, sku: sku, title: title, listPrice: listPrice, product: product, brand: brand, now: now))
        if added != nil { try await tx.execute(StockStatements.open(id, brand: brand, now: now)) }
        guard let variant = try await tx.first(CatalogueStatements.variant(sku: sku, product: product, brand: brand))
        else { throw Problem.notFound("There is no such product.") }
        return variant
    }

    /// The variant that has the id, if the brand has it.
    package static func variant(
        _ id: ID<Variant>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> VariantRecord? {
        try await executor.first(CatalogueStatements.variant(id, brand: brand))
    }

    /// What some variants are called, as a statement, for a flight of the caller; those that there are not bring no row.
    package static func titles(
        of variants: [ID<Variant>], brand: ID<Brand>
    ) -> Statement<(variant: ID<Variant>, title: String)> {
        CatalogueStatements.titles(of: variants, brand: brand)
    }

    /// The variants of a product by their numbers.
    package static func variants(
        of product: ID<Product>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> [VariantRecord] {
        try await executor.run(CatalogueStatements.variants(of: product, brand: brand))
    }
}
