/// The languages of the page of a gift.
package enum GiftPageLanguage: String, Sendable, CaseIterable {
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

    var tag: String { self == .chinese ? "zh-CN" : "en" }
    var name: String { self == .chinese ? "中文" : "English" }
    var other: Self { self == .chinese ? .english : .chinese }
}

/// What the page of a gift says, in one language.
///
/// Nothing here depends on a price.
struct GiftPageWords {
    private let language: GiftPageLanguage

    init(_ language: GiftPageLanguage) { self.language = language }

    private func word(_ chinese: String, _ english: String) -> String { language == .chinese ? chinese : english }

    // MARK: Before it is taken

    var title: String { word("一份礼物", "A gift") }
    var forYou: String { word("有人送了您一份礼物", "Somebody has a gift for you") }
    var open: String { word("打开礼物", "Unwrap it") }
    var takeBy: String { word("请在此之前收下（北京时间）：", "Take it by (Beijing time):") }
    var left: String { word("还剩", "Left:") }
    var afterThat: String {
        word("超过时间未收下，礼物会自动退回给送礼人。", "If nobody takes it by then, it goes back to its giver.")
    }
    var whatItIs: String { word("您的礼物", "Your gift") }
    var choose: String { word("选择款式", "Choose yours") }
    var soldOut: String { word("已售完", "sold out") }
    var address: String { word("收货地址", "Where it goes") }
    var addressIsYours: String {
        word("地址只用于寄送这份礼物，送礼人看不到。", "It is used to deliver this gift. Whoever gave it does not see it.")
    }
    var addressKept: String {
        word(
            "已有收货地址；如需更换，请重新填写，否则留空。", "There is an address already: fill these in to replace it, or leave them empty."
        )
    }
    var name: String { word("收货人", "Name") }
    var phone: String { word("手机号码", "Phone") }
    var province: String { word("省 / 直辖市", "Province") }
    var city: String { word("城市", "City") }
    var district: String { word("区 / 县", "District") }
    var detail: String { word("街道、门牌号", "Street and number") }
    var accept: String { word("收下礼物", "Take the gift") }
    var lockNote: String {
        word("收下之后，一段时间内不能更改或退回。", "Once you take it, nothing can be changed for a while.")
    }
    var declineTitle: String { word("不想收下？", "Rather not?") }
    var declineNote: String {
        word("礼物会退回给送礼人，不能撤销。", "It goes back to whoever gave it. This cannot be undone.")
    }
    var decline: String { word("退回礼物", "Send it back") }

    // MARK: Afterwards

    var accepted: String { word("礼物已收下，谢谢！", "It is yours. Thank you!") }
    var acceptedNote: String {
        word("商家会按您填写的地址寄出。", "The shop will send it to the address that you gave.")
    }
    var lockedUntil: String { word("在此之前不能更改（北京时间）：", "Nothing can be changed until (Beijing time):") }
    var withdrawn: String { word("商家无法发货", "The shop cannot deliver it") }
    var declined: String { word("礼物已退回", "It went back") }
    var expired: String { word("礼物已过期", "The time is over") }
    var backToGiver: String {
        word("款项将原路退还给送礼人，您无需做任何事。", "Whoever gave it is refunded. There is nothing for you to do.")
    }

    // MARK: What is not a gift for the reader

    var notForYou: String { word("无法打开", "This cannot be opened") }
    var notForYouNote: String {
        word(
            "没有这份礼物，或者它是送给别人的。礼物只能由收礼人本人在微信中打开。",
            "There is no such gift, or it is for somebody else. Only the person it is for can open it, in WeChat.")
    }
    var inMiniProgram: String { word("请在小程序中打开", "Open it in the mini program") }
    var inMiniProgramNote: String {
        word("请从微信聊天中的礼物卡片进入小程序查看。", "Follow the card in your chat to the mini program.")
    }
    var notRecognized: String { word("暂时无法确认您的身份", "We could not tell who you are") }
    var notRecognizedNote: String {
        word("请在微信中重新打开，并允许使用 Cookie。", "Open it again in WeChat, with cookies allowed.")
    }
    var away: String { word("微信暂时没有回应", "WeChat does not answer at the moment") }
    var awayNote: String { word("礼物还在，请稍后再试。", "The gift is still there: try again in a moment.") }
    var visitOver: String { word("页面已过期", "The page has expired") }
    var visitOverNote: String {
        word("为了保护您的信息，请重新打开后再填写。", "To protect what you type, please open it again and fill it in.")
    }
    var again: String { word("重新打开", "Open it again") }

    // MARK: Refusals

    /// What a refusal means to the reader.
    func refusal(_ code: String) -> String {
        switch code {
        case "gift_needs_address": word("请先填写收货地址。", "Fill in where it goes first.")
        case "gift_address_malformed":
            word(
                "地址不完整：除区县外每一项都要填写，每项不超过 200 个字。",
                "The address is not whole: fill in every line but the district, in at most 200 characters each.")
        case "gift_sold_out": word("这个款式已售完，请选择其他款式。", "This one is sold out: choose another.")
        case "gift_variant_not_offered": word("不能选择这个款式，请从列表中选择。", "This one cannot be chosen: take one of the list.")
        case "gift_not_claimed": word("请先打开礼物。", "Unwrap it first.")
        case "gift_expired": expired
        case "form_expired": word("页面已过期，请再试一次。", "The page had expired: please try once more.")
        default: word("现在不能这样做，礼物没有变化。", "This cannot be done now; nothing has changed.")
        }
    }
}
