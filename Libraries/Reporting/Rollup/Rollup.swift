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
        1_100,
        reason: "three years at once, so that a first import takes one turn, and yet a transaction of bounded length")

    /// How many stretches of days one statement is given.
    package static let runsMax = Limit(
        8,
        reason: "each may cost a scan of the scope; days between close stretches are computed along, which is harmless")

    /// How many members are linked by one statement.
    package static let membersMax = Limit(50_000, reason: "their ids travel as one parameter of under a megabyte")

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
        var daysMax = Self.daysMax.value
        for _ in 0..<turnsMax.value {
            let days = daysMax
            do {
                let outcome = try await transaction { try await roll(brand: brand, daysMax: days, on: $0) }
                if outcome == .heldByAnother { return true }
            } catch let error as PostgresError where error.code == .timedOut && daysMax > 1 {
                // A brand with many orders a day: what the turn took is marked again by the rollback.
                daysMax = max(1, daysMax / 8)
                continue
            }
            if try await pool.one(RollupStatements.countMarks(brand: brand)) == 0 { return true }
        }
        return false
    }

    /// As ``catchUp(brand:pool:transaction:)``, in transactions of its own.
    @discardableResult
    package static func catchUp(brand: ID<Brand>, pool: Pool) async throws -> Bool {
        try await catchUp(brand: brand, pool: pool) { body in try await pool.transaction { try await body($0) } }
    }

    /// One turn: takes the marks of the oldest `daysMax` days and computes those days and their months.
    ///
    /// All of it happens in the caller's transaction.
    package static func roll(
        brand: ID<Brand>, daysMax: Int = daysMax.value, on tx: Transaction
    ) async throws -> RollOutcome {
        let (_, clock, locks) = try await tx.pipeline(
            RollupStatements.planning, RollupStatements.readClock, RollupStatements.lockRollup(brand: brand))
        guard let now = clock.first, let turn = locks.first else { return .heldByAnother }
        let marks = try await tx.run(RollupStatements.takeMarks(daysMax: daysMax, brand: brand))
        if marks.isEmpty { return .nothingMarked }

        for (shop, marked) in Dictionary(grouping: marks, by: \.shop).sorted(by: { $0.key < $1.key }) {
            let runs = DayRun.runs(of: marked.map(\.day), atMost: runsMax.value)
            try await roll(
                Turn(number: turn, runs: runs, scope: .shop(shop), brand: brand),
                vanished: RollupStatements.vanishedShopDays(runs, shop: shop, brand: brand),
                fold: RollupStatements.foldShopDays(runs, turn: turn, shop: shop, brand: brand), on: tx)
        }
        // The brand's days are made from its shops' days, which are right by now.
        let runs = DayRun.runs(of: marks.map(\.day), atMost: runsMax.value)
        try await roll(
            Turn(number: turn, runs: runs, scope: .brand, brand: brand),
            vanished: RollupStatements.vanishedBrandDays(runs, brand: brand),
            fold: RollupStatements.foldBrandDays(runs, turn: turn, brand: brand), on: tx)

        try await tx.execute(RollupStatements.closeRollup(now: now, brand: brand))
        return .rolled(days: Set(marks.map(\.day)).count)
    }

    /// What one turn computes of one scope.
    private struct Turn {
        let number: Int64
        let runs: [DayRun]
        let scope: ReportScope
        let brand: ID<Brand>
    }

    /// Computes the days of one scope, then every period that changed: the marked ones and those the links reach.
    ///
    /// A late order can make a member new on another day than before; that day has no mark, only changed links.
    private static func roll(
        _ turn: Turn, vanished: Statement<MemberDay>, fold: Statement<Void>, on tx: Transaction
    ) async throws {
        let (number, scope, brand) = (turn.number, turn.scope.id, turn.brand)
        let empty = try await tx.run(vanished)
        if !empty.isEmpty {
            try await tx.execute(RollupStatements.emptyDays(empty, turn: number, scope: scope, brand: brand))
        }
        try await tx.execute(fold)

        var linked: Set<CalendarDate> = []
        let members = try await tx.run(
            RollupStatements.changedMembers(turn.runs, turn: number, scope: scope, brand: brand))
        for start in stride(from: 0, to: members.count, by: membersMax.value) {
            let some = Array(members[start..<min(start + membersMax.value, members.count)])
            let links = try await tx.run(RollupStatements.wrongLinks(of: some, scope: scope, brand: brand))
            guard !links.isEmpty else { continue }
            try await tx.execute(RollupStatements.linkDays(links, turn: number, scope: scope, brand: brand))
            linked.formUnion(links.map(\.day))
        }
        if !empty.isEmpty {
            try await tx.execute(RollupStatements.removeEmptyDays(turn.runs, turn: number, scope: scope, brand: brand))
        }

        let days = DayRun.runs(of: turn.runs.flatMap(\.days) + linked, atMost: runsMax.value)
        for (grain, runs) in [(Grain.day, days), (.month, DayRun.months(around: days))] {
            try await tx.execute(RollupStatements.removeEmptyPeriods(runs, grain: grain, scope: scope, brand: brand))
            try await tx.execute(RollupStatements.foldPeriods(runs, grain: grain, scope: scope, brand: brand))
        }
    }
}
