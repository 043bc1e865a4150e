import Crypto
package import Kernel

/// For how many of its people a brand has released something: `{"share_ppm": 100000}` is a tenth of them.
///
/// Whether somebody is among them follows from who they are and from the name of the policy alone, so that everybody who was in stays in
/// when the share grows, and another policy picks other people.
package struct Rollout: Codable, Hashable, Sendable {
    /// Parts per million; what is above a million is everybody.
    package let sharePPM: Int

    /// A share in parts per million.
    package init(sharePPM: Int) { self.sharePPM = sharePPM }

    private enum CodingKeys: String, CodingKey {
        case sharePPM = "share_ppm"
    }

    /// Of how many people one is in for each part.
    private static let parts: UInt64 = 1_000_000

    /// Whether somebody is among those for whom it is released.
    ///
    /// - Parameter subject: Who somebody is, the same text every time; nothing of it is kept.
    package func admits(_ subject: String, of key: PolicyKey<Rollout>, brand: ID<Brand>) -> Bool {
        Self.place(of: subject, in: key, brand: brand) < UInt64(max(0, sharePPM))
    }

    /// In which hundredth of the people somebody is, from 0: what reports know of it, too coarse to know anybody by.
    package static func hundredth(of subject: String, in key: PolicyKey<Rollout>, brand: ID<Brand>) -> Int32 {
        Int32(place(of: subject, in: key, brand: brand) / (parts / 100))
    }

    /// Where somebody stands among a million: evenly spread, and never another place.
    static func place(of subject: String, in key: PolicyKey<Rollout>, brand: ID<Brand>) -> UInt64 {
        let text = "siyu-rollout-1\n\(key.name)\n\(brand)\n\(subject)"
        let number = SHA256.hash(data: Array(text.utf8)).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return number % parts
    }
}
