import Crypto
import Foundation

extension KeyRing {
    private static let wrapVersion: UInt8 = 1
    private static let wrapHeaderLength = 5
    /// AES-KW works on 64-bit blocks, two at least, and adds one.
    private static let wrapBlock = 8

    /// Wraps a raw key under the newest master key's sub-key for `purpose`, by AES-KW (RFC 3394).
    ///
    /// Unlike ``seal(_:for:context:)`` the same key always gives the same bytes, and nothing else is authenticated with it.
    ///
    /// - Shape: `0x01` · master key number (UInt32, big-endian) · the wrapped key (8 bytes longer than the key).
    /// - Throws: ``KeysError/unreadable`` for a length that AES-KW does not take: a multiple of 8 from 16 on.
    package func wrapRaw(_ key: [UInt8], for purpose: Purpose) throws(KeysError) -> [UInt8] {
        guard key.count >= 2 * Self.wrapBlock, key.count.isMultiple(of: Self.wrapBlock) else { throw .unreadable }
        let newest = newest(purpose)
        return [Self.wrapVersion] + bigEndian(newest.id) + (try aesWrap(key, with: newest.key))
    }

    /// Unwraps what ``wrapRaw(_:for:)`` made with any master key of the ring.
    ///
    /// - Throws: ``KeysError/unreadable``, ``KeysError/unknownKey(_:)`` or ``KeysError/notAuthentic``; never a trap, whatever the
    ///   bytes.
    package func unwrapRaw(_ wrapped: [UInt8], for purpose: Purpose) throws(KeysError) -> [UInt8] {
        guard wrapped.count >= Self.wrapHeaderLength + 3 * Self.wrapBlock, wrapped[0] == Self.wrapVersion,
            (wrapped.count - Self.wrapHeaderLength).isMultiple(of: Self.wrapBlock)
        else { throw .unreadable }
        let id = wrapped[1..<Self.wrapHeaderLength].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard let key = subkey(purpose, ofMaster: id) else { throw .unknownKey(id) }
        return try aesUnwrap(Array(wrapped[Self.wrapHeaderLength...]), with: key)
    }
}

func aesWrap(_ key: [UInt8], with wrapper: SymmetricKey) throws(KeysError) -> [UInt8] {
    do {
        return Array(try AES.KeyWrap.wrap(SymmetricKey(data: key), using: wrapper))
    } catch {
        throw .unreadable
    }
}

func aesUnwrap(_ wrapped: [UInt8], with wrapper: SymmetricKey) throws(KeysError) -> [UInt8] {
    do {
        return try AES.KeyWrap.unwrap(wrapped, using: wrapper).withUnsafeBytes { Array($0) }
    } catch {
        throw .notAuthentic
    }
}
