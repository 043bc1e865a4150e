package import Crypto
import FoundationEssentials
package import Kernel
package import Keys

extension KeyRing.Purpose {
    /// The shuffles of small batches.
    static let prizeShuffle = KeyRing.Purpose("prize-shuffle")
}

/// The order in which few codes would win: a shuffle of which every step comes from a key.
///
/// From the last place down to the second, each changes places with one below it or itself: Fisher and Yates, as Durstenfeld has it. The
/// numbers are those of HMAC-SHA256 under the key of the label, a line feed and 0, 1, 2 …: eight of 32 bits each; one that
/// would make some place likelier than others is passed over.
package struct PrizeShuffle: Hashable, Sendable {
    /// By index.
    private let ranks: [UInt16]

    /// The shuffle of `count` codes, fewer than ``PrizeRanks/countMin``.
    package init(key: SymmetricKey, label: [UInt8], count: Int64) {
        precondition((0..<PrizeRanks.countMin).contains(count), "a shuffle of many codes would not fit memory")
        var ranks = (0..<UInt16(count)).map { $0 }
        var numbers = Numbers(key: key, label: label)
        for place in ranks.indices.dropFirst().reversed() {
            ranks.swapAt(place, Int(numbers.next(below: UInt32(place + 1))))
        }
        self.ranks = ranks
    }

    /// The rank of a code by its index.
    package func rank(of index: Int64) -> Int64 { Int64(ranks[Int(index)]) }

    private struct Numbers {
        private let key: SymmetricKey
        private let label: [UInt8]
        private var block = 0
        private var left: ArraySlice<UInt8> = []

        init(key: SymmetricKey, label: [UInt8]) {
            self.key = key
            self.label = label
        }

        mutating func next(below bound: UInt32) -> UInt32 {
            let whole = (UInt64(1) << 32) / UInt64(bound) * UInt64(bound)
            while true {
                if left.isEmpty {
                    left =
                        Array(HMAC<SHA256>.authenticationCode(for: label + Array("\n\(block)".utf8), using: key))[...]
                    block += 1
                }
                let number = left.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                left = left.dropFirst(4)
                if UInt64(number) < whole { return number % bound }
            }
        }
    }
}

// MARK: - Storing

extension PrizeShuffle {
    /// Sealed, to be stored beside its batch: whoever reads it knows what wins.
    package func sealed(for batch: ID<CodeBatch>, keys: KeyRing) throws(KeysError) -> [UInt8] {
        let bytes = ranks.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        return try keys.seal(bytes, for: .prizeShuffle, context: Self.context(batch))
    }

    /// Opens what was stored.
    ///
    /// - Throws: `KeysError` for bytes that were sealed for something else, or are no shuffle of so many codes.
    init(sealed: [UInt8], batch: ID<CodeBatch>, count: Int64, keys: KeyRing) throws(KeysError) {
        let bytes = try keys.open(sealed, for: .prizeShuffle, context: Self.context(batch))
        ranks = stride(from: 0, to: bytes.count - 1, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        guard bytes.count == 2 * count, ranks.sorted() == ranks.indices.map({ UInt16($0) }) else { throw .unreadable }
    }

    private static func context(_ batch: ID<CodeBatch>) -> [UInt8] {
        withUnsafeBytes(of: batch.rawValue.uuid) { Array($0) }
    }
}

/// The order in which codes would win, however many they are.
package enum PrizeOrder: Sendable {
    /// Many: computed code by code.
    case ranks(PrizeRanks)
    /// Few.
    case shuffle(PrizeShuffle)

    /// The order of `count` things under a key, told apart from others of the key by a label.
    init(key: SymmetricKey, label: [UInt8], count: Int64) throws(FF1Error) {
        self =
            count < PrizeRanks.countMin
            ? .shuffle(PrizeShuffle(key: key, label: label, count: count))
            : .ranks(try PrizeRanks(key: key, tweak: label, count: count))
    }

    /// The rank of a code by its index.
    package func rank(of index: Int64) -> Int64 {
        switch self {
        case .ranks(let ranks): ranks.rank(of: index)
        case .shuffle(let shuffle): shuffle.rank(of: index)
        }
    }
}
