import CQREncode

/// How much of a symbol may be damaged and still be read.
package enum QRLevel: String, Sendable, CaseIterable {
    /// About 7 % of it.
    case low = "L"
    /// About 15 % of it.
    case medium = "M"
    /// About 25 % of it.
    case quartile = "Q"
    /// About 30 % of it.
    case high = "H"

    fileprivate var code: QRecLevel {
        switch self {
        case .low: QR_ECLEVEL_L
        case .medium: QR_ECLEVEL_M
        case .quartile: QR_ECLEVEL_Q
        case .high: QR_ECLEVEL_H
        }
    }
}

/// A QR symbol of a short text: the smallest that holds it.
///
/// Alphanumeric mode alone, which takes five and a half bits for a character where bytes take eight: capitals, digits, space and `$%*+-./:`.
package struct QRSymbol: Hashable, Sendable {
    /// Why a text has no symbol.
    package enum Fault: Error, Hashable, Sendable {
        /// It is empty, or has a character that the mode does not know.
        case notAlphanumeric
        /// The largest symbol does not hold it.
        case tooLong
        /// The library had no memory for it.
        case noMemory
    }

    /// From 1, the smallest, to 40.
    package let version: Int
    /// How many modules a side has.
    package let side: Int
    /// Row by row, the lowest bit says dark.
    private let modules: [UInt8]

    /// Draws a text.
    ///
    /// - Throws: ``Fault``.
    package init(_ text: String, level: QRLevel = .medium) throws(Fault) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.allSatisfy(Self.isAlphanumeric) else { throw .notAlphanumeric }
        // More than the largest symbol holds, and small enough for the library's numbers.
        guard bytes.count <= 4_296 else { throw .tooLong }
        guard let input = QRinput_new2(0, level.code) else { throw .noMemory }
        defer { QRinput_free(input) }
        guard QRinput_append(input, QR_MODE_AN, Int32(bytes.count), bytes) == 0 else { throw .noMemory }
        // Whatever else it might refuse was looked at above.
        guard let symbol = QRcode_encodeInput(input) else { throw .tooLong }
        defer { QRcode_free(symbol) }
        guard let data = symbol.pointee.data else { throw .noMemory }
        version = Int(symbol.pointee.version)
        side = Int(symbol.pointee.width)
        modules = Array(UnsafeBufferPointer(start: data, count: side * side))
    }

    /// Whether a module is dark; those outside are not.
    package func isDark(_ x: Int, _ y: Int) -> Bool {
        guard 0..<side ~= x, 0..<side ~= y else { return false }
        return modules[y * side + x] & 1 == 1
    }

    /// The dark modules of a row that lie together.
    package func runs(ofRow y: Int) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var first: Int?
        for x in 0...side {
            switch (isDark(x, y), first) {
            case (true, nil): first = x
            case (false, .some(let begin)):
                runs.append(begin..<x)
                first = nil
            default: break
            }
        }
        return runs
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        // space $ % * + - . / digits : capitals
        case 0x20, 0x24, 0x25, 0x2A, 0x2B, 0x2D...0x3A, 0x41...0x5A: true
        default: false
        }
    }
}

extension QRSymbol {
    /// The white border that a reader needs, in modules.
    package static let quietZone = 4

    /// How many modules a side has with the border.
    package var outerSide: Int { side + 2 * Self.quietZone }

    /// The dark modules as the data of one SVG path, the border left free at the top and at the left.
    package var path: String {
        var path = ""
        for y in 0..<side {
            for run in runs(ofRow: y) {
                path += "M\(run.lowerBound + Self.quietZone) \(y + Self.quietZone)h\(run.count)v1h-\(run.count)z"
            }
        }
        return path
    }
}
