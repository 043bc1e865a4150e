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
    var notActive: String { word("暂未开放", "Not active") }
    var notActiveAdvice: String {
        word("商品上市后再来扫码，现在不会有任何变化。", "Come back when the item is on sale; nothing changes until then.")
    }
    var unknownTitle: String { word("没有这个码", "No such code") }
    var unknown: String { word("查不到这个码", "We do not know this code") }
    var unknownAdvice: String {
        word("请核对包装上的 20 位字符，再扫一次。", "Check the 20 characters on the pack and scan again.")
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
    var hashTitle: String { word("规则指纹", "Fingerprint of the rules") }
    var hash: String {
        word(
            "奖品在印刷之前就已确定，此指纹可以证明之后没有改动。",
            "The prizes were fixed before printing; this fingerprint proves that they were not changed since.")
    }
    var pack: String { word("商品信息", "This pack") }
    var batch: String { word("批次", "Batch") }
}
