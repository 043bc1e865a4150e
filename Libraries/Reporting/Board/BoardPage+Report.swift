import FoundationEssentials
import Kernel
import Postgres

extension BoardPage {
    /// The page of a report, with those on prizes and gifts that have something to show.
    ///
    /// Pure: the same reports and options give the same page.
    package init(_ report: Report, sheets: [SheetReport] = [], _ options: BoardOptions) {
        let words = BoardWords(language: options.language)
        let address = BoardAddress(report, options.language)
        languageTag = words.languageTag
        languageCode = options.language.rawValue
        title = "\(report.brandName) · \(words.board)"
        stylesheet = options.stylesheet
        brandName = report.brandName
        self.words = words.table
        var other = address
        other.language = words.otherLanguage
        otherLanguage = OtherLanguage(
            name: words.otherLanguageName, tag: BoardWords(language: words.otherLanguage).languageTag, href: other.page)
        csrfToken = options.csrfToken
        let shops = report.allShops.filter { options.onlyShop == nil || $0.id == options.onlyShop }
        shopChoices =
            (options.onlyShop == nil ? [Choice(id: "", name: words.allShops, isSelected: report.scope == .brand)] : [])
            + shops.map { Choice(id: "\($0.id)", name: $0.name, isSelected: report.scope == .shop($0.id)) }
        from = "\(report.range.from)"
        to = "\(report.range.to)"
        presets = Self.presets(report, words, address)
        scopeName = report.shop?.name ?? words.allShops
        rangeText = "\(report.range.from) – \(report.range.to) · \(words.days(report.range.count))"
        empty = report.isEmpty ? Empty(title: words.emptyTitle, text: words.emptyText) : nil
        content = report.isEmpty ? nil : Content(report, words)
        let shown = sheets.filter { !$0.isEmpty }
        topics = shown.compactMap { Topic($0, words, shop: report.scope.shop.map { "&shop=\($0)" } ?? "") }
        dictionary =
            Metric.allCases.map {
                Entry(name: $0.name(in: options.language), definition: $0.definition(in: options.language))
            }
            + shown.flatMap(\.metrics).map {
                Entry(name: $0.name(in: options.language), definition: $0.definition(in: options.language))
            }
        facts = [
            Fact(name: words.asOf, value: report.asOf.minuteText, full: report.asOf.businessText),
            Fact(
                name: words.computed, value: report.rolledAt?.minuteText ?? words.never,
                full: report.rolledAt?.businessText),
            Fact(name: words.zone, value: Report.timeZone, full: nil),
            Fact(name: words.definitions, value: "v\(report.definitionVersion)", full: nil),
            Fact(name: words.input, value: String(report.inputHash.prefix(19)) + "…", full: report.inputHash),
        ]
        downloads = ["csv", "json"].map { Download(name: $0.uppercased(), href: address.report(format: $0)) }
    }

    /// All days, and the last days up to the last order.
    private static func presets(_ report: Report, _ words: BoardWords, _ address: BoardAddress) -> [Preset] {
        guard let span = report.span else { return [] }
        let ranges =
            [(words.everything, span)]
            + [365, 90, 30].filter { $0 < span.count }.map { days in
                (words.last(days: days), DayRun(from: span.to.adding(days: 1 - days), to: span.to))
            }
        return ranges.filter { $0.1.count <= ReportQuery.daysMax.value }.map { name, range in
            var there = address
            there.range = range
            return Preset(name: name, href: there.page, isCurrent: range == report.range)
        }
    }
}

/// Where the links of a page lead.
private struct BoardAddress {
    var language: Language
    var range: DayRun
    let report: Report

    init(_ report: Report, _ language: Language) {
        self.report = report
        self.language = language
        range = report.range
    }

    var page: String { "/?lang=\(language.rawValue)&from=\(range.from)&to=\(range.to)\(shop)" }

    func report(format: String) -> String {
        "/v1/reports/\(report.name.rawValue)?brand=\(report.brand)&from=\(range.from)&to=\(range.to)\(shop)&format=\(format)"
    }

    private var shop: String { report.scope.shop.map { "&shop=\($0)" } ?? "" }
}

// MARK: - Content

extension BoardPage.Content {
    init(_ report: Report, _ words: BoardWords) {
        let sections = [report.total] + report.months + report.days + report.shops
        let balances = sections.flatMap(\.balances)
        let broken = balances.count { !$0.holds }
        if broken == 0 {
            status = .init(kind: "good", icon: "✓", title: words.balanced, text: words.checked(balances.count))
        } else if report.pendingDays > 0 {
            status = .init(
                kind: "wait", icon: "…", title: words.catchingUp, text: words.pending(days: report.pendingDays))
        } else {
            status = .init(kind: "bad", icon: "!", title: words.unbalanced, text: words.broken(broken))
        }
        figures = [Metric.gmv, .orders, .averageOrder, .payers, .newMembers, .returningMembers, .repeatMembers].map {
            BoardPage.Tile($0, of: report.total, words)
        }
        charts = BoardPage.pictures(of: report, words)
        tables = BoardPage.tables(of: report, words)
        self.balances = report.total.balances.map { BoardPage.BalanceRow($0, words) }
    }
}

extension BoardPage.Tile {
    init(_ metric: Metric, of section: ReportSection, _ words: BoardWords) {
        name = metric.name(in: words.language)
        if let value = section.figures.value(of: metric), metric.unit == .fen {
            (self.value, minor) = NumberText.money(value)
        } else {
            value = NumberText.figure(section.figures.value(of: metric), metric.unit)
            minor = words.unit(metric.unit)
        }
        identities = section.balances(of: metric).map { $0.identity.sentence(in: words.language) }.joined(
            separator: "\n")
        (markKind, markIcon, markText) = words.mark(section.isBalanced(metric))
        isLead = metric == .gmv
        note = metric == .gmv ? "\(words.ledger) \(NumberText.figure(section.ledger.amount.fen, .fen))" : nil
    }
}

extension BoardPage.BalanceRow {
    init(_ balance: Balance, _ words: BoardWords) {
        let unit = balance.identity.isMoney ? MetricUnit.fen : .orders
        sentence = balance.identity.sentence(in: words.language)
        left = NumberText.figure(balance.left, unit)
        right = NumberText.figure(balance.right, unit)
        difference = balance.holds && balance.tolerance == 0 ? "0" : NumberText.figure(balance.difference, unit)
        (markKind, markIcon, markText) = words.mark(balance.holds)
    }
}

// MARK: - Charts

extension BoardPage {
    /// Up to so many days are drawn day by day; more are drawn by months.
    private static let dailyBarsMax = Limit(62, reason: "two months: a bar must stay wide enough to be pointed at")

    fileprivate static func pictures(of report: Report, _ words: BoardWords) -> [Picture] {
        let isDaily = report.range.count <= dailyBarsMax.value
        let grain = isDaily ? Grain.day : .month
        let sections = isDaily ? report.days : report.months
        func label(_ section: ReportSection) -> String {
            let (_, month, day) = section.range.from.components
            return isDaily ? "\(month)-\(day)" : "\(section.range.from)".dropFirst(2).prefix(5).description
        }
        func name(_ section: ReportSection) -> String {
            isDaily ? "\(section.range.from)" : words.monthName(section.range)
        }
        let (new, returning) = (Metric.newMembers, Metric.returningMembers)
        let money = sections.map { section in
            Chart.Mark(
                label: label(section), title: "\(name(section)) · \(NumberText.figure(section.figures.gmv.fen, .fen))",
                values: [Double(section.figures.gmv.fen) / 100])
        }
        let members = sections.map { section in
            let (old, fresh) = (section.figures.returningMembers, section.figures.newMembers)
            return Chart.Mark(
                label: label(section),
                title: "\(name(section)) · \(returning.name(in: words.language)) \(NumberText.grouped(old)) · "
                    + "\(new.name(in: words.language)) \(NumberText.grouped(fresh))",
                values: [Double(old), Double(fresh)])
        }
        var pictures = [
            picture(
                .bars, money, title: words.inYuan(words.gmvBy(grain)), legend: [], isLead: true, report, words),
            picture(
                .bars, members, title: words.membersBy(grain),
                legend: [
                    .init(name: returning.name(in: words.language), series: "s0"),
                    .init(name: new.name(in: words.language), series: "s1"),
                ], isLead: isDaily, report, words),
        ]
        if !isDaily {
            let days = report.days.map { section in
                let isFirst = section.range.from == section.range.from.firstOfMonth
                let mark = Chart.Mark(
                    label: isFirst ? String("\(section.range.from)".dropFirst(2).prefix(5)) : "", title: "",
                    values: [Double(section.figures.gmv.fen) / 100])
                return mark
            }
            pictures.append(
                picture(
                    .area, days, title: words.inYuan(words.gmvBy(.day)), legend: [],
                    isLead: false, report, words))
        }
        return pictures
    }

    private static func picture(
        _ form: Chart.Form, _ marks: [Chart.Mark], title: String, legend: [Picture.Key], isLead: Bool, _ report: Report,
        _ words: BoardWords
    ) -> Picture {
        let chart = Chart(
            form: form, summary: "\(title), \(report.range.from) – \(report.range.to)", marks: marks,
            language: words.language)
        return Picture(
            title: title, legend: legend, wide: chart.svg(width: isLead ? 1_096 : 536, height: isLead ? 280 : 240),
            narrow: chart.svg(width: 330, height: 200), isLead: isLead)
    }
}

// MARK: - Tables

extension BoardPage {
    fileprivate static func tables(of report: Report, _ words: BoardWords) -> [Table] {
        func row(_ label: String, _ section: ReportSection) -> Row {
            let broken = section.balances.filter { !$0.holds }.map { $0.identity.sentence(in: words.language) }
            let mark = words.mark(broken.isEmpty)
            return Row(
                label: label,
                cells: Metric.allCases.map { NumberText.figure(section.figures.value(of: $0), $0.unit) },
                broken: broken.isEmpty ? nil : broken.joined(separator: "\n"), markKind: mark.kind, markIcon: mark.icon,
                markText: mark.text)
        }
        func table(
            _ id: String, _ title: String, _ head: String, _ rows: [Row], hint: String = "", foot: Row?,
            isFolded: Bool = false
        ) -> Table {
            Table(
                id: id, title: title, head: head, check: words.check, hint: hint,
                columns: Metric.allCases.map { $0.name(in: words.language) }, rows: rows, foot: foot, isFolded: isFolded
            )
        }
        let total = row(words.total, report.total)
        // A day without orders and without money says nothing.
        let days = report.days.filter { $0.figures.orders > 0 || $0.ledger != .none }
        var tables = [
            table(
                "months", words.byMonth, words.month, report.months.map { row(words.monthName($0.range), $0) },
                foot: total)
        ]
        if !report.shops.isEmpty {
            tables.append(
                table("shops", words.byShop, words.shop, report.shops.map { row($0.shop?.name ?? "", $0) }, foot: total)
            )
        }
        tables.append(
            table(
                "days", words.byDay, words.day, days.map { row("\($0.range.from)", $0) }, hint: words.days(days.count),
                foot: nil, isFolded: true))
        return tables
    }
}

extension BoardWords {
    func mark(_ isBalanced: Bool) -> (kind: String, icon: String, text: String) {
        isBalanced ? ("good", "✓", markBalanced) : ("bad", "✗", markBroken)
    }

    /// The words that the template names.
    fileprivate var table: [String: String] {
        [
            "skip": skip, "board": board, "signOut": signOut, "shop": shop, "from": from, "to": to, "show": show,
            "figures": figures, "trend": trend, "identities": identities, "identity": identity, "left": left,
            "right": right, "difference": difference, "check": check, "dictionary": dictionary, "notes": notes,
            "download": download,
        ]
    }
}

extension Date {
    /// Day and minute in the zone of the business.
    fileprivate var minuteText: String {
        let text = businessText
        return text.prefix(10) + " " + text.dropFirst(11).prefix(5)
    }
}
