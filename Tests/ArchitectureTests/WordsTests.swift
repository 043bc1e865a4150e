import Testing

struct WordsTests {
    @Test func sources_useNoBannedWord() {
        let violations = Words.violations(in: SourceFile.all)

        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test func exceptions_standForALineThatExists() {
        for exception in Words.exceptions {
            let file = SourceFile.all.first { $0.path == exception.path }
            #expect(file?.text.contains(exception.line) == true, "\(exception.path) no longer needs an exception")
        }
    }

    @Test(arguments: [
        ("Libraries/Orders/A.swift", "let now = Date()"),
        ("Libraries/Orders/A.swift", "let now = Date.now"),
        ("Libraries/Orders/A.swift", "let id = UUID()"),
        ("Tests/OrdersTests/A.swift", "try await Task.sleep(for: .seconds(1))"),
        ("Libraries/Orders/A.swift", "print(order)"),
        ("Services/Ingest/A.swift", "let x = try! load()"),
        ("Services/Ingest/A.swift", "let x = y as! Int"),
        ("Libraries/Orders/A.swift", "fatalError(\"no\")"),
        ("Libraries/Orders/A.swift", "final class A: @unchecked Sendable {}"),
        ("Tests/OrdersTests/A.swift", "// TODO: later"),
    ])
    func sample_withABannedWord_isFound(path: String, line: String) {
        #expect(Words.violations(in: [SourceFile(path, line)]).count == 1)
    }

    @Test(arguments: [
        ("Libraries/Kernel/ID.swift", "let now = Date(), id = UUID()"),
        ("Services/Ingest/A.swift", "let now = Date()"),
        ("Libraries/Orders/A.swift", "let day = Date(timeIntervalSince1970: 0)"),
        ("Libraries/Orders/A.swift", "// never Date() or try! here"),
        ("Libraries/Orders/A.swift", "let text = \"print(x) fatalError()\""),
        ("Libraries/Orders/A.swift", "blueprint(x); page.print(x)"),
        ("Libraries/Jobs/A.swift", "try await Task.sleep(for: .seconds(1))"),
        ("Libraries/Postgres/A.swift", "final class A: @unchecked Sendable {}"),
        ("Tests/TestSupport/A.swift", "try await Task.sleep(for: pause)"),
    ])
    func sample_withoutABannedWord_passes(path: String, line: String) {
        #expect(Words.violations(in: [SourceFile(path, line)]).isEmpty)
    }
}
