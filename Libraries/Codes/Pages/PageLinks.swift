import FoundationEssentials
import Kernel
import Keys

extension KeyRing.Purpose {
    /// Links to what somebody won.
    static let codePage = KeyRing.Purpose("code-page")
}

/// A secret for the page of a code: for some minutes it shows what its winner won, and for nobody else's redemption.
///
/// It is handed to whoever told of the winner's scan and knows them; whoever merely holds the pack has none. Nothing of it is stored: it is
/// when it ends and a signature over that, the redemption and the winner.
package struct PageSecret: Hashable, Sendable {
    /// How long a link shows what was won, in real time.
    static let validity = Limit<TimeInterval>(
        900, reason: "long enough to walk to the till, too short for a picture of the address to be worth anything")
    private static let expiryBytes = 5
    private static let bytesCount = expiryBytes + 32

    /// Seconds since 1970.
    private let expiry: UInt64
    private let signature: [UInt8]

    /// The secret of a redemption, from `now` on.
    init(
        of redemption: ID<Redemption>, to person: ID<Person>, brand: ID<Brand>, keys: KeyRing, now: Date
    ) {
        expiry = UInt64(max(0, now.timeIntervalSince1970 + Self.validity.value))
        signature = keys.sign(Self.message(expiry, redemption, person, brand), for: .codePage)
    }

    /// Reads what an address brought; nil for anything else.
    package init?(_ text: some StringProtocol) {
        guard let bytes = Base64URL.bytes(text), bytes.count == Self.bytesCount else { return nil }
        expiry = bytes[..<Self.expiryBytes].reduce(0) { $0 << 8 | UInt64($1) }
        signature = Array(bytes[Self.expiryBytes...])
    }

    /// Whether it was made for this redemption and is not over.
    func opens(
        _ redemption: ID<Redemption>, of person: ID<Person>, brand: ID<Brand>, keys: KeyRing, now: Date
    ) -> Bool {
        TimeInterval(expiry) > now.timeIntervalSince1970
            && keys.isValid(
                signature: signature, of: Self.message(expiry, redemption, person, brand), for: .codePage)
    }

    private static func message(
        _ expiry: UInt64, _ redemption: ID<Redemption>, _ person: ID<Person>, _ brand: ID<Brand>
    ) -> [UInt8] {
        Array("siyu-page-1\n\(brand)\n\(redemption)\n\(person)\n\(expiry)".utf8)
    }

    /// As it stands in an address.
    var text: String {
        let end = (0..<Self.expiryBytes).reversed().map { UInt8(truncatingIfNeeded: expiry >> (8 * UInt64($0))) }
        return Base64URL.text(end + signature)
    }
}

extension PageSecret: CustomStringConvertible, CustomReflectable {
    /// Nothing of the secret.
    package var description: String { "PageSecret" }
    /// Empty, so that `dump` shows no secret.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Addresses of the pages of those who won.
struct PageLinks: Sendable {
    let keys: KeyRing
    /// Real time, which a secret ends by.
    let now: Date

    /// The path at which a winner sees what they won.
    func path(_ code: GenuineCode, of redemption: ID<Redemption>, to person: ID<Person>) -> String {
        let brand = code.batch.record.brand
        let secret = PageSecret(of: redemption, to: person, brand: brand, keys: keys, now: now)
        return "\(Self.path(code.text))?s=\(secret.text)"
    }

    /// The path of the page of a code.
    static func path(_ code: String) -> String { "/c/\(DigitalLink.encoded(code))" }
}

/// Bytes as characters that an address may hold as they are (RFC 4648, section 5), without padding.
private enum Base64URL {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(digits[Int(bits >> UInt32(count) & 63)])
            }
        }
        if count > 0 { text.append(digits[Int(bits << UInt32(6 - count) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        for character in text.utf8 {
            guard let digit = digits.firstIndex(of: character) else { return nil }
            bits = bits << 6 | UInt32(digit)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}
