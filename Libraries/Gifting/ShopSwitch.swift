package import FoundationEssentials
package import Kernel
import Orders
package import Postgres

/// What was decided about the gifts of a shop.
package struct ShopSwitchRecord: Hashable, Sendable {
    /// Which shop.
    package let shop: ID<Shop>
    /// Whether it has gifts from then on.
    package let isOn: Bool
    /// From when on it counts.
    package let validFrom: Date
    /// Who decided.
    package let author: String
    /// Why.
    package let reason: String
}

/// Whether a shop has gifts: all that it sells, or nothing.
///
/// A shop of which nobody said anything has them. What was sent before it was switched off runs to its end.
package enum ShopSwitch {
    /// Switches the gifts of a shop on or off, from now or a later instant on.
    ///
    /// - Throws: ``Problem`` for a shop that there is not, an author or a reason that is missing, an instant that has passed.
    package static func set(
        _ isOn: Bool, shop code: String, brand: ID<Brand>, from instant: Date? = nil, author: String, reason: String,
        on tx: Transaction
    ) async throws -> ShopSwitchRecord {
        guard (1...100).contains(author.unicodeScalars.count) else {
            throw Problem.invalid("Name the author, in at most 100 characters.")
        }
        guard (1...500).contains(reason.unicodeScalars.count) else {
            throw Problem.invalid("Give a reason, in at most 500 characters.")
        }
        guard let shop = try await Catalogue.shop(code: code, brand: brand, on: tx) else {
            throw Problem.notFound("There is no shop \(code): `siyu shop list` names them.")
        }
        let now = try await tx.one(GiftStatements.clock())
        let start = instant ?? now
        guard start >= now else {
            throw Problem.invalid("A switch counts from now or from a later instant on: the past stays as it was.")
        }
        let record = ShopSwitchRecord(shop: shop.id, isOn: isOn, validFrom: start, author: author, reason: reason)
        guard try await tx.first(ShopSwitchStatements.set(record, brand: brand, now: now)) != nil else {
            throw Problem.conflict("The shop \(code) was switched from that very instant already.")
        }
        return record
    }

    /// Everything that was ever decided about a shop's gifts, newest first; empty for a shop that has them because nobody said anything.
    package static func history(
        of shop: ID<Shop>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> [ShopSwitchRecord] {
        try await executor.run(ShopSwitchStatements.history(of: shop, brand: brand))
    }
}
