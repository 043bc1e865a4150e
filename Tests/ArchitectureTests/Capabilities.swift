/// `Tests/CAPABILITIES.md`: what Siyu shall be able to do, row by row, with the tests that prove it.
enum Capabilities {
    struct Row {
        let id: String
        let meaning: String
        /// The names of tests, or nil while it is not built.
        let tests: [String]?
    }

    /// The rows of the tables: `| id | meaning | proof |`.
    static func rows(of text: String) -> [Row] {
        text.split(separator: "\n").compactMap { line in
            guard let match = line.wholeMatch(of: /\|\s*([A-Z]\d\d)\s*\|\s*(.+?)\s*\|\s*(.+?)\s*\|/) else { return nil }
            let proof = match.3 == "not built yet" ? nil : match.3.matches(of: /`(\w+)`/).map { String($0.1) }
            return Row(id: String(match.1), meaning: String(match.2), tests: proof)
        }
    }

    /// The names of every test function.
    static func tests(in files: [SourceFile]) -> Set<String> {
        Set(
            files.filter { $0.isIn("Tests") }.flatMap { file in
                file.swift.code.flatMap {
                    $0.matches(of: /\bfunc\s+(\w+)/.wordBoundaryKind(.simple)).map { String($0.1) }
                }
            })
    }

    static func problems(rows: [Row], tests: Set<String>) -> [String] {
        var problems: [String] = []
        for (id, same) in Dictionary(grouping: rows, by: \.id).sorted(by: { $0.key < $1.key }) where same.count > 1 {
            problems.append("\(id) is listed \(same.count) times")
        }
        let listed = Set(rows.flatMap { $0.tests ?? [] })
        for row in rows {
            if row.tests?.isEmpty == true {
                problems.append("\(row.id) names no test: write `not built yet` or a test's name")
            }
            for test in row.tests ?? [] where !tests.contains(test) {
                problems.append("\(row.id): there is no test \(test)")
            }
        }
        let ids = Set(rows.map { $0.id.lowercased() })
        for test in tests.sorted() {
            guard let match = test.wholeMatch(of: /([a-z]\d\d)_.+/) else { continue }
            if !ids.contains(String(match.1)) { problems.append("\(test) is named after an id that is not listed") }
            if !listed.contains(test) { problems.append("\(test) is not listed with its id") }
        }
        return problems
    }
}
