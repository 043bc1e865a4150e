import Crypto
import Foundation
package import Kernel

/// A line that a file of codes is refused for.
package struct CodeFileRefusal: Hashable, Sendable {
    /// Its number; the first is 1.
    package let line: Int64
    /// What is wrong with it; never the code itself.
    package let why: String

    /// A line and what is wrong with it.
    package init(line: Int64, why: String) {
        self.line = line
        self.why = why
    }
}

/// What codes of a file look like: any text that looks otherwise is none of them.
package struct CodeForm: Hashable, Sendable {
    /// How many characters each has.
    package let length: Int32
    /// The characters that they are made of, in the order of their numbers.
    package let alphabet: String
    private let characters: [Bool]

    /// Codes of a length over an alphabet of ASCII.
    package init(length: Int32, alphabet: String) {
        self.length = length
        self.alphabet = alphabet
        var characters = [Bool](repeating: false, count: 128)
        for byte in alphabet.utf8 where byte < 128 { characters[Int(byte)] = true }
        self.characters = characters
    }

    /// WeChat's 一物一碼: nine characters of a QR symbol's alphanumeric mode.
    static let marketcode = CodeForm(length: 9, alphabet: " $%*+-./0123456789:ABCDEFGHIJKLMNOPQRSTUVWXYZ")

    /// Whether a text might be such a code.
    package func fits(_ text: some StringProtocol) -> Bool {
        text.utf8.count == Int(length) && text.utf8.allSatisfy { $0 < 128 && characters[Int($0)] }
    }
}

/// A file of codes, read through: what is in it, and what is wrong with it.
package struct CodeFile: Sendable {
    /// Codes in one file, at most.
    package static let codesMax = Limit<Int64>(
        20_000_000, reason: "eight bytes of each stay in memory to find those that are there twice")
    /// Refusals that are told line by line, at most.
    package static let refusalsMax = Limit(1_000, reason: "whoever has more wrong lines has the wrong file")
    /// What the first lines look like, all must.
    private static let sampleLines: Int64 = 100

    /// How many codes it has.
    package private(set) var codes: Int64 = 0
    /// What they look like.
    package private(set) var form = CodeForm(length: 0, alphabet: "")
    /// How many bits a guess must meet, at most: what differs at each place of a code, as if all places were free.
    package private(set) var bits = 0.0
    /// SHA-256 of all bytes of the source.
    package private(set) var hash: [UInt8] = []
    /// What is wrong, the first lines of it.
    package private(set) var refusals: [CodeFileRefusal] = []
    /// How many lines are wrong.
    package private(set) var refusalsCount: Int64 = 0

    /// Whether it may be loaded.
    package var isRight: Bool { refusalsCount == 0 }

    /// A file that was found wrong later, by what is in the database.
    func refused(_ found: [CodeFileRefusal]) -> CodeFile {
        var file = self
        for refusal in found { file.refuse(refusal.line, refusal.why) }
        return file
    }

    private mutating func refuse(_ line: Int64, _ why: String) {
        refusalsCount += 1
        if refusals.count < Self.refusalsMax.value { refusals.append(CodeFileRefusal(line: line, why: why)) }
    }

    /// Reads a file through, and through again where codes look alike.
    ///
    /// - Parameter count: How many codes were promised; nil if nobody said.
    package static func read(
        _ source: some CodeSource, format: CodeFileFormat, count: Int64? = nil
    ) async throws -> CodeFile {
        var file = CodeFile()
        var hash = SHA256()
        var shape = Shape()
        var marks = Marks()
        var lines = CodeLines(format)
        func take(_ line: Int64, _ entry: CodeLines.Entry) {
            switch entry {
            case .bad(let why): file.refuse(line, why)
            case .code(let code):
                file.codes += 1
                guard file.codes <= codesMax.value else { return }
                if let why = shape.misfit(code, isSample: file.codes <= sampleLines) { return file.refuse(line, why) }
                marks.add(code)
            }
        }
        try await source.read { piece in
            hash.update(data: piece)
            try await lines.read(piece) { take($0, $1) }
        }
        let isCut = lines.endsWithinALine
        try await lines.finish { take($0, $1) }
        let last = lines.line
        file.hash = Array(hash.finalize())
        file.form = shape.form
        file.bits = shape.bits
        if let count {
            if count != file.codes { file.refuse(last, "the file has \(file.codes) codes, \(count) were promised") }
        } else if isCut {
            file.refuse(
                last,
                "the file ends within this line and may have lost its end: say with --count how many codes it has")
        }
        if file.codes > codesMax.value {
            file.refuse(last, "the file has \(file.codes) codes, a file has \(codesMax.value) at most")
        } else {
            for twin in try await marks.twins(in: source, format) { file.refuse(twin.line, twin.why) }
        }
        // A file of nothing but its first line has no line that is wrong.
        if file.codes == 0, file.isRight { file.refuse(last + 1, "the file has no codes") }
        return file
    }
}

/// What the codes so far look like.
private struct Shape {
    private var length: Int?
    /// At each place, which characters were there.
    private var places: [SIMD2<UInt64>] = []
    private var isClassSeen = [Bool](repeating: false, count: CharacterClass.allCases.count)

    private enum CharacterClass: Int, CaseIterable {
        case digit, capital, small, sign

        init(_ byte: UInt8) {
            self =
                switch byte {
                case 0x30...0x39: .digit
                case 0x41...0x5A: .capital
                case 0x61...0x7A: .small
                default: .sign
                }
        }
    }

    /// Why a code does not belong to the others; nil if it does.
    mutating func misfit(_ code: [UInt8], isSample: Bool) -> String? {
        let length = length ?? code.count
        guard code.count == length else {
            return "the code has \(code.count) characters, those before have \(length)"
        }
        if isSample {
            for byte in code { isClassSeen[CharacterClass(byte).rawValue] = true }
        } else if code.contains(where: { !isClassSeen[CharacterClass($0).rawValue] }) {
            return "the code has a kind of character that none of the first lines has: it may be from elsewhere"
        }
        if places.isEmpty {
            self.length = length
            places = Array(repeating: .zero, count: length)
        }
        for (place, byte) in code.enumerated() { places[place][Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
        return nil
    }

    var form: CodeForm {
        let all = places.reduce(SIMD2<UInt64>.zero) { $0 | $1 }
        let alphabet = (UInt8(0)..<128).filter { all[Int($0 >> 6)] & 1 << UInt64($0 & 63) != 0 }
        return CodeForm(length: Int32(places.count), alphabet: String(decoding: alphabet, as: UTF8.self))
    }

    var bits: Double {
        places.reduce(0) { $0 + log2(Double(max(1, $1[0].nonzeroBitCount + $1[1].nonzeroBitCount))) }
    }
}

/// Eight bytes of each code, so that those that are there twice are found without keeping all codes.
private struct Marks {
    /// Codes whose marks are looked at again, at most: more are told as one.
    private static let twinsMax = 10_000

    private var marks: [UInt64] = []

    mutating func add(_ code: [UInt8]) { marks.append(Self.mark(code)) }

    /// Keyed by chance, once a process: nobody can make a file whose codes collide.
    private static func mark(_ code: [UInt8]) -> UInt64 {
        var hasher = Hasher()
        code.withUnsafeBytes { hasher.combine(bytes: $0) }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// The codes that stand in the file before.
    mutating func twins(in source: some CodeSource, _ format: CodeFileFormat) async throws -> [CodeFileRefusal] {
        marks.sort()
        var suspects: Set<UInt64> = []
        for (mark, next) in zip(marks, marks.dropFirst()) where mark == next {
            suspects.insert(mark)
            if suspects.count == Self.twinsMax { break }
        }
        marks = []
        if suspects.isEmpty { return [] }
        var firstLines: [[UInt8]: Int64] = [:]
        var found: [CodeFileRefusal] = []
        try await source.codes(format) { line, code in
            guard suspects.contains(Self.mark(code)) else { return }
            if let first = firstLines[code] {
                found.append(CodeFileRefusal(line: line, why: "the code stands in line \(first) already"))
            } else {
                firstLines[code] = line
            }
        }
        return found
    }
}
