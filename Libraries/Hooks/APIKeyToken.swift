import Crypto

/// The secret a partner presents: `sk_` and 128 random bits in hexadecimal.
///
/// Only its SHA-256 is stored. A plain hash is enough, since nobody can guess or tabulate 128 random bits; it also lets
/// the database find the key by index.
package struct APIKeyToken: Sendable, Hashable {
    private let text: String

    private static let prefix = "sk_"
    private static let digits = 32

    /// A new random token.
    package static func generate() -> APIKeyToken {
        let bits = SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) }
        return APIKeyToken(text: prefix + bits.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
    }

    /// A token somebody presents; nil if it cannot be one, which saves the database the question.
    package init?(_ text: String) {
        let digits = text.utf8.dropFirst(Self.prefix.utf8.count)
        guard text.hasPrefix(Self.prefix), digits.count == Self.digits, digits.allSatisfy(Self.isHexDigit) else {
            return nil
        }
        self.text = text
    }

    private init(text: String) { self.text = text }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    /// What the database stores: 32 bytes.
    package var hash: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }

    /// The token itself, to be shown once, when it is made.
    package var revealed: String { text }
}

extension APIKeyToken: CustomStringConvertible, CustomReflectable {
    /// The prefix alone: a token never reaches a log.
    package var description: String { Self.prefix + "…" }
    /// Empty, so that `dump` shows no token.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
