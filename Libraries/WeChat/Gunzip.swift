import Foundation

/// Unpacks gzip (RFC 1952, RFC 1951): bills come packed where one asks for it, and operators keep them so.
///
/// Nothing that is on this system through a package we have does it without a channel around it.
package enum Gunzip {
    /// Why bytes cannot be unpacked.
    package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// They are not gzip.
        case notGzip
        /// They are damaged, or were cut short.
        case damaged
        /// They would become more than one wishes.
        case tooLarge(Int)

        /// A sentence for operators.
        package var description: String {
            switch self {
            case .notGzip: "the file is not packed with gzip"
            case .damaged: "the packed file is damaged, or was cut short"
            case .tooLarge(let bytes): "unpacked, the file has more than \(bytes) bytes"
            }
        }
    }

    /// Whether the bytes begin as gzip does.
    package static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// The bytes as they were before they were packed.
    ///
    /// - Parameter max: At how many bytes to give up.
    package static func unpack(_ packed: [UInt8], max: Int) throws(Failure) -> [UInt8] {
        var reader = BitReader(packed, at: try headerEnd(packed))
        var output: [UInt8] = []
        var isLast = false
        while !isLast {
            isLast = try reader.bits(1) == 1
            switch try reader.bits(2) {
            case 0: try reader.stored(into: &output)
            case 1: try inflate(&reader, .fixedLiterals, .fixedDistances, into: &output, max)
            case 2:
                let (literals, distances) = try tables(&reader)
                try inflate(&reader, literals, distances, into: &output, max)
            default: throw .damaged
            }
            guard output.count <= max else { throw .tooLarge(max) }
        }
        let (crc, size) = try reader.trailer()
        guard size == UInt32(truncatingIfNeeded: output.count), crc == checksum(output) else { throw .damaged }
        return output
    }

    private static func headerEnd(_ bytes: [UInt8]) throws(Failure) -> Int {
        guard isGzip(bytes), bytes.count > 18, bytes[2] == 8 else { throw .notGzip }
        let flags = bytes[3]
        var index = 10
        func skipText() throws(Failure) {
            guard let end = bytes[min(index, bytes.count)...].firstIndex(of: 0) else { throw .damaged }
            index = end + 1
        }
        if flags & 4 != 0 { index += 2 + Int(bytes[10]) + Int(bytes[11]) << 8 }
        if flags & 8 != 0 { try skipText() }
        if flags & 16 != 0 { try skipText() }
        if flags & 2 != 0 { index += 2 }
        guard index < bytes.count else { throw .damaged }
        return index
    }

    // MARK: Blocks

    private static let lengthBase = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthExtra = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBase = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1_025, 1_537, 2_049, 3_073,
        4_097,
        6_145, 8_193, 12_289, 16_385, 24_577,
    ]
    private static let distanceExtra = [
        0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
    ]

    private static func inflate(
        _ reader: inout BitReader, _ literals: Huffman, _ distances: Huffman, into output: inout [UInt8], _ max: Int
    ) throws(Failure) {
        while true {
            let symbol = try literals.next(&reader)
            if symbol == 256 { return }
            guard symbol > 256 else {
                output.append(UInt8(symbol))
                continue
            }
            let code = symbol - 257
            guard lengthBase.indices.contains(code) else { throw .damaged }
            let length = lengthBase[code] + (try reader.bits(lengthExtra[code]))
            let back = try distances.next(&reader)
            guard distanceBase.indices.contains(back) else { throw .damaged }
            let distance = distanceBase[back] + (try reader.bits(distanceExtra[back]))
            guard distance <= output.count else { throw .damaged }
            guard output.count + length <= max else { throw .tooLarge(max) }
            for _ in 0..<length { output.append(output[output.count - distance]) }
        }
    }

    private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

    private static func tables(_ reader: inout BitReader) throws(Failure) -> (Huffman, Huffman) {
        let literals = try reader.bits(5) + 257
        let distances = try reader.bits(5) + 1
        let count = try reader.bits(4) + 4
        var lengths = Array(repeating: 0, count: 19)
        for place in order.prefix(count) { lengths[place] = try reader.bits(3) }
        let codes = try Huffman(lengths)
        lengths = []
        while lengths.count < literals + distances {
            let symbol = try codes.next(&reader)
            switch symbol {
            case 0..<16: lengths.append(symbol)
            case 16:
                guard let last = lengths.last else { throw .damaged }
                lengths += Array(repeating: last, count: 3 + (try reader.bits(2)))
            case 17: lengths += Array(repeating: 0, count: 3 + (try reader.bits(3)))
            default: lengths += Array(repeating: 0, count: 11 + (try reader.bits(7)))
            }
        }
        guard lengths.count == literals + distances else { throw .damaged }
        return (try Huffman(Array(lengths[..<literals])), try Huffman(Array(lengths[literals...])))
    }

    /// CRC-32 as gzip has it.
    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8)
        }
        return ~crc
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
    }
}

/// Bits in the order of RFC 1951.
private struct BitReader {
    private let bytes: [UInt8]
    private var index: Int
    private var bit = 0

    init(_ bytes: [UInt8], at index: Int) {
        self.bytes = bytes
        self.index = index
    }

    mutating func bits(_ count: Int) throws(Gunzip.Failure) -> Int {
        var value = 0
        for place in 0..<count {
            guard index < bytes.count else { throw .damaged }
            value |= Int((bytes[index] >> UInt8(bit)) & 1) << place
            bit += 1
            if bit == 8 { (bit, index) = (0, index + 1) }
        }
        return value
    }

    private mutating func align() {
        if bit > 0 { (bit, index) = (0, index + 1) }
    }

    mutating func stored(into output: inout [UInt8]) throws(Gunzip.Failure) {
        align()
        guard index + 4 <= bytes.count else { throw .damaged }
        let length = Int(bytes[index]) | Int(bytes[index + 1]) << 8
        let check = Int(bytes[index + 2]) | Int(bytes[index + 3]) << 8
        index += 4
        guard length ^ 0xFFFF == check, index + length <= bytes.count else { throw .damaged }
        output += bytes[index..<(index + length)]
        index += length
    }

    mutating func trailer() throws(Gunzip.Failure) -> (crc: UInt32, size: UInt32) {
        align()
        guard index + 8 <= bytes.count else { throw .damaged }
        func word(_ at: Int) -> UInt32 {
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
        }
        return (word(index), word(index + 4))
    }
}

/// A canonical code of RFC 1951.
private struct Huffman {
    private var counts = Array(repeating: 0, count: 16)
    private var symbols: [Int] = []

    static let fixedLiterals = Huffman(
        checked: Array(repeating: 8, count: 144) + Array(repeating: 9, count: 112) + Array(repeating: 7, count: 24)
            + Array(repeating: 8, count: 8))
    static let fixedDistances = Huffman(checked: Array(repeating: 5, count: 30))

    init(_ lengths: [Int]) throws(Gunzip.Failure) {
        self.init(checked: lengths)
        var left = 1
        for length in 1...15 {
            left = left << 1 - counts[length]
            // More codes than there are bits for.
            guard left >= 0 else { throw .damaged }
        }
    }

    private init(checked lengths: [Int]) {
        for length in lengths where length > 0 { counts[length] += 1 }
        symbols = lengths.indices.filter { lengths[$0] > 0 }.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
    }

    func next(_ reader: inout BitReader) throws(Gunzip.Failure) -> Int {
        var (code, first, index) = (0, 0, 0)
        for length in 1...15 {
            code |= try reader.bits(1)
            let count = counts[length]
            if code - first < count { return symbols[index + code - first] }
            index += count
            first = (first + count) << 1
            code <<= 1
        }
        throw .damaged
    }
}
