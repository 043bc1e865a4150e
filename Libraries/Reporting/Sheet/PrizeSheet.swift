import FoundationEssentials
import Kernel
import Postgres

/// A batch as it was read.
struct PrizeBatchRow: Sendable {
    let id: ID<CodeBatch>
    let label: String
    let product: (id: ID<Product>, title: String)?
    let codes: Int64
    let redeemed: Int64
    let voided: Int64
}

/// A tier of a batch as it was read.
struct PrizeTierRow: Sendable {
    let batch: ID<CodeBatch>
    let count: Int64
    let costFen: Int64
    let won: Int64
}

/// What became of the things that a batch's codes won, as it was read.
struct PrizeFateRow: Sendable {
    let batch: ID<CodeBatch>
    let claimed: Int64
    let expired: Int64
}

extension SheetReport {
    private static let prizeMetrics: [SheetMetric] =
        [
            .codes, .redeemed, .voided, .remaining, .prizesIssued, .prizesWon, .prizesClaimed, .prizesExpired,
            .prizesRemaining, .prizeCost,
        ] + CouponFigures.metrics

    /// The prizes of all batches as of the frame's instant; the days asked for cut only the list by day.
    static func prizes(_ frame: SheetFrame, on tx: Transaction) async throws -> SheetReport {
        let (brand, scope, asOf) = (frame.query.brand, frame.query.scope, frame.asOf)
        let fates = try await tx.run(PrizeSheetStatements.fates(scope: scope, brand: brand, asOf: asOf))
        let coupons = try await CouponFigures(brand: brand, asOf: asOf, on: tx)
        let (batches, tiers, owed, first) = try await tx.pipeline(
            PrizeSheetStatements.batches(scope: scope, brand: brand, asOf: asOf),
            PrizeSheetStatements.tiers(scope: scope, brand: brand, asOf: asOf),
            PrizeSheetStatements.owed(scope: scope, brand: brand, asOf: asOf),
            PrizeSheetStatements.firstDay(brand: brand, asOf: asOf))
        let range = try frame.range(firstDay: first.first ?? nil)
        let days = try await tx.run(PrizeSheetStatements.days(range, scope: scope, brand: brand, asOf: asOf))

        let byBatch = Dictionary(grouping: tiers, by: \.batch)
        let fateOf = Dictionary(fates.map { ($0.batch, $0) }) { first, _ in first }
        let rows = batches.map { batch in
            SheetRow(
                id: "\(batch.id)", label: batch.label,
                values: values(of: batch, byBatch[batch.id] ?? [], fateOf[batch.id]).merging(
                    coupons.values(of: batch.id.rawValue)
                ) { $1 })
        }
        var products: [(row: SheetRow, title: String)] = []
        for (batch, row) in zip(batches, rows) {
            guard let product = batch.product else { continue }
            if let index = products.firstIndex(where: { $0.row.id == "\(product.id)" }) {
                products[index].row.values.merge(row.values) { $0 + $1 }
            } else {
                products.append(
                    (SheetRow(id: "\(product.id)", label: product.title, values: row.values), product.title))
            }
        }
        let total = rows.reduce(into: Dictionary(uniqueKeysWithValues: prizeMetrics.map { ($0, Int64(0)) })) {
            sum, row in
            sum.merge(row.values) { $0 + $1 }
        }
        func figure(_ metric: SheetMetric) -> Int64 { total[metric] ?? 0 }
        return frame.report(
            range: range, metrics: prizeMetrics, total: total,
            groups: [
                SheetGroup(kind: .batch, metrics: prizeMetrics, rows: rows),
                SheetGroup(kind: .product, metrics: prizeMetrics, rows: products.map(\.row)),
                SheetGroup(
                    kind: .day, metrics: [.redeemed, .prizesWon],
                    rows: days.map { day in
                        SheetRow(
                            id: "\(day.day)", label: "\(day.day)",
                            values: [.redeemed: day.redeemed, .prizesWon: day.won])
                    }),
            ],
            balances: [
                SheetBalance(
                    identity: .codesAddUp, left: figure(.codes),
                    right: figure(.redeemed) + figure(.voided) + figure(.remaining)),
                SheetBalance(
                    identity: .prizesAddUp, left: figure(.prizesIssued),
                    right: figure(.prizesWon) + figure(.prizesRemaining)),
                SheetBalance(
                    identity: .claimsAreWins, left: figure(.prizesClaimed) + figure(.prizesExpired),
                    right: figure(.prizesWon)),
                SheetBalance(identity: .costIsLedger, left: figure(.prizeCost), right: owed.first ?? 0),
                CouponFigures.balance(total),
            ])
    }

    /// What is left is counted tier by tier and never less than nothing: a tier that was won too often breaks the identity.
    private static func values(
        of batch: PrizeBatchRow, _ tiers: [PrizeTierRow], _ fate: PrizeFateRow?
    ) -> [SheetMetric: Int64] {
        [
            .codes: batch.codes, .redeemed: batch.redeemed, .voided: batch.voided,
            .remaining: max(0, batch.codes - batch.redeemed - batch.voided),
            .prizesIssued: tiers.reduce(0) { $0 + $1.count }, .prizesWon: tiers.reduce(0) { $0 + $1.won },
            .prizesClaimed: fate?.claimed ?? 0, .prizesExpired: fate?.expired ?? 0,
            .prizesRemaining: tiers.reduce(0) { $0 + max(0, $1.count - $1.won) },
            .prizeCost: tiers.reduce(0) { $0 + $1.won * $1.costFen },
        ]
    }
}
