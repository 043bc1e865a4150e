package import Kernel

// The refusals of group gifts. None of those that a person who enters reads depends on a price.

extension Problem {
    /// 422: terms that cannot be kept.
    static func group(_ detail: String) -> Problem { .invalid(detail, code: "gift_group_malformed") }

    /// 404: no such group gift, another brand's, or one that nobody has paid for.
    package static let groupUnknown = Problem(
        status: 404, code: "gift_group_unknown", title: "Not found", detail: "There is no such group gift.")
    /// 403: the giver's to do.
    package static let groupNotTheSender = Problem(
        status: 403, code: "gift_group_not_the_sender", title: "Forbidden", detail: "Only its giver may do this.")
    /// 422: who gives cannot win.
    package static let groupOwn = Problem.invalid(
        "The gift is for others: whoever gives it cannot enter.", code: "gift_group_own")
    /// 409: as many have entered as may.
    package static let groupFull = Problem.conflict(
        "As many people have entered as may: nobody else can.", code: "gift_group_full")
    /// 410: the time to enter is over.
    package static let groupOver = Problem(
        status: 410, code: "gift_group_over", title: "Gone", detail: "The time to enter is over.")
    /// 409: the price is another one by now.
    package static let groupQuoteOutdated = Problem.conflict(
        "The price has changed since this group gift was begun: begin a new one.", code: "gift_group_quote_outdated")
    /// 409: the instant of its draw has passed.
    package static let groupDrawTimeOver = Problem.conflict(
        "The instant of its draw has passed: begin a new one.", code: "gift_group_draw_time_over")
    /// 409: one payment of many gifts.
    package static let groupAftersale = Problem.conflict(
        "This was won in a group gift, which was paid for as a whole: its shop takes back the one gift instead.",
        code: "gift_group_aftersale")
    /// 409: people count on it.
    package static let groupPaid = Problem.conflict(
        "The group gift is paid for and can no longer be changed by its giver.", code: "gift_group_paid")
}
