import Testing

struct SizesTests {
    @Test func sources_filesAndFunctions_areShort() {
        let violations = Sizes.violations(in: SourceFile.all)

        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test func exceptions_standForFunctionsThatAreStillLong() {
        for exception in Sizes.exceptions {
            let parts = exception.split(separator: ":")
            let file = SourceFile.all.first { $0.path == parts[0] }
            let long = file.map { Sizes.functions(of: $0.swift) } ?? []
            #expect(
                long.contains { $0.name == parts[1] && $0.lines > Sizes.functionLinesMax },
                "\(exception) no longer needs an exception")
        }
    }

    @Test(arguments: [(70, 0), (71, 1)])
    func function_ofSoManyLines_isFoundOrNot(lines: Int, count: Int) {
        let body = String(repeating: "    work(\"}\") { 1 } // }\n", count: lines - 2)
        let file = SourceFile(
            "Libraries/Orders/A.swift", "func long(\n_ x: () -> Void = {}) {\n" + body.dropFirst(0) + "}\n")

        #expect(Sizes.violations(in: [file]).count == (lines + 1 > Sizes.functionLinesMax ? 1 : count))
    }

    @Test func functions_ofAFile_areMeasuredFromNameToBrace() {
        let text = SwiftText(
            """
            protocol P {
                func none()
                init(x: Int)
            }
            struct S {
                init(x: Int) {
                    self.x = x
                }
                func two<T>(
                    _ t: T
                ) -> Int { 2 }
                let y = S.init(x: 1)
            }
            """)

        #expect(
            Sizes.functions(of: text) == [
                Sizes.Function(name: "init", line: 6, lines: 3), Sizes.Function(name: "two", line: 9, lines: 3),
            ])
    }

    @Test(arguments: [
        ("Libraries/A/A.swift", 601, 1), ("Libraries/A/A.swift", 600, 0), ("Tests/A/A.swift", 601, 0),
        ("Tests/A/A.swift", 801, 1),
    ])
    func file_ofSoManyLines_isFoundOrNot(path: String, lines: Int, count: Int) {
        let file = SourceFile(path, String(repeating: "let x = 1\n", count: lines))

        #expect(Sizes.violations(in: [file]).count == count)
    }
}
