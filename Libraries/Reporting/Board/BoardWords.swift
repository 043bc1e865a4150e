import Kernel
import Postgres

/// The words of the board that are not in the metric dictionary.
struct BoardWords: Sendable {
    let language: Language

    private func pick(_ chinese: String, _ english: String) -> String { language == .chinese ? chinese : english }

    var languageTag: String { pick("zh-CN", "en") }
    var otherLanguage: Language { language == .chinese ? .english : .chinese }
    var otherLanguageName: String { pick("English", "中文") }
    var board: String { pick("经营看板", "Board") }
    var allShops: String { pick("全部店铺", "All shops") }
    var shop: String { pick("店铺", "Shop") }
    var from: String { pick("从", "From") }
    var to: String { pick("到", "To") }
    var show: String { pick("查看", "Show") }
    var signOut: String { pick("退出", "Sign out") }
    var total: String { pick("合计", "Total") }
    var everything: String { pick("全部", "Everything") }
    func last(days: Int) -> String { pick("近 \(days) 天", "Last \(days) days") }
    func days(_ count: Int) -> String { pick("共 \(count) 天", count == 1 ? "1 day" : "\(count) days") }

    var balanced: String { pick("全部数字与账本一致", "Every figure balances with the ledger") }
    var catchingUp: String { pick("数据更新中，部分数字稍后才与账本一致", "Catching up: some figures will balance in a moment") }
    var unbalanced: String { pick("部分数字与账本不一致，请勿据此决策", "Some figures do not balance: do not rely on them yet") }
    func pending(days: Int) -> String {
        pick(
            "有 \(days) 天的订单刚有变化，正在重新计算。",
            "Orders of \(days == 1 ? "1 day" : "\(days) days") have just changed and are being computed.")
    }
    func broken(_ count: Int) -> String {
        pick(
            "有 \(count) 个等式不成立，已标出。",
            count == 1 ? "1 identity does not hold; it is marked." : "\(count) identities do not hold; they are marked."
        )
    }
    func checked(_ count: Int) -> String {
        pick("已核对 \(NumberText.grouped(Int64(count))) 个等式", "\(NumberText.grouped(Int64(count))) identities checked")
    }
    var markBalanced: String { pick("已核对", "Balances") }
    var markBroken: String { pick("不一致", "Does not balance") }

    var ledger: String { pick("账本", "Ledger") }
    var figures: String { pick("关键数字", "Key figures") }
    var trend: String { pick("走势", "Trends") }
    func gmvBy(_ grain: Grain) -> String {
        switch grain {
        case .day: pick("每日成交额", "GMV by day")
        case .month: pick("每月成交额", "GMV by month")
        }
    }
    func membersBy(_ grain: Grain) -> String {
        switch grain {
        case .day: pick("每日支付会员", "Payers by day")
        case .month: pick("每月支付会员", "Payers by month")
        }
    }
    /// A title with the unit of its money.
    func inYuan(_ title: String) -> String { pick("\(title)（元）", "\(title) (yuan)") }
    var byMonth: String { pick("按月", "By month") }
    var byDay: String { pick("按日", "By day") }
    var byShop: String { pick("按店铺", "By shop") }
    var month: String { pick("月份", "Month") }
    var day: String { pick("日期", "Day") }
    var check: String { pick("核对", "Check") }
    var partOfMonth: String { pick("（部分）", " (part)") }
    var identities: String { pick("勾稽关系", "Balancing identities") }
    var identity: String { pick("等式", "Identity") }
    var left: String { pick("左边", "Left side") }
    var right: String { pick("右边", "Right side") }
    var difference: String { pick("差额", "Difference") }
    var dictionary: String { pick("指标定义", "What the figures mean") }
    var showDays: String { pick("展开每日明细", "Show every day") }
    var emptyTitle: String { pick("这段时间还没有订单", "No orders in these days yet") }
    var emptyText: String {
        pick(
            "订单导入后，数字会自动出现在这里。也可以换一段日期看看。",
            "Figures appear here by themselves once orders have been imported. You may also try other dates.")
    }
    var asOf: String { pick("截至", "As of") }
    var computed: String { pick("上次计算", "Last computed") }
    var never: String { pick("尚未计算", "not yet") }
    var definitions: String { pick("指标定义版本", "Definition version") }
    var zone: String { pick("时区", "Time zone") }
    var input: String { pick("输入摘要", "Input hash") }
    var download: String { pick("下载", "Download") }
    var notes: String { pick("出处", "Provenance") }
    var skip: String { pick("跳到内容", "Skip to content") }

    var refusedTitle: String { pick("无法显示", "This cannot be shown") }
    var back: String { pick("回到看板", "Back to the board") }

    /// Why there is no board; the known reasons in the reader's language.
    func refusal(_ problem: Problem) -> String {
        guard language == .chinese else { return problem.detail }
        return switch problem.code {
        case "range_reversed": "开始日期不能晚于结束日期。"
        case "range_too_long": "一次最多查看 \(ReportQuery.daysMax.value) 天，请缩短日期范围。"
        case "not_a_day": "日期无效，请使用 1997-12-31 这样的格式。"
        case ProblemCode.notFound: "没有找到这个品牌或店铺。"
        case ProblemCode.forbidden: "您的密钥不能查看这个品牌或店铺。"
        default: problem.detail
        }
    }

    func unit(_ unit: MetricUnit) -> String {
        switch unit {
        case .fen: ""
        case .orders: pick("笔", "")
        case .members: pick("人", "")
        }
    }

    func monthName(_ range: DayRun) -> String {
        let (year, month, _) = range.from.components
        return "\(year)-\(month < 10 ? "0" : "")\(month)" + (range.isWholeMonth ? "" : partOfMonth)
    }
}
