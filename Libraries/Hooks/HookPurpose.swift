import Kernel

/// What the secret of a source may be used for; each route of hooks asks for one.
///
/// The database holds the same list (`source_purposes_are_known`): a new purpose is a migration, and no source has it before somebody says so.
package enum HookPurpose: String, Sendable, CaseIterable, Codable {
    /// Codes that were scanned.
    case scans
    /// What was won is handed over in a store, or taken back.
    case handovers
    /// Entries in draws.
    case draws
    /// The shop's word on after-sales, which gives money back.
    case aftersales
    /// Coupons that count for orders.
    case coupons
    /// Parcels that a shop has sent.
    case shipments

    /// Whether what it is about belongs to one shop; the rest belongs to the whole brand, and a source of one shop has no part in it.
    package var isOfOneShop: Bool {
        switch self {
        case .handovers, .aftersales, .coupons, .shipments: true
        case .scans, .draws: false
        }
    }

    /// What a source of a brand is for where nobody says anything else: nothing of it gives money back.
    package static let usual: Set<HookPurpose> = [.scans, .handovers, .draws]

    /// All that a source of one shop may be for.
    package static var ofOneShop: [HookPurpose] { allCases.filter(\.isOfOneShop) }

    /// Refuses purposes that a source of one shop cannot have.
    ///
    /// - Throws: ``Problem`` 422.
    static func require(_ purposes: Set<HookPurpose>, fit shop: ID<Shop>?) throws(Problem) {
        let brandwide = purposes.filter { !$0.isOfOneShop }.map(\.rawValue).sorted()
        guard shop == nil || brandwide.isEmpty else {
            throw .invalid(
                "A source of one shop cannot be for \(brandwide.joined(separator: ", ")): these belong to the whole brand."
            )
        }
    }
}

extension Problem {
    /// 403: signed by the source, and not what its secret is for.
    ///
    /// Only whoever has the secret reads it.
    static func purposeMissing(_ purpose: HookPurpose) -> Problem {
        Problem(
            status: 403, code: HookCode.purposeMissing, title: "Forbidden",
            detail:
                "This source is not for \(purpose.rawValue): whoever runs the installation may add the purpose with "
                + "`siyu hooks source change --purpose`, or make a source for it.")
    }
}
