/// The languages of the page of a code.
package enum CodePageLanguage: String, Sendable, CaseIterable {
    /// Chinese, for whoever does not ask for anything else.
    case chinese = "zh"
    /// English.
    case english = "en"

    /// What a request asks for: the parameter before the browser's first choice.
    package init(parameter: (some StringProtocol)?, acceptLanguage: String?) {
        if let parameter, let asked = Self(rawValue: String(parameter)) {
            self = asked
            return
        }
        let first = acceptLanguage?.split(separator: ",").first.map { $0.drop { $0 == " " } } ?? ""
        self = first.lowercased().hasPrefix("en") ? .english : .chinese
    }

    var code: String { rawValue }
    var tag: String { self == .chinese ? "zh-CN" : "en" }
    var name: String { self == .chinese ? "中文" : "English" }
    var other: Self { self == .chinese ? .english : .chinese }
}

/// What the page of a code says, in one language.
struct CodePageWords {
    private let language: CodePageLanguage

    init(_ language: CodePageLanguage) { self.language = language }

    private func word(_ chinese: String, _ english: String) -> String { language == .chinese ? chinese : english }

    var waiting: String { word("尚未兑换", "Not redeemed yet") }
    var waitingAdvice: String { word("用微信扫一扫，立即揭晓。", "Scan it in WeChat to see what it wins.") }
    var redeemed: String { word("已被兑换", "Redeemed") }
    var firstScan: String { word("首次扫码（北京时间）：", "First scanned (Beijing time):") }
    var redeemedAdvice: String {
        word(
            "如果不是您扫的，这件商品可能不是正品，或已被他人扫过。",
            "If that was not you, the item may be a copy, or somebody scanned it before you.")
    }
    var redeemedByYou: String { word("您已兑换", "You redeemed it") }
    var wonTitle: String { word("您的奖品", "Your prize") }
    func points(_ count: String) -> String {
        word("\(count) 积分，已记入您的账户，到账或有片刻延迟。", "\(count) points, credited to you; it may take a moment.")
    }
    var cash: String {
        word("现金，请在小程序中领取；夜间中奖的，早上八点后发放。", "Cash: take it in the mini program; what is won at night comes after eight.")
    }
    var coupon: String { word("优惠券，请在小程序中查看。", "A coupon: see the mini program.") }
    func coupon(off: String, from threshold: String) -> String {
        word(
            "优惠券：订单满 \(threshold) 元减 \(off) 元，请在小程序中使用，到账或有片刻延迟。",
            "A coupon: \(off) yuan off an order of \(threshold) yuan or more, in the mini program; it may take a moment."
        )
    }
    var usableUntil: String { word("最晚使用（北京时间）：", "To be used until (Beijing time):") }
    func couponTerms(off: String, from threshold: String, days: Int) -> String {
        word(
            "满 \(threshold) 元减 \(off) 元，中奖后 \(days) 天内可用",
            "\(off) yuan off an order of \(threshold) yuan or more, within \(days) day\(days == 1 ? "" : "s")")
    }
    var redraw: String { word("再来一次：请在小程序中抽奖。", "One more draw: see the mini program.") }
    var voucher: String { word("兑奖凭证", "Voucher") }
    var showIt: String { word("请到门店出示此码：", "Show this at a store:") }
    var fetchUntil: String { word("最晚领取（北京时间）：", "To be fetched until (Beijing time):") }
    var keepIt: String {
        word("谁出示，谁领取：请勿转发或截图给他人。", "Whoever shows it gets the prize: keep it to yourself.")
    }
    var voucherLater: String { word("兑奖凭证稍后显示，请重新扫码。", "The voucher will be shown soon: scan again.") }
    var handedOver: String { word("已在门店领取。", "A store has handed it over.") }
    var expired: String { word("已过期，未领取（北京时间）：", "Not fetched in time; it ended (Beijing time):") }
    var notActive: String { word("暂未开放", "Not active") }
    var notActiveAdvice: String {
        word("商品上市后再来扫码，现在不会有任何变化。", "Come back when the item is on sale; nothing changes until then.")
    }
    var unknownTitle: String { word("没有这个码", "No such code") }
    var unknown: String { word("查不到这个码", "We do not know this code") }
    var unknownAdvice: String {
        word("请核对包装上的字符，再扫一次。", "Check the characters on the pack and scan again.")
    }
    var tooManyTitle: String { word("请稍候", "One moment") }
    var tooMany: String { word("打开得太频繁", "Too many pages were opened") }
    var tooManyAdvice: String {
        word("您所在的网络打开了太多页面，请一分钟后再试。", "Your network opened too many of them: try again in a minute.")
    }
    var howTitle: String { word("如何兑奖", "How to claim") }
    var how: String {
        word(
            "在微信中扫描包装上的二维码。每个码只能兑换一次，先扫先得；奖品归第一位扫码的人所有。",
            "Scan the symbol on the pack in WeChat. Every code counts once, for whoever scans it first.")
    }
    var prizes: String { word("奖品设置", "Prizes") }
    var prize: String { word("奖品", "Prize") }
    var count: String { word("数量", "How many") }
    var noPrizes: String { word("本批次不设奖品。", "This batch has no prizes.") }
    func ofCodes(_ count: String) -> String { word("本批次共 \(count) 个码。", "Of \(count) codes in this batch.") }
    var opens: String { word("开始（北京时间）", "Opens (Beijing time)") }
    var ends: String { word("结束（北京时间）", "Ends (Beijing time)") }
    var never: String { word("长期有效", "never") }
    var claim: String { word("领取期限", "To be fetched") }
    func claimDays(_ days: Int) -> String {
        word("中奖后 \(days) 天内", "within \(days) day\(days == 1 ? "" : "s")")
    }
    var prizesHash: String { word("奖品表", "Prizes") }
    func documentHash(_ version: Int) -> String { word("规则第 \(version) 版", "Rules, version \(version)") }
    var hashTitle: String { word("规则指纹", "Fingerprint of the rules") }
    var hash: String {
        word(
            "奖品在印刷之前就已确定，指纹可以证明之后没有改动；规则此后只会对您更有利。",
            "The prizes were fixed before printing; their fingerprint proves that they were not changed since. The rules can only change in your favour."
        )
    }
    var pack: String { word("商品信息", "This pack") }
    var product: String { word("名称", "Called") }
    var gtin: String { word("商品条码", "GTIN") }
    var lot: String { word("批号", "Lot") }
    var madeOn: String { word("生产日期", "Made on") }
    var bestBefore: String { word("保质期至", "Best before") }
    var batch: String { word("防伪批次", "Batch of codes") }
}
