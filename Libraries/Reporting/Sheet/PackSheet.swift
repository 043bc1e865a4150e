import FoundationEssentials
import Kernel
import Postgres

/// What packs brought together: everything, a batch's, a product's or a day's.
struct PackLine: Sendable {
    /// What the line is of; nil for everything.
    let kind: SheetGroup.Kind?
    let batch: ID<CodeBatch>?
    let product: ID<Product>?
    let name: String?
    let day: CalendarDate?

    /// What tells it from the other lines.
    struct Key: Hashable {
        let kind: SheetGroup.Kind?
        let id: String?
    }

    var key: Key { Key(kind: kind, id: id) }

    /// The line's id; nil where the batch is of no product.
    var id: String? {
        switch kind {
        case .batch: batch.map { "\($0)" }
        case .product: product.map { "\($0)" }
        case .day: day.map { "\($0)" }
        case .shop, .region, .campaign, .entry, .cohort, .segment, .category, .keyword, .refundDay, nil: nil
        }
    }
}

extension SheetReport {
    private static let packMetrics: [SheetMetric] = [.redeemed, .scanners, .newMembers]

    /// Whom packs brought in the days asked for, until the frame's instant.
    ///
    /// A redemption's region is that of the dealer who had the pack's case at that instant, as cases were shipped and rerouted; where phones
    /// say that they are is not asked. A member's is that of the pack that brought them. Brands that ship no cases have no regions.
    static func packs(_ frame: SheetFrame, on tx: Transaction) async throws -> SheetReport {
        let (brand, scope, asOf) = (frame.query.brand, frame.query.scope, frame.asOf)
        let first = try await tx.run(PrizeSheetStatements.firstDay(brand: brand, asOf: asOf))
        let range = try frame.range(firstDay: first.first ?? nil)
        let (scans, members, contacts, firstContacts) = try await tx.pipeline(
            PackSheetStatements.scans(range, scope: scope, brand: brand, asOf: asOf),
            PackSheetStatements.newMembers(range, scope: scope, brand: brand, asOf: asOf),
            PackSheetStatements.contacts(range, scope: scope, brand: brand, asOf: asOf),
            PackSheetStatements.firstContacts(range, scope: scope, brand: brand, asOf: asOf))

        let (regions, regionMembers) = try await tx.pipeline(
            PackSheetStatements.regions(range, scope: scope, brand: brand, asOf: asOf),
            PackSheetStatements.newMembersByRegion(range, scope: scope, brand: brand, asOf: asOf))

        let new = Dictionary(members.map { ($0.line.key, $0.count) }) { first, _ in first }
        func values(_ row: PackSheetStatements.Scans) -> [SheetMetric: Int64] {
            [.redeemed: row.redeemed, .scanners: row.scanners, .newMembers: new[row.line.key] ?? 0]
        }
        func rows(_ kind: SheetGroup.Kind) -> [SheetRow] {
            scans.filter { $0.line.kind == kind }.compactMap { row in
                row.line.id.map { SheetRow(id: $0, label: row.line.name ?? $0, values: values(row)) }
            }
        }
        func sum(_ rows: [SheetRow], _ metric: SheetMetric) -> Int64 {
            rows.reduce(0) { $0 + ($1.values[metric] ?? 0) }
        }
        let regionRows = Self.rows(of: regions, regionMembers)
        let none = Dictionary(uniqueKeysWithValues: packMetrics.map { ($0, Int64(0)) })
        let total = scans.first { $0.line.kind == nil }.map(values) ?? none
        let batches = rows(.batch)
        return frame.report(
            range: range, metrics: packMetrics, total: total,
            groups: [
                SheetGroup(kind: .batch, metrics: packMetrics, rows: batches),
                SheetGroup(kind: .product, metrics: packMetrics, rows: rows(.product)),
                SheetGroup(kind: .region, metrics: packMetrics, rows: regionRows),
                SheetGroup(kind: .day, metrics: packMetrics, rows: rows(.day)),
            ],
            balances: [
                SheetBalance(
                    identity: .newIsSumOfBatches, left: total[.newMembers] ?? 0, right: sum(batches, .newMembers)),
                SheetBalance(
                    identity: .newAreFirstContacts, left: total[.newMembers] ?? 0, right: firstContacts.first ?? 0),
                SheetBalance(
                    identity: .contactsAreRedeemed, left: contacts.first ?? 0, right: total[.redeemed] ?? 0),
            ]
                + (regionRows.isEmpty
                    ? []
                    : [
                        SheetBalance(
                            identity: .redeemedIsSumOfRegions, left: total[.redeemed] ?? 0,
                            right: sum(regionRows, .redeemed)),
                        SheetBalance(
                            identity: .newIsSumOfRegions, left: total[.newMembers] ?? 0,
                            right: sum(regionRows, .newMembers)),
                    ]))
    }

    /// By dealer, and last what is in nobody's region.
    private static func rows(
        of regions: [PackSheetStatements.Region], _ members: [(dealer: String?, count: Int64)]
    ) -> [SheetRow] {
        let new = Dictionary(members.map { ($0.dealer, $0.count) }) { first, _ in first }
        return regions.map { region in
            SheetRow(
                id: region.dealer ?? "none", label: region.name ?? "no dealer known",
                values: [
                    .redeemed: region.redeemed, .scanners: region.scanners, .newMembers: new[region.dealer] ?? 0,
                ])
        }
    }
}
