package import FoundationEssentials
package import Kernel
package import Postgres

/// A report on prizes, gifts, stores, packs or draws as a pure value: every renderer reads the same one.
package struct SheetReport: Hashable, Sendable {
    /// Which report.
    package let name: ReportQuery.Name
    /// Whose.
    package let brand: ID<Brand>
    /// The brand's name.
    package let brandName: String
    /// The whole brand, or one shop.
    package let scope: ReportScope
    /// The days it covers.
    package let range: DayRun
    /// The instant that figures and ledger are of, in one snapshot.
    package let asOf: Date
    /// The figures it has, in their order.
    package let metrics: [SheetMetric]
    /// Everything together.
    package let total: SheetRow
    /// The same by batch, product, store, region, draw and day.
    package let groups: [SheetGroup]
    /// Every identity with its two sides.
    package let balances: [SheetBalance]

    /// Whether every identity holds.
    package var isBalanced: Bool { balances.allSatisfy(\.holds) }

    /// Whether there is nothing to show.
    package var isEmpty: Bool { groups.allSatisfy(\.rows.isEmpty) }

    /// The rows of one kind.
    package func rows(by kind: SheetGroup.Kind) -> [SheetRow] { groups.first { $0.kind == kind }?.rows ?? [] }
}

/// Figures of one thing: a batch, a product, a day.
package struct SheetRow: Hashable, Sendable {
    /// What it is, for programs: an id or a day.
    package var id: String
    /// What it is, for people.
    package var label: String
    /// The figures; a missing one is not defined here.
    package var values: [SheetMetric: Int64]
}

/// Rows of one kind.
package struct SheetGroup: Hashable, Sendable {
    /// What the rows are.
    package enum Kind: String, Hashable, Sendable {
        /// Codes minted together.
        case batch
        /// What a shop sells.
        case product
        /// A store.
        case shop
        /// Where a dealer sells.
        case region
        /// A draw.
        case campaign
        /// Where gifts are begun.
        case entry
        /// People for whom something was released at once.
        case cohort
        /// Givers of one kind.
        case segment
        /// A kind of goods.
        case category
        /// What people searched for.
        case keyword
        /// A day on which money went back.
        case refundDay = "refund_day"
        /// A day of the business.
        case day
    }

    /// What the rows are.
    package let kind: Kind
    /// The figures that rows of this kind have.
    package let metrics: [SheetMetric]
    /// The rows, in the order in which people read them.
    package let rows: [SheetRow]
}

/// An identity with its two sides as they were found.
package struct SheetBalance: Hashable, Sendable {
    /// What must hold.
    package let identity: SheetIdentity
    /// The figure's side.
    package let left: Int64
    /// The other side.
    package let right: Int64

    /// Whether it holds.
    package var holds: Bool { identity.isBound ? left <= right : left == right }
}

// MARK: - Reading

extension SheetReport {
    /// Reads a report on prizes, gifts, stores, packs or draws: figures, ledger and clock in one snapshot.
    ///
    /// Everything is derived from instants that were written down, so that any earlier instant could be asked for.
    ///
    /// - Parameter instant: What to look back from; nil for now.
    /// - Throws: A ``Kernel/Problem`` 404 if there is no such brand or shop, 422 for too many days; errors of the database untouched.
    package static func load(
        _ query: ReportQuery, asOf instant: Date? = nil, from pool: Pool
    ) async throws -> SheetReport {
        try await pool.transaction(TransactionOptions(isolation: .repeatableRead, isReadOnly: true)) { tx in
            let (clocks, brands, shops) = try await tx.pipeline(
                ReportStatements.readClock, ReportStatements.brand(query.brand), ReportStatements.shops(of: query.brand)
            )
            guard let (now, today) = clocks.first, let (brandName, _) = brands.first else {
                throw Problem.notFound("There is no such brand.")
            }
            if let shop = query.scope.shop, !shops.contains(where: { $0.id == shop }) {
                throw Problem.notFound("The brand has no such shop.")
            }
            let frame = SheetFrame(
                query: query, brandName: brandName, asOf: instant ?? now, today: today)
            switch query.name {
            case .prizes: return try await prizes(frame, on: tx)
            case .settlement: return try await settlement(frame, on: tx)
            case .packs: return try await packs(frame, on: tx)
            case .draws: return try await draws(frame, on: tx)
            case .overview, .gifts: return try await gifts(frame, on: tx)
            case .funnel: return try await funnel(frame, on: tx)
            case .returns: return try await returns(frame, on: tx)
            case .givers: return try await givers(frame, on: tx)
            case .supply: return try await supply(frame, on: tx)
            case .ratings: return try await ratings(frame, on: tx)
            }
        }
    }
}

/// What all of these reports begin with.
struct SheetFrame: Sendable {
    let query: ReportQuery
    let brandName: String
    let asOf: Date
    let today: CalendarDate

    /// The days asked for; where an end is open, from the first day that has anything up to today.
    func range(firstDay: CalendarDate?) throws(Problem) -> DayRun {
        let to = query.to ?? max(today, query.from ?? today)
        let reach = to.adding(days: 1 - ReportQuery.daysMax.value)
        let from = query.from ?? max(reach, min(to, firstDay ?? to))
        return try ReportQuery.checked(from: from, to: to)
    }

    func report(
        range: DayRun, metrics: [SheetMetric], total: [SheetMetric: Int64], groups: [SheetGroup],
        balances: [SheetBalance]
    ) -> SheetReport {
        SheetReport(
            name: query.name, brand: query.brand, brandName: brandName, scope: query.scope, range: range, asOf: asOf,
            metrics: metrics, total: SheetRow(id: "total", label: "total", values: total), groups: groups,
            balances: balances)
    }
}
