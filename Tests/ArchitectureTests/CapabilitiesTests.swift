import Testing

struct CapabilitiesTests {
    @Test func capabilities_andTests_nameEachOther() throws {
        let rows = Capabilities.rows(of: try SourceFile.read("Tests/CAPABILITIES.md"))

        let problems = Capabilities.problems(rows: rows, tests: Capabilities.tests(in: SourceFile.all))

        #expect(rows.count > 100, "the table was not read")
        #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
    }

    @Test func samples_thatDisagree_areFound() {
        let rows = Capabilities.rows(
            of: """
                | id | meaning | proof |
                |---|---|---|
                | D18 | books balance | `d18_postings_sumToZero`, `d18_gone` |
                | G01 | one sender | not built yet |
                | G01 | again | soon |
                """)

        let problems = Capabilities.problems(
            rows: rows, tests: ["d18_postings_sumToZero", "d18_more", "x99_unknown", "other"])

        #expect(
            problems == [
                "G01 is listed 2 times", "D18: there is no test d18_gone",
                "G01 names no test: write `not built yet` or a test's name", "d18_more is not listed with its id",
                "x99_unknown is named after an id that is not listed", "x99_unknown is not listed with its id",
            ])
    }

    @Test func samples_thatAgree_pass() {
        let rows = Capabilities.rows(
            of: "| D18 | books balance | `d18_postings_sumToZero` |\n| G01 | one sender | not built yet |")

        #expect(rows.count == 2)
        #expect(Capabilities.problems(rows: rows, tests: ["d18_postings_sumToZero", "other"]).isEmpty)
    }
}
