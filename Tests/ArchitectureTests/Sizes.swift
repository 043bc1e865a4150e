/// How long a file and a function may grow before there is a second one inside.
enum Sizes {
    static let fileLinesMax = 600
    static let testFileLinesMax = 800
    static let functionLinesMax = 70

    /// Functions that are longer with a reason, as `path:name`.
    ///
    /// This list may only shrink.
    static let exceptions: Set<String> = []

    static func violations(in files: [SourceFile]) -> [Violation] {
        files.flatMap { file in
            let text = file.swift
            let limit = file.isIn("Tests") ? testFileLinesMax : fileLinesMax
            var found: [Violation] = []
            if text.lines.count > limit + 1 {
                found.append(
                    Violation(path: file.path, line: limit, what: "\(text.lines.count) lines, at most \(limit)"))
            }
            for function in functions(of: text) where function.lines > functionLinesMax {
                guard !exceptions.contains("\(file.path):\(function.name)") else { continue }
                found.append(
                    Violation(
                        path: file.path, line: function.line,
                        what: "\(function.name) has \(function.lines) lines, at most \(functionLinesMax)"))
            }
            return found
        }
    }

    struct Function: Equatable {
        let name: String
        let line: Int
        let lines: Int
    }

    /// The functions and initializers that have a body, from the line of their name to the closing brace.
    static func functions(of text: SwiftText) -> [Function] {
        text.code.indices.compactMap { index in
            guard text.code[index].contains("func ") || text.code[index].contains("init"),
                let match = text.code[index].firstMatch(
                    of: /\b(?:func\s+([^\s(<]+)|(init)[?!]?(?=[(<]))/.wordBoundaryKind(.simple)),
                !text.code[index].contains(/\.init\b/.wordBoundaryKind(.simple))
            else { return nil }
            guard let end = endOfBody(in: text.code, from: index, column: match.range.upperBound) else { return nil }
            return Function(name: String(match.1 ?? match.2 ?? ""), line: index + 1, lines: end - index + 1)
        }
    }

    /// The line of the brace that closes the first body after a place; nil where a declaration has none (a protocol's).
    private static func endOfBody(in code: [Substring], from first: Int, column: Substring.Index) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in first..<code.count {
            let line = index == first ? code[index][column...] : code[index]
            if index > first, braces == 0, parentheses == 0, line.contains(" "),
                line.contains(/\b(?:func|var|let|init|case|struct|enum)\b/.wordBoundaryKind(.simple))
            {
                return nil
            }
            for character in line {
                switch character {
                case "(": parentheses += 1
                case ")": parentheses -= 1
                case "{" where parentheses == 0 || braces > 0: braces += 1
                case "}" where parentheses == 0 || braces > 0:
                    braces -= 1
                    if braces < 0 { return nil }
                    if braces == 0 { return index }
                default: break
                }
            }
        }
        return nil
    }
}
