import Crypto
package import Kernel
package import Keys

/// What a winner shows at a store: 26 characters of Crockford's base32, 128 bits that nobody can guess.
///
/// It is computed from the voucher's id with the key of blind indexes, which outlives every rotation of master keys, and stored nowhere:
/// whoever reads the database finds its hash.
package struct VoucherToken: Hashable, Sendable {
    /// How many characters it has.
    static let characters = 26
    /// What may be typed at most: every character and a hyphen after each.
    private static let typedMax = 52

    private let high: UInt64
    private let low: UInt64

    /// The token of a voucher.
    package init(of voucher: ID<Voucher>, brand: ID<Brand>, keys: KeyRing) {
        let secret = keys.blindIndex(brand: brand.rawValue, kind: "voucher", value: "\(voucher)")
        high = secret[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = secret[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Reads a token as a person may type it: either case, `i` and `l` for 1, `o` for 0, hyphens anywhere; nil if it is anything else.
    package init?(_ text: some StringProtocol) {
        var digits: [UInt8] = []
        digits.reserveCapacity(Self.characters)
        for (place, byte) in text.utf8.enumerated() {
            guard place < Self.typedMax else { return nil }
            if byte == UInt8(ascii: "-") { continue }
            guard let digit = Crockford.digit(byte), digits.count < Self.characters else { return nil }
            digits.append(digit)
        }
        guard digits.count == Self.characters else { return nil }
        // 13 characters hold 65 bits, one more than each half has.
        guard digits[0] < 16, digits[13] < 16 else { return nil }
        high = Crockford.number(digits[..<13])
        low = Crockford.number(digits[13...])
    }

    /// What the database knows of it.
    var hash: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }

    /// The 26 characters, upper case.
    package var text: String { Crockford.text(high, count: 13) + Crockford.text(low, count: 13) }
}

extension VoucherToken: CustomStringConvertible, CustomReflectable {
    /// Nothing of the secret.
    package var description: String { "VoucherToken" }
    /// Empty, so that `dump` shows no secret.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
