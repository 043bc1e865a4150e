import FoundationEssentials
import Kernel
import Mustache
import Orders

/// The page of money on its way, as a pure value: all texts chosen, nothing left to decide.
package struct MoneyWatchPage: Sendable {
    let languageTag: String
    let stylesheet: String
    let title: String
    let brandName: String
    let asOf: String
    let other: Link
    let board: Link
    let more: Link?
    let statusKind: String
    let statusIcon: String
    let status: String
    let refunds: Table
    let mismatches: Table
    let bills: Table
    let fees: Table

    struct Link: Hashable, Sendable { let name, href, tag: String }
    struct Table: Sendable {
        let title: String
        let columns: [String]
        let rows: [Row]
        let nothing: String?
    }
    struct Row: Sendable {
        let head: String
        let cells: [String]
    }

    /// The page for people who read a language.
    package init(_ watch: MoneyWatch, language: Language, stylesheet: String) {
        let isChinese = language == .chinese
        func say(_ chinese: String, _ english: String) -> String { isChinese ? chinese : english }
        languageTag = isChinese ? "zh-Hans" : "en"
        self.stylesheet = stylesheet
        title = say("对账与退款", "Bills and refunds")
        brandName = watch.brandName
        asOf = say("截至 \(watch.asOf.businessText)", "As of \(watch.asOf.businessText)")
        other = Link(
            name: say("English", "中文"), href: "/reconciliation?lang=\(isChinese ? "en" : "zh")",
            tag: isChinese ? "en" : "zh-Hans")
        board = Link(name: say("看板", "Board"), href: "/", tag: languageTag)
        let tag = isChinese ? "zh-Hans" : "en"
        more = watch.next.map { next in
            Link(
                name: say("更多不一致", "More differences"),
                href: "/reconciliation?lang=\(isChinese ? "zh" : "en")&after=\(next)", tag: tag)
        }
        (statusKind, statusIcon) = watch.isInOrder ? ("good", "✓") : ("bad", "!")
        let unknown = watch.unknown
        status =
            watch.isInOrder
            ? say("账单、记录与账本一致，没有超过一天的退款。", "Bills, records and books agree, and no refund waits for a day.")
            : say(
                "\(watch.differences) 处不一致；\(unknown.count) 笔退款结果未知，共 \(Money(fen: unknown.amount).yuanText) 元。",
                "\(watch.differences) differences; the outcome of \(unknown.count) refunds (\(Money(fen: unknown.amount).yuanText) yuan) is not known."
            )
        refunds = Table(
            title: say("在途退款", "Refunds on their way"),
            columns: [say("状态", "State"), say("等待时间", "Waiting for"), say("笔数", "Refunds"), say("金额（元）", "Yuan")],
            rows: watch.refunds.map { age in
                Row(
                    head: age.stage.rawValue,
                    cells: [Self.age(age.age, isChinese), "\(age.count)", age.amount.yuanText])
            }, nothing: watch.refunds.isEmpty ? say("没有在途退款。", "No refund is on its way.") : nil)
        mismatches = Table(
            title: say("不一致", "Differences"),
            columns: [
                say("原因", "What"), say("账单", "Bill"), say("单号", "Number"), say("账单金额", "Bill, yuan"),
                say("我方金额", "Ours, yuan"), say("已发现", "Found"), say("处理", "What to do"),
            ],
            rows: watch.mismatches.map { found in
                Row(
                    head: found.reason.rawValue,
                    cells: [
                        "\(found.billName) \(found.day)" + (found.line.map { " · \($0)" } ?? ""), found.number,
                        found.billAmount?.yuanText ?? "–", found.ourAmount?.yuanText ?? "–",
                        Self.age(AgeBucket(since: found.foundAt, now: watch.asOf), isChinese), found.reason.advice,
                    ])
            }, nothing: watch.mismatches.isEmpty ? say("没有不一致。", "Nothing differs.") : nil)
        bills = Table(
            title: say("已对账单", "Bills that were compared"),
            columns: [
                say("日期", "Day"), say("账单", "Bill"), say("商户号", "Merchant"), say("行数", "Lines"), say("读取于", "Read at"),
            ],
            rows: watch.bills.map { bill in
                Row(
                    head: "\(bill.day)",
                    cells: [bill.billName, bill.mchid, "\(bill.lines)", bill.takenAt.businessText])
            }, nothing: watch.bills.isEmpty ? say("尚未对账：siyu reconcile。", "None yet: siyu reconcile.") : nil)
        fees = Self.fees(watch.fees, isChinese)
    }

    private static func fees(_ months: [FeeMonth], _ isChinese: Bool) -> Table {
        func say(_ chinese: String, _ english: String) -> String { isChinese ? chinese : english }
        return Table(
            title: say("技术服务费", "Technical fees"),
            columns: [
                say("月份", "Month"), say("收取（元）", "Charged, yuan"), say("退回（元）", "Given back, yuan"),
                say("净额（元）", "Net, yuan"),
            ],
            rows: months.map { month in
                Row(
                    head: String("\(month.month)".prefix(7)),
                    cells: [
                        month.charged.yuanText, month.returned.yuanText,
                        Money(fen: month.charged.fen - month.returned.fen).yuanText,
                    ])
            }, nothing: months.isEmpty ? say("尚未收取。", "None was charged.") : nil)
    }

    private static func age(_ age: AgeBucket, _ isChinese: Bool) -> String {
        switch age {
        case .day: isChinese ? "不到 1 天" : "less than a day"
        case .threeDays: isChinese ? "1–3 天" : "1 to 3 days"
        case .week: isChinese ? "3–7 天" : "3 to 7 days"
        case .month: isChinese ? "7–30 天" : "7 to 30 days"
        case .older: isChinese ? "30 天以上" : "30 days and more"
        }
    }

    /// The page as HTML.
    ///
    /// - Throws: The template's error, if the template itself were broken.
    package func html() throws -> String { try Self.template.get().render(self) }

    private static let template = Result { try MustacheTemplate(string: text) }

    private static func table(_ name: String) -> String {
        """
        <section>
          <h2>{{\(name).title}}</h2>
          {{#\(name).nothing}}<p class="nothing">{{.}}</p>{{/\(name).nothing}}
          {{^\(name).nothing}}
          <div class="wide"><table>
            <thead><tr>{{#\(name).columns}}<th scope="col">{{.}}</th>{{/\(name).columns}}</tr></thead>
            <tbody>
            {{#\(name).rows}}<tr><th scope="row">{{head}}</th>{{#cells}}<td>{{.}}</td>{{/cells}}</tr>
            {{/\(name).rows}}</tbody>
          </table></div>
          {{/\(name).nothing}}
        </section>
        """
    }

    private static let text = """
        <!doctype html>
        <html lang="{{languageTag}}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{{title}}</title>
        <link rel="stylesheet" href="{{stylesheet}}">
        </head>
        <body>
        <header class="top">
          <div class="who"><p class="brand">{{brandName}}</p><h1>{{title}}</h1></div>
          <nav class="tools"><a href="{{board.href}}">{{board.name}}</a>
            <a href="{{other.href}}" lang="{{other.tag}}" hreflang="{{other.tag}}">{{other.name}}</a></nav>
        </header>
        <main id="content">
        <p class="scope"><span>{{asOf}}</span></p>
        <div class="status {{statusKind}}" role="status"><span class="icon" aria-hidden="true">{{statusIcon}}</span><p>{{status}}</p></div>
        \(table("mismatches"))
        {{#more}}<p class="more"><a href="{{href}}" lang="{{tag}}">{{name}}</a></p>{{/more}}
        \(table("refunds"))
        \(table("bills"))
        \(table("fees"))
        </main>
        </body>
        </html>
        """
}
