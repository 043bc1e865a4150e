import Kernel
import Postgres
import Reporting
import TestSupport
import Testing

@Suite struct RollupTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func r01_board_equalsIndependentRecomputation(seed: UInt64) async throws {
        try await withTestDatabase { db in
            let reports = db.pool(as: .reports)
            var fixture = try await Fixture(seed: seed, on: db.owner)
            for _ in 0..<6 { try await fixture.roll(fixture.change(), as: reports) }

            for scope in [ReportScope.brand] + fixture.shops.map(ReportScope.shop) {
                for (from, to) in [(0, 89), (10, 10), (17, 71), (88, 100), (200, 210)] {
                    let range = DayRun(
                        from: Fixture.firstDay.adding(days: from), to: Fixture.firstDay.adding(days: to))
                    let report = try await Report.load(
                        ReportQuery(brand: fixture.brand, scope: scope, from: range.from, to: range.to), from: reports)

                    #expect(report.isBalanced)
                    for section in [report.total] + report.months + report.days {
                        let expected = try await db.owner.one(
                            FixtureStatements.recomputed(section.range, shop: scope.shop, brand: fixture.brand))
                        #expect(section.figures == expected, "\(section.range)")
                    }
                    for section in report.shops {
                        let expected = try await db.owner.one(
                            FixtureStatements.recomputed(range, shop: section.shop?.id, brand: fixture.brand))
                        #expect(section.figures == expected, "\(String(describing: section.shop))")
                    }
                }
            }
        }
    }

    @Test(arguments: [11, 12, 13] as [UInt64])
    func rollup_changesReplayedInAnyOrder_equalsRecomputationFromNothing(seed: UInt64) async throws {
        try await withTestDatabase { db in
            let reports = db.pool(as: .reports)
            var fixture = try await Fixture(seed: seed, on: db.owner)
            var changes: [FixtureChange] = []
            for _ in 0..<8 {
                changes += try await fixture.change(count: 12)
                // Some changes are heard of at once, others late, some never before the end.
                if changes.count > 4 { try await fixture.roll(Array(changes.shuffled().prefix(3)), as: reports) }
            }
            try await fixture.roll((changes + changes.prefix(5)).shuffled(), as: reports)
            let incremental = try await reports.run(FixtureStatements.rollupDump(brand: fixture.brand))

            try await fixture.rollEverything(as: reports)
            let fromNothing = try await reports.run(FixtureStatements.rollupDump(brand: fixture.brand))

            #expect(!fromNothing.isEmpty)
            #expect(incremental == fromNothing)
        }
    }

    @Test func rollup_turnsOfOneDay_giveTheSameFigures() async throws {
        try await withTestDatabase { db in
            let reports = db.pool(as: .reports)
            var fixture = try await Fixture(seed: 21, on: db.owner)
            for _ in 0..<3 { _ = try await fixture.change(days: 40) }
            let brand = fixture.brand
            try await reports.transaction {
                try await Rollup.markEverything(mark: brand.rawValue, brand: brand, on: $0)
            }

            func turn() async throws -> RollOutcome {
                try await reports.transaction { try await Rollup.roll(brand: brand, daysMax: 1, on: $0) }
            }
            var turns = 0
            while try await turn() != .nothingMarked { turns += 1 }
            let dayByDay = try await reports.run(FixtureStatements.rollupDump(brand: brand))
            try await fixture.rollEverything(as: reports)

            #expect(turns > 10)
            #expect(dayByDay == (try await reports.run(FixtureStatements.rollupDump(brand: brand))))
        }
    }

    @Test func rollup_lateFirstOrder_movesNewMemberToItsDay() async throws {
        try await withTestDatabase { db in
            let reports = db.pool(as: .reports)
            var fixture = try await Fixture(seed: 1, shops: 1, on: db.owner)
            try await fixture.roll([try await fixture.put(person: 0, day: 40, fen: 100)], as: reports)
            #expect(try await newMembers(of: fixture, day: 40, from: reports) == 1)

            try await fixture.roll([try await fixture.put(person: 0, day: 3, fen: 100)], as: reports)

            #expect(try await newMembers(of: fixture, day: 3, from: reports) == 1)
            #expect(try await newMembers(of: fixture, day: 40, from: reports) == 0)
        }
    }

    @Test func report_paymentThatNoOrderExplains_isNoticedAtOnce() async throws {
        try await withTestDatabase { db in
            let reports = db.pool(as: .reports)
            var fixture = try await Fixture(seed: 1, shops: 1, on: db.owner)
            try await fixture.roll([try await fixture.put(person: 0, day: 4, fen: 100)], as: reports)

            try await fixture.postStrayPayment(day: 4, fen: 7)

            let report = try await Report.load(ReportQuery(brand: fixture.brand), from: reports)
            #expect(!report.isBalanced)
            #expect(report.total.balances(of: .gmv).first?.difference == -7)
            #expect(report.total.isBalanced(.payers))
        }
    }

    @Test func reports_role_mayWriteNothingButItsRollups() async throws {
        try await withTestDatabase { db in
            let reports = db.pool(as: .reports)
            let fixture = try await Fixture(seed: 1, shops: 1, on: db.owner)

            for statement in FixtureStatements.writesOfOtherRooms(brand: fixture.brand) {
                let error = await #expect(throws: PostgresError.self) { try await reports.execute(statement) }
                #expect(error?.sqlState == .insufficientPrivilege)
            }
        }
    }

    @Test func rollup_handlersRacing_endWithTheFiguresOfOne() async throws {
        try await withTestDatabase { db in
            let pools = (0..<4).map { _ in db.pool(as: .reports, connectionsMax: 4) }
            var fixture = try await Fixture(seed: 5, people: 8, on: db.owner)
            var changes: [FixtureChange] = []
            for _ in 0..<10 { changes += try await fixture.change(days: 6, count: 8) }

            let (racing, all) = (fixture, changes)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, pool) in pools.enumerated() {
                    group.addTask {
                        for change in index.isMultiple(of: 2) ? all : all.reversed() {
                            try await racing.roll([change], as: pool)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let raced = try await pools[0].run(FixtureStatements.rollupDump(brand: fixture.brand))

            try await fixture.rollEverything(as: pools[0])
            #expect(raced == (try await pools[0].run(FixtureStatements.rollupDump(brand: fixture.brand))))
        }
    }

    @Test func rollup_heldByAnother_leavesItsMarkToTheHolder() async throws {
        try await withTestDatabase { db in
            let reports = db.pool(as: .reports)
            var fixture = try await Fixture(seed: 1, shops: 1, on: db.owner)
            let change = try await fixture.put(person: 0, day: 1, fen: 100)
            let (brand, mark) = (fixture.brand, ID<Import>.mint().rawValue)
            try await reports.transaction { holder in
                try await Rollup.mark([Fixture.firstDay], shop: change.shop, mark: mark, brand: brand, on: holder)
            }

            let outcomes = try await reports.transaction { holder in
                let first = try await Rollup.roll(brand: brand, on: holder)
                let second = try await reports.transaction { other in
                    try await Rollup.mark(change.days, shop: change.shop, mark: mark, brand: brand, on: other)
                    return try await Rollup.roll(brand: brand, on: other)
                }
                return [first, second]
            }
            #expect(outcomes == [.rolled(days: 1), .heldByAnother])

            try await Rollup.catchUp(brand: brand, pool: reports)
            #expect(try await newMembers(of: fixture, day: 1, from: reports) == 1)
        }
    }

    @Test func rollup_noSuchBrand_leavesNothing() async throws {
        try await withTestDatabase { db in
            let reports = db.pool(as: .reports)
            let brand = ID<Brand>.mint()
            try await reports.transaction { tx in
                try await Rollup.mark([Fixture.firstDay], shop: .mint(), mark: brand.rawValue, brand: brand, on: tx)
            }

            #expect(try await Rollup.catchUp(brand: brand, pool: reports))
            #expect(try await reports.run(FixtureStatements.rollupDump(brand: brand)).isEmpty)
        }
    }

    private func newMembers(of fixture: Fixture, day: Int, from pool: Pool) async throws -> Int64 {
        let day = Fixture.firstDay.adding(days: day)
        let report = try await Report.load(ReportQuery(brand: fixture.brand, from: day, to: day), from: pool)
        #expect(report.isBalanced)
        return report.total.figures.newMembers
    }
}
