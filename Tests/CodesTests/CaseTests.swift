import Codes
import Foundation
import JobTesting
import Jobs
import Kernel
import Postgres
import TestSupport
import Testing

/// Which codes lie in which case, who got it, and who sells where they should not.
struct CaseTests {
    // MARK: Files

    @Test(arguments: [
        ("case,batch,from,to\nC1,K7QX,0,24\nC2,K7QX,24,48\n", []),
        ("\u{FEFF}case,batch,from,to\r\nC1,K7QX,0,24\r\nC1b,K7QY,0,24\r\n", []),
        ("", [1]), ("cases\nC1,K7QX,0,24\n", [1]), ("case,batch,from,to\n", [2]),
        (
            "case,batch,from,to\nC1,K7QX,0\n,K7QX,0,24\nC2,K7,0,24\nC3,K7QX,24,24\nC4,K7QX,-1,3\nC 5,K7QX,1,2\n",
            [2, 3, 4, 5, 6, 7]
        ),
        // There twice; codes of an earlier line, also across a wide one.
        ("case,batch,from,to\nC1,K7QX,0,24\nC1,K7QX,0,24\n", [3]),
        ("case,batch,from,to\nC1,K7QX,0,24\nC2,K7QX,23,30\nC3,K7QX,30,31\n", [3]),
        ("case,batch,from,to\nC1,K7QX,5,6\nC2,K7QX,0,24\nC3,K7QX,20,30\n", [3, 4]),
    ])
    func c18_wrongLines_areToldByNumber(text: String, lines: [Int64]) {
        #expect(CaseFile.read(text).refusals.map(\.line) == lines)
    }

    private func read(_ text: String) throws -> [CaseLine] {
        let (cases, refusals) = CaseFile.read("case,batch,from,to\n" + text)
        try #require(refusals.isEmpty)
        return cases
    }

    private func refusedLines(_ outcome: CasesOutcome) -> [Int64] {
        if case .refused(let refusals) = outcome { refusals.map(\.line) } else { [] }
    }

    @Test func c18_casesThatMeetOthers_areRefusedWhole_andTheSameFileChangesNothing() async throws {
        try await Factory.open { factory in
            let batch = try await factory.mint().record.handle
            let other = try await factory.mint("2").record.handle
            func load(_ text: String) async throws -> CasesOutcome {
                try await PackCases.load(try read(text), brand: factory.brand, on: factory.operator)
            }
            let file = (0..<100).map { "C\($0),\(batch),\($0 * 24),\($0 * 24 + 24)\n" }.joined()
            #expect(try await load(file) == .loaded(new: 100, unchanged: 0))
            #expect(try await load(file + "D0,\(other),0,24\n") == .loaded(new: 1, unchanged: 100))
            // The name is taken, the codes are, both ends of a case, and beyond the batch.
            for (line, why) in [
                ("C0,\(batch),2400,2424", "another range"), ("C1,\(other),24,48", "another batch"),
                ("X,\(batch),23,24", "the first's last code"), ("X,\(batch),2399,2500", "the last's last code"),
                ("X,\(batch),2000,3000", "several"), ("X,\(batch),9990,10001", "beyond"), ("X,ZZZZ,0,1", "no batch"),
            ] {
                #expect(refusedLines(try await load("N,\(batch),5000,5001\n\(line)\n")) == [3], "\(why)")
            }
            #expect(try await load("X,\(batch),2400,2424\n") == .loaded(new: 1, unchanged: 0))
            #expect(try await factory.count("codes.pack_case") == 102)
            // Another brand does not have the batch.
            let stranger = try await PackCases.load(
                try read("X,\(batch),5000,5001\n"), brand: .mint(), on: factory.operator)
            #expect(refusedLines(stranger) == [2])
        }
    }

    /// Whoever comes second sees the first one's cases: no two cases ever hold one code.
    @Test func c18_casesOfManyFilesAtOnce_neverOverlap() async throws {
        try await Factory.open { factory in
            let batch = try await factory.mint().record.handle
            let pool = factory.db.pool(as: .operator, connectionsMax: 8)
            let loaded = try await withThrowingTaskGroup(of: Bool.self) { group in
                for task in 0..<16 {
                    let cases = try read("C\(task),\(batch),\(task * 5),\(task * 5 + 12)\n")
                    group.addTask {
                        if case .loaded = try await PackCases.load(cases, brand: factory.brand, on: pool) {
                            true
                        } else {
                            false
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }

            let overlaps: Statement<Int> = Statement(
                """
                SELECT count(*) FROM codes.pack_case a
                JOIN codes.pack_case b ON a.batch_id = b.batch_id AND a.from_index < b.from_index AND b.from_index < a.to_index
                """
            ) { row throws(PostgresError) in try row.next() }
            #expect(try await factory.db.owner.one(overlaps) == 0)
            #expect(loaded > 0 && loaded <= 6)
            #expect(try await factory.count("codes.pack_case") == loaded)
        }
    }

    // MARK: Shipping

    @Test func c18_shippedCases_goToOneDealer_allOrNone() async throws {
        try await Factory.open { factory in
            let batch = try await factory.mint().record.handle
            _ = try await PackCases.load(
                try read("A,\(batch),0,10\nB,\(batch),10,20\nC,\(batch),20,30\n"), brand: factory.brand,
                on: factory.operator)
            for code in ["north", "south"] {
                _ = try await Dealers.set(
                    code: code, name: code, lat: 31, lon: 121, radiusKm: 100, brand: factory.brand,
                    on: factory.operator)
            }
            func ship(_ cases: [String], _ dealer: String, _ at: Date? = nil) async throws -> ShippingOutcome {
                try await PackCases.ship(
                    cases, to: dealer, at: at, author: "test", brand: factory.brand, on: factory.operator)
            }
            func code(_ outcome: ShippingOutcome) -> String? {
                if case .refused(let problem) = outcome { problem.code } else { nil }
            }

            #expect(try await ship(["A", "B", "A"], "north") == .shipped(new: 2, unchanged: 0))
            #expect(try await ship(["A", "B"], "north") == .shipped(new: 0, unchanged: 2))
            #expect(try await code(ship(["B", "C"], "south")) == "case_shipped")
            #expect(try await code(ship(["C", "Z"], "south")) == ProblemCode.notFound)
            #expect(try await code(ship(["C"], "south", Date() + 3_600)) == "shipped_in_the_future")
            let problem = await #expect(throws: Problem.self) { try await ship(["C"], "west") }
            #expect(problem?.status == 404)
            let shipped: Statement<Int> = Statement("SELECT count(*) FROM codes.pack_case WHERE dealer_id IS NOT NULL")
            {
                row throws(PostgresError) in try row.next()
            }
            #expect(try await factory.db.owner.one(shipped) == 2)
        }
    }

    @Test func dealers_areSetAndChanged_andNonsenseIsRefused() async throws {
        try await Factory.open { factory in
            func set(
                _ code: String = "east", _ name: String = "East", lat: Double = 31.2, lon: Double = 121.5,
                radius: Int32 = 100, brand: ID<Brand>? = nil
            ) async throws -> DealerRecord {
                try await Dealers.set(
                    code: code, name: name, lat: lat, lon: lon, radiusKm: radius, brand: brand ?? factory.brand,
                    on: factory.operator)
            }
            let first = try await set()
            let second = try await set("east", "Far East", radius: 300)

            #expect(second.id == first.id && second.name == "Far East" && second.radiusKm == 300)
            #expect(try await Dealers.list(brand: factory.brand, on: factory.operator) == [second])
            await #expect(throws: Problem.self) { try await set("East") }
            await #expect(throws: Problem.self) { try await set("-a") }
            await #expect(throws: Problem.self) { try await set("a", "") }
            await #expect(throws: Problem.self) { try await set("a", lat: 91) }
            await #expect(throws: Problem.self) { try await set("a", lon: .nan) }
            await #expect(throws: Problem.self) { try await set("a", radius: 0) }
            await #expect(throws: Problem.self) { try await set("a", radius: 20_001) }
            #expect(await #expect(throws: Problem.self) { try await set("a", brand: .mint()) }?.status == 404)
            #expect(try await factory.count("codes.dealer") == 1)
        }
    }

    @Test func c18_reroutedCase_belongsToTheOtherDealerFromThenOn_andItsWayIsKept() async throws {
        try await Factory.open { factory in
            ScanSignals(keys: factory.keys, queue: factory.queue).register()
            let tester = JobTester(factory.queue, queues: [ScanLook.jobQueue], clock: factory.db.owner)
            let batch = try await factory.activeBatch()
            _ = try await PackCases.load(
                try read("A,\(batch.record.handle),0,10\nB,\(batch.record.handle),10,20\n"), brand: factory.brand,
                on: factory.operator)
            for (code, place) in [("huadong", shanghai), ("huanan", guangzhou)] {
                _ = try await Dealers.set(
                    code: code, name: code, lat: place.lat ?? 0, lon: place.lon ?? 0, radiusKm: 150,
                    brand: factory.brand, on: factory.operator)
            }
            func reroute(_ cases: [String], _ dealer: String, _ at: Date? = nil) async throws -> ShippingOutcome {
                try await PackCases.reroute(
                    cases, to: dealer, at: at, author: "Li", reason: "huadong closed", brand: factory.brand,
                    on: factory.operator)
            }
            func code(_ outcome: ShippingOutcome) -> String? {
                if case .refused(let problem) = outcome { problem.code } else { nil }
            }
            func show(_ index: Int64, by openid: String) async throws {
                let scan = Scan(
                    delivery: factory.delivery(batch.cipher.code(at: index).description, openid: openid),
                    code: GenuineCode(batch: batch, index: index), openid: openid, place: guangzhou)
                #expect(try await factory.answers([scan])[0].body != nil)
            }
            #expect(try await code(reroute(["A"], "huanan")) == "case_not_shipped")
            _ = try await PackCases.ship(
                ["A"], to: "huadong", at: nil, author: "test", brand: factory.brand, on: factory.operator)
            #expect(try await code(reroute(["A", "B"], "huanan")) == "case_not_shipped")
            #expect(try await code(reroute(["A"], "huanan", Date() - 3_600)) == "case_route_overlaps")
            #expect(try await code(reroute(["A"], "huanan", Date() + 3_600)) == "shipped_in_the_future")
            // Shown in the other's region before it went there, and after.
            try await show(1, by: "early")
            try await tester.advance(by: .seconds(60))
            // Of several who say so at once each finds it there.
            try await withThrowingTaskGroup(of: ShippingOutcome.self) { group in
                for _ in 0..<4 { group.addTask { try await reroute(["A"], "huanan") } }
                let outcomes = try await group.reduce(into: []) { $0.append($1) }
                #expect(outcomes.filter { $0 == .shipped(new: 1, unchanged: 0) }.count == 1)
                #expect(outcomes.filter { $0 == .shipped(new: 0, unchanged: 1) }.count == 3)
            }
            try await tester.advance(by: .seconds(60))
            try await show(2, by: "late")
            try await factory.queue.push(ScanLook(brand: factory.brand))
            try await tester.advance(by: .seconds(6))
            try await tester.drain()

            let strays = try await Strays.packs(of: "huadong", brand: factory.brand, on: factory.operator)
            #expect(strays.map(\.index) == [1])
            #expect(try await Strays.byDealer(brand: factory.brand, on: factory.operator).count == 1)
            let routes = try await PackCases.routes(of: "A", brand: factory.brand, on: factory.operator)
            #expect(routes.map(\.dealer) == ["huadong", "huanan"] && routes.map(\.author) == ["test", "Li"])
            #expect(routes.last?.reason == "huadong closed" && routes[0].shippedAt < routes[1].shippedAt)
            #expect(try await PackCases.routes(of: "B", brand: factory.brand, on: factory.operator).isEmpty)
        }
    }

    // MARK: Regions

    private let shanghai = ScanBody.Location(lat: 31.2304, lon: 121.4737, city: nil)
    private let suzhou = ScanBody.Location(lat: 31.2989, lon: 120.5853, city: nil)
    private let guangzhou = ScanBody.Location(lat: 23.1291, lon: 113.2644, city: nil)

    @Test func c18_scanOutsideTheDealersRegion_isListed() async throws {
        try await Factory.open { factory in
            ScanSignals(keys: factory.keys, queue: factory.queue).register()
            let tester = JobTester(factory.queue, queues: [ScanLook.jobQueue], clock: factory.db.owner)
            let batch = try await factory.activeBatch()
            let handle = batch.record.handle
            _ = try await PackCases.load(
                try read("A,\(handle),0,10\nB,\(handle),10,20\nC,\(handle),30,40\n"), brand: factory.brand,
                on: factory.operator)
            _ = try await Dealers.set(
                code: "huadong", name: "華東", lat: 31.2304, lon: 121.4737, radiusKm: 150, brand: factory.brand,
                on: factory.operator)
            _ = try await Dealers.set(
                code: "huanan", name: "華南", lat: 23.1291, lon: 113.2644, radiusKm: 150, brand: factory.brand,
                on: factory.operator)
            func ship(_ code: String, _ dealer: String) async throws {
                _ = try await PackCases.ship(
                    [code], to: dealer, at: nil, author: "test", brand: factory.brand, on: factory.operator)
            }
            try await ship("A", "huadong")
            try await ship("B", "huanan")
            func show(_ index: Int64, _ place: ScanBody.Location?, by openid: String) async throws {
                let code = batch.cipher.code(at: index).description
                let scan = Scan(
                    delivery: factory.delivery(code, openid: openid), code: GenuineCode(batch: batch, index: index),
                    openid: openid, place: place)
                // Nobody is held up.
                #expect(try await factory.answers([scan])[0].body != nil)
            }
            // Inside of the region, outside of it twice, at the case's ends, and one whose sender tells a city alone.
            try await show(0, suzhou, by: "a")
            try await show(1, guangzhou, by: "b")
            try await show(1, guangzhou, by: "c")
            try await show(9, guangzhou, by: "d")
            try await show(2, .init(city: "廣州"), by: "e")
            try await show(10, guangzhou, by: "f")
            // In no case; in a case that nobody got until later.
            try await show(25, guangzhou, by: "g")
            try await show(30, guangzhou, by: "h")
            try await tester.advance(by: .seconds(60))
            try await ship("C", "huadong")
            try await factory.queue.push(ScanLook(brand: factory.brand))
            try await tester.advance(by: .seconds(6))
            try await tester.drain()

            let strays = try await Strays.byDealer(brand: factory.brand, on: factory.operator)
            let east = try #require(strays.first)
            #expect(strays.count == 1 && east.dealer == "huadong" && east.name == "華東" && east.radiusKm == 150)
            #expect(east.scans == 3 && east.packs == 2 && abs(Int(east.worstKm) - 1_213) < 5)
            let packs = try await Strays.packs(of: "huadong", brand: factory.brand, on: factory.operator)
            #expect(packs.map(\.index).sorted() == [1, 1, 9] && packs.allSatisfy { $0.caseCode == "A" })
            #expect(packs.allSatisfy { $0.batch == handle && $0.km == east.worstKm })
            let listed = try await ScanSignals.list(
                .init(rule: .region), brand: factory.brand, limit: 10, on: factory.operator)
            #expect(listed.count == 3 && listed.allSatisfy { $0.km == east.worstKm && $0.score == 95 })
            #expect(
                try await Strays.byDealer(since: .distantFuture, brand: factory.brand, on: factory.operator).isEmpty)
            #expect(try await Strays.byDealer(brand: .mint(), on: factory.operator).isEmpty)
        }
    }

    @Test func region_endsAtItsRadius() throws {
        let middle = try #require(ScanPlace(lat: 31, lon: 121, city: nil)?.point)
        let dealer = DealerRecord(
            id: .mint(), code: "d", name: "D", point: middle, radiusKm: 100, createdAt: Date())
        // A degree of latitude is 111.19 km.
        let inside = try #require(ScanPlace(lat: 31.899, lon: 121, city: nil)?.point)
        let beyond = try #require(ScanPlace(lat: 31.9, lon: 121, city: nil)?.point)
        #expect(dealer.kilometres(outside: inside) == nil)
        let outside = try #require(dealer.kilometres(outside: beyond))
        #expect(abs(outside - 100.08) < 0.1)
    }
}
