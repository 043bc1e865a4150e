import Crypto
import FoundationEssentials
package import Kernel
package import Keys
import Orders
import Policies
package import Postgres
import Vault

extension KeyRing.Purpose {
    /// The seeds of group gifts.
    fileprivate static let groupSeed = KeyRing.Purpose("gift-group-seed")
}

extension PolicyKey where Value == GroupLimits {
    /// How large a group gift may be, and how long it waits.
    static var group: Self { Self("gift.group") }
}

/// What somebody wants to give to several people, as it is asked for.
package struct NewGroup: Hashable, Sendable {
    /// Where it is bought.
    package let shop: ID<Shop>
    /// What it is.
    package let variant: ID<Variant>
    /// What it is about.
    package let terms: GroupTerms
    /// What the giver has to say.
    package let greeting: String?
    /// What the gifts are wrapped in, by its code.
    package let cover: String?
    /// Where it is begun, by its code.
    package let entry: String?

    /// A wish in its parts.
    package init(
        shop: ID<Shop>, variant: ID<Variant>, terms: GroupTerms, greeting: String? = nil, cover: String? = nil,
        entry: String? = nil
    ) {
        self.shop = shop
        self.variant = variant
        self.terms = terms
        self.greeting = greeting
        self.cover = cover
        self.entry = entry
    }
}

/// A group gift as the person who asks may see it.
package enum GroupView: Hashable, Sendable {
    /// For its giver.
    case sender(GroupSenderView)
    /// For everybody else of the brand's people.
    case guest(GroupGuestView)
}

/// A group gift that its giver may pay for now.
package struct PayableGroup: Hashable, Sendable {
    /// The group gift.
    package let group: ID<GiftGroup>
    /// The payment that the provider is to be asked about.
    package let payment: ID<Payment>
}

/// The use cases of group gifts: lock, decide, carry out, in the caller's transaction.
package struct GiftGroups: Sendable {
    let gifts: Gifts
    private let keys: KeyRing

    /// Group gifts whose wins become gifts of `gifts`, and whose seeds are wrapped by `keys`.
    package init(gifts: Gifts, keys: KeyRing) {
        self.gifts = gifts
        self.keys = keys
    }

    // MARK: The giver

    /// Begins a group gift: what is given to how many, at which price, and what is committed to.
    ///
    /// Nothing is kept in stock yet. Whoever looks at greetings has looked at this one (``GreetingScreens``).
    package func create(_ wish: NewGroup, by shopper: Shopper, on tx: Transaction) async throws -> GroupSenderView {
        if let greeting = wish.greeting { try Gifts.check(greeting: greeting) }
        let brand = shopper.brand
        let now = try await tx.one(GiftStatements.clock())
        let ground = try await gifts.ground(for: [wish.variant], in: wish.shop, at: now, brand: brand, on: tx)
        try ground.requireReleased(to: shopper)
        try ground.requireGiftable(wish.variant)
        guard let good = ground.goods[wish.variant] else { throw Problem.giftVariantUnknown }
        let limits = try await Policies.value(.group, brand: brand, at: now, on: tx)
        try wish.terms.check(limits, now: now)
        try await gifts.check(cover: wish.cover, entry: wish.entry, brand: brand, on: tx)

        let sender = try await gifts.vault.persons(
            [shopper.openID], kind: Gifts.openID, brand: brand, now: now, on: tx)[0]
        let id = ID<GiftGroup>.mint()
        let seed = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        let group = GroupRecord(
            id: id, shop: wish.shop, product: good.product, variant: good.variant, sender: sender,
            greeting: wish.greeting, cover: wish.cover, entryCode: wish.entry, terms: wish.terms,
            commitment: wish.terms.commitment(seed: seed, group: id),
            wrappedSeed: try keys.wrapRaw(seed, for: .groupSeed), price: good.listPrice,
            payUntil: try ground.sheet.value(.paymentWindow).asSeconds.after(now), createdAt: now)
        _ = try await tx.one(GroupStatements.begin(group, cohort: shopper.cohort, brand: brand))
        try await scheduleDue(group, after: group.payUntil, brand: brand, now: now, on: tx)
        return try senderView(of: group, brand: brand, title: good.title, standing: nil)
    }

    /// Keeps all pieces in stock and writes down the money that is asked for, in one commit; the provider is asked afterwards.
    package func reserve(_ id: ID<GiftGroup>, by shopper: Shopper, on tx: Transaction) async throws -> PayableGroup {
        let (group, now) = try await turn(on: id, ofSender: shopper, tx)
        let variants = try await Catalogue.variants(of: group.product, brand: shopper.brand, on: tx)
        guard let variant = variants.first(where: { $0.id == group.variant }) else { throw Problem.giftVariantUnknown }
        let ground = try await gifts.ground(
            for: [variant.id], in: group.shop, at: now, brand: shopper.brand, on: tx)
        if group.state == .quoted {
            try ground.requireGiftable(variant.id)
            let prices = variants.map { (variant: $0.id, price: $0.listPrice) }
            try await tx.execute(GroupStatements.capture(prices, for: id, brand: shopper.brand, now: now))
        }
        let window = try ground.sheet.value(.paymentWindow).asSeconds
        let paying = try await carryOut(
            .pay(listPrice: variant.listPrice, as: .mint(), window: window), group, brand: shopper.brand, now: now, tx)
        guard let payment = paying.payment else { throw GiftingError.stateMoved }
        return PayableGroup(group: id, payment: payment)
    }

    /// Calls off what nobody has paid for.
    package func cancel(_ id: ID<GiftGroup>, by shopper: Shopper, on tx: Transaction) async throws -> GroupSenderView {
        let (group, now) = try await turn(on: id, ofSender: shopper, tx)
        let next = try await carryOut(.cancel, group, brand: shopper.brand, now: now, tx)
        return try await senderView(of: next, brand: shopper.brand, on: tx)
    }

    // MARK: Those who want to be given it

    /// Enters somebody among those who may win; whoever has entered before keeps their place.
    package func enter(_ id: ID<GiftGroup>, by shopper: Shopper, on tx: Transaction) async throws -> GroupGuestView {
        let brand = shopper.brand
        let (clock, found) = try await tx.pipeline(GiftStatements.clock(), GroupStatements.group(id, brand: brand))
        guard let began = clock.first, let group = found.first, shopper.shop == nil || shopper.shop == group.shop else {
            throw Problem.groupUnknown
        }
        // Before the lock, which is to be held for as short as can be; a refusal takes an admission back.
        let person = try await gifts.vault.persons(
            [shopper.openID], kind: Gifts.openID, brand: brand, now: began, on: tx)[0]
        guard let (locked, now) = try await lock(id, brand: brand, on: tx) else { throw Problem.groupUnknown }
        // After the lock: what others did before is seen.
        if try await tx.first(GroupStatements.entry(of: person, in: id, brand: brand)) != nil {
            return try await guestView(of: locked, to: person, brand: brand, on: tx)
        }
        let next = try await carryOut(.enter(person), locked, brand: brand, now: now, tx)
        try await tx.execute(
            GroupStatements.enter(
                .mint(), of: person, in: id, ordinal: locked.entries, brand: brand, now: now))
        return try await guestView(of: next, to: person, brand: brand, on: tx)
    }

    /// Shows a group gift: to its giver with the money, to everybody else without.
    ///
    /// - Throws: ``Problem/groupUnknown`` for everybody but its giver before it is paid for.
    package func show(_ id: ID<GiftGroup>, to shopper: Shopper, on tx: Transaction) async throws -> GroupView {
        let brand = shopper.brand
        guard let group = try await tx.first(GroupStatements.group(id, brand: brand)),
            shopper.shop == nil || shopper.shop == group.shop
        else { throw Problem.groupUnknown }
        let person = try await gifts.person(of: shopper, on: tx)
        if person == group.sender { return .sender(try await senderView(of: group, brand: brand, on: tx)) }
        guard group.openedAt != nil else { throw Problem.groupUnknown }
        return .guest(try await guestView(of: group, to: person, brand: brand, on: tx))
    }

    /// What is published of a group gift once it is paid for, for anybody who has its link.
    package static func proof(
        of id: ID<GiftGroup>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> GroupProof {
        let (found, entries, wins) = try await executor.pipeline(
            GroupStatements.published(id, brand: brand), GroupStatements.entryIDs(of: id, brand: brand),
            GroupStatements.wins(of: id, brand: brand))
        guard let published = found.first else { throw Problem.groupUnknown }
        let isDrawn = published.seed != nil
        return GroupProof(
            group: id, terms: published.terms, commitment: published.commitment,
            entries: Array(entries.prefix(published.entries)), seed: published.seed, wins: isDrawn ? wins : nil)
    }

    // MARK: Views

    func senderView(of group: GroupRecord, brand: ID<Brand>, on tx: Transaction) async throws -> GroupSenderView {
        let variant = try await Catalogue.variant(group.variant, brand: brand, on: tx)
        let standing =
            group.drawnAt == nil ? nil : try await tx.one(GroupStatements.standing(of: group.id, brand: brand))
        return try senderView(of: group, brand: brand, title: variant?.title ?? "", standing: standing)
    }

    private func senderView(
        of group: GroupRecord, brand: ID<Brand>, title: String, standing: GroupStanding?
    ) throws -> GroupSenderView {
        let page = group.openedAt.map { _ in GiftLink(brand: brand, group: group.id).path(keys: keys) }
        return GroupSenderView(
            group, amount: try group.price * group.terms.units, variantTitle: title, standing: standing, page: page)
    }

    func guestView(
        of group: GroupRecord, to person: ID<Person>?, brand: ID<Brand>, on tx: Transaction
    ) async throws -> GroupGuestView {
        let variant = try await Catalogue.variant(group.variant, brand: brand, on: tx)
        var own: OwnEntry?
        if let person { own = try await tx.first(GroupStatements.entry(of: person, in: group.id, brand: brand)) }
        let giftPage = own?.gift.map { GiftLink(brand: brand, gift: $0).path(keys: keys) }
        return GroupGuestView(.init(group), variantTitle: variant?.title ?? "", own: own, giftPage: giftPage)
    }

    // MARK: Whose turn it is

    private func turn(
        on id: ID<GiftGroup>, ofSender shopper: Shopper, _ tx: Transaction
    ) async throws -> (group: GroupRecord, now: Date) {
        let person = try await gifts.person(of: shopper, on: tx)
        guard let (group, now) = try await lock(id, brand: shopper.brand, on: tx),
            shopper.shop == nil || shopper.shop == group.shop, person == group.sender || group.openedAt != nil
        else { throw Problem.groupUnknown }
        guard person == group.sender else { throw Problem.groupNotTheSender }
        return (group, now)
    }

    /// Locks a group gift, and reads the clock only then; its instants never go back.
    func lock(
        _ id: ID<GiftGroup>, brand: ID<Brand>, on tx: Transaction
    ) async throws -> (group: GroupRecord, now: Date)? {
        guard let group = try await tx.first(GroupStatements.lock(id, brand: brand)) else { return nil }
        return (group, max(try await tx.one(GiftStatements.clock()), group.updatedAt))
    }

    /// The seed of a group gift, which nobody sees before the draw.
    func seed(of group: GroupRecord) throws(KeysError) -> [UInt8] {
        try keys.unwrapRaw(group.wrappedSeed, for: .groupSeed)
    }
}
