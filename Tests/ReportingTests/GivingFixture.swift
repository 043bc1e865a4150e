import FoundationEssentials
import Kernel
import Postgres
import Reporting
import TestSupport

/// A brand whose people look, give, take and send back at random, alone and in groups; what it knows of them it keeps for itself.
struct GivingFixture {
    struct Look {
        let person: ID<Person>
        let entry: String?
        let cohort: Int
        let at: Date
    }

    struct Gift {
        let id = ID<Kernel.Gift>.mint()
        let shop: ID<Shop>
        let product: ID<Product>
        let sender: ID<Person>
        let recipient = ID<Person>.mint()
        let entry: String?
        let cohort: Int?
        let price: Int64
        var quantity = 1
        var paid: Int64
        let begunAt: Date
        var payment = ID<Payment>.mint()
        var order = ID<Order>.mint()
        let refund = ID<Refund>.mint()
        var state = "draft"
        var paidAt: Date?
        var sentAt: Date?
        var claimedAt: Date?
        var endedAt: Date?
        var withdrawnAt: Date?
        /// When its money was back; nil while it is not.
        var back: Date?

        var value: Int64 { price * Int64(quantity) }
    }

    let brand: ID<Brand>
    let shops: [ID<Shop>] = [.mint(), .mint()]
    let products: [ID<Product>] = [.mint(), .mint()]
    let people: [(id: ID<Person>, cohort: Int)]
    var looks: [Look] = []
    var gifts: [Gift] = []
    var random: SplitMix64

    static let start = Date(timeIntervalSince1970: 1_740_000_000)
    static let length: TimeInterval = 20 * 86_400
    static let entries: [String?] = [nil, "chat", "live"]

    init(seed: UInt64, on db: Pool) async throws {
        brand = .mint()
        var random = SplitMix64(state: seed)
        people = (0..<15).map { _ in (id: ID<Person>.mint(), cohort: Int.random(in: 0...99, using: &random)) }
        self.random = random
        try await db.execute(FixtureStatements.addBrand(brand, name: "Giving brand"))
        for (index, shop) in shops.enumerated() {
            try await db.execute(
                FixtureStatements.addShop(shop, code: "s\(index)", name: "Shop \(index)", brand: brand))
            try await db.execute(
                SheetFixtureStatements.product(products[index], number: index, shop: shop, brand: brand))
        }
        for code in Self.entries.compactMap(\.self) {
            try await db.execute(GivingFixtureStatements.entry(code, title: code.uppercased(), brand: brand))
        }
        try await db.execute(
            GivingFixtureStatements.setting(
                "gift.rollout", "{\"share_ppm\": 300000}", from: Self.start - 1, brand: brand))
        for _ in 0..<60 { try await addLook(on: db) }
        for _ in 0..<60 { try await addGift(on: db) }
        for _ in 0..<4 { try await addGroup(on: db) }
    }

    mutating func instant(after earliest: Date = start, within seconds: TimeInterval = length) -> Date {
        earliest.addingTimeInterval(Double(Int.random(in: 0...Int(seconds), using: &random)))
    }

    private mutating func addLook(on db: Pool) async throws {
        let person = people[Int.random(in: 0..<people.count, using: &random)]
        let look = Look(
            person: person.id, entry: Self.entries[Int.random(in: 0..<3, using: &random)], cohort: person.cohort,
            at: instant())
        try await db.execute(
            GivingFixtureStatements.look(look, shop: shops[0], product: products[0], brand: brand))
        looks.append(look)
    }

    private mutating func begin() -> Gift {
        let person = people[Int.random(in: 0..<people.count, using: &random)]
        let shop = Int.random(in: 0...1, using: &random)
        let price = Int64.random(in: 100...99_999, using: &random)
        // Half of them soon after a look, so that looks lead somewhere.
        let look = random.chance(50) ? looks[Int.random(in: 0..<looks.count, using: &random)] : nil
        return Gift(
            shop: shops[shop], product: products[shop], sender: look?.person ?? person.id,
            entry: look?.entry ?? Self.entries[Int.random(in: 0..<3, using: &random)],
            cohort: random.chance(90) ? look?.cohort ?? person.cohort : nil, price: price, paid: price,
            begunAt: look.map { instant(after: $0.at, within: 100_000) } ?? instant())
    }

    private mutating func addGift(on db: Pool) async throws {
        var gift = begin()
        if random.chance(85) {
            gift.paidAt = instant(after: gift.begunAt, within: 800)
            gift.state = "scheduled"
            if random.chance(92), let paid = gift.paidAt { gift.sentAt = instant(after: paid, within: 5_000) }
        }
        if let sent = gift.sentAt { decide(&gift, sent) }
        if gift.endedAt != nil, gift.state != "accepted" || gift.withdrawnAt != nil,
            let end = gift.withdrawnAt ?? gift.endedAt
        {
            gift.back = instant(after: end, within: 200_000)
        }
        try await insert(gift, subject: "gift:\(gift.id)", group: nil, on: db)
        if let back = gift.back {
            try await refund(
                gift.refund, gift.paid, of: gift, cause: gift.payment.rawValue, "gift:\(gift.id)", back, db)
        }
        gifts.append(gift)
        // Some recipients buy something themselves, some before the gift, some call it off later.
        if random.chance(30) {
            let at = instant()
            let cancelled = random.chance(20) ? instant(after: at, within: 400_000) : nil
            try await db.execute(
                GivingFixtureStatements.order(
                    .mint(), by: gift.recipient, shop: shops[1], at: at, cancelledAt: cancelled, brand: brand))
            bought.append((gift.recipient, at, cancelled))
        }
    }

    /// Who bought what when, and when it was called off.
    var bought: [(person: ID<Person>, at: Date, cancelledAt: Date?)] = []

    private mutating func decide(_ gift: inout Gift, _ sent: Date) {
        gift.state = "sent"
        let claimed = random.chance(75) ? instant(after: sent, within: 80_000) : nil
        gift.claimedAt = claimed
        if claimed != nil { gift.state = "claimed" }
        switch Int.random(in: 0..<10, using: &random) {
        case 0...4:
            guard let claimed else { return }
            gift.state = "accepted"
            gift.endedAt = instant(after: claimed, within: 6_000)
            if random.chance(25), let ended = gift.endedAt { gift.withdrawnAt = instant(after: ended, within: 300_000) }
        case 5, 6:
            gift.state = "declined"
            gift.endedAt = instant(after: claimed ?? sent, within: 6_000)
        case 7, 8:
            gift.state = "expired"
            gift.endedAt = sent.addingTimeInterval(86_401)
        default: break
        }
    }

    private mutating func addGroup(on db: Pool) async throws {
        let group = ID<Kernel.Gift>.mint()
        var first = begin()
        first.paidAt = instant(after: first.begunAt, within: 800)
        first.sentAt = instant(after: first.begunAt.addingTimeInterval(1_000), within: 5_000)
        let units = 10
        first.paid = first.price * Int64(units)
        guard let sent = first.sentAt else { return }
        let ended = sent.addingTimeInterval(86_402)
        let back = instant(after: ended, within: 100_000)
        var wins: [Gift] = []
        for _ in 0..<3 {
            var gift = Gift(
                shop: first.shop, product: first.product, sender: first.sender, entry: first.entry,
                cohort: first.cohort,
                price: first.price, paid: first.paid, begunAt: first.begunAt)
            (gift.payment, gift.order, gift.paidAt, gift.sentAt) = (first.payment, first.order, first.paidAt, sent)
            gift.quantity = Int.random(in: 1...3, using: &random)
            repeat {
                (gift.endedAt, gift.withdrawnAt) = (nil, nil)
                decide(&gift, sent)
            } while gift.endedAt == nil || gift.withdrawnAt != nil
            if gift.state != "accepted" { gift.back = back }
            wins.append(gift)
        }
        let kept = wins.filter { $0.state == "accepted" }.reduce(0) { $0 + $1.quantity }
        let amount = first.price * Int64(units - kept)
        let refund = ID<Refund>.mint()
        try await db.execute(
            GivingFixtureStatements.group(
                group, first, units: units, refund: refund, refundFen: amount, endedAt: ended, brand: brand))
        for (index, gift) in wins.enumerated() {
            try await insert(gift, subject: "gift:group:\(group)", group: group, on: db)
            for statement in GivingFixtureStatements.win(gift, rank: index + 1, of: group, brand: brand) {
                try await db.execute(statement)
            }
        }
        try await self.refund(refund, amount, of: first, cause: group.rawValue, "gift:group:\(group)", back, db)
        gifts += wins
    }

    private func insert(_ gift: Gift, subject: String, group: ID<Kernel.Gift>?, on db: Pool) async throws {
        if let paid = gift.paidAt {
            try await db.execute(GivingFixtureStatements.intent(gift, subject: subject, brand: brand))
            try await db.execute(
                GivingFixtureStatements.order(gift.order, by: gift.sender, shop: gift.shop, at: paid, brand: brand))
        }
        try await db.execute(GivingFixtureStatements.gift(gift, group: group, brand: brand))
        if let ended = gift.endedAt {
            try await db.execute(SheetFixtureStatements.outcome(gift.state, of: gift.id, at: ended, brand: brand))
        }
        if gift.state == "accepted", let ended = gift.endedAt {
            try await db.execute(
                SheetFixtureStatements.transfer(
                    "gift.accepted", gift.value, debit: .mint(), subject: gift.id.rawValue, at: ended, brand: brand))
        }
    }

    private func refund(
        _ id: ID<Refund>, _ amount: Int64, of gift: Gift, cause: UUID, _ subject: String, _ instant: Date, _ db: Pool
    ) async throws {
        try await db.execute(
            GivingFixtureStatements.refund(
                id, amount, of: gift.payment, cause: cause, number: 1, subject: subject, at: instant, brand: brand))
        try await db.execute(
            SheetFixtureStatements.transfer(
                "order.refunded", amount, debit: .mint(), subject: id.rawValue, at: instant, brand: brand))
    }

    static func day(_ instant: Date) -> CalendarDate {
        CalendarDate(daysSinceEpoch: Int32(((instant.timeIntervalSince1970 + 28_800) / 86_400).rounded(.down)))
    }
}

extension GivingFixture {
    /// A brand of which nothing is known yet.
    init(empty brand: ID<Brand>) {
        self.brand = brand
        people = []
        random = SplitMix64(state: 1)
    }

    /// Makes the brand, its shops and its products.
    func open(on db: Pool) async throws {
        try await db.execute(FixtureStatements.addBrand(brand, name: "Giving brand"))
        for (index, shop) in shops.enumerated() {
            try await db.execute(
                FixtureStatements.addShop(shop, code: "s\(index)", name: "Shop \(index)", brand: brand))
        }
    }
}
