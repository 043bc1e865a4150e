import Accounting
import FoundationEssentials
import Jobs
package import Kernel
import Orders
import Policies
package import Postgres
import Vault

/// Money that somebody wants to give, as it is asked for.
package struct NewCashGift: Hashable, Sendable {
    /// In whose name.
    package let shop: ID<Shop>
    /// How much.
    package let amount: Money
    /// Who is to receive it, by openid: exactly one.
    package let recipients: [String]

    /// A wish in its parts.
    package init(shop: ID<Shop>, amount: Money, recipients: [String]) {
        self.shop = shop
        self.amount = amount
        self.recipients = recipients
    }
}

/// A time to wait of a gift of money may be over.
struct CashGiftLook: JobParameters {
    static let jobName = "cash-gift.look"
    static let jobQueue = GiftLapse.jobQueue

    let brand: ID<Brand>
    let gift: ID<CashGift>
}

extension Gifts {
    /// The word before a gift of money's id in the subject of its payment.
    static let cashWord = "cash:"

    /// The gift of money that a payment is for; nil for payments of other things.
    static func cash(ofSubject subject: String) -> ID<CashGift>? {
        guard subject.hasPrefix(cashWord) else { return nil }
        return ID<CashGift>(subject.dropFirst(cashWord.count))
    }

    // MARK: The giver

    /// Begins a gift of money, and writes down the money that is asked for; the provider is asked afterwards.
    ///
    /// - Throws: ``Problem`` for not one recipient, oneself, a shop without gifts, or what may not be paid out (``PayoutLimits``).
    package func giveCash(_ wish: NewCashGift, by shopper: Shopper, on tx: Transaction) async throws -> CashSenderView {
        guard wish.recipients.count == 1, let recipient = wish.recipients.first else {
            throw Problem.giftNeedsOneRecipient
        }
        guard recipient != shopper.openID else { throw Problem.giftToOneself }
        let brand = shopper.brand
        let now = try await tx.one(GiftStatements.clock())
        let ground = try await ground(for: [], in: wish.shop, at: now, brand: brand, on: tx)
        try ground.requireReleased(to: shopper)
        guard ground.rules.isShopOn else { throw Problem.giftShopOff }
        let bounds = try await PayoutLimits.bounds(brand: brand, at: now, on: tx)
        guard bounds.contains(wish.amount) else { throw Problem.cashGiftAmount(bounds) }
        let people = try await vault.persons(
            [shopper.openID, recipient], kind: Self.openID, brand: brand, now: now, on: tx)
        let window = try ground.sheet.value(.paymentWindow)
        let gift = CashGiftRecord(
            id: .mint(), shop: wish.shop, sender: people[0], recipient: people[1], amount: wish.amount,
            payment: .mint(), state: .created, payUntil: window.asSeconds.after(now), createdAt: now, updatedAt: now)
        let intent = NewIntent(
            id: gift.payment, shop: gift.shop, payer: gift.sender, amount: gift.amount, description: "现金礼物",
            subject: Self.cashWord + gift.id.description, ownerQueue: CashGiftLook.jobQueue, expiresAt: gift.payUntil)
        _ = try await Payments.create(intent, brand: brand, now: now, on: tx)
        try await tx.execute(CashGiftStatements.add(gift, brand: brand))
        try await schedule(
            CashGiftLook(brand: brand, gift: gift.id), after: gift.payUntil, brand: brand, now: now, on: tx)
        return CashSenderView(gift)
    }

    /// What the giver may pay for now; whether it is not too late for that is the payment's to say.
    package func payableCash(_ id: ID<CashGift>, by shopper: Shopper, on tx: Transaction) async throws -> PayableCash {
        let (gift, role, _) = try await cashTurn(on: id, of: shopper, tx)
        guard role == .sender else { throw Problem.giftNotTheSender }
        return PayableCash(gift: gift.id, payment: gift.payment)
    }

    // MARK: Both

    /// Shows a gift of money to whoever has a part in it.
    package func showCash(_ id: ID<CashGift>, to shopper: Shopper, on tx: Transaction) async throws -> CashGiftView {
        let (gift, role, _) = try await cashTurn(on: id, of: shopper, tx)
        return role == .sender ? .sender(CashSenderView(gift)) : .recipient(CashRecipientView(gift))
    }

    // MARK: The recipient

    /// Takes the money: it is paid out to the person's own account at WeChat, in the morning if it is night.
    package func acceptCash(
        _ id: ID<CashGift>, by shopper: Shopper, on tx: Transaction
    ) async throws -> CashRecipientView { try await answerCash(id, .accept, by: shopper, on: tx) }

    /// Does not take it: it goes back to its giver.
    package func declineCash(
        _ id: ID<CashGift>, by shopper: Shopper, on tx: Transaction
    ) async throws -> CashRecipientView { try await answerCash(id, .decline, by: shopper, on: tx) }

    private func answerCash(
        _ id: ID<CashGift>, _ command: CashGiftCommand, by shopper: Shopper, on tx: Transaction
    ) async throws -> CashRecipientView {
        let (gift, role, now) = try await cashTurn(on: id, of: shopper, tx)
        guard role == .recipient else { throw Problem.giftNotTheRecipient }
        return CashRecipientView(
            try await carryOut(command, on: gift, now: now, brand: shopper.brand, on: tx) ?? gift)
    }

    // MARK: What happens by itself

    /// The giver's money is here.
    func sendCash(_ id: ID<CashGift>, _ paid: OrderPaid, on tx: Transaction) async throws {
        let (gift, now) = try await lockCash(id, brand: paid.brand, on: tx)
        let window = try await Policies.value(.acceptWindow, brand: paid.brand, at: now, on: tx)
        try await carryOut(.paid(window: window.asSeconds), on: gift, now: now, brand: paid.brand, on: tx)
    }

    /// The giver has the money back.
    func noteRefund(of id: ID<CashGift>, _ refunded: OrderRefunded, on tx: Transaction) async throws {
        let (gift, now) = try await lockCash(id, brand: refunded.brand, on: tx)
        try await carryOut(.refunded(refunded.refund), on: gift, now: now, brand: refunded.brand, on: tx)
    }

    /// A time to wait may be over.
    func lookAtCash(_ job: CashGiftLook, on tx: Transaction) async throws {
        let (gift, now) = try await lockCash(job.gift, brand: job.brand, on: tx)
        try await carryOut(.look, on: gift, now: now, brand: job.brand, on: tx)
    }

    /// The recipient has the money, or cannot have it; heard again, it changes nothing.
    func notePayout(_ ended: PayoutEnded, on tx: Transaction) async throws {
        let (gift, now) = try await lockCash(ID(rawValue: ended.subject), brand: ended.brand, on: tx)
        guard gift.state == .accepted else { return }
        // Somebody may have begun another number since: then that one's end is the one that counts.
        if !ended.isPaid,
            try await !Payouts.abandon(ended.payout, brand: ended.brand, now: now, on: tx)
        {
            return
        }
        try await carryOut(.payoutEnded(isPaid: ended.isPaid), on: gift, now: now, brand: ended.brand, on: tx)
    }

    // MARK: Carrying out

    private func lockCash(
        _ id: ID<CashGift>, brand: ID<Brand>, on tx: Transaction
    ) async throws -> (CashGiftRecord, Date) {
        let (gifts, clock) = try await tx.pipeline(CashGiftStatements.lock(id, brand: brand), GiftStatements.clock())
        guard let gift = gifts.first, let now = clock.first else { throw JobFailure.giftUnknown }
        return (gift, max(now, gift.updatedAt))
    }

    /// Locks a gift of money on behalf of a person who has a part in it; its recipient has none before it is sent.
    private func cashTurn(
        on id: ID<CashGift>, of shopper: Shopper, _ tx: Transaction
    ) async throws -> (CashGiftRecord, GiftRole, Date) {
        guard let person = try await person(of: shopper, on: tx) else { throw Problem.giftNotAParty }
        let (gifts, clock) = try await tx.pipeline(
            CashGiftStatements.lock(id, brand: shopper.brand), GiftStatements.clock())
        guard let gift = gifts.first, let now = clock.first, let role = gift.role(of: person),
            shopper.shop == nil || shopper.shop == gift.shop, role == .sender || gift.sentAt != nil
        else { throw Problem.giftNotAParty }
        return (gift, role, max(now, gift.updatedAt))
    }

    /// - Returns: The gift as it is from now on; nil if nothing changes.
    @discardableResult
    private func carryOut(
        _ command: CashGiftCommand, on gift: CashGiftRecord, now: Date, brand: ID<Brand>, on tx: Transaction
    ) async throws -> CashGiftRecord? {
        switch CashGiftLife.decide(gift, command, now: now) {
        case .refused(let problem): throw problem
        case .unchanged: return nil
        case .notYet(let instant):
            try await schedule(
                CashGiftLook(brand: brand, gift: gift.id), after: instant, brand: brand, now: now, on: tx)
            return nil
        case .changed(var next, let effects):
            for effect in effects {
                // Money that came first is not called off: the gift is sent as soon as the news arrives.
                if effect == .closePayment,
                    try await Payments.close(gift.payment, brand: brand, now: now, on: tx) == .paid
                {
                    return nil
                }
                try await carryOut(effect, on: &next, brand: brand, now: now, tx)
            }
            let saved = try await tx.run(CashGiftStatements.save(next, from: gift.state, brand: brand))
            guard saved.count == 1 else { throw GiftingError.stateMoved }
            return next
        }
    }

    private func carryOut(
        _ effect: CashGiftEffect, on gift: inout CashGiftRecord, brand: ID<Brand>, now: Date, _ tx: Transaction
    ) async throws {
        switch effect {
        case .closePayment: break
        case .scheduleLook(let instant):
            try await schedule(
                CashGiftLook(brand: brand, gift: gift.id), after: instant, brand: brand, now: now, on: tx)
        case .payOut:
            let escrow = try await Ledger.account(
                .escrow(of: gift.payment), floor: .zero, brand: brand, now: now, on: tx)
            let payout = NewPayout(
                subject: gift.id.rawValue, person: gift.recipient, amount: gift.amount, owedAccount: escrow,
                activity: "现金礼物", reward: "朋友的心意", ownerQueue: CashGiftLook.jobQueue)
            try await Payouts.request([payout], brand: brand, now: now, queue: queue, on: tx)
        case .passOn: try await Payments.passOn(gift.payment, brand: brand, now: now, queue: queue, on: tx)
        case .refund:
            gift.refund = try await Refunds.request(
                payment: gift.payment, amount: gift.amount, reason: "现金礼物退回", brand: brand, now: now, queue: queue,
                on: tx)
        }
    }
}

extension Problem {
    /// 422: more or less than may be given.
    static func cashGiftAmount(_ bounds: ClosedRange<Money>) -> Problem {
        .invalid(
            "A gift of money is \(bounds.lowerBound.yuanText) to \(bounds.upperBound.yuanText) yuan.",
            code: "cash_gift_amount")
    }

    /// 409: nothing was bought.
    static let cashGiftIsNoOrder = Problem.conflict(
        "A gift of money is no order: it goes back by itself if nobody takes it.", code: "cash_gift_is_no_order")
}
