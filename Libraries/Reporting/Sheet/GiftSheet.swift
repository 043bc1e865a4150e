import FoundationEssentials
import Kernel
import Postgres

/// Gifts counted together: all of them, those of a day, or those of a product.
struct GiftCountRow: Sendable {
    let day: CalendarDate?
    let product: ID<Product>?
    let entry: String?
    let title: String?
    let values: [SheetMetric: Int64]
}

extension SheetReport {
    private static let giftMetrics: [SheetMetric] = [
        .sent, .claimed, .accepted, .declined, .expired, .open, .swapped, .refunded, .value, .acceptedValue,
        .acceptMedian, .repeatGivers, .laterBuyers, .withdrawn,
    ]

    /// The gifts that were sent in the days asked for, with what became of them until the frame's instant.
    static func gifts(_ frame: SheetFrame, on tx: Transaction) async throws -> SheetReport {
        let (brand, scope, asOf) = (frame.query.brand, frame.query.scope, frame.asOf)
        let first = try await tx.run(GiftSheetStatements.firstDay(brand: brand, asOf: asOf))
        let range = try frame.range(firstDay: first.first ?? nil)
        let (counts, outcomes, earned) = try await tx.pipeline(
            GiftSheetStatements.counts(range, scope: scope, brand: brand, asOf: asOf),
            GiftSheetStatements.outcomes(range, scope: scope, brand: brand, asOf: asOf),
            GiftSheetStatements.earned(range, scope: scope, brand: brand, asOf: asOf))
        let (givers, buyers) = try await tx.pipeline(
            GiftSheetStatements.repeatGivers(range, scope: scope, brand: brand, asOf: asOf),
            GiftSheetStatements.laterBuyers(range, scope: scope, brand: brand, asOf: asOf))

        var total = counts.first { $0.day == nil && $0.product == nil && $0.entry == nil }?.values ?? [:]
        for metric in giftMetrics where metric != .acceptMedian { total[metric, default: 0] += 0 }
        total[.repeatGivers] = givers.first ?? 0
        total[.laterBuyers] = buyers.first ?? 0
        func figure(_ metric: SheetMetric) -> Int64 { total[metric] ?? 0 }
        let ends = figure(.accepted) + figure(.declined) + figure(.expired)
        let perRow = giftMetrics.filter { $0 != .repeatGivers && $0 != .laterBuyers }
        let days = counts.compactMap { row in
            row.day.map { SheetRow(id: "\($0)", label: "\($0)", values: row.values) }
        }.sorted { $0.id < $1.id }
        let products = counts.compactMap { row in
            row.product.map { SheetRow(id: "\($0)", label: row.title ?? "\($0)", values: row.values) }
        }.sorted { ($1.values[.sent] ?? 0, $0.id) < ($0.values[.sent] ?? 0, $1.id) }
        let entries = counts.compactMap { row in
            row.entry.map { SheetRow(id: $0, label: row.title ?? $0, values: row.values) }
        }.sorted { ($1.values[.sent] ?? 0, $0.id) < ($0.values[.sent] ?? 0, $1.id) }
        return frame.report(
            range: range, metrics: giftMetrics, total: total,
            groups: [
                SheetGroup(kind: .product, metrics: perRow, rows: products),
                SheetGroup(kind: .entry, metrics: perRow, rows: entries),
                SheetGroup(kind: .day, metrics: perRow, rows: days),
            ],
            balances: [
                SheetBalance(identity: .giftsAddUp, left: figure(.sent), right: ends + figure(.open)),
                SheetBalance(
                    identity: .sentIsSumOfEntries, left: figure(.sent),
                    right: entries.reduce(0) { $0 + ($1.values[.sent] ?? 0) }),
                SheetBalance(identity: .endsAreOutcomes, left: ends, right: outcomes.first ?? 0),
                SheetBalance(identity: .acceptedIsLedger, left: figure(.acceptedValue), right: earned.first ?? 0),
                SheetBalance(
                    identity: .refundsAreEnds, left: figure(.refunded), right: figure(.declined) + figure(.expired)),
            ])
    }
}
