import Testing

struct SwiftTextTests {
    @Test func text_isToldApartFromCommentsAndLiterals() {
        let text = SwiftText(
            #"""
            let a = "x \(f("in", (1))) y" + b // tail
            /* /* nested */ still */ let c = """
                SELECT "a"
                """
            let d = #"raw \(no) "quote""# + e
            let f = "esc \" \\" + g
            """#)

        #expect(text.code.map { $0.filter { $0 != " " } } == ["leta=+b", "letc=", "", "", "letd=+e", "letf=+g"])
        #expect(
            text.literals == [
                .init(line: 1, text: #"x \(f("in", (1))) y"#), .init(line: 2, text: "\n    SELECT \"a\"\n    "),
                .init(line: 5, text: #"raw \(no) "quote""#), .init(line: 6, text: #"esc \" \\"#),
            ])
    }

    @Test func text_leftOpen_endsWithTheFile() {
        #expect(SwiftText("let a = \"open").literals == [.init(line: 1, text: "open")])
        #expect(SwiftText("/* open").literals.isEmpty)
        #expect(SwiftText("let a = \"\\(open").literals.count == 1)
    }
}
