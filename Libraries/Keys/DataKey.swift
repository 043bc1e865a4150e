import Crypto
import Foundation

/// A random key for the data of one person.
///
/// Stored only wrapped (``KeyRing/wrap(_:context:)``): forgetting the wrapped key erases everything sealed with it, also
/// in backups.
///
/// - Shape: sealed = `0x01` · nonce (12) · ciphertext · tag (16), AES-256-GCM.
package struct DataKey: Sendable {
    let key: SymmetricKey

    /// Makes a new random key of 256 bits.
    package static func generate() -> DataKey {
        DataKey(key: SymmetricKey(size: .bits256))
    }

    var bytes: [UInt8] { key.withUnsafeBytes { Array($0) } }

    private static let version: UInt8 = 1

    /// Encrypts `plaintext`; `context` is authenticated and must be given again to ``open(_:context:)``.
    package func seal(_ plaintext: [UInt8], context: [UInt8]) throws(KeysError) -> [UInt8] {
        [Self.version] + (try encrypt(plaintext, with: key, context: [Self.version] + context))
    }

    /// Decrypts what ``seal(_:context:)`` made with this key and context.
    ///
    /// - Throws: ``KeysError/unreadable`` or ``KeysError/notAuthentic``; never a trap, whatever the bytes.
    package func open(_ sealed: [UInt8], context: [UInt8]) throws(KeysError) -> [UInt8] {
        guard sealed.first == Self.version else { throw .unreadable }
        return try decrypt(Array(sealed.dropFirst()), with: key, context: [Self.version] + context)
    }
}

extension DataKey: CustomStringConvertible, CustomReflectable {
    /// Says nothing about the key.
    package var description: String { "DataKey(…)" }
    /// Empty, so that `dump` shows no key.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

// MARK: - AES-256-GCM

func encrypt(_ plaintext: [UInt8], with key: SymmetricKey, context: [UInt8]) throws(KeysError) -> [UInt8] {
    do {
        // There for nonces of 12 bytes, the only ones that are made here.
        guard let combined = try AES.GCM.seal(plaintext, using: key, authenticating: context).combined else {
            throw KeysError.unreadable
        }
        return Array(combined)
    } catch {
        throw .unreadable
    }
}

func decrypt(_ sealed: [UInt8], with key: SymmetricKey, context: [UInt8]) throws(KeysError) -> [UInt8] {
    guard let box = try? AES.GCM.SealedBox(combined: sealed) else { throw .unreadable }
    do {
        return Array(try AES.GCM.open(box, using: key, authenticating: context))
    } catch {
        throw .notAuthentic
    }
}

func bigEndian(_ number: UInt32) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
}
