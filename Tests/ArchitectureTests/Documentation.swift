/// Every `package` and `public` declaration of a library says what it is for.
enum Documentation {
    /// Witnesses of protocols that everybody knows: their meaning is the protocol's.
    static let wellKnown: Set<String> = [
        "description", "debugDescription", "hash", "encode", "errorDescription", "==", "<", "callAsFunction",
        "isolation",
    ]

    static func violations(in files: [SourceFile]) -> [Violation] {
        files.filter { $0.isIn("Libraries") }.flatMap { file in
            let text = file.swift
            return text.code.indices.compactMap { index -> Violation? in
                guard let name = declaration(text.code[index]), !wellKnown.contains(name), !isDocumented(text, index)
                else {
                    return nil
                }
                return Violation(path: file.path, line: index + 1, what: "`\(name)` has no `///`")
            }
        }
    }

    /// The name that a line declares for other modules, if it does.
    static func declaration(_ line: Substring) -> String? {
        let pattern =
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:final|static|nonisolated|override|mutating|indirect|convenience|required)\s+)*(?:package|public)\s+(?:(?:final|static|nonisolated|mutating|indirect|(?:private|internal|package)\(set\)|consuming|borrowing|convenience|required)\s+)*(?:(func|var|let|struct|enum|class|actor|protocol|typealias|macro|case)\s+([^\s(:<{=,]+|<)|(init|subscript))/
        guard let match = line.firstMatch(of: pattern) else { return nil }
        if let keyword = match.3 {
            // Decoding is the protocol's business; a memberwise initializer says what its parameters say.
            return line.contains("from decoder:") || keyword == "init" ? nil : String(keyword)
        }
        return match.2.map(String.init)
    }

    /// Whether the lines above, past attributes, end with a documentation comment.
    private static func isDocumented(_ text: SwiftText, _ index: Int) -> Bool {
        var above = index - 1
        while above >= 0 {
            let line = text.lines[above].drop { $0 == " " }
            if line.hasPrefix("///") { return true }
            guard line.hasPrefix("@") || line.hasPrefix("#if") else { return false }
            above -= 1
        }
        return false
    }
}
