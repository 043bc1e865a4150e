package import Kernel
import Keys

/// Somebody or something whose tries are counted.
///
/// Its text is personal data: it is kept in memory alone, of those who did something wrong, and leaves it as a digest.
package struct LimitSubject: Sendable {
    /// In which way it is counted.
    package let scope: LimitScope
    /// The tenant: what is tried at one brand says nothing to another.
    package let brand: ID<Brand>
    let text: String
    /// Seeded anew in each process, so that nobody can choose texts that meet.
    let key: Int

    /// A person, device or store by what it is called within the brand.
    package init(_ scope: LimitScope, _ text: String, brand: ID<Brand>) {
        self.scope = scope
        self.brand = brand
        self.text = text
        var hasher = Hasher()
        hasher.combine(brand)
        hasher.combine(scope)
        hasher.combine(text)
        key = hasher.finalize()
    }

    /// The neighbours of an address: as hooks tell of them, or as they open pages.
    package init(networkOf address: NetworkAddress, brand: ID<Brand>, opensPages: Bool = false) {
        self.init(opensPages ? .visitor : .network, address.network, brand: brand)
    }

    func blind(_ keys: KeyRing) -> BlindSubject {
        let index = keys.blindIndex(brand: brand.rawValue, kind: "limit-\(scope.rawValue)", value: text)
        return BlindSubject(scope: scope, brand: brand, bytes: Array(index.prefix(BlindSubject.length)))
    }
}

extension LimitSubject: CustomStringConvertible, CustomReflectable {
    /// The scope, never the text.
    package var description: String { "LimitSubject(\(scope.rawValue))" }
    /// Empty, so that `dump` shows no text.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A subject as the database and other processes know it.
struct BlindSubject: Hashable, Sendable {
    static let length = 16

    let scope: LimitScope
    let brand: ID<Brand>
    let bytes: [UInt8]
}

extension NetworkAddress {
    private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    /// The first 24 bits of an address of the old kind, the first 56 of one of the new, as hex.
    var network: String {
        let isMapped = bytes.count == 16 && bytes.starts(with: Self.mapped)
        let own = isMapped ? bytes.suffix(4) : bytes[...]
        return own.prefix(own.count == 4 ? 3 : 7).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
