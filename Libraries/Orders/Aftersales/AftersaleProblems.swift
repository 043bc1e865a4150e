package import Kernel

// Refusals are constants: none that a recipient reads depends on an amount.

extension Problem {
    /// 403: the person has no part in it, or there is no such thing; the two read the same.
    package static let aftersaleNotAParty = Problem(
        status: 403, code: "aftersale_not_a_party", title: "Forbidden",
        detail: "This person has no part in such an order or case: only who paid and who received may see and use it.")
    /// 404: for the shop's own people.
    package static let aftersaleUnknown = Problem.notFound("There is no such after-sales case.")
    /// 409: no money of ours.
    package static let aftersaleNotPaid = Problem.conflict(
        "This order was not paid through this system: ask where it was paid.", code: "aftersale_not_paid")
    /// 409: too late.
    package static let aftersaleTooLate = Problem.conflict(
        "The time to ask for after-sales of this order is over.", code: "aftersale_too_late")
    /// 409: one at a time.
    package static let aftersaleOpen = Problem.conflict(
        "There is an open case for this already: wait for its end, or withdraw it.", code: "aftersale_open")
    /// 409: often enough.
    static let aftersaleTooMany = Problem.conflict(
        "As many cases as an order may have were opened for this one: settle the rest with the shop.",
        code: "aftersale_too_many")
    /// 409: WeChat Pay takes no more.
    static let aftersaleNumbersUsed = Problem.conflict(
        "WeChat Pay takes no more refunds of this payment: the shop must give the rest back another way.",
        code: "aftersale_numbers_used")
    /// 409: all is back.
    package static let aftersaleNothingLeft = Problem.conflict(
        "Nothing of this is left to be given back.", code: "aftersale_nothing_left")
    /// 422: more than there is.
    package static let aftersaleTooMuch = Problem.invalid(
        "This is more than is left of what was paid: ask for less, or leave the amount out.", code: "aftersale_too_much"
    )
    /// 422: whoever did not pay names no amount.
    package static let aftersaleAmountNotYours = Problem.invalid(
        "Only who paid may name an amount: leave it out.", code: "aftersale_amount_not_yours")
    /// 422: not one of the order's lines.
    package static let aftersaleLineUnknown = Problem.invalid(
        "The order has no such line: leave `line` out for all of it.", code: "aftersale_line_unknown")
    /// 422: not that many.
    package static let aftersaleQuantityWrong = Problem.invalid(
        "There are not so many of it: name 1 to as many as were bought.", code: "aftersale_quantity_wrong")
    /// 422: not a parcel.
    package static let aftersaleParcelMalformed = Problem.invalid(
        "`carrier` is a code of 2 to 20 letters and digits, `waybill` a number of 5 to 40.",
        code: "aftersale_parcel_malformed")
    /// 409: the shop has not agreed.
    package static let aftersaleNotAgreed = Problem.conflict(
        "The shop has not agreed yet: wait for its answer.", code: "aftersale_not_agreed")
    /// 409: what was agreed is agreed.
    package static let aftersaleAgreed = Problem.conflict(
        "The shop has agreed: this cannot be taken back.", code: "aftersale_agreed")
    /// 409: the goods are on their way.
    package static let aftersaleSent = Problem.conflict(
        "The goods are on their way: the shop must receive them first.", code: "aftersale_sent")
    /// 409: there is nothing to send.
    package static let aftersaleNoGoods = Problem.conflict(
        "This case is about money alone: there are no goods to send or receive.", code: "aftersale_no_goods")
    /// 409: it has ended.
    package static let aftersaleOver = Problem.conflict(
        "This case has come to its end: open another one if there is reason to.", code: "aftersale_over")
}
