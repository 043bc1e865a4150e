import FoundationEssentials
import Kernel
import Postgres
import Testing

@testable import Reporting

@Suite struct ReportTests {
    @Test func r26_everyMetric_hasAnEntryInTheDictionary() {
        for metric in Metric.allCases {
            #expect(!metric.identities.isEmpty)
            for language in Language.allCases {
                #expect(!metric.name(in: language).isEmpty)
                #expect(!metric.definition(in: language).isEmpty)
            }
        }
        #expect(Set(Metric.allCases.map(\.key)).count == Metric.allCases.count)
        #expect(Set(Metric.allCases.flatMap(\.identities)) == Set(Identity.allCases))
    }

    @Test func report_figuresThatAgree_balanceEverywhere() throws {
        let report = try ReportFixture.report()

        #expect(report.isBalanced)
        #expect(Set(report.total.balances.map(\.identity)) == Set(Identity.allCases))
        for metric in Metric.allCases { #expect(report.total.isBalanced(metric)) }
    }

    @Test func report_strayPayment_breaksTheFiguresThatItTouches() throws {
        let report = try ReportFixture.report(stray: 1)

        #expect(!report.isBalanced)
        #expect(Metric.allCases.filter { !report.total.isBalanced($0) } == [.gmv, .averageOrder])
        #expect(report.days.map(\.isBalanced) == [false, true])
        #expect(report.months.map(\.isBalanced) == [false, true])
        #expect(report.total.balances(of: .gmv).first?.difference == -1)
    }

    @Test(
        arguments: [
            (0, 0, nil), (100, 1, 100), (100, 3, 33), (200, 3, 67), (5, 2, 3), (1, 2, 1), (1, 3, 0),
            (250_031_563, 69_659, 3_589),
        ] as [(Int64, Int64, Int64?)])
    func averageOrder_anyFigures_isRoundedToTheNearestFen(gmv: Int64, orders: Int64, average: Int64?) {
        let figures = ReportFixture.figures(gmv: gmv, orders: orders, new: 0, returning: 0)

        #expect(figures.averageOrder?.fen == average)
    }

    @Test func averageOrder_largestFigures_doesNotOverflow() throws {
        var figures = ReportFixture.figures(gmv: .max, orders: .max, new: 0, returning: 0)
        #expect(figures.averageOrder == Money(fen: 1))
        figures.orders = 2
        #expect(figures.averageOrder == Money(fen: .max / 2 + 1))
    }

    // MARK: Queries

    struct Refusal: Sendable {
        let name: String
        var from: String?
        var to: String?
        var shop: String?
        var asOf: String?
        let status: Int
        let code: String
    }

    @Test(arguments: [
        Refusal(name: "nothing", from: "x", status: 404, code: "not_found"),
        Refusal(name: "overview", from: "x", shop: "x", status: 422, code: "invalid"),
        Refusal(name: "overview", from: "1998-02-30", status: 422, code: "not_a_day"),
        Refusal(name: "overview", to: "tomorrow", status: 422, code: "not_a_day"),
        Refusal(name: "overview", from: "1998-01-02", to: "1998-01-01", status: 422, code: "range_reversed"),
        Refusal(name: "overview", from: "1990-01-01", to: "1998-01-01", status: 422, code: "range_too_long"),
        Refusal(name: "overview", asOf: "1998-01-01T00:00:00Z", status: 422, code: "as_of_not_kept"),
    ])
    func query_thatCannotBeAnswered_isRefused(refusal: Refusal) {
        let problem = #expect(throws: Problem.self) {
            try ReportQuery(
                name: refusal.name, brand: ReportFixture.brand, from: refusal.from, to: refusal.to, shop: refusal.shop,
                asOf: refusal.asOf)
        }
        #expect(problem?.status == refusal.status)
        #expect(problem?.code == refusal.code)
    }

    @Test func query_emptyFields_countAsMissing() throws {
        let query = try ReportQuery(name: "overview", brand: ReportFixture.brand, from: "", to: "", shop: "", asOf: "")

        #expect(query == ReportQuery(brand: ReportFixture.brand))
    }

    @Test func queryRange_openEnds_reachAsFarAsOrdersAndLimitGo() throws {
        let (first, last, today) = (
            ReportFixture.day("1997-01-01"), ReportFixture.day("1998-06-30"), ReportFixture.day("2026-11-22")
        )
        func range(_ from: String?, _ to: String?, empty: Bool = false) throws -> DayRun {
            try ReportQuery(name: "overview", brand: ReportFixture.brand, from: from, to: to)
                .range(within: empty ? (nil, nil) : (first, last), today: today)
        }

        #expect(try range(nil, nil) == DayRun(from: first, to: last))
        #expect(try range("1998-06-01", nil) == DayRun(from: ReportFixture.day("1998-06-01"), to: last))
        #expect(try range("1999-01-01", nil).count == 1)
        #expect(try range(nil, "1997-02-01") == DayRun(from: first, to: ReportFixture.day("1997-02-01")))
        #expect(try range(nil, "1996-02-01").count == 1)
        #expect(try range(nil, "2026-11-22").count == ReportQuery.daysMax.value)
        #expect(try range(nil, nil, empty: true) == DayRun(from: today, to: today))
        #expect(throws: Problem.self) { try range("1980-01-01", nil) }
    }

    // MARK: Days

    @Test func dayRuns_anyDays_areTheFewest() {
        let day = Fixture.firstDay
        let runs = DayRun.runs(of: [3, 1, 2, 2, 7, 9, 8].map { day.adding(days: $0) })

        #expect(runs == [(1, 3), (7, 9)].map { DayRun(from: day.adding(days: $0.0), to: day.adding(days: $0.1)) })
        #expect(DayRun.runs(of: []).isEmpty)
        #expect(runs.flatMap(\.days).count == 6)
    }

    @Test func dayRuns_tooManyRuns_takeInTheShortestGaps() {
        let day = Fixture.firstDay
        let days = [0, 2, 10, 13, 30].map { day.adding(days: $0) }
        func runs(_ countMax: Int) -> [String] {
            DayRun.runs(of: days, atMost: countMax).map {
                "\($0.from.daysSinceEpoch - day.daysSinceEpoch)-\($0.to.daysSinceEpoch - day.daysSinceEpoch)"
            }
        }

        #expect(runs(9) == ["0-0", "2-2", "10-10", "13-13", "30-30"])
        #expect(runs(3) == ["0-2", "10-13", "30-30"])
        #expect(runs(1) == ["0-30"])
    }

    @Test func dayRunMonths_raggedRange_areCutAtMonths() {
        let range = DayRun(from: ReportFixture.day("1996-01-31"), to: ReportFixture.day("1996-03-31"))

        #expect(
            range.months.map { "\($0.from) \($0.to) \($0.isWholeMonth)" } == [
                "1996-01-31 1996-01-31 false", "1996-02-01 1996-02-29 true", "1996-03-01 1996-03-31 true",
            ])
        #expect(
            DayRun.months(around: [range, DayRun(from: range.from, to: range.from)]) == [
                DayRun(from: ReportFixture.day("1996-01-01"), to: ReportFixture.day("1996-03-31"))
            ])
    }
}
