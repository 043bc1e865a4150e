/// A Swift file taken apart far enough for rules that read: code, comments and string literals are told apart.
struct SwiftText: Sendable {
    struct Literal: Equatable, Sendable {
        let line: Int
        /// As it stands in the file, interpolations included.
        let text: String
    }

    /// The file line by line, with comments and the contents of string literals blanked out.
    let code: [Substring]
    /// The string literals from top to bottom; those inside an interpolation are part of the outer one.
    let literals: [Literal]
    /// The file line by line.
    let lines: [Substring]

    init(_ text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        scanner.run()
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = String(decoding: scanner.code, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        literals = scanner.literals
    }
}

private struct Scanner {
    let bytes: [UInt8]
    var code: [UInt8] = []
    var literals: [SwiftText.Literal] = []
    private var position = 0
    private var line = 1

    init(bytes: [UInt8]) {
        self.bytes = bytes
        code.reserveCapacity(bytes.count)
    }

    mutating func run() {
        while position < bytes.count {
            if starts(with: "//") {
                while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { step(blank: true) }
            } else if starts(with: "/*") {
                skipComment()
            } else if let hashes = hashesOfLiteral() {
                skipLiteral(hashes: hashes)
            } else {
                step(blank: false)
            }
        }
    }

    private func starts(with text: StaticString, at offset: Int = 0) -> Bool {
        let begin = position + offset
        guard begin >= 0, begin + text.utf8CodeUnitCount <= bytes.count else { return false }
        return text.withUTF8Buffer { $0.elementsEqual(bytes[begin..<(begin + $0.count)]) }
    }

    /// Passes one byte; newlines stay in the code, so that line numbers hold.
    private mutating func step(blank: Bool) {
        guard position < bytes.count else { return }
        let byte = bytes[position]
        if byte == UInt8(ascii: "\n") { line += 1 }
        code.append(blank && byte != UInt8(ascii: "\n") ? UInt8(ascii: " ") : byte)
        position += 1
    }

    private mutating func skip(_ count: Int) {
        for _ in 0..<count { step(blank: true) }
    }

    private mutating func skipComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                skip(2)
            } else if starts(with: "*/") {
                depth -= 1
                skip(2)
            } else {
                skip(1)
            }
        } while depth > 0 && position < bytes.count
    }

    /// How many `#` stand before the quote, if a string literal begins here.
    private func hashesOfLiteral() -> Int? {
        var count = 0
        while position + count < bytes.count, bytes[position + count] == UInt8(ascii: "#") { count += 1 }
        return starts(with: "\"", at: count) ? count : nil
    }

    private mutating func skipLiteral(hashes: Int) {
        let first = line
        skip(hashes)
        let quotes = starts(with: "\"\"\"") ? 3 : 1
        skip(quotes)
        let begin = position
        var end = bytes.count
        while position < bytes.count {
            if closes(quotes: quotes, hashes: hashes) {
                end = position
                skip(quotes + hashes)
                break
            }
            if bytes[position] == UInt8(ascii: "\\"), isFollowedByHashes(hashes) {
                skip(1 + hashes)
                if starts(with: "(") { skipInterpolation() } else { skip(1) }
            } else {
                skip(1)
            }
        }
        literals.append(.init(line: first, text: String(decoding: bytes[begin..<end], as: UTF8.self)))
    }

    private func closes(quotes: Int, hashes: Int) -> Bool {
        guard quotes == 3 ? starts(with: "\"\"\"") : starts(with: "\"") else { return false }
        return (0..<hashes).allSatisfy { starts(with: "#", at: quotes + $0) }
    }

    private func isFollowedByHashes(_ count: Int) -> Bool {
        (0..<count).allSatisfy { starts(with: "#", at: 1 + $0) }
    }

    /// Up to the matching parenthesis; literals inside belong to the one around them.
    private mutating func skipInterpolation() {
        var depth = 0
        let outer = literals
        repeat {
            if let hashes = hashesOfLiteral() {
                skipLiteral(hashes: hashes)
                continue
            }
            if starts(with: "(") { depth += 1 }
            if starts(with: ")") { depth -= 1 }
            skip(1)
        } while depth > 0 && position < bytes.count
        literals = outer
    }
}
