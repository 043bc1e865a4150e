import Testing

/// The queue's tables of features name the tests that prove them.
struct FeatureTableTests {
    /// Rows of a Markdown table, by the names of its columns.
    private struct Table {
        let columns: [String]
        let rows: [[String]]

        /// The tests that each row names in a column.
        func proofs(in column: String) -> [(row: String, tests: [String])] {
            guard let index = columns.firstIndex(of: column) else { return [] }
            return rows.map { row in
                let cell = index < row.count ? row[index] : ""
                return (row[0], cell.matches(of: /`(\w+_\w+)`/).map { String($0.1) })
            }
        }
    }

    private static func tables(of text: String) -> [Table] {
        text.split(separator: "\n", omittingEmptySubsequences: false).split { !$0.hasPrefix("|") }.map { lines in
            let cells = lines.map { line in
                line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                    .map { String($0.trimmingPrefix(/\s+/)).replacing(/\s+$/, with: "") }
            }
            return Table(columns: cells[0], rows: Array(cells.dropFirst(2)))
        }
    }

    /// What is wrong with a table whose rows should each name tests in a column.
    private static func faults(of table: Table, in column: String, tests: Set<String>) -> [String] {
        table.proofs(in: column).flatMap { row, named in
            named.isEmpty
                ? ["no test proves \(row)"]
                : named.filter { !tests.contains($0) }.map { "there is no test \($0), which \(row) names" }
        }
    }

    @Test func features_ofTheQueue_areEachProvedByATestThatExists() throws {
        let tables = try Self.tables(of: SourceFile.read("Libraries/Jobs/Jobs.docc/Features.md"))
        let tests = Set(
            SourceFile.all.filter { $0.isIn("Tests") }.flatMap { file in
                file.text.matches(of: /func (\w+)\(/).map { String($0.1) }
            })
        try #require(tables.count == 4)
        let (features, first, second) = (tables[0], tables[1], tables[2])

        #expect(features.columns.last == "proved by" && features.rows.count > 30)
        #expect(first.columns.prefix(2) == ["feature", "Siyu"] && first.rows.count > 35)
        let faults =
            Self.faults(of: features, in: "proved by", tests: tests) + Self.faults(of: first, in: "Siyu", tests: tests)
        #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
        #expect(second.rows.map(\.first) == first.rows.map(\.first))
        for table in tables {
            let ragged = table.rows.filter { $0.count != table.columns.count || $0.contains("") }.map(\.first)
            #expect(ragged.isEmpty)
        }
    }

    @Test func row_withoutATestThatExists_isFound() throws {
        let text = """
            | feature | Siyu | Other |
            |---|---|---|
            | a | yes: `a_b_c` | no |
            | b | yes | no |
            | c | yes: `c_d_e` | `a_b_c` |
            """

        let table = try #require(Self.tables(of: text).first)

        #expect(
            Self.faults(of: table, in: "Siyu", tests: ["a_b_c"])
                == ["no test proves b", "there is no test c_d_e, which c names"])
    }
}
