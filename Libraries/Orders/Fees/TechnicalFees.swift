package import Accounting
package import Foundation
package import Kernel
package import Policies
package import Postgres

extension TransferKind {
    /// What the platform takes for sales: from the shop's cost of fees to what it owes.
    package static let feeCharged: TransferKind = "fee.charged"
    /// What it gives back when sales are refunded, or counted for an earlier rate.
    package static let feeReturned: TransferKind = "fee.returned"
}

extension AccountKey {
    /// What a shop spent on technical fees.
    package static func feeCost(of shop: ID<Shop>) -> AccountKey { AccountKey("fee_cost", of: shop.rawValue) }
    /// Technical fees that a shop owes to the platform.
    package static func feeOwed(of shop: ID<Shop>) -> AccountKey { AccountKey("fee_owed", of: shop.rawValue) }
}

/// Which sales count for the technical fee: the tiers are for what shops sell themselves.
package struct TechnicalFeeBase: Codable, Hashable, Sendable {
    /// Whether nothing else counts.
    let selfOperatedOnly: Bool
    /// The shops whose trade others run.
    let runByOthers: [ID<Shop>]

    private enum CodingKeys: String, CodingKey {
        case selfOperatedOnly = "self_operated_only"
        case runByOthers = "run_by_others"
    }

    /// Whether what this shop sells counts.
    func counts(_ shop: ID<Shop>) -> Bool { !selfOperatedOnly || !runByOthers.contains(shop) }
}

extension PolicyKey where Value == TechnicalFeeBase {
    /// Which sales count for the technical fee.
    package static var technicalFeeBase: Self { Self("orders.technical_fee_base") }
}

extension PolicyKey where Value == TieredRate {
    /// The platform's technical fee: how much of what is sold, by what was sold before.
    package static var technicalFee: Self { Self("orders.technical_fee") }
}

/// Charges the platform's technical fee for what a brand's shops sold.
///
/// It follows the books: money that came in for an order is a sale, money that went back or was reversed takes one back, and both count
/// for the instant at which the order was placed. The fees charged in all follow from the volumes alone (`FeeMeter`), so they are the same
/// in whatever order orders and refunds arrive; each charge posts the difference.
package enum TechnicalFees {
    /// Charges for the next transfers that nobody has looked at; one transaction, the place it came to included.
    ///
    /// - Parameter now: From `siyu.clock()`; what is charged counts for this instant.
    /// - Returns: Whether there may be more.
    /// - Throws: `PoliciesError.unreadable(name:)` where the rates make no sense; the transaction must then be rolled back.
    package static func charge(brand: ID<Brand>, now: Date, on tx: Transaction) async throws -> Bool {
        try await tx.execute(FeeStatements.addCursor(brand: brand, now: now))
        // One at a time for each brand: whoever comes second begins where the first one ended.
        guard let place = try await tx.first(FeeStatements.lockCursor(brand: brand)) else { return false }
        let news = try await Ledger.news(after: place, brand: brand, on: tx)
        guard let last = news.last else { return false }
        let bases = try await timeline(of: .technicalFeeBase, brand: brand, on: tx)
        // A refund stands at the instant of its sale, so both count or neither does.
        let counted = news.compactMap(Sale.init).filter { sale in
            bases.last { $0.from <= sale.placedAt }?.value.counts(sale.shop) ?? true
        }
        let sales = Dictionary(grouping: counted, by: \.shop)
        if !sales.isEmpty { try await charge(sales, brand: brand, now: now, on: tx) }
        try await tx.execute(FeeStatements.moveCursor(to: last.place, brand: brand, now: now))
        return news.count == Ledger.newsMax.value
    }

    /// A change in what a shop sold.
    private struct Sale {
        let shop: ID<Shop>
        /// Less than nothing for money that went back.
        let fen: Int64
        let placedAt: Date
        let transfer: ID<Transfer>

        init?(_ news: LedgerNews) {
            let clearing: AccountKind = "clearing"
            switch news.kind {
            case .orderPaid where news.debit.kind == clearing:
                shop = ID(rawValue: news.debit.subject)
                fen = news.amount.fen
            case .orderReversed where news.credit.kind == clearing, .orderRefunded where news.credit.kind == clearing:
                shop = ID(rawValue: news.credit.subject)
                fen = -news.amount.fen
            default: return nil
            }
            placedAt = news.occurredAt
            transfer = news.place.id
        }
    }

    private static func charge(
        _ sales: [ID<Shop>: [Sale]], brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        let shops = sales.keys.sorted()
        let rates = try await timeline(of: .technicalFee, brand: brand, on: tx)
        let kept = Dictionary(
            grouping: try await tx.run(FeeStatements.meters(of: shops, brand: brand)), by: \.shop)
        var postings: [Posting] = []
        var changed: [FeeStatements.Volume] = []
        for shop in shops {
            let volumes = Dictionary((kept[shop] ?? []).map { ($0.from, $0.volume) }) { first, _ in first }
            var meter = FeeMeter(
                rates.map { .init(from: $0.from, rate: $0.value, volume: volumes[$0.from] ?? .zero) })
            let before = try meter.total()
            for sale in sales[shop] ?? [] { _ = try meter.count(Money(fen: sale.fen), at: sale.placedAt) }
            let due = try meter.total() - before
            changed += meter.spans.filter { $0.volume != volumes[$0.from] ?? .zero }.map {
                FeeStatements.Volume(shop: shop, from: $0.from, volume: $0.volume)
            }
            guard due != .zero, let subject = sales[shop]?.last?.transfer else { continue }
            let cost = try await Ledger.account(.feeCost(of: shop), brand: brand, now: now, on: tx)
            let owed = try await Ledger.account(.feeOwed(of: shop), brand: brand, now: now, on: tx)
            let isCharged = due > .zero
            postings.append(
                Posting(
                    debit: isCharged ? cost : owed, credit: isCharged ? owed : cost,
                    amount: isCharged ? due : Money(fen: -due.fen), kind: isCharged ? .feeCharged : .feeReturned,
                    subject: subject.rawValue, occurredAt: now))
        }
        try await tx.execute(FeeStatements.setMeters(changed, brand: brand, now: now))
        try await Ledger.post(postings, brand: brand, now: now, on: tx)
    }

    /// From when on which value holds for a brand: the standard's, until the brand says its own.
    private static func timeline<Value>(
        of key: PolicyKey<Value>, brand: ID<Brand>, on tx: Transaction
    ) async throws -> [(from: Date, value: Value)] {
        let history = try await Policies.history(key.name, brand: brand, on: tx)
        let ownFrom = history.filter(\.isOwn).map(\.validFrom).min() ?? .distantFuture
        return try history.filter { $0.isOwn || $0.validFrom < ownFrom }.map { record in
            do {
                return (record.validFrom, try JSONDecoder().decode(Value.self, from: Data(record.value.utf8)))
            } catch {
                throw PoliciesError.unreadable(name: key.name)
            }
        }.sorted { $0.0 < $1.0 }
    }
}
