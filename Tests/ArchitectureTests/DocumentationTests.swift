import Testing

struct DocumentationTests {
    @Test func libraries_declarationsForOthers_areDocumented() {
        let violations = Documentation.violations(in: SourceFile.all)

        #expect(violations.isEmpty, "\(violations.report)")
    }

    @Test(arguments: [
        "package func post() {}",
        "// no\npackage struct A {}",
        "/// of a\nlet a = 1\npackage let b = 2",
        "/// far\n\npublic actor A {}",
        "@discardableResult\npackage func post() {}",
        "package static func post() {}",
        "public nonisolated let a = 1",
        "@inlinable public func a() {}",
        "package private(set) var a = 1",
        "package subscript(i: Int) -> Int { i }",
    ])
    func sample_withoutDocumentation_isFound(text: String) {
        #expect(Documentation.violations(in: [SourceFile("Libraries/Orders/A.swift", text)]).count == 1)
    }

    @Test(arguments: [
        "/// Posts.\npackage func post() {}",
        "/// Posts.\n@discardableResult\npackage func post() {}",
        "func post() {}",
        "package import Kernel",
        "package init(a: Int) {}",
        "package var description: String { \"\" }",
        "package static func < (a: A, b: A) -> Bool { true }",
        "let text = \"package func post\"",
    ])
    func sample_withDocumentationOrNoNeed_passes(text: String) {
        #expect(Documentation.violations(in: [SourceFile("Libraries/Orders/A.swift", text)]).isEmpty)
    }

    @Test func sample_outsideLibraries_passes() {
        #expect(Documentation.violations(in: [SourceFile("Tests/TestSupport/A.swift", "package func a() {}")]).isEmpty)
    }
}
