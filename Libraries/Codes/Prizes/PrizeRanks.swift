package import Crypto

/// The order in which a batch's codes would win: a keyed permutation of `0..<count`.
///
/// FF1 in binary on as many bits as the count needs, 20 at least, tweak `siyu-prize-1` and the batch's four characters; a result
/// outside the batch is permuted again until it lies inside (cycle walking), which keeps it a permutation.
package struct PrizeRanks: Sendable {
    /// Below so many codes the walk would be long: such a batch has a ``PrizeShuffle``.
    package static let countMin: Int64 = 10_000
    /// The standard asks for a million strings at least.
    private static let bitsMin = 20

    /// How many codes there are.
    package let count: Int64
    private let rightBits: UInt64
    private let permutation: FF1

    /// The ranks of a batch under its prize key.
    package init(key: SymmetricKey, handle: BatchHandle, count: Int64) throws(FF1Error) {
        try self.init(key: key, tweak: Array("siyu-prize-1\(handle)".utf8), count: count)
    }

    /// The ranks of anything that has a key and a tweak of its own.
    init(key: SymmetricKey, tweak: [UInt8], count: Int64) throws(FF1Error) {
        let needed = Int64.bitWidth - max(count - 1, 1).leadingZeroBitCount
        let bits = max(Self.bitsMin, needed)
        self.count = count
        rightBits = UInt64(bits - bits / 2)
        permutation = try FF1(key: key, radix: 2, length: bits, tweak: tweak)
    }

    /// The rank of a code by its index, which must lie in the batch.
    package func rank(of index: Int64) -> Int64 {
        precondition((0..<count).contains(index), "an index outside its batch has no rank")
        var value = UInt64(index)
        repeat {
            let halves = FF1.Halves(left: value >> rightBits, right: value & (1 << rightBits - 1))
            let permuted = permutation.encrypt(halves)
            value = permuted.left << rightBits | permuted.right
        } while value >= UInt64(count)
        return Int64(value)
    }
}
