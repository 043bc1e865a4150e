import FoundationEssentials
import Kernel
import Postgres

/// Ways of giving counted together: all of them, or those of an entry, a cohort, or a day.
struct FunnelRow: Sendable {
    let entry: String?
    let title: String?
    let cohort: String?
    let day: CalendarDate?
    let values: [SheetMetric: Int64]

    static let metrics: [SheetMetric] = [
        .viewed, .picked, .pickedPaid, .pickedSent, .pickedOpened, .pickedAccepted, .pathSteps, .payMedian, .sendMedian,
        .openMedian, .takeMedian,
    ]

    /// The steps, each one of the step before; the rest are medians.
    static let steps: [SheetMetric] = Array(metrics.prefix(6))
}

extension SheetReport {
    /// How far people went who were shown in the days asked for that they may give, until the frame's instant.
    static func funnel(_ frame: SheetFrame, on tx: Transaction) async throws -> SheetReport {
        let (brand, scope, asOf) = (frame.query.brand, frame.query.scope, frame.asOf)
        let first = try await tx.run(FunnelSheetStatements.firstDay(brand: brand, asOf: asOf))
        let range = try frame.range(firstDay: first.first ?? nil)
        let counts = try await tx.run(
            FunnelSheetStatements.counts(range, scope: scope, brand: brand, asOf: asOf))
        var total = counts.first { $0.entry == nil && $0.cohort == nil && $0.day == nil }?.values ?? [:]
        for step in FunnelRow.steps { total[step, default: 0] += 0 }
        let entries = counts.compactMap { row in
            row.entry.map { SheetRow(id: $0, label: row.title ?? $0, values: row.values) }
        }.sorted { ($1.values[.viewed] ?? 0, $0.id) < ($0.values[.viewed] ?? 0, $1.id) }
        let cohorts = counts.compactMap { row in
            row.cohort.map { SheetRow(id: $0, label: Self.share($0), values: row.values) }
        }.sorted { (Int64($0.id) ?? .max) < (Int64($1.id) ?? .max) }
        let days = counts.compactMap { row in
            row.day.map { SheetRow(id: "\($0)", label: "\($0)", values: row.values) }
        }.sorted { $0.id < $1.id }
        func figure(_ metric: SheetMetric) -> Int64 { total[metric] ?? 0 }
        func sum(_ rows: [SheetRow]) -> Int64 { rows.reduce(0) { $0 + ($1.values[.picked] ?? 0) } }
        let order: [(SheetIdentity, SheetMetric, SheetMetric)] = [
            (.picksAreViews, .picked, .viewed), (.paidArePicks, .pickedPaid, .picked),
            (.sentArePaid, .pickedSent, .pickedPaid), (.openedAreSent, .pickedOpened, .pickedSent),
            (.takenAreOpened, .pickedAccepted, .pickedOpened),
        ]
        return frame.report(
            range: range, metrics: FunnelRow.metrics, total: total,
            groups: [
                SheetGroup(kind: .entry, metrics: FunnelRow.metrics, rows: entries),
                SheetGroup(kind: .cohort, metrics: FunnelRow.metrics, rows: cohorts),
                SheetGroup(kind: .day, metrics: FunnelRow.metrics, rows: days),
            ],
            balances: order.map { SheetBalance(identity: $0.0, left: figure($0.1), right: figure($0.2)) } + [
                SheetBalance(identity: .picksAreEntries, left: figure(.picked), right: sum(entries)),
                SheetBalance(identity: .picksAreCohorts, left: figure(.picked), right: sum(cohorts)),
            ])
    }

    /// A share in parts per million, for people.
    private static func share(_ ppm: String) -> String {
        Int64(ppm).map { percent($0 / 100) } ?? ppm
    }
}
