import Foundation
import Kernel
import Testing

@testable import Reporting

@Suite struct RenderTests {
    @Test func json_smallReport_isItsSnapshot() throws {
        let report = try ReportFixture.report()

        let document = try JSONSerialization.jsonObject(with: Data(report.json()))
        let pretty = try JSONSerialization.data(
            withJSONObject: document, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        try expectSnapshot(String(decoding: pretty, as: UTF8.self) + "\n", "overview.json")
    }

    @Test func csv_smallReport_isItsSnapshot() throws {
        try expectSnapshot(ReportFixture.report().csv(), "overview.csv")
    }

    @Test func csv_everyLine_endsWithCRLFAndHasTheSameCells() throws {
        let text = try ReportFixture.report().csv()

        let lines = text.components(separatedBy: "\r\n")
        #expect(lines.last == "")
        #expect(lines.dropLast().allSatisfy { !$0.contains("\n") })
        #expect(lines.count == 1 + 1 + 2 + 2 + 2 + 1)
    }

    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("=1+1", "'=1+1"), ("+86 138", "'+86 138"), ("-5", "-5"), ("-a", "'-a"),
        ("@x", "'@x"),
        ("\tx", "'\tx"), ("\rx", "\"'\rx\""), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""),
        ("a\r\nb", "\"a\r\nb\""),
        ("＝1", "'＝1"), ("茶", "茶"),
    ])
    func csvCell_content_isQuotedAndNeverAFormula(content: String, cell: String) {
        #expect(CSVText.cell(content) == cell)
    }

    @Test func table_smallReport_isItsSnapshot() throws {
        try expectSnapshot(ReportFixture.report().table(), "overview.txt")
        try expectSnapshot(ReportFixture.report(stray: 1, pending: 2).table(), "overview-unbalanced.txt")
    }

    @Test(arguments: Language.allCases)
    func board_smallReport_isItsSnapshot(language: Language) throws {
        let page = BoardPage(try ReportFixture.report(), BoardOptions(language: language, csrfToken: "t0ken"))
        try expectSnapshot(page.html(), "board-\(language.rawValue).html")
    }

    @Test func board_strangeNames_stayText() throws {
        let html = try BoardPage(ReportFixture.report(), BoardOptions(language: .english)).html()

        #expect(!html.contains("<b>"))
        #expect(html.contains("=1+1, &quot;A&quot; &lt;b&gt;&amp;&lt;/b&gt;"))
        #expect(html.contains("Tea &amp; Co"))
    }

    @Test func board_anyPage_holdsNoScriptAndNoStyle() throws {
        for report in [try ReportFixture.report(), try ReportFixture.report(stray: 5)] {
            for language in Language.allCases {
                let html = try BoardPage(report, BoardOptions(language: language)).html()
                #expect(!html.contains("<script"))
                #expect(!html.contains("style="))
                #expect(!html.contains("<style"))
                #expect(!html.contains("{{"))
            }
        }
    }

    @Test func board_strayPayment_marksWhatItTouchesAndSaysSo() throws {
        let html = try BoardPage(ReportFixture.report(stray: 7), BoardOptions(language: .english)).html()

        #expect(html.contains("class=\"status bad\""))
        #expect(html.contains("Some figures do not balance"))
        #expect(html.contains("−¥0.07"))
    }

    @Test func board_pendingDays_askForPatienceInstead() throws {
        let html = try BoardPage(ReportFixture.report(stray: 7, pending: 1), BoardOptions(language: .english)).html()

        #expect(html.contains("class=\"status wait\""))
    }

    @Test func notice_refusal_saysWhyInBothLanguages() throws {
        let problem = Problem.invalid("`from` (b) must not be after `to` (a).", code: "range_reversed")

        #expect(try BoardNotice(problem, BoardOptions(language: .english)).html().contains("must not be after"))
        #expect(try BoardNotice(problem, BoardOptions(language: .chinese)).html().contains("开始日期不能晚于结束日期"))
    }

    @Test(arguments: [
        (nil, nil, Language.chinese), (nil, "en-GB,en;q=0.9", .english), (nil, "fr, en;q=0.5, zh;q=0.8", .chinese),
        ("en", "zh", .english), ("xx", "en", .english), (nil, "zh-TW", .chinese), (nil, "en;q=0", .chinese),
        (nil, ";;,q=", .chinese),
    ])
    func language_askedOrAccepted_isChosen(asked: String?, accepted: String?, expected: Language) {
        #expect(Language(asked: asked, accepted: accepted) == expected)
    }

    @Test(arguments: [
        (0, "0"), (999, "999"), (1_000, "1,000"), (69_659, "69,659"), (-1_234_567, "−1,234,567"),
        (Int64.min, "−9,223,372,036,854,775,808"),
    ])
    func number_grouped_readsInThrees(number: Int64, text: String) {
        #expect(NumberText.grouped(number) == text)
    }

    @Test(arguments: [
        (0, "0", "0"), (950, "950", "950"), (12_500, "1.25万", "12.5K"), (250_000, "25万", "250K"),
        (120_000_000, "1.2亿", "120M"),
    ])
    func number_compact_hasFewDigits(number: Double, chinese: String, english: String) {
        #expect(NumberText.compact(number, .chinese) == chinese)
        #expect(NumberText.compact(number, .english) == english)
    }

    @Test(arguments: [[], [0], [0.4], [1], [3], [7], [10], [11], [99], [100], [101], [299_060], [1e12]] as [[Double]])
    func chartAxis_values_coversThemInFewRoundSteps(values: [Double]) throws {
        let chart = Chart(
            form: .bars, summary: "", marks: values.map { Chart.Mark(label: "", title: "", values: [$0]) },
            language: .english)

        #expect(chart.axis.first == 0)
        #expect((2...6).contains(chart.axis.count))
        #expect(try #require(chart.axis.last) >= values.max() ?? 0)
    }
}

extension RenderTests {
    @Test func r26_everyRenderer_showsTheSameNumber() throws {
        let report = try ReportFixture.report()
        let document = try JSONSerialization.jsonObject(with: Data(report.json())) as? [String: Any]
        let figures = document?["figures"] as? [String: [String: Any]]
        let csv = report.csv().components(separatedBy: "\r\n").prefix(2).map { $0.components(separatedBy: ",") }
        let board = try BoardPage(report, BoardOptions(language: .english)).html()
        let table = report.table()

        for metric in Metric.allCases {
            let value = try #require(report.total.figures.value(of: metric))
            let figure = figures?[metric.rawValue]
            #expect((figure?["value_fen"] ?? figure?["value"]) as? Int64 == value)
            let column = try #require(csv[0].firstIndex(of: metric.key))
            #expect(csv[1][column] == "\(value)")
            #expect(board.contains("<td>\(NumberText.figure(value, metric.unit))</td>"))
            #expect(table.contains(metric.unit == .fen ? Money(fen: value).yuanText : "\(value)"))
        }
    }
}
