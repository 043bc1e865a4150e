import Crypto
package import Foundation
import Keys

/// A secret that signs hooks: 24 to 64 random bytes, written as `whsec_` and base64.
package struct HookSecret: Sendable, Hashable {
    let bytes: [UInt8]
    let signature: PreparedCode
    /// The instant from which it no longer counts; nil for one that is not being replaced.
    package var validUntil: Date?

    private static let prefix = "whsec_"
    /// What Standard Webhooks asks for.
    private static let lengths = 24...64
    private static let generatedLength = 32

    /// A new random secret of 32 bytes.
    package static func generate() -> HookSecret {
        let key = SymmetricKey(size: SymmetricKeySize(bitCount: generatedLength * 8))
        return HookSecret(bytes: key.withUnsafeBytes { Array($0) })
    }

    /// A secret in its text form; nil if it is none.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix),
            let data = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))), Self.lengths.contains(data.count)
        else { return nil }
        self.init(bytes: Array(data))
    }

    init(bytes: [UInt8], validUntil: Date? = nil) {
        self.bytes = bytes
        self.validUntil = validUntil
        signature = PreparedCode(key: SymmetricKey(data: bytes))
    }

    /// The text form, to be shown once, when it is made.
    package var revealed: String { Self.prefix + Data(bytes).base64EncodedString() }
}

extension HookSecret {
    /// Whether two secrets are the same bytes, valid as long.
    package static func == (left: HookSecret, right: HookSecret) -> Bool {
        left.bytes == right.bytes && left.validUntil == right.validUntil
    }

    /// By the bytes.
    package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

extension HookSecret: CustomStringConvertible, CustomReflectable {
    /// The prefix alone: a secret never reaches a log.
    package var description: String { Self.prefix + "…" }
    /// Empty, so that `dump` shows no secret.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
