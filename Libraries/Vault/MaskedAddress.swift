/// An address as others than its addressee and its carrier may read it, after GB/T 41833: enough to tell parcels apart, too little to
/// find or call anybody.
///
/// Of the name the first character, of the telephone number never six digits or more, of the street nothing behind its number.
package struct MaskedAddress: Encodable, Hashable, Sendable {
    /// As in `张*`, however long the name is.
    package let name: String
    /// As in `138******12`.
    package let phone: String
    /// 省.
    package let province: String
    /// 市.
    package let city: String
    /// 区 or 县.
    package let district: String
    /// As in `文三路 478 号***`.
    package let detail: String

    /// Hides what is to be hidden of an address.
    package init(_ address: PostalAddress) {
        name = (address.name.count > 1 ? String(address.name.prefix(1)) : "") + "*"
        phone = Self.masked(phone: address.phone)
        province = address.province
        city = address.city
        district = address.district
        detail = Self.masked(detail: address.detail)
    }

    /// Digits that are hidden, at least.
    private static let hiddenMin = 6
    /// The most of a street that has no number.
    private static let streetMax = 6

    /// A short number is hidden as a whole.
    private static func masked(phone: String) -> String {
        let digits = phone.filter { $0.isASCII && $0.isNumber }
        let hidden = digits.count - 5
        guard hidden >= hiddenMin else { return String(repeating: "*", count: hiddenMin) }
        return digits.prefix(3) + String(repeating: "*", count: hidden) + digits.suffix(2)
    }

    /// Up to the number in the street; without the word for it, up to the first digit.
    private static func masked(detail: String) -> String {
        if let end = detail.firstIndex(of: "号"), detail[..<end].contains(where: \.isNumber) {
            return detail[...end] + "***"
        }
        return detail.prefix { !$0.isNumber }.prefix(streetMax) + "***"
    }
}
