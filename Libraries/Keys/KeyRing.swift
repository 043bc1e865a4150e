import Crypto
package import Foundation
import Synchronization

/// The keys of one deployment, read from the folder that `SIYU_KEYS` names.
///
/// The master keys themselves encrypt nothing: each use has its own sub-key (HKDF-SHA256 over the master key, with the use as
/// `info`), so that a value made for one purpose means nothing to another. The newest master key seals and signs; every key
/// in the file opens and verifies, which is what lets keys rotate without downtime.
///
/// - Shape: sealed = `0x01` · master key number (UInt32, big-endian) · nonce (12) · ciphertext · tag (16), AES-256-GCM.
/// - Invariant: descriptions and mirrors of a ring show key numbers, never keys.
package struct KeyRing: Sendable {
    private let shelf: KeyShelf
    /// The state of a fingerprint before its first byte: making it costs more than a fingerprint itself.
    private let index: PreparedCode

    /// What a value is sealed or signed for; part of the sub-key, so a purpose's name never changes.
    package struct Purpose: Sendable, Hashable {
        let name: String

        /// Names a purpose, for instance `"hook-secret"`.
        package init(_ name: String) { self.name = name }

        /// A person's data key, wrapped.
        package static let dataKey = Purpose("data-key")
        /// The cookie of a staff page.
        package static let session = Purpose("session")
        /// The secret of a source of hooks.
        package static let hookSecret = Purpose("hook-secret")
        /// The body of a delivery in the inbox.
        package static let inboxBody = Purpose("inbox-body")
    }

    /// - Parameter folder: Where the file is from, to be looked at again; nil for keys that live in memory only.
    init(_ file: KeyFile, folder: String? = nil, stamp: KeyFile.Stamp? = nil) {
        shelf = KeyShelf(file, folder: folder, stamp: stamp)
        index = PreparedCode(
            key: HKDF<SHA256>.deriveKey(
                inputKeyMaterial: file.index, info: Data("siyu/v1/blind-index".utf8),
                outputByteCount: KeyFile.keyLength))
    }

    /// Reads the ring from `folder/master.key`, and follows the file from then on.
    ///
    /// The file is looked at once a second while the ring is used, and at once for a value that an unknown key sealed: keys rotate without
    /// a restart. A file that cannot be read, or has another `index` key, changes nothing.
    ///
    /// - Throws: ``KeysError``: the folder must be 0700, the file 0600 (or stricter) and theirs the service's user or root.
    package static func load(folder: String) throws(KeysError) -> KeyRing {
        let (file, stamp) = try KeyFile.readStamped(folder: folder)
        return KeyRing(file, folder: folder, stamp: stamp)
    }

    /// Makes new random keys in `folder` (0700) as `master.key` (0600) and returns their ring.
    ///
    /// - Throws: ``KeysError/exists(path:)`` when there is a key file already; it is never replaced.
    package static func create(folder: String) throws(KeysError) -> KeyRing {
        let file = KeyFile.generate()
        try file.write(folder: folder)
        return KeyRing(file, folder: folder)
    }

    /// A ring of random keys that lives in memory only, for tests.
    package static func ephemeral() -> KeyRing {
        KeyRing(.generate())
    }

    /// The numbers of the master keys: the first seals, all of them open.
    package var masterKeyIDs: [UInt32] { shelf.keys.masters.map(\.id) }

    /// The number and the key that wrap and seal for `purpose` today.
    func newest(_ purpose: Purpose) -> (id: UInt32, key: SymmetricKey) {
        let keys = shelf.keys
        // Every ring holds a master key: `KeyFile` refuses a file without one.
        return (keys.masters[0].id, keys.subkey(purpose, of: keys.masters[0]))
    }

    /// The key that one of the masters has for `purpose`; nil if the ring does not hold that master.
    func subkey(_ purpose: Purpose, ofMaster id: UInt32) -> SymmetricKey? {
        if let key = shelf.keys.subkey(purpose, ofMaster: id) { return key }
        return shelf.reread().subkey(purpose, ofMaster: id)
    }
}

// MARK: - Sealing

extension KeyRing {
    private static let version: UInt8 = 1
    private static let headerLength = 5

    /// Encrypts `plaintext` with the newest master key's sub-key for `purpose`.
    ///
    /// Nonces are random: one sub-key stays safe for 2³² values, after which the master key should have rotated.
    ///
    /// - Parameter context: What the value belongs to, for instance the row's key; authenticated, not stored. Opening needs
    ///   the same context, so a sealed value moved to another row does not open.
    package func seal(_ plaintext: [UInt8], for purpose: Purpose, context: [UInt8]) throws(KeysError) -> [UInt8] {
        let newest = newest(purpose)
        let header = [Self.version] + bigEndian(newest.id)
        return header + (try encrypt(plaintext, with: newest.key, context: header + context))
    }

    /// Decrypts what ``seal(_:for:context:)`` made with any master key of the ring.
    ///
    /// - Throws: ``KeysError/unreadable``, ``KeysError/unknownKey(_:)`` or ``KeysError/notAuthentic``; never a trap,
    ///   whatever the bytes.
    package func open(_ sealed: [UInt8], for purpose: Purpose, context: [UInt8]) throws(KeysError) -> [UInt8] {
        guard sealed.count > Self.headerLength, sealed[0] == Self.version else { throw .unreadable }
        let header = Array(sealed[..<Self.headerLength])
        let id = header[1...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard let key = subkey(purpose, ofMaster: id) else { throw .unknownKey(id) }
        return try decrypt(Array(sealed[Self.headerLength...]), with: key, context: header + context)
    }

    /// Encrypts a data key, to be stored beside what it seals.
    package func wrap(_ key: DataKey, context: [UInt8]) throws(KeysError) -> [UInt8] {
        try seal(key.bytes, for: .dataKey, context: context)
    }

    /// Decrypts a data key that ``wrap(_:context:)`` encrypted.
    package func unwrap(_ wrapped: [UInt8], context: [UInt8]) throws(KeysError) -> DataKey {
        let bytes = try open(wrapped, for: .dataKey, context: context)
        guard bytes.count == KeyFile.keyLength else { throw .unreadable }
        return DataKey(key: SymmetricKey(data: bytes))
    }
}

// MARK: - Blind index and signatures

extension KeyRing {
    /// The keyed fingerprint under which a value can be found again without being stored.
    ///
    /// HMAC-SHA256 under a key derived from the file's `index` line, which rotating the master keys leaves alone: indexes stay
    /// valid for as long as that line does. The same value has unrelated indexes under another brand or kind, so that
    /// tables of two brands cannot be joined on it.
    ///
    /// - Parameters:
    ///   - brand: The tenant's id.
    ///   - kind: What the value is, for instance `"phone"`.
    ///   - value: The value, normalized by the caller: other spellings have other indexes.
    /// - Returns: 32 bytes, the HMAC of brand (16) · length of kind (UInt32, big-endian) · kind · value.
    package func blindIndex(brand: UUID, kind: String, value: String) -> [UInt8] {
        let kind = Array(kind.utf8)
        var message = withUnsafeBytes(of: brand.uuid) { Array($0) }
        message += bigEndian(UInt32(truncatingIfNeeded: kind.count))
        message += kind
        message += value.utf8
        return Array(index.code(of: message))
    }

    /// Signs `message` with the newest master key's sub-key for `purpose`: 32 bytes of HMAC-SHA256.
    package func sign(_ message: [UInt8], for purpose: Purpose) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: message, using: newest(purpose).key))
    }

    /// Whether any master key of the ring signed `message` for `purpose`; compares in constant time.
    package func isValid(signature: [UInt8], of message: [UInt8], for purpose: Purpose) -> Bool {
        let keys = shelf.keys
        return keys.masters.contains {
            HMAC<SHA256>.isValidAuthenticationCode(
                signature, authenticating: message, using: keys.subkey(purpose, of: $0))
        }
    }
}

extension KeyRing: CustomStringConvertible, CustomReflectable {
    /// The numbers of the keys, never the keys.
    package var description: String { "KeyRing(\(masterKeyIDs))" }
    /// Empty, so that `dump` shows no key.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
