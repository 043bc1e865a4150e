import Kernel
import Postgres

extension BoardPage {
    /// A part of the page about prizes or gifts.
    struct Topic: Sendable {
        let id, title, intro: String
        let status: Status
        let figures: [Figure]
        let picture: Picture?
        let tables: [Sheet]
        let balances: [BalanceRow]
        let downloads: [Download]

        struct Figure: Hashable, Sendable {
            let name, value, minor: String
            let note: String?
            let isLead: Bool
        }
        struct Sheet: Sendable {
            let id, title, head, hint: String
            let columns: [String]
            let rows: [Line]
            let isFolded: Bool
        }
        struct Line: Hashable, Sendable {
            let label: String
            let cells: [String]
        }
    }
}

extension BoardPage.Topic {
    /// The part of the page that shows a report; nil if there is nothing to show.
    init?(_ report: SheetReport, _ words: BoardWords, shop: String) {
        guard !report.isEmpty else { return nil }
        let texts = TopicWords(report, words)
        id = report.name.rawValue
        title = texts.title
        intro = texts.intro
        let broken = report.balances.count { !$0.holds }
        status =
            broken == 0
            ? .init(kind: "good", icon: "✓", title: words.markBalanced, text: words.checked(report.balances.count))
            : .init(kind: "bad", icon: "!", title: words.markBroken, text: words.broken(broken))
        figures = texts.figures
        picture = texts.picture
        tables = report.groups.filter { !$0.rows.isEmpty }.map { group in
            .init(
                id: "\(report.name.rawValue)-\(group.kind.rawValue)", title: texts.title(of: group.kind),
                head: texts.head(of: group.kind),
                hint: group.kind == .day ? words.days(group.rows.count) : "",
                columns: group.metrics.map { $0.name(in: words.language) },
                rows: group.rows.map { row in
                    .init(label: row.label, cells: group.metrics.map { texts.cell(row.values[$0], $0) })
                }, isFolded: group.kind == .day)
        }
        balances = report.balances.map { balance in
            let metric = balance.identity.isMoney ? SheetMetric.prizeCost : .codes
            let mark = words.mark(balance.holds)
            return .init(
                sentence: balance.identity.sentence(in: words.language), left: texts.cell(balance.left, metric),
                right: texts.cell(balance.right, metric), difference: texts.cell(balance.left - balance.right, metric),
                markKind: mark.kind, markIcon: mark.icon, markText: mark.text)
        }
        downloads = ["csv", "json"].map { format in
            .init(
                name: format.uppercased(),
                href: "/v1/reports/\(report.name.rawValue)?brand=\(report.brand)&from=\(report.range.from)"
                    + "&to=\(report.range.to)\(shop)&format=\(format)")
        }
    }
}

/// Texts and drawings of one part of the page.
private struct TopicWords {
    /// Up to so many days are drawn day by day; more are drawn by months.
    private static let dailyBarsMax = Limit(62, reason: "two months: a bar must stay wide enough to be pointed at")

    let report: SheetReport
    let words: BoardWords
    private var isPrizes: Bool { report.name == .prizes }

    init(_ report: SheetReport, _ words: BoardWords) {
        self.report = report
        self.words = words
    }

    private func pick(_ chinese: String, _ english: String) -> String {
        words.language == .chinese ? chinese : english
    }

    var title: String { isPrizes ? pick("一物一码与奖品", "Codes and prizes") : pick("礼物", "Gifts") }

    var intro: String {
        isPrizes
            ? pick("截至此刻的全部批次；按日明细限所选日期", "All batches as of now; only the list by day keeps to the chosen dates")
            : pick("所选日期内送出的礼物，截至此刻的结局", "Gifts sent on the chosen dates, with what has become of them by now")
    }

    func title(of kind: SheetGroup.Kind) -> String {
        switch kind {
        case .batch: pick("按批次", "By batch")
        case .product: pick("按商品", "By product")
        case .shop: pick("按门店", "By store")
        case .region: pick("按区域", "By region")
        case .campaign: pick("按抽奖", "By draw")
        case .entry: pick("按入口", "By entry")
        case .cohort: pick("按灰度人群", "By cohort")
        case .segment: pick("按分层", "By segment")
        case .category: pick("按类目", "By category")
        case .keyword: pick("按关键词", "By keyword")
        case .refundDay: pick("按退款日", "By day of the refund")
        case .day: words.byDay
        }
    }

    func head(of kind: SheetGroup.Kind) -> String {
        switch kind {
        case .batch: pick("批次", "Batch")
        case .product: pick("商品", "Product")
        case .shop: pick("门店", "Store")
        case .region: pick("区域", "Region")
        case .campaign: pick("抽奖", "Draw")
        case .entry: pick("入口", "Entry")
        case .cohort: pick("灰度人群", "Cohort")
        case .segment: pick("分层", "Segment")
        case .category: pick("类目", "Category")
        case .keyword: pick("关键词", "Keyword")
        case .refundDay: pick("退款日", "Day of the refund")
        case .day: words.day
        }
    }

    var figures: [BoardPage.Topic.Figure] {
        let metrics: [SheetMetric] =
            isPrizes
            ? [
                .prizesWon, .prizesRemaining, .prizesClaimed, .prizesExpired, .prizeCost, .couponsIssued, .couponsUsed,
                .couponsOpen,
                .couponsExpired, .codes, .redeemed, .voided, .remaining,
            ]
            : [
                .sent, .accepted, .expired, .open, .declined, .swapped, .refunded, .acceptMedian, .value, .repeatGivers,
                .laterBuyers, .withdrawn,
            ]
        return metrics.enumerated().map { index, metric in
            let value = report.total.values[metric]
            let (main, minor) = parts(value, metric)
            return .init(
                name: metric.name(in: words.language), value: main, minor: minor,
                note: index == 0 ? leadNote : nil, isLead: index == 0)
        }
    }

    private var leadNote: String {
        let values = report.total.values
        if isPrizes {
            return pick("共 ", "of ") + NumberText.grouped(values[.prizesIssued] ?? 0)
        }
        let (sent, accepted) = (values[.sent] ?? 0, values[.accepted] ?? 0)
        guard sent > 0 else { return "" }
        return pick("收下 ", "accepted ") + "\((accepted * 100 + sent / 2) / sent)%"
    }

    /// A figure with its unit set smaller.
    private func parts(_ value: Int64?, _ metric: SheetMetric) -> (String, String) {
        guard let value else { return ("–", "") }
        switch metric.unit {
        case .fen: return NumberText.money(value)
        case .seconds: return (duration(value), "")
        case .codes, .prizes, .coupons: return (NumberText.grouped(value), pick("个", ""))
        case .gifts: return (NumberText.grouped(value), pick("件", ""))
        case .handovers, .entries: return (NumberText.grouped(value), pick("次", ""))
        case .members: return (NumberText.grouped(value), pick("人", ""))
        case .views, .steps, .orders, .searches: return (NumberText.grouped(value), pick("次", ""))
        case .products, .keywords: return (NumberText.grouped(value), pick("个", ""))
        case .basisPoints: return (SheetReport.percent(value), "")
        case .ratings: return (NumberText.grouped(value), pick("条", ""))
        case .starHundredths: return (SheetReport.stars(value), pick("星", ""))
        }
    }

    func cell(_ value: Int64?, _ metric: SheetMetric) -> String {
        guard let value else { return "–" }
        switch metric.unit {
        case .fen: return NumberText.figure(value, .fen)
        case .seconds: return duration(value)
        case .basisPoints: return SheetReport.percent(value)
        case .starHundredths: return SheetReport.stars(value)
        default: return NumberText.grouped(value)
        }
    }

    /// Two units at most, as in `2 h 5 min`.
    private func duration(_ seconds: Int64) -> String {
        let (minutes, rest) = seconds.quotientAndRemainder(dividingBy: 60)
        let (hours, left) = minutes.quotientAndRemainder(dividingBy: 60)
        if hours > 0 { return pick("\(hours) 时 \(left) 分", "\(hours) h \(left) min") }
        if minutes > 0 { return pick("\(minutes) 分 \(rest) 秒", "\(minutes) min \(rest) s") }
        return pick("\(rest) 秒", "\(rest) s")
    }

    /// Bars of two parts by day, or by month where days are many.
    var picture: BoardPage.Picture? {
        let rows = report.rows(by: .day)
        guard let first = rows.first.flatMap({ CalendarDate($0.id) }),
            let last = rows.last.flatMap({ CalendarDate($0.id) })
        else { return nil }
        let run = DayRun(from: first, to: last)
        let isDaily = run.count <= Self.dailyBarsMax.value
        let (all, part): (SheetMetric, SheetMetric) = isPrizes ? (.redeemed, .prizesWon) : (.sent, .accepted)
        let other = isPrizes ? pick("未中奖扫码", "Scans without a prize") : pick("其他", "Others")
        var sums: [String: (part: Int64, rest: Int64)] = [:]
        for row in rows {
            let key = isDaily ? row.id : String(row.id.prefix(7))
            let (whole, share) = (row.values[all] ?? 0, row.values[part] ?? 0)
            let sum = sums[key] ?? (0, 0)
            sums[key] = (sum.part + share, sum.rest + whole - share)
        }
        let places = isDaily ? run.days.map { "\($0)" } : run.months.map { String("\($0.from)".prefix(7)) }
        let name = part.name(in: words.language)
        let marks = places.map { place in
            let sum = sums[place] ?? (0, 0)
            return Chart.Mark(
                label: String(isDaily ? place.dropFirst(5) : place.dropFirst(2)),
                title: "\(place) · \(name) \(NumberText.grouped(sum.part)) · \(other) \(NumberText.grouped(sum.rest))",
                values: [Double(sum.part), Double(sum.rest)])
        }
        let title =
            isPrizes
            ? pick(isDaily ? "每日扫码" : "每月扫码", isDaily ? "Scans by day" : "Scans by month")
            : pick(isDaily ? "每日送出礼物" : "每月送出礼物", isDaily ? "Gifts sent by day" : "Gifts sent by month")
        let chart = Chart(
            form: .bars, summary: "\(title), \(first) – \(last)", marks: marks, language: words.language)
        return BoardPage.Picture(
            title: title, legend: [.init(name: name, series: "s0"), .init(name: other, series: "s1")],
            wide: chart.svg(width: 1_096, height: 220), narrow: chart.svg(width: 330, height: 200), isLead: true)
    }
}
