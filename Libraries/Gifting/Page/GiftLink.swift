import Foundation
package import Kernel
package import Keys

extension KeyRing.Purpose {
    /// Addresses of the pages of gifts.
    fileprivate static let giftLink = KeyRing.Purpose("gift-link")
    /// Who is at such a page.
    fileprivate static let giftVisit = KeyRing.Purpose("gift-visit")
    /// What the forms of a visit must bring along.
    fileprivate static let giftForm = KeyRing.Purpose("gift-form")
}

/// The address of a gift's page: which gift of which brand, with our signature.
///
/// It says where the gift is and gives nothing: whoever opens it must be the recipient. Nothing of it is stored, and a forged one costs
/// the database nothing.
package struct GiftLink: Hashable, Sendable {
    /// What an address leads to.
    package enum Target: Hashable, Sendable {
        /// A gift, for its recipient.
        case gift(ID<Gift>)
        /// A group gift, for whoever has the address.
        case group(ID<GiftGroup>)

        /// The gift.
        ///
        /// - Throws: ``Problem/giftNotAParty`` where it is something else.
        package var gift: ID<Gift> {
            get throws(Problem) {
                guard case .gift(let id) = self else { throw .giftNotAParty }
                return id
            }
        }

        /// The group gift.
        ///
        /// - Throws: ``Problem/groupUnknown`` where it is something else.
        package var group: ID<GiftGroup> {
            get throws(Problem) {
                guard case .group(let id) = self else { throw .groupUnknown }
                return id
            }
        }
    }

    /// What kind of thing an address leads to: each has addresses of its own.
    package enum Kind: Sendable {
        /// Addresses of gifts.
        case gift
        /// Addresses of group gifts.
        case group

        func target(_ id: UUID) -> Target {
            switch self {
            case .gift: .gift(ID(rawValue: id))
            case .group: .group(ID(rawValue: id))
            }
        }
    }

    /// Whose gift.
    package let brand: ID<Brand>
    /// Which one.
    package let target: Target

    /// The address of a gift.
    package init(brand: ID<Brand>, gift: ID<Gift>) {
        self.brand = brand
        target = .gift(gift)
    }

    /// The address of a group gift.
    package init(brand: ID<Brand>, group: ID<GiftGroup>) {
        self.brand = brand
        target = .group(group)
    }

    /// Reads what stands in an address; nil for anything that we did not sign.
    package init?(_ text: some StringProtocol, to kind: Kind = .gift, keys: KeyRing) {
        guard let bytes = Base64URL.bytes(text), bytes.count == Self.idBytes * 2 + 32,
            let brand = Self.id(bytes[..<Self.idBytes]).map({ ID<Brand>(rawValue: $0) }),
            let target = Self.id(bytes[Self.idBytes..<Self.idBytes * 2]).map(kind.target)
        else { return nil }
        self.brand = brand
        self.target = target
        guard keys.isValid(signature: Array(bytes[(Self.idBytes * 2)...]), of: message, for: .giftLink) else {
            return nil
        }
    }

    /// The path of the page.
    package func path(keys: KeyRing) -> String {
        switch target {
        case .gift: "/g/\(text(keys: keys))"
        case .group: "/gg/\(text(keys: keys))"
        }
    }

    /// As it stands in an address.
    package func text(keys: KeyRing) -> String { Base64URL.text(ids + keys.sign(message, for: .giftLink)) }

    private static let idBytes = 16

    private static func id(_ bytes: ArraySlice<UInt8>) -> UUID? {
        UUID(
            uuidString: bytes.enumerated().map { place, byte in
                ([4, 6, 8, 10].contains(place) ? "-" : "") + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined())
    }

    fileprivate var ids: [UInt8] {
        let id =
            switch target {
            case .gift(let gift): gift.rawValue
            case .group(let group): group.rawValue
            }
        return withUnsafeBytes(of: (brand.rawValue.uuid, id.uuid)) { Array($0) }
    }

    private var message: [UInt8] {
        switch target {
        case .gift: Array("siyu-gift-1\n".utf8) + ids
        case .group: Array("siyu-gift-group-1\n".utf8) + ids
        }
    }
}

/// Somebody at the page of a gift, of whom WeChat said who they are: for a quarter of an hour, in a sealed cookie.
package struct GiftVisit: Sendable {
    /// Who it is.
    package let openID: String
    /// What every form of the visit sends back as `csrf`: other sites cannot know it.
    package let formToken: String

    /// For how many seconds a visit lasts, in real time.
    package static let lifetime = Limit<Int64>(
        900, reason: "long enough to fill in an address; WeChat is asked again without anybody noticing")
    /// The name of the cookie.
    package static let cookieName = "siyu_gift"

    /// A new visit at `now`, in seconds since 1970, with the value of its cookie, which opens at this gift alone.
    package static func begin(
        _ openID: String, at link: GiftLink, now: Int64, keys: KeyRing
    ) throws(KeysError) -> (visit: GiftVisit, cookie: String) {
        let end = withUnsafeBytes(of: (now + lifetime.value).bigEndian) { Array($0) }
        let cookie = Base64URL.text(try keys.seal(end + openID.utf8, for: .giftVisit, context: link.ids))
        return (GiftVisit(openID: openID, formToken: token(of: cookie, keys)), cookie)
    }

    /// Reads a cookie; nil if it is over, of another gift, or not ours.
    package init?(cookie: String, at link: GiftLink, now: Int64, keys: KeyRing) {
        // What cannot be opened is nobody's visit, for whichever reason.
        guard let sealed = Base64URL.bytes(cookie),
            let bytes = try? keys.open(sealed, for: .giftVisit, context: link.ids), bytes.count > 8,
            let openID = String(validating: bytes[8...], as: UTF8.self)
        else { return nil }
        let end = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard now < Int64(bitPattern: end) else { return nil }
        self.init(openID: openID, formToken: Self.token(of: cookie, keys))
    }

    private init(openID: String, formToken: String) {
        self.openID = openID
        self.formToken = formToken
    }

    /// Whether a form is one of this visit's; compares in constant time.
    package func isValid(formToken token: String) -> Bool {
        let (ours, theirs) = (Array(formToken.utf8), Array(token.utf8))
        guard ours.count == theirs.count else { return false }
        return zip(ours, theirs).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func token(of cookie: String, _ keys: KeyRing) -> String {
        Base64URL.text(keys.sign(Array(cookie.utf8), for: .giftForm))
    }
}

extension GiftVisit: CustomStringConvertible, CustomReflectable {
    /// Nothing of the person.
    package var description: String { "GiftVisit" }
    /// Empty, so that `dump` shows no openid.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Bytes as characters that an address and a cookie may hold as they are (RFC 4648, section 5), without padding.
enum Base64URL {
    static func text(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// The one spelling that ``text(_:)`` gives, and no other.
    static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        let plain = String(text).replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        guard let bytes = Data(base64Encoded: plain + padding).map(Array.init), Self.text(bytes) == text else {
            return nil
        }
        return bytes
    }
}
