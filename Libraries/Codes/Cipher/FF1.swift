package import Crypto
import CryptoExtras

/// Why a permutation cannot be made.
package enum FF1Error: Error, Hashable, Sendable {
    /// A key that is not one of AES.
    case keyUnusable
    /// A radix, a length or a tweak outside what the standard and our integers allow.
    case domainUnusable
}

/// FF1 of NIST SP 800-38G: a keyed permutation of all strings of one length over one alphabet.
///
/// Both halves of a string are integers, so that no numeral is ever taken apart: `radix` to the power of the longer half must stay
/// below 2⁶³. With that, everything that changes from round to round lies in the last block of the CBC-MAC; the blocks before it are
/// computed once, here, and a round costs one block of AES.
package struct FF1: Sendable {
    /// A string as the numbers that its two halves stand for.
    package struct Halves: Hashable, Sendable {
        /// The first half, the shorter one where the length is odd.
        package var left: UInt64
        /// The second half.
        package var right: UInt64

        /// A string by its halves.
        package init(left: UInt64, right: UInt64) {
            self.left = left
            self.right = right
        }
    }

    /// The standard's ten rounds.
    private static let rounds: UInt8 = 10
    private static let blockBytes = 16

    private let key: SymmetricKey
    /// How many strings each half can be.
    private let leftModulus: UInt64
    private let rightModulus: UInt64
    /// Whether both moduli are powers of two, which saves a division of 128 bits.
    private let isBinary: Bool
    /// The bytes of a half in the round function: `b` of the standard.
    private let halfBytes: Int
    /// The bytes of the round function's result that count: `d` of the standard, 12 at most here.
    private let resultBytes: Int
    /// The chained state before the last block, with what of that block never changes mixed in.
    private let start: UInt128

    /// The permutation of the strings of `length` numerals below `radix`.
    ///
    /// - Parameters:
    ///   - key: 16, 24 or 32 bytes.
    ///   - tweak: Anything; another tweak is another permutation.
    package init(key: SymmetricKey, radix: UInt32, length: Int, tweak: [UInt8]) throws(FF1Error) {
        let shorter = length / 2
        let longer = length - shorter
        guard (2...65_536).contains(radix), (2...63).contains(length),
            let left = Self.power(radix, shorter), let right = Self.power(radix, longer),
            left.multipliedFullWidth(by: right) >= (0, 1_000_000)
        else { throw .domainUnusable }
        self.key = key
        leftModulus = left
        rightModulus = right
        isBinary = radix & (radix - 1) == 0
        halfBytes = (UInt64.bitWidth - (right - 1).leadingZeroBitCount + 7) / 8
        resultBytes = 4 * ((halfBytes + 3) / 4) + 4

        var message: [UInt8] = [1, 2, 1]
        message += Self.bytes(UInt64(radix), 3) + [Self.rounds, UInt8(truncatingIfNeeded: shorter)]
        message += Self.bytes(UInt64(length), 4) + Self.bytes(UInt64(tweak.count), 4)
        message += tweak
        let variable = 1 + halfBytes
        while (message.count + variable) % Self.blockBytes != 0 { message.append(0) }
        message += [UInt8](repeating: 0, count: variable)

        var state: UInt128 = 0
        for first in stride(from: 0, to: message.count, by: Self.blockBytes) {
            state ^= message[first..<first + Self.blockBytes].reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
            if first + Self.blockBytes < message.count {
                do { state = try Self.permuted(state, key) } catch { throw .keyUnusable }
            }
        }
        start = state
    }

    /// The string that `plain` is permuted to.
    package func encrypt(_ plain: Halves) -> Halves {
        var (left, right) = (plain.left, plain.right)
        for round in 0..<Self.rounds {
            let modulus = round % 2 == 0 ? leftModulus : rightModulus
            let sum = add(roundResult(of: right, round), left, modulus)
            (left, right) = (right, sum)
        }
        return Halves(left: left, right: right)
    }

    /// The string that is permuted to `permuted`.
    package func decrypt(_ permuted: Halves) -> Halves {
        var (left, right) = (permuted.left, permuted.right)
        for round in (0..<Self.rounds).reversed() {
            let modulus = round % 2 == 0 ? leftModulus : rightModulus
            let result = reduce(roundResult(of: left, round), modulus)
            let difference = right >= result ? right - result : right + (modulus - result)
            (left, right) = (difference, left)
        }
        return Halves(left: left, right: right)
    }

    // MARK: Rounds

    /// The round function: the number that the first `d` bytes of the CBC-MAC stand for.
    private func roundResult(of half: UInt64, _ round: UInt8) -> UInt128 {
        let block = start ^ UInt128(round) << UInt128(8 * halfBytes) ^ UInt128(half)
        do {
            return try Self.permuted(block, key) >> UInt128(8 * (Self.blockBytes - resultBytes))
        } catch {
            preconditionFailure("the key was accepted when the permutation was made")
        }
    }

    /// One block of AES; the number is its bytes, the first one the highest.
    private static func permuted(_ block: UInt128, _ key: SymmetricKey) throws -> UInt128 {
        var bytes = block.bigEndian
        try withUnsafeMutableBytes(of: &bytes) { bytes in
            var bytes = bytes
            try AES.permute(&bytes, key: key)
        }
        return UInt128(bigEndian: bytes)
    }

    private func reduce(_ value: UInt128, _ modulus: UInt64) -> UInt64 {
        isBinary
            ? UInt64(truncatingIfNeeded: value) & (modulus - 1) : UInt64(truncatingIfNeeded: value % UInt128(modulus))
    }

    private func add(_ value: UInt128, _ half: UInt64, _ modulus: UInt64) -> UInt64 {
        // Both lie below 2⁶³: the sum fits.
        let sum = reduce(value, modulus) + half
        return sum >= modulus ? sum - modulus : sum
    }

    // MARK: Numbers

    private static func power(_ radix: UInt32, _ exponent: Int) -> UInt64? {
        var power: UInt64 = 1
        for _ in 0..<exponent {
            let (product, overflows) = power.multipliedReportingOverflow(by: UInt64(radix))
            guard !overflows, product < 1 << 63 else { return nil }
            power = product
        }
        return power
    }

    private static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64(count - 1 - $0))) }
    }
}
