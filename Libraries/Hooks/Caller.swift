package import Kernel

/// What a caller may do; each API key has one.
package enum Role: String, Sendable, CaseIterable, Codable {
    /// A system of the brand or its agency: sends orders and events in, reads reports.
    case partner
    /// A person of the brand at a staff page.
    case staff
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
