import FoundationEssentials
import Kernel
import Postgres
import Reporting
import TestSupport

/// A brand with batches of codes and gifts at random; what it knows of them it keeps for itself, so that reports can be recomputed
/// without asking the database.
struct SheetFixture {
    struct Batch {
        let id = ID<CodeBatch>.mint()
        let shop: ID<Shop>?
        let product: ID<Product>?
        let createdAt: Date
        let count: Int
        var tiers: [(count: Int, cost: Int64)]
        var voids: [(codes: Range<Int>, from: Date, to: Date?)] = []
        var scans: [Int: (at: Date, tier: Int?)] = [:]
        /// By code, what became of the thing that it won.
        var vouchers: [Int: Voucher] = [:]
    }

    /// A thing that was won: handed over and perhaps taken back, and perhaps over.
    struct Voucher {
        let id: ID<Kernel.Voucher>
        var handovers: [(id: ID<Handover>, at: Date, reversedAt: Date?)] = []
        var expiredAt: Date?
    }

    struct Gift {
        let id = ID<Kernel.Gift>.mint()
        let shop: ID<Shop>
        let product: ID<Product>
        let sender: ID<Person>
        let price: Int64
        var state: String
        var sentAt: Date?
        var claimedAt: Date?
        var endedAt: Date?
        var swappedAt: Date?
        var refundedAt: Date?
    }

    let brand = ID<Brand>.mint()
    let shops: [ID<Shop>] = [.mint(), .mint()]
    let products: [ID<Product>] = [.mint(), .mint(), .mint()]
    var batches: [Batch] = []
    var gifts: [Gift] = []
    var random: SplitMix64

    /// Everything happens in the 40 days after this.
    static let start = Date(timeIntervalSince1970: 1_740_000_000)
    static let length: TimeInterval = 40 * 86_400

    init(seed: UInt64, on db: Pool) async throws {
        random = SplitMix64(state: seed)
        try await db.execute(FixtureStatements.addBrand(brand, name: "Random brand"))
        for (index, shop) in shops.enumerated() {
            try await db.execute(
                FixtureStatements.addShop(shop, code: "s\(index)", name: "Shop \(index)", brand: brand))
        }
        for (index, product) in products.enumerated() {
            try await db.execute(
                SheetFixtureStatements.product(product, number: index, shop: shops[index % 2], brand: brand))
        }
        for number in 0..<4 { try await addBatch(number, on: db) }
        let givers = (0..<12).map { _ in ID<Person>.mint() }
        for _ in 0..<120 { try await addGift(givers, on: db) }
    }

    mutating func instant(after earliest: Date = start, within seconds: TimeInterval = length) -> Date {
        earliest.addingTimeInterval(Double(Int.random(in: 0...Int(seconds), using: &random)))
    }

    private mutating func addBatch(_ number: Int, on db: Pool) async throws {
        let shop = number == 0 ? nil : shops[number % 2]
        var batch = Batch(
            shop: shop, product: number == 0 ? nil : products[number % 2], createdAt: instant(within: 10 * 86_400),
            count: 150,
            tiers: [(3, 10_000), (Int.random(in: 10...20, using: &random), 100), (25, 0)])
        var left = batch.tiers.map(\.count)
        for code in (0..<batch.count).shuffled(using: &random).prefix(90) {
            let tier = Int.random(in: 0..<4, using: &random)
            let isWon = tier < 3 && left[tier] > 0
            if isWon { left[tier] -= 1 }
            batch.scans[code] = (instant(after: batch.createdAt, within: 29 * 86_400), isWon ? tier : nil)
        }
        for part in 0..<3 where random.chance(60) {
            let from = instant(within: 35 * 86_400)
            batch.voids.append(
                (
                    part * 50..<part * 50 + Int.random(in: 1...50, using: &random), from,
                    random.chance(30) ? from.addingTimeInterval(86_400) : nil
                ))
        }
        try await db.execute(SheetFixtureStatements.batch(batch, handle: Int32(number) + 1, brand: brand))
        for (index, tier) in batch.tiers.enumerated() {
            try await db.execute(SheetFixtureStatements.tier(index + 1, tier, of: batch.id, brand: brand))
        }
        for void in batch.voids {
            try await db.execute(SheetFixtureStatements.void(void, of: batch.id, brand: brand))
        }
        let account = ID<Account>.mint()
        try await db.execute(SheetFixtureStatements.account(account, of: batch.id, brand: brand))
        for (code, scan) in batch.scans {
            let redemption = ID<Redemption>.mint()
            try await db.execute(
                SheetFixtureStatements.scan(redemption, code: code, scan, of: batch.id, brand: brand))
            if scan.tier != nil {
                let voucher = voucher(ID(rawValue: redemption.rawValue), wonAt: scan.at)
                batch.vouchers[code] = voucher
                for statement in SheetFixtureStatements.voucher(
                    voucher, code: code, scan, of: batch.id, shop: shops[0], brand: brand)
                {
                    try await db.execute(statement)
                }
            }
            if let tier = scan.tier, batch.tiers[tier].cost > 0 {
                try await db.execute(
                    SheetFixtureStatements.transfer(
                        "prize.owed", batch.tiers[tier].cost, debit: account, subject: redemption.rawValue, at: scan.at,
                        brand: brand))
            }
        }
        batches.append(batch)
    }

    /// A third is handed over for good, some are taken back, some of those are handed over again; some of the rest ends.
    private mutating func voucher(_ id: ID<Kernel.Voucher>, wonAt: Date) -> Voucher {
        var voucher = Voucher(id: id)
        var last = wonAt
        for _ in 0..<2 where random.chance(60) {
            let handed = instant(after: last, within: 3 * 86_400)
            let reversed = random.chance(40) ? instant(after: handed, within: 86_400) : nil
            voucher.handovers.append((.mint(), handed, reversed))
            guard let reversed else { return voucher }
            last = reversed.addingTimeInterval(1)
        }
        if random.chance(50) { voucher.expiredAt = instant(after: last, within: 5 * 86_400) }
        return voucher
    }

    private mutating func addGift(_ givers: [ID<Person>], on db: Pool) async throws {
        let product = Int.random(in: 0..<3, using: &random)
        var gift = Gift(
            shop: shops[product % 2], product: products[product],
            sender: givers.randomElement(using: &random) ?? .mint(),
            price: Int64.random(in: 1...99_999, using: &random), state: "draft")
        let fate = Int.random(in: 0..<10, using: &random)
        if fate > 0 {
            let sent = instant(within: 36 * 86_400)
            gift.sentAt = sent
            let claimed = random.chance(70) || fate < 6 ? instant(after: sent, within: 80_000) : nil
            switch fate {
            case 1...5:
                gift.state = "accepted"
                gift.claimedAt = claimed
                gift.endedAt = claimed.map { instant(after: $0, within: 6_000) }
            case 6, 7:
                gift.state = "expired"
                gift.claimedAt = claimed
                gift.endedAt = instant(after: sent.addingTimeInterval(86_401), within: 60)
            case 8:
                gift.state = "declined"
                gift.claimedAt = claimed
                gift.endedAt = instant(after: claimed ?? sent, within: 6_000)
            default:
                gift.state = claimed == nil ? "sent" : "claimed"
                gift.claimedAt = claimed
            }
            if let claimed = gift.claimedAt, random.chance(20) { gift.swappedAt = claimed }
            if gift.state == "expired" || gift.state == "declined", let ended = gift.endedAt, random.chance(80) {
                gift.refundedAt = instant(after: ended, within: 100_000)
            }
        }
        let refund = ID<Refund>.mint()
        try await db.execute(SheetFixtureStatements.gift(gift, refund: refund, brand: brand))
        if let ended = gift.endedAt {
            try await db.execute(SheetFixtureStatements.outcome(gift.state, of: gift.id, at: ended, brand: brand))
        }
        if gift.state == "accepted", let ended = gift.endedAt {
            try await db.execute(
                SheetFixtureStatements.transfer(
                    "gift.accepted", gift.price, debit: .mint(), subject: gift.id.rawValue, at: ended, brand: brand))
        }
        if let refunded = gift.refundedAt {
            try await db.execute(
                SheetFixtureStatements.transfer(
                    "order.refunded", gift.price, debit: .mint(), subject: refund.rawValue, at: refunded,
                    occurredAt: gift.sentAt,
                    brand: brand))
        }
        if let swapped = gift.swappedAt {
            try await db.execute(SheetFixtureStatements.swap(of: gift.id, at: swapped, brand: brand))
        }
        gifts.append(gift)
    }
}

// MARK: - Recomputation

extension SheetFixture {
    /// Code by code.
    func prizes(at instant: Date, shop: ID<Shop>?) -> [SheetMetric: Int64] {
        var figures = Dictionary(
            uniqueKeysWithValues: [
                SheetMetric.codes, .redeemed, .voided, .remaining, .prizesIssued, .prizesWon, .prizesClaimed,
                .prizesExpired, .prizesRemaining, .prizeCost, .couponsIssued, .couponsUsed, .couponsOpen,
                .couponsExpired,
            ].map { ($0, Int64(0)) })
        for batch in batches where batch.createdAt <= instant && (shop == nil || batch.shop == shop) {
            for code in 0..<batch.count {
                figures[.codes, default: 0] += 1
                if let scan = batch.scans[code], scan.at <= instant {
                    figures[.redeemed, default: 0] += 1
                    guard let tier = scan.tier else { continue }
                    figures[.prizesWon, default: 0] += 1
                    figures[.prizeCost, default: 0] += batch.tiers[tier].cost
                    let voucher = batch.vouchers[code]
                    let isClaimed =
                        voucher?.handovers.contains { handover in
                            handover.at <= instant && (handover.reversedAt.map { instant < $0 } ?? true)
                        } ?? false
                    if isClaimed { figures[.prizesClaimed, default: 0] += 1 }
                    if let end = voucher?.expiredAt, end <= instant { figures[.prizesExpired, default: 0] += 1 }
                } else {
                    let isVoid = batch.voids.contains { void in
                        void.codes.contains(code) && void.from <= instant && (void.to.map { instant < $0 } ?? true)
                    }
                    figures[isVoid ? .voided : .remaining, default: 0] += 1
                }
            }
            figures[.prizesIssued, default: 0] += Int64(batch.tiers.reduce(0) { $0 + $1.count })
        }
        figures[.prizesRemaining] = (figures[.prizesIssued] ?? 0) - (figures[.prizesWon] ?? 0)
        return figures
    }

    /// Gift by gift.
    func gifts(at instant: Date, in range: DayRun, shop: ID<Shop>?) -> [SheetMetric: Int64] {
        var figures: [SheetMetric: Int64] = [:]
        var times: [TimeInterval] = []
        var givers: [ID<Person>: Int] = [:]
        for metric in [
            SheetMetric.sent, .claimed, .accepted, .declined, .expired, .open, .swapped, .refunded, .value,
            .acceptedValue, .laterBuyers, .withdrawn,
        ] { figures[metric] = 0 }
        for gift in gifts {
            guard let sent = gift.sentAt, sent <= instant, shop == nil || gift.shop == shop else { continue }
            let day = CalendarDate(
                daysSinceEpoch: Int32(((sent.timeIntervalSince1970 + 28_800) / 86_400).rounded(.down)))
            guard range.from <= day, day <= range.to else { continue }
            func count(_ metric: SheetMetric, _ condition: Bool = true, by step: Int64 = 1) {
                if condition { figures[metric, default: 0] += step }
            }
            let hasEnded = gift.endedAt.map { $0 <= instant } ?? false
            count(.sent)
            count(.value, by: gift.price)
            count(.claimed, gift.claimedAt.map { $0 <= instant } ?? false)
            count(.swapped, gift.swappedAt.map { $0 <= instant } ?? false)
            count(.refunded, gift.refundedAt.map { $0 <= instant } ?? false)
            count(.open, !hasEnded)
            count(.accepted, hasEnded && gift.state == "accepted")
            count(.acceptedValue, hasEnded && gift.state == "accepted", by: gift.price)
            count(.declined, hasEnded && gift.state == "declined")
            count(.expired, hasEnded && gift.state == "expired")
            if hasEnded, gift.state == "accepted", let ended = gift.endedAt {
                times.append(ended.timeIntervalSince(sent))
            }
            givers[gift.sender, default: 0] += 1
        }
        times.sort()
        if !times.isEmpty {
            let middle = times.count / 2
            let median = times.count.isMultiple(of: 2) ? (times[middle - 1] + times[middle]) / 2 : times[middle]
            figures[.acceptMedian] = Int64(median.rounded(.toNearestOrEven))
        }
        figures[.repeatGivers] = Int64(givers.values.count { $0 > 1 })
        return figures
    }
}
