/// What the page of a group gift says, in one language.
///
/// Nothing here depends on a price.
struct GroupPageWords {
    private let language: GiftPageLanguage

    init(_ language: GiftPageLanguage) { self.language = language }

    private func word(_ chinese: String, _ english: String) -> String { language == .chinese ? chinese : english }

    var title: String { word("一份群礼物", "A group gift") }

    // MARK: What it is

    func given(_ units: Int, _ places: Int) -> String {
        word("共 \(units) 份，由 \(places) 人获得", "\(units) to give, \(places) to win")
    }
    func split(_ split: String) -> String {
        split == GroupSplit.fixed.rawValue
            ? word("每人份数相同", "as many for each")
            : word("拼手气：每人至少一份", "by luck: one for each at least")
    }
    func entered(_ entries: Int, _ most: Int) -> String {
        word("已有 \(entries) 人参与（最多 \(most) 人）", "\(entries) have entered (at most \(most))")
    }
    var drawnWhenFull: String { word("满人即开奖", "Lots are drawn as soon as it is full") }
    var drawnAt: String { word("开奖时间（北京时间）：", "Lots are drawn at (Beijing time):") }
    var fullBy: String { word("未满人则在此时取消（北京时间）：", "If it is not full, it is called off at (Beijing time):") }
    var left: String { word("还剩", "Left:") }

    // MARK: What the reader may do

    var enter: String { word("我要参与", "Enter") }
    var enterNote: String {
        word("每人只能参与一次，不收取任何费用。", "Everybody can enter once. It costs nothing.")
    }
    var yours: String { word("这是您送出的礼物，由朋友们来参与。", "This is your gift: it is for your friends to enter.") }
    func waiting(_ number: Int) -> String {
        word("已参与，您是第 \(number) 位。开奖后请回到此页。", "You are in, as number \(number). Come back for the draw.")
    }
    var full: String { word("参与人数已满", "As many have entered as may") }
    var over: String { word("参与时间已过", "The time to enter is over") }
    func won(_ units: Int) -> String {
        word("恭喜！您获得了 \(units) 份", units == 1 ? "You have won one!" : "You have won \(units)!")
    }
    var openGift: String { word("查看并收下礼物", "Open your gift") }
    var inMiniProgram: String { word("请在小程序中收下礼物。", "Take it in the mini program.") }
    var notWon: String { word("这次没有抽中", "Not this time") }
    var notWonNote: String { word("感谢参与。", "Thank you for taking part.") }
    var drawn: String { word("已开奖", "Lots have been drawn") }
    var failed: String { word("未能开奖，礼物已退回送礼人", "It did not come about, and went back to its giver") }

    // MARK: Proof

    var proofTitle: String { word("如何验证公平？", "How can I check that it was fair?") }
    var proofNote: String {
        word(
            "以下指纹在任何人参与之前就已公布；开奖时公布随机种子，任何人都可以据此重新计算结果。",
            "This fingerprint was published before anybody entered. With the draw the seed is shown, and everybody can compute the result again."
        )
    }
    var commitment: String { word("指纹（SHA-256）", "Fingerprint (SHA-256)") }
    var seed: String { word("随机种子", "Seed") }
    var published: String { word("公布的全部数据（JSON）", "All that is published (JSON)") }
    var entryID: String { word("您的参与编号", "Your entry") }

    /// What a refusal means to the reader.
    func refusal(_ code: String) -> String {
        switch code {
        case "gift_group_full": full
        case "gift_group_over": over
        case "gift_group_own": yours
        case "form_expired": word("页面已过期，请再试一次。", "The page had expired: please try once more.")
        default: word("现在不能这样做，没有任何变化。", "This cannot be done now; nothing has changed.")
        }
    }
}
