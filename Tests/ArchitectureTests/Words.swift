/// Words that do not belong, each with what to say instead.
enum Words {
    struct Ban: Sendable {
        let pattern: String
        /// A plain part of the word: files without it need no closer look.
        let part: String
        let instead: String
        /// Whether the word is looked for in comments too.
        var inComments = false
        let applies: @Sendable (SourceFile) -> Bool

        init(
            _ pattern: String, part: String, instead: String, inComments: Bool = false,
            _ applies: @escaping @Sendable (SourceFile) -> Bool
        ) {
            self.pattern = pattern
            self.part = part
            self.instead = instead
            self.inComments = inComments
            self.applies = applies
        }
    }

    static let bans: [Ban] = [
        Ban(#"\bDate\(\)|\bDate\.now\b"#, part: "Date", instead: "take the instant as an argument") {
            $0.isIn("Libraries") && $0.room != "Kernel"
        },
        Ban(#"\bUUID\(\)"#, part: "UUID()", instead: "ID.mint()") { $0.isIn("Libraries") && $0.room != "Kernel" },
        Ban(#"\bTask\.sleep\b"#, part: "Task.sleep", instead: "TestSignal, eventually, lettingPass or untilCancelled") {
            $0.isIn("Tests") && $0.room != "TestSupport"
        },
        Ban(#"(?:^|[^\w.])print\("#, part: "print(", instead: "a logger, or a value returned") { $0.isIn("Libraries") },
        Ban(#"\btry!"#, part: "try!", instead: "throw") { !$0.isIn("Tests") },
        Ban(#"\bas!"#, part: "as!", instead: "as? with an error") { !$0.isIn("Tests") },
        Ban(#"\bfatalError\("#, part: "fatalError", instead: "an error, or precondition with a sentence") {
            !$0.isIn("Tests")
        },
        Ban(#"@unchecked\s+Sendable"#, part: "@unchecked", instead: "Mutex, an actor, or a struct") {
            $0.isIn("Libraries", "Services") && $0.room != "Postgres"
        },
        Ban(#"\bTODO\b"#, part: "TODO", instead: "do it", inComments: true) { $0.room != "ArchitectureTests" },
        Ban(#"\bFIXME\b"#, part: "FIXME", instead: "do it", inComments: true) { $0.room != "ArchitectureTests" },
    ]

    /// Places where a word stands with a reason: the path, and a part of the line.
    ///
    /// This list may only shrink.
    static let exceptions: [(path: String, line: String, reason: String)] = []

    static func violations(in files: [SourceFile], bans: [Ban] = bans) -> [Violation] {
        files.flatMap { file in
            let text = file.swift
            return bans.filter { file.text.contains($0.part) && $0.applies(file) }.flatMap { ban -> [Violation] in
                guard let pattern = try? Regex(ban.pattern).wordBoundaryKind(.simple) else {
                    return [Violation(path: file.path, line: 0, what: "the pattern \(ban.pattern) is no pattern")]
                }
                return (ban.inComments ? text.lines : text.code).enumerated().compactMap { index, line in
                    guard let match = line.firstMatch(of: pattern) else { return nil }
                    let word = line[match.range]
                    let isExcepted = exceptions.contains { $0.path == file.path && text.lines[index].contains($0.line) }
                    return isExcepted
                        ? nil : Violation(path: file.path, line: index + 1, what: "`\(word)`: \(ban.instead)")
                }
            }
        }
    }
}
