import FoundationEssentials
import Kernel
import Postgres

/// What was settled together: everything, a store's, or a day's.
struct SettlementRow: Sendable {
    let shop: ID<Shop>?
    let name: String?
    let day: CalendarDate?
    /// Handovers and reversals; what is due is their sum.
    let values: [SheetMetric: Int64]

    /// The same with what is due.
    var figures: [SheetMetric: Int64] {
        var figures = values
        figures[.storeDue] = (values[.handedOverValue] ?? 0) + (values[.reversedValue] ?? 0)
        return figures
    }
}

extension SheetReport {
    private static let settlementMetrics: [SheetMetric] = [
        .handedOver, .handedOverValue, .reversed, .reversedValue, .storeDue,
    ]

    /// What stores handed over in the days asked for, less what was taken back in them, until the frame's instant.
    static func settlement(_ frame: SheetFrame, on tx: Transaction) async throws -> SheetReport {
        let (brand, scope, asOf) = (frame.query.brand, frame.query.scope, frame.asOf)
        let first = try await tx.run(SettlementSheetStatements.firstDay(brand: brand, asOf: asOf))
        let range = try frame.range(firstDay: first.first ?? nil)
        let (lines, due) = try await tx.pipeline(
            SettlementSheetStatements.lines(range, scope: scope, brand: brand, asOf: asOf),
            SettlementSheetStatements.due(range, scope: scope, brand: brand, asOf: asOf))
        let none = Dictionary(uniqueKeysWithValues: settlementMetrics.map { ($0, Int64(0)) })
        let total = lines.first { $0.shop == nil && $0.day == nil }?.figures ?? none
        let stores = lines.compactMap { line in
            line.shop.map { SheetRow(id: "\($0)", label: line.name ?? "\($0)", values: line.figures) }
        }
        let days = lines.compactMap { line in
            line.day.map { SheetRow(id: "\($0)", label: "\($0)", values: line.figures) }
        }
        func sum(_ rows: [SheetRow]) -> Int64 { rows.reduce(0) { $0 + ($1.values[.storeDue] ?? 0) } }
        return frame.report(
            range: range, metrics: settlementMetrics, total: total,
            groups: [
                SheetGroup(kind: .shop, metrics: settlementMetrics, rows: stores),
                SheetGroup(kind: .day, metrics: settlementMetrics, rows: days),
            ],
            balances: [
                SheetBalance(identity: .dueIsLedger, left: total[.storeDue] ?? 0, right: due.first ?? 0),
                SheetBalance(identity: .dueIsSumOfStores, left: total[.storeDue] ?? 0, right: sum(stores)),
            ])
    }
}
