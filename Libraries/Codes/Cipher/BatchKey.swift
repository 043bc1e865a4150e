package import Crypto

/// The key of one batch: whoever holds it can print and read this batch's codes, and no other's.
package struct BatchKey: Sendable {
    static let length = 32

    let key: SymmetricKey

    /// A key from its bytes; nil unless there are 32.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        key = SymmetricKey(data: bytes)
    }

    private init(key: SymmetricKey) { self.key = key }

    /// A new key, chosen by chance.
    package static func generate() -> BatchKey { BatchKey(key: SymmetricKey(size: .bits256)) }

    var bytes: [UInt8] { key.withUnsafeBytes { Array($0) } }

    /// The key of the batch's prizes: HKDF-SHA256 with the four characters of the batch as salt and `prize` as info.
    package func prizeKey(of handle: BatchHandle) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, salt: Array(handle.description.utf8), info: Array("prize".utf8),
            outputByteCount: Self.length)
    }

    /// The order of a batch with few codes.
    func shuffle(of handle: BatchHandle, count: Int64) -> PrizeShuffle {
        PrizeShuffle(key: prizeKey(of: handle), label: Array("siyu-shuffle-1\(handle)".utf8), count: count)
    }
}

extension BatchKey: CustomStringConvertible, CustomReflectable {
    /// Says nothing about the key.
    package var description: String { "BatchKey(…)" }
    /// Empty, so that `dump` shows no key.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Turns the indexes of a batch into codes, and codes back into indexes.
///
/// The 80 hidden bits are FF1 over radix 32, length 16, tweak `siyu-code-1` and the batch's four characters. Their plain text is the
/// index in 35 bits and 45 zeros, which a guess meets once in 2⁴⁵ tries for each index there is room for.
package struct CodeCipher: Sendable {
    /// How many codes a batch can have.
    package static let countMax: Int64 = 1 << 35
    /// The zeros that stand beside the index in the left half.
    private static let leftZeros: UInt64 = 5

    private let handle: BatchHandle
    private let permutation: FF1

    /// The cipher of a batch.
    package init(key: BatchKey, handle: BatchHandle) throws(FF1Error) {
        self.handle = handle
        permutation = try FF1(
            key: key.key, radix: 32, length: 16, tweak: Array("siyu-code-1\(handle)".utf8))
    }

    /// The code of an index below ``countMax``.
    package func code(at index: Int64) -> CodeText {
        let plain = FF1.Halves(left: UInt64(truncatingIfNeeded: index) << Self.leftZeros, right: 0)
        return CodeText(handle: handle, hidden: permutation.encrypt(plain))
    }

    /// The index of a code; nil for a code that was never minted, however it came about.
    package func index(of code: CodeText, count: Int64) -> Int64? {
        guard code.handle == handle else { return nil }
        let plain = permutation.decrypt(code.hidden)
        guard plain.right == 0, plain.left & (1 << Self.leftZeros - 1) == 0 else { return nil }
        let index = Int64(truncatingIfNeeded: plain.left >> Self.leftZeros)
        return index < count ? index : nil
    }
}
