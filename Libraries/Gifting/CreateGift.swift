import FoundationEssentials
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

    /// A wish in its parts.
    package init(shop: ID<Shop>, variant: ID<Variant>, recipients: [String], greeting: String?) {
        self.shop = shop
        self.variant = variant
        self.recipients = recipients
        self.greeting = greeting
    }
}

extension Gifts {
    /// The longest greeting in characters as people count them.
    static let greetingMax = 100
    /// What a greeting may weigh: a character may be any number of combining marks.
    static let greetingBytes = Limit(4_000, reason: "100 of the longest emoji there are, and the column's own limit.")

    /// Begins a gift: who gives what to whom.
    ///
    /// Nothing is kept in stock yet.
    package func create(_ wish: NewGift, by shopper: Shopper, on tx: Transaction) async throws -> SenderView {
        guard wish.recipients.count == 1, let recipient = wish.recipients.first else {
            throw Problem.giftNeedsOneRecipient
        }
        guard recipient != shopper.openID else { throw Problem.giftToOneself }
        if let greeting = wish.greeting {
            guard (1...Self.greetingMax).contains(greeting.count), greeting.utf8.count <= Self.greetingBytes.value
            else {
                throw Problem.giftGreetingTooLong
            }
        }
        let brand = shopper.brand
        let now = try await tx.one(GiftStatements.clock())
        let ground = try await ground(for: [wish.variant], in: wish.shop, at: now, brand: brand, on: tx)
        try ground.requireReleased(to: shopper)
        try ground.requireGiftable(wish.variant)
        guard let good = ground.goods[wish.variant] else { throw Problem.giftVariantUnknown }

        let window = try ground.sheet.value(.paymentWindow)
        let people = try await vault.persons(
            [shopper.openID, recipient], kind: Self.openID, brand: brand, now: now, on: tx)
        let gift = GiftRecord(
            id: .mint(), shop: wish.shop, product: good.product, variant: good.variant, sender: people[0],
            recipient: people[1], greeting: wish.greeting, state: .draft, payUntil: window.asSeconds.after(now),
            createdAt: now, updatedAt: now)
        _ = try await tx.one(GiftStatements.begin(gift, brand: brand))
        try await schedule(GiftLapse(brand: brand, gift: gift.id), after: gift.payUntil, brand: brand, now: now, on: tx)
        return SenderView(gift, variantTitle: good.title)
    }
}
