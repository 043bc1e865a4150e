import FoundationEssentials
import Kernel
import Postgres

/// A tier of a draw as it was read: its rows, and what the books have of its stock.
struct DrawTierRow: Sendable {
    let campaign: ID<Campaign>
    let stock: Int64
    let costFen: Int64
    let won: Int64
    /// What was put by, less what was won; what went back at the end counts as left.
    let leftFen: Int64
}

/// The entries of a draw, or of a day, or all.
struct DrawEntriesRow: Sendable {
    let campaign: ID<Campaign>?
    let day: CalendarDate?
    let entries: Int64
    let entrants: Int64
    let winners: Int64
    let won: Int64
    let costFen: Int64
}

extension SheetReport {
    private static let drawMetrics: [SheetMetric] =
        [
            .entries, .entrants, .winners, .prizesIssued, .prizesWon, .prizesRemaining, .prizeCost, .stockLeft,
        ] + CouponFigures.metrics
    private static let drawDayMetrics: [SheetMetric] = [.entries, .entrants, .winners, .prizesWon, .prizeCost]

    /// All draws that were published by the frame's instant; the days asked for cut only the list by day.
    ///
    /// What is left of a prize is what the books have of its stock, not what entries leave over: the identities compare the two.
    static func draws(_ frame: SheetFrame, on tx: Transaction) async throws -> SheetReport {
        guard frame.query.scope == .brand else {
            throw Problem.invalid("Draws belong to the brand, not to a shop: leave the shop out.")
        }
        let (brand, asOf) = (frame.query.brand, frame.asOf)
        let (campaigns, tiers, entries, first) = try await tx.pipeline(
            DrawSheetStatements.campaigns(brand: brand, asOf: asOf),
            DrawSheetStatements.tiers(brand: brand, asOf: asOf),
            DrawSheetStatements.entries(brand: brand, asOf: asOf),
            DrawSheetStatements.firstDay(brand: brand, asOf: asOf))
        let range = try frame.range(firstDay: first.first ?? nil)
        let days = try await tx.run(DrawSheetStatements.days(range, brand: brand, asOf: asOf))

        let coupons = try await CouponFigures(brand: brand, asOf: asOf, on: tx)
        let byCampaign = Dictionary(grouping: tiers, by: \.campaign)
        let entriesOf = Dictionary(entries.map { ($0.campaign, $0) }) { first, _ in first }
        let rows = campaigns.map { campaign in
            SheetRow(
                id: campaign.code, label: campaign.name,
                values: values(entriesOf[campaign.id], byCampaign[campaign.id] ?? []).merging(
                    coupons.values(of: campaign.id.rawValue)
                ) { $1 })
        }
        var total = values(entriesOf[nil], tiers)
        for metric in CouponFigures.metrics { total[metric] = rows.reduce(0) { $0 + ($1.values[metric] ?? 0) } }
        func figure(_ metric: SheetMetric) -> Int64 { total[metric] ?? 0 }
        func sum(_ metric: SheetMetric) -> Int64 { rows.reduce(0) { $0 + ($1.values[metric] ?? 0) } }
        let issued = tiers.reduce(0) { $0 + $1.stock * $1.costFen }
        return frame.report(
            range: range, metrics: drawMetrics, total: total,
            groups: [
                SheetGroup(kind: .campaign, metrics: drawMetrics, rows: rows),
                SheetGroup(
                    kind: .day, metrics: drawDayMetrics,
                    rows: days.map { day in
                        let name = day.day.map { "\($0)" } ?? ""
                        return SheetRow(id: name, label: name, values: values(of: day))
                    }),
            ],
            balances: [
                SheetBalance(
                    identity: .prizesAddUp, left: figure(.prizesIssued),
                    right: figure(.prizesWon) + figure(.prizesRemaining)),
                SheetBalance(
                    identity: .stockIsLedger, left: issued - figure(.prizeCost), right: figure(.stockLeft)),
                SheetBalance(identity: .entriesAreDraws, left: figure(.entries), right: sum(.entries)),
                CouponFigures.balance(total),
            ])
    }

    private static func values(_ entries: DrawEntriesRow?, _ tiers: [DrawTierRow]) -> [SheetMetric: Int64] {
        var values: [SheetMetric: Int64] = [
            .entries: entries?.entries ?? 0, .entrants: entries?.entrants ?? 0, .winners: entries?.winners ?? 0,
        ]
        values[.prizesIssued] = tiers.reduce(0) { $0 + $1.stock }
        values[.prizesWon] = tiers.reduce(0) { $0 + $1.won }
        // A prize costs something; where the books have no whole number of them, the identities say so.
        values[.prizesRemaining] = tiers.reduce(0) { $0 + ($1.costFen > 0 ? $1.leftFen / $1.costFen : 0) }
        values[.prizeCost] = tiers.reduce(0) { $0 + $1.won * $1.costFen }
        values[.stockLeft] = tiers.reduce(0) { $0 + $1.leftFen }
        return values
    }

    private static func values(of day: DrawEntriesRow) -> [SheetMetric: Int64] {
        [
            .entries: day.entries, .entrants: day.entrants, .winners: day.winners, .prizesWon: day.won,
            .prizeCost: day.costFen,
        ]
    }
}
