import Kernel
package import Postgres

extension Report {
    /// Reads a report: figures, ledger and clock in one snapshot, so that nothing moves between the two sides of an
    /// identity.
    ///
    /// - Throws: A ``Kernel/Problem`` 404 if there is no such brand or shop, 422 if the days turn out to be too many; errors of the
    ///   database untouched.
    /// - Complexity: three round trips; days and months are read as stored, the whole range is one scan of its members' days, and
    ///   the ledger is summed live.
    package static func load(_ query: ReportQuery, from pool: Pool) async throws -> Report {
        try await pool.transaction(TransactionOptions(isolation: .repeatableRead, isReadOnly: true)) { tx in
            try await load(query, on: tx)
        }
    }

    /// As ``load(_:from:)``, in the caller's transaction.
    package static func load(_ query: ReportQuery, on tx: Transaction) async throws -> Report {
        let (brand, scope) = (query.brand, query.scope)
        let (clocks, brands, allShops, spans) = try await tx.pipeline(
            ReportStatements.readClock, ReportStatements.brand(brand), ReportStatements.shops(of: brand),
            ReportStatements.span(scope: scope, brand: brand))
        guard let (asOf, today) = clocks.first, let (brandName, rolledAt) = brands.first, let span = spans.first else {
            throw Problem.notFound("There is no such brand.")
        }
        if let shop = scope.shop, !allShops.contains(where: { $0.id == shop }) {
            throw Problem.notFound("The brand has no such shop.")
        }
        let range = try query.range(within: span, today: today)

        // Months that lie wholly in the range are stored; its ragged ends and the whole are counted.
        let ragged = range.months.filter { !$0.isWholeMonth }
        let stretches = try await tx.pipeline(
            ([range] + ragged).map { ReportStatements.stretch($0, scope: scope, brand: brand) })
        let (days, months, ledger, hashes, pending) = try await tx.pipeline(
            ReportStatements.periods(range, grain: .day, scope: scope, brand: brand),
            ReportStatements.periods(range, grain: .month, scope: scope, brand: brand),
            ReportStatements.ledger(range, scope: scope, brand: brand),
            ReportStatements.inputHash(range, scope: scope, brand: brand),
            ReportStatements.pendingDays(range, brand: brand))
        let shops = scope == .brand ? try await tx.run(ReportStatements.shopStretches(range, brand: brand)) : []

        var byMonth = Dictionary(uniqueKeysWithValues: months.map { ($0.startsOn, $0.figures) })
        for (month, stretch) in zip(ragged, stretches.dropFirst()) { byMonth[month.from] = stretch.first }
        return try Report(
            query, range: range,
            rows: ReportRows(
                asOf: asOf, brandName: brandName, allShops: allShops,
                span: span.first.flatMap { first in span.last.map { DayRun(from: first, to: $0) } }, rolledAt: rolledAt,
                pendingDays: pending.first ?? 0, inputHash: "sha256:\(hashes.first ?? "")",
                total: stretches.first?.first ?? .none, months: byMonth,
                days: Dictionary(uniqueKeysWithValues: days.map { ($0.startsOn, $0.figures) }),
                shops: Dictionary(uniqueKeysWithValues: shops.map { ($0.shop, $0.figures) }), ledger: ledger))
    }
}

extension ReportQuery {
    /// The days to report: those asked for; where an end is open, up to the first or last day with an order, as far as
    /// a report may reach; today if there is nothing at all.
    func range(
        within span: (first: CalendarDate?, last: CalendarDate?), today: CalendarDate
    ) throws(Problem) -> DayRun {
        switch (from, to) {
        case (let from?, let to?):
            return try Self.checked(from: from, to: to)
        case (let from?, nil):
            return try Self.checked(from: from, to: max(from, span.last ?? today))
        case (nil, let to?):
            let first = min(to, span.first ?? to)
            return DayRun(from: max(first, to.adding(days: 1 - Self.daysMax.value)), to: to)
        case (nil, nil):
            let to = span.last ?? today
            return DayRun(from: max(span.first ?? to, to.adding(days: 1 - Self.daysMax.value)), to: to)
        }
    }
}
