package import FoundationEssentials
package import Kernel
package import Postgres

/// Keeps the figures of a brand in step with its orders.
///
/// Whoever changes orders names the days that changed; those days are then computed again from the orders themselves. Nothing is
/// counted up, so a change that arrives twice, late or in another order leaves the same figures (Decisions/0002).
package enum Rollup {
    /// How many marked days one transaction computes.
    package static let daysMax = Limit(
        400,
        reason: "over a year at once, so that a first import takes few turns, and yet a transaction of bounded length")

    /// How many transactions one job may take before it lets others have its place.
    package static let turnsMax = Limit(
        100, reason: "a brand that changes all the time must not keep a worker for ever")
}

/// What one turn of rolling up did.
package enum RollOutcome: Hashable, Sendable {
    /// Marked days were computed; how many.
    case rolled(days: Int)
    /// There was nothing to do.
    case nothingMarked
    /// Somebody else is at it, and will look for marks once more after committing.
    case heldByAnother
}

extension Rollup {
    /// Marks days of a shop as changed.
    ///
    /// Must be committed before ``catchUp(brand:pool:transaction:)`` is called.
    ///
    /// - Parameter mark: Names the change; the same mark on the same day counts once.
    package static func mark(
        _ days: [CalendarDate], shop: ID<Shop>, mark: UUID, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        try await tx.execute(RollupStatements.openRollup(brand: brand))
        try await tx.execute(RollupStatements.markDays(days, shop: shop, mark: mark, brand: brand))
    }

    /// Marks every day on which the brand has orders or figures, so that the next turns compute everything again.
    package static func markEverything(mark: UUID, brand: ID<Brand>, on tx: Transaction) async throws {
        try await tx.execute(RollupStatements.openRollup(brand: brand))
        try await tx.execute(RollupStatements.markEveryDay(mark: mark, brand: brand))
    }

    /// Computes the marked days of a brand, turn by turn, until no mark is left or somebody else is at it.
    ///
    /// Nobody's mark is lost: who finds the brand held has committed its mark before it tried, and the holder looks again after
    /// its commit has let go. If the holder dies in between, its own job is run again and looks then.
    ///
    /// - Parameters:
    ///   - pool: Looks for marks between turns.
    ///   - transaction: Runs one turn in a transaction; a job passes its fenced one.
    /// - Returns: `true` if no mark is left to this caller; `false` if it used up its turns and should come back.
    package static func catchUp(
        brand: ID<Brand>, pool: Pool,
        transaction: (@escaping @Sendable (Transaction) async throws -> RollOutcome) async throws -> RollOutcome
    ) async throws -> Bool {
        for _ in 0..<turnsMax.value {
            if try await transaction({ try await roll(brand: brand, on: $0) }) == .heldByAnother { return true }
            if try await pool.one(RollupStatements.countMarks(brand: brand)) == 0 { return true }
        }
        return false
    }

    /// As ``catchUp(brand:pool:transaction:)``, in transactions of its own.
    @discardableResult
    package static func catchUp(brand: ID<Brand>, pool: Pool) async throws -> Bool {
        try await catchUp(brand: brand, pool: pool) { body in try await pool.transaction { try await body($0) } }
    }

    /// One turn: takes the oldest marks and computes their days and months, all in the caller's transaction.
    package static func roll(brand: ID<Brand>, on tx: Transaction) async throws -> RollOutcome {
        let now = try await tx.one(RollupStatements.readClock)
        guard try await tx.first(RollupStatements.lockRollup(brand: brand)) != nil else { return .heldByAnother }
        let marks = try await tx.run(RollupStatements.takeMarks(daysMax: daysMax.value, brand: brand))
        if marks.isEmpty { return .nothingMarked }

        for (shop, marked) in Dictionary(grouping: marks, by: \.shop).sorted(by: { $0.key < $1.key }) {
            let runs = DayRun.runs(of: marked.map(\.day))
            try await tx.execute(RollupStatements.emptyShopDays(runs, shop: shop, brand: brand))
            try await tx.execute(RollupStatements.foldShopDays(runs, shop: shop, brand: brand))
            try await finish(runs, scope: .shop(shop), brand: brand, on: tx)
        }
        // The brand's days are made from its shops' days, which are right by now.
        let runs = DayRun.runs(of: marks.map(\.day))
        try await tx.execute(RollupStatements.emptyBrandDays(runs, brand: brand))
        try await tx.execute(RollupStatements.foldBrandDays(runs, brand: brand))
        try await finish(runs, scope: .brand, brand: brand, on: tx)

        try await tx.execute(RollupStatements.closeRollup(now: now, brand: brand))
        return .rolled(days: runs.reduce(0) { $0 + $1.count })
    }

    /// Links the members' days and folds every day and month that changed, the marked ones and those the links reach: a
    /// late order can make a member new on another day than before.
    private static func finish(_ runs: [DayRun], scope: ReportScope, brand: ID<Brand>, on tx: Transaction) async throws
    {
        let linked = try await tx.run(RollupStatements.linkDays(runs, scope: scope.id, brand: brand))
        try await tx.execute(RollupStatements.removeEmptyDays(runs, scope: scope.id, brand: brand))
        let days = DayRun.runs(of: runs.flatMap(\.days) + linked)
        for (grain, periods) in [(Grain.day, days), (.month, DayRun.months(around: days))] {
            try await tx.execute(
                RollupStatements.removeEmptyPeriods(periods, grain: grain, scope: scope.id, brand: brand))
            try await tx.execute(RollupStatements.foldPeriods(periods, grain: grain, scope: scope.id, brand: brand))
        }
    }
}
