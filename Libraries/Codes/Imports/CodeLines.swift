/// How the lines of a file of codes are written.
package enum CodeFileFormat: Hashable, Sendable {
    /// CSV with the first line `code` or `index,code`.
    case csv
    /// A package of WeChat's codes after decryption: fields between tabs or commas in any order, no first line of names.
    case marketcode
}

/// Cuts a file into codes, wherever its pieces happen to end.
///
/// Lines end in LF or CRLF; a byte order mark before the first is dropped. What is too long is never gathered in memory.
struct CodeLines {
    /// What a line holds.
    enum Entry: Hashable, Sendable {
        /// A code, byte for byte.
        case code([UInt8])
        /// Something else; why, without the text itself.
        case bad(String)
    }

    /// The longest code that is taken.
    static let codeBytesMax = 64
    private static let lineBytesMax = 160

    private let format: CodeFileFormat
    private var partial: [UInt8] = []
    private var isTooLong = false
    /// Which column the code is in; nil before the first line of CSV.
    private var hasIndex: Bool?
    private var nextIndex: Int64?
    private var isHopeless = false
    private(set) var line: Int64 = 0

    /// - Parameter first: The index that the first line has, if lines have one; nil for any.
    init(_ format: CodeFileFormat, first: Int64? = nil) {
        self.format = format
        nextIndex = first
    }

    /// Whether the file ended within a line.
    var endsWithinALine: Bool { !partial.isEmpty || isTooLong }

    /// Passes on every line that ends in `piece`.
    mutating func read(_ piece: [UInt8], _ body: (Int64, Entry) async throws -> Void) async throws {
        var start = 0
        while let end = piece[start...].firstIndex(of: UInt8(ascii: "\n")) {
            gather(piece[start..<end])
            try await pass(body)
            start = end + 1
        }
        gather(piece[start...])
    }

    /// Passes on what stands after the last line feed, if anything does.
    mutating func finish(_ body: (Int64, Entry) async throws -> Void) async throws {
        if endsWithinALine { try await pass(body) }
        if line == 0 || (format == .csv && hasIndex == nil && !isHopeless) {
            try await body(1, .bad("the file is empty"))
        }
    }

    private mutating func gather(_ bytes: ArraySlice<UInt8>) {
        guard !isTooLong else { return }
        if partial.count + bytes.count > Self.lineBytesMax {
            isTooLong = true
            partial.removeAll(keepingCapacity: true)
        } else {
            partial += bytes
        }
    }

    private mutating func pass(_ body: (Int64, Entry) async throws -> Void) async throws {
        line += 1
        var bytes = partial[...]
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        if line == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        let entry = isTooLong ? .bad("the line has more than \(Self.lineBytesMax) bytes") : entry(bytes)
        partial.removeAll(keepingCapacity: true)
        isTooLong = false
        if let entry { try await body(line, entry) }
    }

    private mutating func entry(_ bytes: ArraySlice<UInt8>) -> Entry? {
        if isHopeless { return nil }
        switch format {
        case .csv: return hasIndex.map { row(bytes, hasIndex: $0) } ?? header(bytes)
        case .marketcode: return packageRow(bytes)
        }
    }

    private mutating func header(_ bytes: ArraySlice<UInt8>) -> Entry? {
        switch String(decoding: bytes, as: UTF8.self) {
        case "code": hasIndex = false
        case "index,code": hasIndex = true
        default:
            // Whatever follows would be refused for the same reason.
            isHopeless = true
            return .bad("the first line must read `code` or `index,code`")
        }
        return nil
    }

    private mutating func row(_ bytes: ArraySlice<UInt8>, hasIndex: Bool) -> Entry {
        guard hasIndex else { return code(bytes) }
        guard let comma = bytes.firstIndex(of: UInt8(ascii: ",")) else {
            return .bad("an index, a comma and a code are needed")
        }
        if let wrong = follow(bytes[..<comma]) { return wrong }
        return code(bytes[(comma + 1)...])
    }

    /// A code of nine characters and its index; where there is no index the line's number stands for it.
    private mutating func packageRow(_ bytes: ArraySlice<UInt8>) -> Entry {
        let fields = bytes.split(omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: ",")
        }
        let raw = fields.filter { $0.count == 9 && $0.allSatisfy(Self.isPackageCharacter) }
        let numbers = fields.filter { !$0.isEmpty && $0.count != 9 && $0.allSatisfy { (0x30...0x39).contains($0) } }
        guard raw.count == 1, let found = raw.first else { return .bad("one code of nine characters is needed") }
        if let number = numbers.first, numbers.count == 1, number.count < 20, let wrong = follow(number) {
            return wrong
        }
        return .code(Array(found))
    }

    /// Whether a line might be one of a package of codes.
    static func isPackageLine(_ bytes: ArraySlice<UInt8>) -> Bool {
        var lines = CodeLines(.marketcode)
        if case .code = lines.packageRow(bytes) { return true }
        return false
    }

    /// The 45 characters of a QR symbol's alphanumeric mode.
    private static func isPackageCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x24, 0x25, 0x2A, 0x2B, 0x2D...0x3A, 0x41...0x5A: true  // space $ % * + - . / digits : capitals
        default: false
        }
    }

    /// Indexes are the file's own numbers: a gap or a repetition says that a line is missing or was moved.
    private mutating func follow(_ digits: ArraySlice<UInt8>) -> Entry? {
        guard let index = Int64(String(decoding: digits, as: UTF8.self)), index >= 0, index < Int64.max else {
            return .bad("the index is a whole number")
        }
        defer { nextIndex = index + 1 }
        guard let expected = nextIndex, expected != index else { return nil }
        return .bad("the index \(expected) was expected, and \(index) came")
    }

    private func code(_ bytes: ArraySlice<UInt8>) -> Entry {
        guard !bytes.isEmpty else { return .bad("the code is missing") }
        guard bytes.count <= Self.codeBytesMax else {
            return .bad("the code has more than \(Self.codeBytesMax) characters")
        }
        // Printable ASCII; no comma and no quotation mark, which are CSV's own; no space, which nobody sees on a pack.
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") })
        else { return .bad("a code has printable ASCII characters, no space, comma or quotation mark") }
        return .code(Array(bytes))
    }
}

extension CodeSource {
    /// Hands out the codes of the file with their lines; refused lines are left out.
    func codes(_ format: CodeFileFormat, _ body: (Int64, [UInt8]) async throws -> Void) async throws {
        try await entries(format) { line, entry in
            if case .code(let code) = entry { try await body(line, code) }
        }
    }

    /// Hands out what every line holds.
    ///
    /// - Returns: Whether the file ended within a line.
    @discardableResult
    func entries(
        _ format: CodeFileFormat, hearing hash: (([UInt8]) -> Void)? = nil,
        _ body: (Int64, CodeLines.Entry) async throws -> Void
    ) async throws -> Bool {
        var lines = CodeLines(format)
        try await read { piece in
            hash?(piece)
            try await lines.read(piece, body)
        }
        let isCut = lines.endsWithinALine
        try await lines.finish(body)
        return isCut
    }
}
