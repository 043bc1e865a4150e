import FoundationEssentials
import Kernel
import Postgres

extension SheetReport {
    private static let ratingMetrics: [SheetMetric] = [.ratings, .averageRating, .ratingVisits]

    /// What people thought of gifts and of what they bought, on the days asked for, and how many came by the links of these ratings.
    static func ratings(_ frame: SheetFrame, on tx: Transaction) async throws -> SheetReport {
        let (brand, scope, asOf) = (frame.query.brand, frame.query.scope, frame.asOf)
        let first = try await tx.run(RatingSheetStatements.firstDay(brand: brand, asOf: asOf))
        let range = try frame.range(firstDay: first.first ?? nil)
        let rows = try await tx.run(RatingSheetStatements.counts(range, scope: scope, brand: brand, asOf: asOf))
        func sheet(_ kind: RatingRow.Kind) -> [SheetRow] {
            rows.filter { $0.kind == kind }.map { row in
                SheetRow(id: row.id ?? "unknown", label: row.label ?? row.id ?? "unknown", values: row.values)
            }
        }
        let total = rows.first { $0.kind == .all }
        func sum(_ kind: RatingRow.Kind) -> Int64 { rows.filter { $0.kind == kind }.reduce(0) { $0 + $1.ratings } }
        func stars(_ kind: RatingRow.Kind) -> Int64 { rows.filter { $0.kind == kind }.reduce(0) { $0 + $1.stars } }
        return frame.report(
            range: range, metrics: ratingMetrics, total: total?.values ?? [.ratings: 0, .ratingVisits: 0],
            groups: [
                SheetGroup(kind: .product, metrics: ratingMetrics, rows: sheet(.product)),
                SheetGroup(kind: .shop, metrics: ratingMetrics, rows: sheet(.shop)),
                SheetGroup(kind: .day, metrics: ratingMetrics, rows: sheet(.day)),
            ],
            balances: [
                SheetBalance(identity: .ratingsAreProducts, left: total?.ratings ?? 0, right: sum(.product)),
                SheetBalance(identity: .ratingsAreShops, left: total?.ratings ?? 0, right: sum(.shop)),
                SheetBalance(identity: .starsAreDays, left: total?.stars ?? 0, right: stars(.day)),
            ])
    }
}
