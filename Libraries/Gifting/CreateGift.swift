package import FoundationEssentials
package import Kernel
import Orders
import Policies
package import Postgres
import Vault

/// What somebody wants to give, as it is asked for.
package struct NewGift: Hashable, Sendable {
    /// Where it is bought.
    package let shop: ID<Shop>
    /// What it is.
    package let variant: ID<Variant>
    /// Who is to receive it, by openid: exactly one.
    package let recipients: [String]
    /// What the giver has to say.
    package let greeting: String?
    /// What it is wrapped in, by its code; nil for what all gifts are wrapped in.
    package let cover: String?
    /// Where it is begun, by its code.
    package let entry: String?
    /// When it shall be sent; nil for as soon as it is paid for.
    package let sendAt: Date?

    /// A wish in its parts.
    package init(
        shop: ID<Shop>, variant: ID<Variant>, recipients: [String], greeting: String?, cover: String? = nil,
        entry: String? = nil, sendAt: Date? = nil
    ) {
        self.shop = shop
        self.variant = variant
        self.recipients = recipients
        self.greeting = greeting
        self.cover = cover
        self.entry = entry
        self.sendAt = sendAt
    }
}

extension Gifts {
    /// The longest greeting in characters as people count them.
    static let greetingMax = 100
    /// What a greeting may weigh: a character may be any number of combining marks.
    static let greetingBytes = Limit(4_000, reason: "100 of the longest emoji there are, and the column's own limit.")

    /// Refuses what can be refused before anybody is asked: not one recipient, oneself, a greeting that is none.
    package static func check(_ wish: NewGift, by shopper: Shopper) throws(Problem) {
        guard wish.recipients.count == 1, let recipient = wish.recipients.first else {
            throw .giftNeedsOneRecipient
        }
        guard recipient != shopper.openID else { throw .giftToOneself }
        if let greeting = wish.greeting { try check(greeting: greeting) }
    }

    /// Refuses a greeting that is none, or too long.
    package static func check(greeting: String) throws(Problem) {
        guard (1...Self.greetingMax).contains(greeting.count), greeting.utf8.count <= Self.greetingBytes.value else {
            throw .giftGreetingTooLong
        }
    }

    /// Begins a gift: who gives what to whom.
    ///
    /// Nothing is kept in stock yet. Whoever looks at greetings has looked at this one (``GreetingScreens``).
    package func create(_ wish: NewGift, by shopper: Shopper, on tx: Transaction) async throws -> SenderView {
        try Self.check(wish, by: shopper)
        let brand = shopper.brand
        let now = try await tx.one(GiftStatements.clock())
        let ground = try await ground(for: [wish.variant], in: wish.shop, at: now, brand: brand, on: tx)
        try ground.requireReleased(to: shopper)
        try ground.requireGiftable(wish.variant)
        guard let good = ground.goods[wish.variant] else { throw Problem.giftVariantUnknown }

        try await check(wish, ground, at: now, brand: brand, on: tx)
        let window = try ground.sheet.value(.paymentWindow)
        let people = try await vault.persons(
            [shopper.openID] + wish.recipients, kind: Self.openID, brand: brand, now: now, on: tx)
        let gift = GiftRecord(
            id: .mint(), shop: wish.shop, product: good.product, variant: good.variant, sender: people[0],
            recipient: people[1], greeting: wish.greeting, cover: wish.cover, entry: wish.entry, sendAt: wish.sendAt,
            state: .draft, payUntil: window.asSeconds.after(now),
            createdAt: now, updatedAt: now)
        _ = try await tx.one(GiftStatements.begin(gift, cohort: shopper.cohort, brand: brand))
        try await schedule(GiftLapse(brand: brand, gift: gift.id), after: gift.payUntil, brand: brand, now: now, on: tx)
        return SenderView(gift, variantTitle: good.title)
    }

    /// Whether cover, entry and time are such as there are; most gifts name none, and then nothing is asked.
    private func check(
        _ wish: NewGift, _ ground: GiftGround, at now: Date, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        if let sendAt = wish.sendAt {
            let ahead = try ground.sheet.value(.sendAhead)
            guard sendAt > now, sendAt <= now.addingTimeInterval(ahead.interval) else {
                throw Problem.giftSendAtMalformed
            }
        }
        try await check(cover: wish.cover, entry: wish.entry, brand: brand, on: tx)
    }

    func check(cover: String?, entry: String?, brand: ID<Brand>, on tx: Transaction) async throws {
        if cover == nil, entry == nil { return }
        let (covers, entries) = try await tx.pipeline(
            WishStatements.cover(cover, brand: brand), WishStatements.entry(entry, brand: brand))
        // One whose licence is over is known: the gift is then wrapped as all others.
        guard cover == nil || !covers.isEmpty else { throw Problem.giftCoverUnknown }
        guard entry == nil || !entries.isEmpty else { throw Problem.giftEntryUnknown }
    }
}
