package import FoundationEssentials
package import Kernel

/// Whose figures: the whole brand's, or one shop's.
package enum ReportScope: Hashable, Sendable {
    /// All shops together; a member of two shops is one member.
    case brand
    /// One shop by itself.
    case shop(ID<Shop>)

    /// What stands for the whole brand where a shop's id would stand.
    static let wholeBrandID = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    /// The id under which the figures are stored.
    package var id: UUID {
        switch self {
        case .brand: Self.wholeBrandID
        case .shop(let shop): shop.rawValue
        }
    }

    /// The shop, if it is one.
    package var shop: ID<Shop>? {
        switch self {
        case .brand: nil
        case .shop(let shop): shop
        }
    }
}
