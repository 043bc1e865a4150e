/// Cuts an SQL file into its statements.
///
/// The extended protocol takes one statement at a time; sent one by one, a failing statement can be named by its line.
/// Quotes, dollar quotes, comments (they nest in PostgreSQL) and `BEGIN ATOMIC` bodies are respected as far as our own files
/// use them; `BEGIN ATOMIC` is not, so files write functions with `RETURN` or a dollar-quoted body.
package struct SQLScript: Sendable {
    /// A statement without its semicolon, and the line of the file on which it begins.
    package struct Part: Sendable, Equatable {
        /// Counted from 1.
        package let line: Int
        /// From its first word; comments inside are kept.
        package let text: String
    }

    /// The statements in the order of the file.
    package let parts: [Part]

    package init(_ text: String) {
        var scanner = Scanner(text)
        parts = scanner.split()
    }
}

private struct Scanner {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    /// Where the statement being read begins: its first byte that is neither space nor comment.
    private var start: (position: Int, line: Int)?

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    mutating func split() -> [SQLScript.Part] {
        var parts: [SQLScript.Part] = []
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: ";"):
                if let part = part(until: position) { parts.append(part) }
                start = nil
                advance()
            case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"):
                while let next = peek(), next != UInt8(ascii: "\n") { advance() }
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"):
                skipComment()
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                begin()
                skipQuoted(by: byte)
            case UInt8(ascii: "$"):
                begin()
                skipDollarQuoted()
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                advance()
            default:
                begin()
                skipWord()
            }
        }
        if let part = part(until: position) { parts.append(part) }
        return parts
    }

    private func peek(_ ahead: Int = 0) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }

    private mutating func advance(_ count: Int = 1) {
        // Something left open runs to the end of the file and no further.
        for _ in 0..<min(count, bytes.count - position) {
            if peek() == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
    }

    private mutating func begin() {
        if start == nil { start = (position, line) }
    }

    private func part(until end: Int) -> SQLScript.Part? {
        guard let start else { return nil }
        return SQLScript.Part(line: start.line, text: String(decoding: bytes[start.position..<end], as: UTF8.self))
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default:
            false
        }
    }

    /// A word is taken whole, so that the dollar in `a$1` opens nothing; anything else is one byte.
    private mutating func skipWord() {
        guard let first = peek(), Self.isWord(first) else { return advance() }
        let escapes = first == UInt8(ascii: "e") || first == UInt8(ascii: "E")
        if escapes, peek(1) == UInt8(ascii: "'") {
            advance()
            return skipQuoted(by: UInt8(ascii: "'"), escapes: true)
        }
        while let byte = peek(), Self.isWord(byte) || byte == UInt8(ascii: "$") { advance() }
    }

    /// A doubled quote closes and opens again, which needs no rule of its own.
    private mutating func skipQuoted(by quote: UInt8, escapes: Bool = false) {
        advance()
        while let byte = peek(), byte != quote {
            advance(escapes && byte == UInt8(ascii: "\\") ? 2 : 1)
        }
        advance()
    }

    private mutating func skipComment() {
        var depth = 0
        repeat {
            switch (peek(), peek(1)) {
            case (UInt8(ascii: "/"), UInt8(ascii: "*")):
                depth += 1
                advance(2)
            case (UInt8(ascii: "*"), UInt8(ascii: "/")):
                depth -= 1
                advance(2)
            default:
                advance()
            }
        } while depth > 0 && peek() != nil
    }

    private mutating func skipDollarQuoted() {
        var length = 1
        while let byte = peek(length), Self.isWord(byte) { length += 1 }
        // `$1` is a parameter: a tag never begins with a digit.
        let opensQuote =
            peek(length) == UInt8(ascii: "$") && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(peek(1) ?? 0)
        guard opensQuote else { return advance() }
        let tag = Array(bytes[position...(position + length)])
        advance(tag.count)
        while position < bytes.count, !bytes[position...].starts(with: tag) { advance() }
        advance(tag.count)
    }
}
