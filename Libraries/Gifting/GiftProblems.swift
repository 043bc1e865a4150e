package import Kernel

// Every refusal of this room, as constants: a text that is put together from a gift's values could say more than its reader may know.
// None of those that a recipient reads depends on a price.

extension Problem {
    /// 403: the person is neither giver nor recipient, or there is no such gift; the two read the same.
    package static let giftNotAParty = Problem(
        status: 403, code: "gift_not_a_party", title: "Forbidden",
        detail: "This person has no part in such a gift: only its giver and its recipient may see and use it.")
    /// 403: the other side of the gift may do this.
    package static let giftNotTheSender = Problem(
        status: 403, code: "gift_not_the_sender", title: "Forbidden", detail: "Only the giver may do this.")
    /// 403: the other side of the gift may do this.
    package static let giftNotTheRecipient = Problem(
        status: 403, code: "gift_not_the_recipient", title: "Forbidden", detail: "Only the recipient may do this.")
    /// 403: gifts are for whom they are for.
    package static let giftNotTransferable = Problem(
        status: 403, code: "gift_not_transferable", title: "Forbidden",
        detail: "A gift is for its recipient and cannot be passed on.")

    /// 422: not exactly one recipient.
    package static let giftNeedsOneRecipient = Problem.invalid(
        "A gift has exactly one recipient: name one person in `recipient_openids`.", code: "gift_needs_one_recipient")
    /// 422: giver and recipient are the same person.
    package static let giftToOneself = Problem.invalid(
        "A gift is for somebody else: giver and recipient are the same person.", code: "gift_to_oneself")
    /// 422: what is given does not exist in this shop.
    package static let giftVariantUnknown = Problem.invalid(
        "The shop does not sell this variant: take one from its catalogue.", code: "gift_variant_unknown")
    /// 422: the shop has no gifts.
    package static let giftShopOff = Problem.invalid(
        "This shop has switched its gifts off: nothing of it can be given.", code: "gift_shop_off")
    /// 422: a kind of goods that may not be given.
    package static let giftCategoryExcluded = Problem.invalid(
        "Goods of this category cannot be given: choose something of another one.", code: "gift_category_excluded")
    /// 404: the product does not exist, or belongs to another shop than the partner's.
    package static let giftProductUnknown = Problem(
        status: 404, code: "gift_product_unknown", title: "Not found",
        detail: "There is no such product: take one from the shop's catalogue.")
    /// 404: gifts are not open to this person yet.
    package static let giftNotReleased = Problem.notFound()
    /// 422: the greeting is empty or too long.
    package static let giftGreetingTooLong = Problem.invalid(
        "A greeting has 1 to 100 characters.", code: "gift_greeting_malformed")
    /// 422: nothing is paid, so nothing could be refunded.
    package static let giftCostsNothing = Problem.invalid(
        "What costs nothing cannot be given this way: choose something that has a price.", code: "gift_costs_nothing")
    /// 422: more expensive than gifts may be.
    package static let giftAboveCeiling = Problem.invalid(
        "This is more expensive than a gift may be: choose something with a lower list price.",
        code: "gift_above_ceiling")
    /// 409: the price must be seen first.
    package static let giftNotQuoted = Problem.conflict(
        "Ask for a quote first: the giver must have seen the price.", code: "gift_not_quoted")
    /// 409: the price is another one by now.
    package static let giftQuoteOutdated = Problem.conflict(
        "The price has changed since the quote: ask for another one.", code: "gift_quote_outdated")
    /// 409: it is being paid for.
    package static let giftPaying = Problem.conflict(
        "The gift is waiting for its payment: pay for it, or cancel it and begin anew.", code: "gift_paying")
    /// 409: nobody paid in time.
    package static let giftLapsed = Problem.conflict(
        "The time to pay for this gift is over: begin a new one.", code: "gift_lapsed")
    /// 409: it was called off.
    package static let giftCancelled = Problem.conflict(
        "This gift was cancelled: begin a new one.", code: "gift_cancelled")
    /// 422: addresses are the recipients' to fill in.
    package static let giftAddressBookOff = Problem.invalid(
        "This brand leaves addresses to the recipients: givers cannot fill them in.", code: "gift_address_book_off")
    /// 403: the recipient has not let this giver.
    package static let giftAddressNotConsented = Problem(
        status: 403, code: "gift_address_not_consented", title: "Forbidden",
        detail: "The recipient has not let this giver fill in an address: they can do it themselves.")
    /// 409: it is paid for and waits for its time.
    package static let giftScheduled = Problem.conflict(
        "The gift is paid for and waits to be sent: cancel it, and begin another one to change it.",
        code: "gift_scheduled")
    /// 422: not in the time in which gifts can be sent.
    package static let giftSendAtMalformed = Problem.invalid(
        "`send_at` is an instant to come, and not further away than gifts may be paid for ahead.",
        code: "gift_send_at_malformed")
    /// 422: there is no such cover.
    package static let giftCoverUnknown = Problem.invalid(
        "There is no such cover: take one of the brand's, or none.", code: "gift_cover_unknown")
    /// 422: there is no such entry.
    package static let giftEntryUnknown = Problem.invalid(
        "There is no such entry: name one that the brand has added, or none.", code: "gift_entry_unknown")
    /// 422: whoever looks at greetings does not admit it.
    package static let giftGreetingRefused = Problem.invalid(
        "The brand does not admit this greeting: word it otherwise, or send the gift without one.",
        code: "gift_greeting_refused")
    /// 503: nobody looked at the greeting, and it does not go unseen.
    package static let giftGreetingUnseen = Problem(
        status: 503, code: "gift_greeting_unseen", title: "Unavailable",
        detail: "The greeting cannot be looked at in the moment: try again later, or send the gift without one.")
    /// 409: it is with its recipient now.
    package static let giftSent = Problem.conflict(
        "The gift has been sent and can no longer be changed by its giver.", code: "gift_sent")
    /// 409: nothing of it is left.
    package static let giftSoldOut = Problem.conflict(
        "This variant is sold out: choose another one.", code: "gift_sold_out")

    /// 409: the recipient cannot use it yet.
    package static let giftNotSent = Problem.conflict(
        "This gift has not been sent: there is nothing to take yet.", code: "gift_not_sent")
    /// 409: the recipient has not opened it.
    package static let giftNotClaimed = Problem.conflict(
        "Open the gift first: claim it.", code: "gift_not_claimed")
    /// 409: it has ended.
    package static let giftEnded = Problem.conflict("This gift has come to its end.", code: "gift_ended")
    /// 409: from here on it is an order like any other.
    package static let giftFollowsOrderRules = Problem.conflict(
        "The gift has been accepted: from here on the shop's rules for orders hold.", code: "gift_accepted")
    /// 409: only what was accepted is the shop's to take back.
    package static let giftNotAccepted = Problem.conflict(
        "Only a gift that was accepted can be taken back: until then its recipient and its deadline decide.",
        code: "gift_not_accepted")
    /// 410: its time is over.
    package static let giftGone = Problem(
        status: 410, code: "gift_expired", title: "Gone",
        detail: "The time to accept this gift is over: it goes back to its giver.")
    /// 422: the recipient has not said where it goes.
    package static let giftNeedsAddress = Problem.invalid(
        "Fill in an address first: the gift must be delivered somewhere.", code: "gift_needs_address")
    /// 422: not one of the variants that may be chosen.
    package static let giftVariantNotOffered = Problem.invalid(
        "This variant cannot be chosen for this gift: take one of its choices.", code: "gift_variant_not_offered")
    /// 423: nothing may be changed for a while.
    package static let giftLocked = Problem(
        status: 423, code: "gift_locked", title: "Locked",
        detail: "The gift was accepted a short while ago: neither side can change or cancel it now.")

    /// 500: money arrived that this gift does not wait for; never shown to a person.
    static let giftPaymentUnknown = Problem(
        status: 500, code: "gift_payment_unknown", title: "Internal error",
        detail: "A payment arrived that this gift does not wait for.")
}
