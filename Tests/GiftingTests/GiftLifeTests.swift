import Foundation
import Gifting
import Kernel
import Testing

/// The rules of a gift's life, without a database and without a clock.
@Suite struct GiftLifeTests {
    // MARK: Every state, every command

    /// A row of the table: what becomes of a gift in each state, in the order of ``GiftState``'s cases.
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let command: GiftCommand
        let expected: [String]
        var testDescription: String { name }
    }

    /// `→ x` is the new state, `=` nothing to do, `later` not yet, anything else a refusal's code.
    ///
    /// The gift was sent an hour ago, and accepted just now.
    static let table: [Row] = [
        Row(
            "quote", .quote(listPrice: Sample.price, ceiling: Sample.ceiling),
            "→ quoted", "→ quoted", "gift_paying", "gift_sent", "gift_sent", "gift_sent", "gift_sent", "gift_sent",
            "gift_cancelled", "gift_scheduled"),
        Row(
            "pay", .pay(listPrice: Sample.price, as: Sample.payment, window: Seconds(rawValue: 900)),
            "gift_not_quoted", "→ paying", "=", "gift_sent", "gift_sent", "gift_sent", "gift_sent", "gift_sent",
            "gift_cancelled", "gift_scheduled"),
        Row(
            "paid", .paid(Sample.payment, order: Sample.order, window: Sample.day),
            "gift_payment_unknown", "gift_payment_unknown", "→ sent", "=", "=", "=", "=", "=", "→ cancelled", "="),
        Row(
            "cancel", .cancel,
            "→ cancelled", "→ cancelled", "→ cancelled", "gift_sent", "gift_sent", "gift_locked", "gift_ended",
            "gift_ended", "=", "→ cancelled"),
        Row(
            "claim", .claim,
            "gift_not_sent", "gift_not_sent", "gift_not_sent", "→ claimed", "=", "=", "gift_expired", "gift_ended",
            "gift_not_sent", "gift_not_sent"),
        Row(
            "address", .address(Sample.address),
            "gift_not_sent", "gift_not_sent", "gift_not_sent", "gift_not_claimed", "→ claimed", "gift_locked",
            "gift_expired", "gift_ended", "gift_not_sent", "gift_not_sent"),
        Row(
            "swap", .swap(to: Sample.other, captured: Sample.price),
            "gift_not_sent", "gift_not_sent", "gift_not_sent", "gift_not_claimed", "→ claimed", "gift_locked",
            "gift_expired", "gift_ended", "gift_not_sent", "gift_not_sent"),
        Row(
            "accept", .accept(lock: Sample.day),
            "gift_not_sent", "gift_not_sent", "gift_not_sent", "gift_not_claimed", "→ accepted", "=", "gift_expired",
            "gift_ended", "gift_not_sent", "gift_not_sent"),
        Row(
            "decline", .decline,
            "gift_not_sent", "gift_not_sent", "gift_not_sent", "→ declined", "→ declined", "gift_locked",
            "gift_expired", "=", "gift_not_sent", "gift_not_sent"),
        Row(
            "transfer", .transfer,
            "gift_not_transferable", "gift_not_transferable", "gift_not_transferable", "gift_not_transferable",
            "gift_not_transferable", "gift_not_transferable", "gift_not_transferable", "gift_not_transferable",
            "gift_not_transferable", "gift_not_transferable"),
        Row("expire", .expire, "=", "=", "=", "later", "later", "=", "=", "=", "=", "="),
        Row("lapse", .lapse, "later", "later", "later", "=", "=", "=", "=", "=", "=", "="),
        Row(
            "refunded", .refunded(Sample.refund, of: Sample.payment),
            "=", "=", "=", "=", "=", "=", "→ expired", "→ declined", "=", "="),
        Row(
            "prefill", .prefill(Sample.address),
            "→ draft", "→ quoted", "→ paying", "→ sent", "gift_sent", "gift_ended", "gift_ended", "gift_ended",
            "gift_cancelled", "→ scheduled"),
        Row(
            "withdraw", .withdraw,
            "gift_not_accepted", "gift_not_accepted", "gift_not_accepted",
            "gift_not_accepted", "gift_not_accepted", "→ accepted", "gift_not_accepted",
            "gift_not_accepted", "gift_not_accepted", "gift_not_accepted"),
        Row("deliver", .deliver(window: Sample.day), "=", "=", "=", "=", "=", "=", "=", "=", "=", "later"),
    ]

    @Test(arguments: table) func decide_everyStateAndCommand_asTheTableSays(row: Row) {
        for (state, expected) in zip(GiftState.allCases, row.expected) {
            let outcome = GiftLife.decide(Sample.gift(in: state), row.command, now: Sample.now(in: state))

            #expect(outcome.word == expected, "\(row.name) in \(state)")
        }
        #expect(row.expected.count == GiftState.allCases.count)
    }

    @Test func decide_everyChange_leavesWhoGivesAndReceivesAlone() {
        for row in Self.table {
            for state in GiftState.allCases {
                let gift = Sample.gift(in: state)
                guard case .changed(let next, _) = GiftLife.decide(gift, row.command, now: Sample.now(in: state)) else {
                    continue
                }
                #expect(next.id == gift.id && next.sender == gift.sender && next.recipient == gift.recipient)
                #expect(next.product == gift.product && next.shop == gift.shop)
                #expect(next.updatedAt == Sample.now(in: state))
            }
        }
    }

    @Test func decide_everyEnd_isWrittenDownOnceAndMovesStockOnce() {
        let commands: [GiftCommand] = [.cancel, .accept(lock: Sample.day), .decline, .expire, .lapse]
        for command in commands {
            for state in GiftState.allCases {
                let late = command == .expire || command == .lapse
                let gift = Sample.gift(in: state)
                let now = late ? Sample.start.addingTimeInterval(90_000) : Sample.now(in: state)
                guard case .changed(let next, let effects) = GiftLife.decide(gift, command, now: now) else { continue }
                let releases = effects.filter { if case .release = $0 { true } else { false } }
                let ends = effects.filter { if case .end = $0 { true } else { false } }
                let money = effects.filter {
                    if case .refund = $0 { true } else if case .earn = $0 { true } else { false }
                }
                #expect(ends.count == 1 && next.endedAt == now)
                let isKept = [.paying, .scheduled, .sent, .claimed].contains(state) && next.state != .accepted
                #expect(releases.count == (isKept ? 1 : 0), "\(command) in \(state)")
                #expect(
                    money.count == ([.scheduled, .sent, .claimed].contains(state) ? 1 : 0), "\(command) in \(state)")
            }
        }
    }

    // MARK: The boundaries

    @Test func g02_acceptAtTheLastInstant_isInTime_aMicrosecondLaterIsGone() {
        let gift = Sample.gift(in: .claimed)
        let until = Sample.start.addingTimeInterval(86_400)

        #expect(GiftLife.decide(gift, .accept(lock: Sample.day), now: until).word == "→ accepted")
        #expect(GiftLife.decide(gift, .expire, now: until) == .notYet(until))
        let later = until.addingTimeInterval(0.000_001)
        #expect(GiftLife.decide(gift, .accept(lock: Sample.day), now: later) == .refused(.giftGone))
        #expect(GiftLife.decide(gift, .expire, now: later).word == "→ expired")
        #expect(Problem.giftGone.status == 410)
    }

    @Test(arguments: [
        GiftCommand.claim, .address(Sample.address), .swap(to: Sample.other, captured: Sample.price), .decline,
    ])
    func recipient_afterTheDeadline_findsItGoneThoughNothingEndedItYet(command: GiftCommand) {
        let late = Sample.start.addingTimeInterval(86_400.000_001)

        #expect(GiftLife.decide(Sample.gift(in: .sent), command, now: late) == .refused(.giftGone))
        #expect(GiftLife.decide(Sample.gift(in: .claimed), command, now: late) == .refused(.giftGone))
    }

    @Test(arguments: [
        GiftCommand.cancel, .swap(to: Sample.other, captured: Sample.price), .address(Sample.address), .decline,
    ])
    func g06_forADayAfterAccepting_bothSidesAreLocked_thenOrderRulesAnswer(command: GiftCommand) {
        let gift = Sample.gift(in: .accepted)
        let accepted = Sample.now(in: .accepted)

        func answer(after seconds: Double) -> GiftOutcome {
            GiftLife.decide(gift, command, now: accepted.addingTimeInterval(seconds))
        }
        #expect(answer(after: 86_399) == .refused(.giftLocked))
        #expect(answer(after: 86_401) == .refused(.giftFollowsOrderRules))
        #expect(Problem.giftLocked.status == 423)
        #expect(Problem.giftFollowsOrderRules.status == 409)
    }

    @Test func lapse_atTheLastInstantToPay_waits_aMicrosecondLaterCancels() {
        let gift = Sample.gift(in: .paying)

        #expect(GiftLife.decide(gift, .lapse, now: gift.payUntil) == .notYet(gift.payUntil))
        let later = gift.payUntil.addingTimeInterval(0.000_001)
        #expect(GiftLife.decide(gift, .lapse, now: later).word == "→ cancelled")
        #expect(
            GiftLife.decide(gift, .pay(listPrice: Sample.price, as: .mint(), window: Sample.day), now: later)
                == .refused(.giftLapsed))
    }

    @Test func deliver_atItsInstant_sendsIt_aMicrosecondEarlierWaits() throws {
        let gift = Sample.gift(in: .scheduled)
        let sendAt = try #require(gift.sendAt)

        let early = GiftLife.decide(gift, .deliver(window: Sample.day), now: sendAt.addingTimeInterval(-0.000_001))
        #expect(early == .notYet(sendAt))
        guard case .changed(let sent, let effects) = GiftLife.decide(gift, .deliver(window: Sample.day), now: sendAt)
        else { return #expect(Bool(false), "its time has come") }
        #expect(sent.state == .sent && sent.sentAt == sendAt && sent.acceptUntil == sendAt.addingTimeInterval(86_400))
        #expect(effects.isEmpty)
    }

    // MARK: Prices

    @Test(arguments: [
        (999_999, false, true), (1_000_000, false, false), (1_000_001, false, false),
        (999_999, true, true), (1_000_000, true, true), (1_000_001, true, false),
    ])
    func g09_priceAtTheCeiling_isAdmittedByTheFlag(fen: Int64, isInclusive: Bool, isAdmitted: Bool) {
        let ceiling = PriceCeiling(max: Money(fen: 1_000_000), isInclusive: isInclusive)

        let outcome = GiftLife.decide(
            Sample.gift(in: .draft), .quote(listPrice: Money(fen: fen), ceiling: ceiling), now: Sample.start)

        #expect(outcome.word == (isAdmitted ? "→ quoted" : "gift_above_ceiling"))
    }

    @Test func pay_withAnotherPriceThanQuoted_asksForANewQuote() {
        let pay = GiftCommand.pay(listPrice: Money(fen: 10_001), as: .mint(), window: Sample.day)

        #expect(GiftLife.decide(Sample.gift(in: .quoted), pay, now: Sample.start) == .refused(.giftQuoteOutdated))
    }

    @Test(arguments: [nil, Money(fen: 9_999), Money(fen: 10_001)])
    func swap_toAnotherPriceOrNoneAtAll_readsTheSame(captured: Money?) {
        let outcome = GiftLife.decide(
            Sample.gift(in: .claimed), .swap(to: Sample.other, captured: captured), now: Sample.now(in: .claimed))

        #expect(outcome == .refused(.giftVariantNotOffered))
    }

    @Test func swap_thereAndBack_remembersWhatWasBought() throws {
        let gift = Sample.gift(in: .claimed)
        let now = Sample.now(in: .claimed)

        guard
            case .changed(let away, let effects) = GiftLife.decide(
                gift, .swap(to: Sample.other, captured: Sample.price), now: now),
            case .changed(let back, _) = GiftLife.decide(
                away, .swap(to: gift.variant, captured: Sample.price), now: now)
        else { return #expect(Bool(false), "both are allowed") }

        #expect(away.variant == Sample.other && away.swappedFrom == gift.variant && away.bought == gift.variant)
        #expect(effects == [.exchange(gift.variant, for: Sample.other)])
        #expect(back.variant == gift.variant && back.swappedFrom == nil)
    }

    @Test func paid_afterTheGiftWasCalledOff_goesBackOnce() throws {
        var gift = Sample.gift(in: .cancelled)
        let paid = GiftCommand.paid(Sample.payment, order: Sample.order, window: Sample.day)

        #expect(GiftLife.decide(gift, paid, now: Sample.start).effects == [.refund(Sample.payment, Sample.price)])
        gift.refund = Sample.refund
        #expect(GiftLife.decide(gift, paid, now: Sample.start) == .unchanged)
    }

    @Test func refunded_byAnotherNumberThanWasAskedFor_keepsTheOneThatPaidOut() {
        let gift = Sample.gift(in: .expired)
        let second = ID<Refund>.mint()

        guard
            case .changed(let next, let effects) = GiftLife.decide(
                gift, .refunded(second, of: Sample.payment), now: Sample.start)
        else { return #expect(Bool(false), "the money is back") }
        #expect(next.refund == second && next.refundedAt == Sample.start && effects.isEmpty)
        #expect(GiftLife.decide(next, .refunded(second, of: Sample.payment), now: Sample.start) == .unchanged)
        #expect(GiftLife.decide(gift, .refunded(second, of: .mint()), now: Sample.start) == .unchanged)
    }

    @Test func paid_withAPaymentThatIsNotTheGifts_isRefused() {
        let paid = GiftCommand.paid(.mint(), order: Sample.order, window: Sample.day)

        #expect(GiftLife.decide(Sample.gift(in: .paying), paid, now: Sample.start).word == "gift_payment_unknown")
    }
}

extension GiftLifeTests.Row {
    init(_ name: String, _ command: GiftCommand, _ expected: String...) {
        self.init(name: name, command: command, expected: expected)
    }
}

extension GiftOutcome {
    /// The outcome in a word.
    fileprivate var word: String {
        switch self {
        case .changed(let gift, _): "→ \(gift.state.rawValue)"
        case .unchanged: "="
        case .notYet: "later"
        case .refused(let problem): problem.code
        }
    }

    fileprivate var effects: [GiftEffect] {
        if case .changed(_, let effects) = self { effects } else { [] }
    }
}

/// Gifts as they are in each state.
private enum Sample {
    static let start = Date(timeIntervalSince1970: 1_780_000_000)
    static let price = Money(fen: 10_000)
    static let ceiling = PriceCeiling(max: Money(fen: 1_000_000), isInclusive: false)
    static let day = Seconds(rawValue: 86_400)
    static let payment = ID<Payment>.mint()
    static let order = ID<Order>.mint()
    static let refund = ID<Refund>.mint()
    static let address = ID<Address>.mint()
    static let other = ID<Variant>.mint()

    /// An hour after it was sent; accepting happened then.
    static func now(in state: GiftState) -> Date {
        [.draft, .quoted, .paying].contains(state) ? start : start.addingTimeInterval(3_600)
    }

    static func gift(in state: GiftState) -> GiftRecord {
        var gift = GiftRecord(
            id: .mint(), shop: .mint(), product: .mint(), variant: .mint(), sender: .mint(), recipient: .mint(),
            greeting: nil, sendAt: state == .scheduled ? start.addingTimeInterval(7_200) : nil, state: state,
            payUntil: start.addingTimeInterval(900), createdAt: start, updatedAt: start)
        if state != .draft { gift.price = price }
        if ![.draft, .quoted].contains(state) { gift.payment = payment }
        if [.sent, .claimed, .accepted, .expired, .declined].contains(state) {
            gift.order = order
            gift.sentAt = start
            gift.acceptUntil = start.addingTimeInterval(86_400)
        }
        if state == .scheduled { gift.order = order }
        if [.claimed, .accepted].contains(state) {
            gift.claimedAt = start.addingTimeInterval(60)
            gift.address = address
        }
        if state == .accepted {
            gift.acceptedAt = now(in: state)
            gift.lockedUntil = now(in: state).addingTimeInterval(86_400)
        }
        if [.expired, .declined].contains(state) { gift.refund = refund }
        if [.accepted, .expired, .declined, .cancelled].contains(state) { gift.endedAt = now(in: state) }
        return gift
    }
}
