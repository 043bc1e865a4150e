package import FoundationEssentials
package import Kernel
package import Postgres

/// A variant with the categories that it is of as of an instant: what rules about kinds of goods are judged by.
package struct Good: Hashable, Sendable {
    /// What it is.
    package let variant: ID<Variant>
    /// What it is a variant of.
    package let product: ID<Product>
    /// Who sells it.
    package let shop: ID<Shop>
    /// Its name for people.
    package let title: String
    /// Its price before any promotion.
    package let listPrice: Money
    /// The codes of its category and of all those above it.
    package let categories: Set<String>

    /// A good in its parts.
    package init(
        variant: ID<Variant>, product: ID<Product>, shop: ID<Shop>, title: String, listPrice: Money,
        categories: Set<String>
    ) {
        self.variant = variant
        self.product = product
        self.shop = shop
        self.title = title
        self.listPrice = listPrice
        self.categories = categories
    }
}

extension Catalogue {
    /// Variants with their categories as of an instant, as a statement, for a flight of the caller; those that there are not bring no row.
    package static func goods(
        _ variants: [ID<Variant>], at instant: Date, brand: ID<Brand>
    ) -> Statement<Good> {
        CategoryStatements.goods(variants, at: instant, brand: brand)
    }
}
