import Testing

/// The queue's table of features names the tests that prove it.
struct FeatureTableTests {
    @Test func features_ofTheQueue_areEachProvedByATestThatExists() throws {
        let rows = try SourceFile.read("Libraries/Jobs/Jobs.docc/Features.md").split(separator: "\n")
            .filter { $0.hasPrefix("|") }.dropFirst(2)
        let tests = Set(
            SourceFile.all.filter { $0.isIn("Tests") }.flatMap { file in
                file.text.matches(of: /func (\w+)\(/).map { String($0.1) }
            })

        let claimed = rows.map { row in
            (row, row.split(separator: "|").last?.matches(of: /`(\w+)`/).map { String($0.1) } ?? [])
        }

        #expect(rows.count > 30)
        let unproved = claimed.filter { $0.1.isEmpty }.map(\.0)
        #expect(unproved.isEmpty, "no test proves \(unproved)")
        let missing = claimed.flatMap(\.1).filter { !tests.contains($0) }
        #expect(missing.isEmpty, "there is no test \(missing.joined(separator: ", "))")
    }
}
