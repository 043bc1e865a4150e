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

    private static let modifiers: Set<Substring> = [
        "static", "final", "nonisolated", "override", "mutating", "indirect", "convenience", "required", "consuming",
        "borrowing", "private(set)", "internal(set)", "nonisolated(unsafe)",
    ]

    private static let keywords: Set<Substring> = [
        "func", "var", "let", "struct", "enum", "class", "actor", "protocol", "typealias", "macro", "case",
    ]

    /// The name that a line declares for other modules, if it does.
    static func declaration(_ line: Substring) -> String? {
        let words = line.split(separator: " ")
        guard let access = words.firstIndex(where: { $0 == "package" || $0 == "public" }),
            words[..<access].allSatisfy({ $0.hasPrefix("@") || modifiers.contains($0) })
        else { return nil }
        var rest = words[(access + 1)...].drop { modifiers.contains($0) }
        guard let keyword = rest.popFirst() else { return nil }
        if keyword.hasPrefix("subscript") { return "subscript" }
        // An initializer says what its type and its parameters say; `import` and `extension` declare nothing.
        guard keywords.contains(keyword), let name = rest.first else { return nil }
        return String(name.prefix { !"(:,{=".contains($0) && ($0 != "<" || name.hasPrefix("<")) })
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
