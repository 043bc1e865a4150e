import Foundation
import Gifting
import Kernel
import Vault

/// A person of the partner's mini program, as bodies name them.
struct OpenID: Decodable {
    let text: String

    /// WeChat's are 28 characters; what is longer than this is none.
    static let bytes = Limit(128, reason: "An identifier, not a text: longer ones are somebody's mistake.")

    init(from decoder: any Decoder) throws {
        self.init(text: try decoder.singleValueContainer().decode(String.self))
        guard isWellFormed else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not an openid"))
        }
    }

    /// Nil for what cannot be an openid.
    init?(_ text: some StringProtocol) {
        self.init(text: String(text))
        guard isWellFormed else { return nil }
    }

    private init(text: String) { self.text = text }

    private var isWellFormed: Bool {
        (1...Self.bytes.value).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21..<0x7F).contains($0) }
    }
}

/// Who asks.
struct PersonRequest: Decodable {
    let openid: OpenID
}

/// Who gives what to whom.
struct CreateRequest: Decodable {
    let openid: OpenID
    let recipientOpenIDs: [OpenID]
    let shop: ID<Shop>
    let variant: ID<Variant>
    let greeting: String?
    let cover: String?
    let entry: String?
    let sendAt: Instant?

    private enum CodingKeys: String, CodingKey {
        case openid, greeting, cover, entry
        case sendAt = "send_at"
        case recipientOpenIDs = "recipient_openids"
        case shop = "shop_id"
        case variant = "variant_id"
    }

    var wish: NewGift {
        NewGift(
            shop: shop, variant: variant, recipients: recipientOpenIDs.map(\.text), greeting: greeting, cover: cover,
            entry: entry, sendAt: sendAt?.date)
    }
}

/// An instant as RFC 3339 has it, with its offset.
struct Instant: Decodable {
    let date: Date

    init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard text.utf8.count <= 40, let date = try? Date(text, strategy: .iso8601) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not an instant"))
        }
        self.date = date
    }
}

/// What the recipient would rather have.
struct SwapRequest: Decodable {
    let openid: OpenID
    let variant: ID<Variant>

    private enum CodingKeys: String, CodingKey {
        case openid
        case variant = "variant_id"
    }
}

/// Whom the recipient lets fill in their address, or no more.
struct ConsentRequest: Decodable {
    let giver: OpenID
    let given: Bool

    private enum CodingKeys: String, CodingKey {
        case giver = "giver_openid"
        case given
    }
}

/// Where the recipient wants it.
struct AddressRequest: Decodable {
    let openid: OpenID
    let address: PostalAddress

    /// - Throws: `Problem` 422 that names the part and never quotes it.
    func checked() throws(Problem) -> PostalAddress { try address.checked() }
}

extension PostalAddress {
    /// The longest part of an address.
    private static let part = Limit(200, reason: "A label has room for a line or two; longer parts are no addresses.")

    /// - Throws: `Problem` 422 that names the part and never quotes it.
    func checked() throws(Problem) -> PostalAddress {
        let parts = [
            ("name", name), ("phone", phone), ("province", province), ("city", city), ("district", district),
            ("detail", detail),
        ]
        for (name, text) in parts {
            let isBlank = text.allSatisfy(\.isWhitespace)
            guard !isBlank || name == "district", text.utf8.count <= Self.part.value * 4,
                text.count <= Self.part.value,
                !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
            else {
                throw .invalid(
                    "`address.\(name)` must be a line of 1 to \(Self.part.value) characters.",
                    code: "gift_address_malformed")
            }
        }
        return self
    }
}
