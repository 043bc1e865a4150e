package import Kernel

/// What a caller may do; each API key has one.
///
/// Which endpoints each role may use stands in `Services/access.txt`, with which tests compare the services. A key of one shop is that
/// shop's, whatever its role.
package enum Role: String, Sendable, CaseIterable, Codable {
    /// A system of the brand or its agency: sends orders and events in, acts for shoppers, reads reports.
    case partner
    /// A person of the brand, or of a shop, at a staff page.
    case staff
    /// Who keeps the accounts: sees prices, and never an address.
    case finance
    /// Who packs and hands over in a store: sees what was claimed, and neither prices nor whole addresses.
    case store
    /// Who brings parcels for the brand: sees where they go, and no price.
    case provider
    /// Who looks at what others did: reads, and changes nothing.
    case auditor

    /// Those who may read figures of the brand, and sign in to its pages.
    package static let readers: Set<Role> = [.partner, .staff, .finance, .auditor]
}

/// Who is calling: the brand, and perhaps the one shop, that an API key speaks for.
package struct Caller: Sendable, Hashable {
    /// The key that was presented.
    package let keyID: ID<APIKey>
    /// The tenant; a key never reaches beyond it.
    package let brand: ID<Brand>
    /// What the caller may do.
    package let role: Role
    /// The only shop the caller may see, or nil for all shops of the brand.
    package let shop: ID<Shop>?

    /// A caller in its four parts.
    package init(keyID: ID<APIKey>, brand: ID<Brand>, role: Role, shop: ID<Shop>? = nil) {
        self.keyID = keyID
        self.brand = brand
        self.role = role
        self.shop = shop
    }

    /// Refuses any brand but the caller's own.
    ///
    /// - Throws: ``Problem/forbidden(_:)``, the same whether the other brand exists or not.
    package func require(brand: ID<Brand>) throws(Problem) {
        guard brand == self.brand else { throw .forbidden("This API key belongs to another brand.") }
    }

    /// Refuses shops the caller may not see; `shop` nil means "all shops".
    ///
    /// - Returns: The shop to restrict to: the one asked for, or the key's own.
    /// - Throws: ``Problem/forbidden(_:)``.
    package func require(shop: ID<Shop>?) throws(Problem) -> ID<Shop>? {
        guard let own = self.shop else { return shop }
        guard shop == nil || shop == own else { throw .forbidden("This API key belongs to another shop.") }
        return own
    }
}
