import FoundationEssentials
import Kernel
import Postgres

/// Givers of one segment, or all.
struct GiverRow: Sendable {
    let segment: String?
    let values: [SheetMetric: Int64]

    /// The same with the average.
    var figures: [SheetMetric: Int64] {
        var figures = values
        let (value, orders) = (values[.value] ?? 0, values[.giftOrders] ?? 0)
        if orders > 0 { figures[.averageGiftOrder] = (2 * value + orders) / (2 * orders) }
        return figures
    }
}

extension SheetReport {
    private static let giverMetrics: [SheetMetric] = [
        .givers, .giftOrders, .sent, .value, .averageGiftOrder, .leastGiven,
    ]
    private static let segments = ["top", "high", "mass"]

    /// Who gave how much in the days asked for, by the shares that the policy `gift.segments` names.
    static func givers(_ frame: SheetFrame, on tx: Transaction) async throws -> SheetReport {
        let (brand, scope, asOf) = (frame.query.brand, frame.query.scope, frame.asOf)
        let first = try await tx.run(GiftSheetStatements.firstDay(brand: brand, asOf: asOf))
        let range = try frame.range(firstDay: first.first ?? nil)
        let (rows, people) = try await tx.pipeline(
            GiverSheetStatements.segments(range, scope: scope, brand: brand, asOf: asOf),
            GiverSheetStatements.givers(range, scope: scope, brand: brand, asOf: asOf))
        var total = rows.first { $0.segment == nil }?.figures ?? [:]
        for metric in giverMetrics.prefix(4) { total[metric, default: 0] += 0 }
        let order = Dictionary(segments.enumerated().map { ($1, $0) }) { first, _ in first }
        let parts = rows.compactMap { row in
            row.segment.map { SheetRow(id: $0, label: $0, values: row.figures) }
        }.sorted { (order[$0.id] ?? .max) < (order[$1.id] ?? .max) }
        func sum(_ metric: SheetMetric) -> Int64 { parts.reduce(0) { $0 + ($1.values[metric] ?? 0) } }
        return frame.report(
            range: range, metrics: giverMetrics, total: total,
            groups: [SheetGroup(kind: .segment, metrics: giverMetrics, rows: parts)],
            balances: [
                SheetBalance(identity: .giversAreSegments, left: people.first ?? 0, right: sum(.givers)),
                SheetBalance(identity: .valueIsSumOfSegments, left: total[.value] ?? 0, right: sum(.value)),
            ])
    }
}
