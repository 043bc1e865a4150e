import Codes
import Foundation
import Hooks
import JobTesting
import Jobs
import Kernel
import Postgres
import TestSupport
import Testing

struct SignalRulesTests {
    private let batch = ID<CodeBatch>.mint()
    private let people = (0..<30).map { _ in ID<Person>.mint() }
    private let noon = Date(timeIntervalSince1970: 1_790_000_000)
    private let shanghai = ScanPlace(lat: 31.2304, lon: 121.4737, city: "上海")
    private let beijing = ScanPlace(lat: 39.9042, lon: 116.4074, city: "北京")

    private func scan(
        _ index: Int64 = 0, by person: Int = 0, minute: Double = 0, place: ScanPlace? = nil, device: UInt8? = nil
    ) -> SeenScan {
        SeenScan(
            id: .mint(), batch: batch, index: index, person: people[person],
            device: device.map { [UInt8](repeating: $0, count: 16) }, place: place,
            seenAt: noon.addingTimeInterval(minute * 60))
    }

    private func signals(
        _ scan: SeenScan, code: [SeenScan] = [], person: [SeenScan] = [], device: [SeenScan] = []
    ) -> [Signal] {
        SignalRules.signals(of: scan, code: code, person: person, device: device)
    }

    @Test func distance_isThatOfTheGreatCircle() throws {
        let (here, there) = (try #require(shanghai?.point), try #require(beijing?.point))

        #expect(abs(here.kilometres(to: there) - 1_067) < 2)
        #expect(here.kilometres(to: here) == 0)
        let (east, west) = (
            try #require(ScanPlace(lat: 0, lon: 179.9, city: nil)?.point),
            try #require(ScanPlace(lat: 0, lon: -179.9, city: nil)?.point)
        )
        #expect(abs(east.kilometres(to: west) - 22.2) < 0.5)
    }

    @Test func journey_fasterThanAnAirliner_isFlagged_slowerIsNot() {
        let earlier = scan(minute: 0, place: shanghai)
        let found = signals(scan(by: 1, minute: 9, place: beijing), code: [earlier])

        #expect(found.map(\.rule) == [.travel])
        #expect(found.first?.km == 1_067 && found.first?.minutes == 9)
        // 1,067 km at 900 km/h are 71 minutes.
        #expect(signals(scan(by: 1, minute: 71, place: beijing), code: [earlier]).map(\.rule) == [.travel])
        #expect(signals(scan(by: 1, minute: 72, place: beijing), code: [earlier]).isEmpty)
        #expect(signals(scan(1, minute: 9, place: beijing), person: [earlier]).map(\.rule) == [.travel])
        #expect(signals(scan(by: 1, minute: 9, place: shanghai), code: [earlier]).isEmpty)
    }

    @Test func neighbourhoods_areNoJourney() throws {
        let near = ScanPlace(lat: 31.6, lon: 121.4737, city: "崇明")

        #expect(signals(scan(by: 1, place: near), code: [scan(place: shanghai)]).isEmpty)
    }

    @Test func citiesWithoutCoordinates_areComparedForTenMinutes() {
        let earlier = scan(place: ScanPlace(lat: nil, lon: nil, city: "上海"))
        func later(_ minute: Double, _ city: String) -> [Signal] {
            signals(scan(minute: minute, place: ScanPlace(lat: nil, lon: nil, city: city)), code: [earlier])
        }

        #expect(later(10, "北京").map(\.rule) == [.travel])
        #expect(later(10, "北京").first?.km == nil)
        #expect(later(10.1, "北京").isEmpty)
        #expect(later(1, " 上海 ").isEmpty)
    }

    @Test func placesThatAreNone_sayNothing() {
        #expect(ScanPlace(lat: 91, lon: 0, city: nil) == nil)
        #expect(ScanPlace(lat: .nan, lon: 0, city: " ") == nil)
        #expect(ScanPlace(lat: 1, lon: nil, city: "北京")?.point == nil)
        #expect(ScanPlace(lat: nil, lon: nil, city: String(repeating: "x", count: 5_000))?.city?.count == 80)
    }

    @Test func thirdPersonWithACode_isFlagged_theSamePersonIsNot() {
        let two = [scan(by: 0), scan(by: 1), scan(by: 1)]

        #expect(signals(scan(by: 2), code: two).map(\.rule) == [.manyPeople])
        #expect(signals(scan(by: 2), code: two).first?.others == 3)
        #expect(signals(scan(by: 1), code: two).isEmpty)
        #expect(signals(scan(by: 1), code: [scan(by: 0)]).isEmpty)
    }

    @Test func fifthPersonWithADevice_isFlagged() {
        let four = (0..<4).map { scan(Int64($0), by: $0, device: 1) }

        #expect(signals(scan(9, by: 4, device: 1), device: four).map(\.rule) == [.sharedDevice])
        #expect(signals(scan(9, by: 3, device: 1), device: four).isEmpty)
    }

    @Test func twentyFirstCodeOfAPerson_isFlagged() {
        let twenty = (0..<20).map { scan(Int64($0)) }

        #expect(signals(scan(20), person: twenty).map(\.rule) == [.burst])
        #expect(signals(scan(19), person: twenty).isEmpty)
        #expect(signals(scan(20), person: Array(twenty.dropLast())).isEmpty)
    }
}

struct ScanSignalTests {
    private let shanghai = ScanBody.Location(lat: 31.2304, lon: 121.4737, city: "上海")
    private let guangzhou = ScanBody.Location(lat: 23.1291, lon: 113.2644, city: "廣州")

    private func scan(
        _ factory: Factory, _ batch: OpenBatch, _ index: Int64, by openid: String, at place: ScanBody.Location?,
        device: String? = nil
    ) -> Scan {
        let code = batch.cipher.code(at: index).description
        return Scan(
            delivery: factory.delivery(code, openid: openid), code: GenuineCode(batch: batch, index: index),
            openid: openid, place: place, device: device)
    }

    private func tester(_ factory: Factory) -> JobTester {
        ScanSignals(keys: factory.keys, queue: factory.queue).register()
        return JobTester(factory.queue, queues: [ScanLook.jobQueue], clock: factory.db.owner)
    }

    private func look(_ factory: Factory, _ tester: JobTester) async throws {
        try await factory.queue.push(ScanLook(brand: factory.brand))
        try await tester.advance(by: .seconds(6))
        try await tester.drain()
    }

    private func list(
        _ factory: Factory, _ filter: ScanSignals.Filter = .init()
    ) async throws -> [ListedSignal] {
        try await ScanSignals.list(filter, brand: factory.brand, limit: 100, on: factory.operator)
    }

    @Test func c12_twoCitiesWithinTenMinutes_areFlaggedAndAnswered() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let tester = tester(factory)
            let first = try await factory.answers([scan(factory, batch, 3, by: "a", at: shanghai)])
            try await tester.advance(by: .seconds(540))
            let second = try await factory.answers([
                scan(factory, batch, 3, by: "b", at: guangzhou), scan(factory, batch, 4, by: "c", at: guangzhou),
            ])

            // The scans ask for the look themselves, and nobody is held up.
            try await eventually { try await !tester.pushed(ScanLook.self).isEmpty }
            try await tester.advance(by: .seconds(6))
            try await tester.drain()
            let third = try await factory.answers([scan(factory, batch, 3, by: "a", at: guangzhou)])

            let found = try await list(factory)
            #expect(found.map(\.rule) == [.travel])
            let signal = try #require(found.first)
            #expect(signal.index == 3 && signal.batch == batch.record.handle && signal.minutes == 9)
            #expect((1_205...1_220).contains(signal.km ?? 0))
            #expect(["won", "no_prize"].contains(first[0].outcome) && second[0].outcome == "already_redeemed")
            #expect(["won", "no_prize"].contains(second[1].outcome) && third[0].outcome == "redeemed_by_you")
        }
    }

    @Test func lookAgain_findsNothingTwice_andMissesNothingLater() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let tester = tester(factory)
            // More than one look takes, all of one device.
            let scans = (0..<250).map { number in
                scan(factory, batch, Int64(number), by: "p\(number)", at: nil, device: "farm")
            }
            for start in stride(from: 0, to: 250, by: 125) {
                _ = try await factory.answers(Array(scans[start..<start + 125]))
            }
            try await look(factory, tester)
            let found = try await list(factory, .init(rule: .sharedDevice))
            #expect(found.count == 100, "the list is bounded")
            #expect(try await factory.count("codes.scan_signal") == 246)

            try await look(factory, tester)
            #expect(try await factory.count("codes.scan_signal") == 246)

            _ = try await factory.answers([scan(factory, batch, 300, by: "later", at: nil, device: "farm")])
            try await look(factory, tester)
            #expect(try await factory.count("codes.scan_signal") == 247)
            #expect(try await list(factory, .init(rule: .travel)).isEmpty)
            #expect(try await list(factory, .init(scoreMin: 96)).isEmpty)
        }
    }

    @Test func traces_areSealed_bound_andOnlyOfScansThatTell() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            _ = try await factory.answers([
                scan(factory, batch, 1, by: "a", at: nil), scan(factory, batch, 2, by: "b", at: .init(lat: 99, lon: 1)),
                scan(factory, batch, 3, by: "c", at: shanghai, device: "phone-of-c"),
            ])
            // A refused scan leaves nothing behind, its trace included.
            try await factory.decide(.freeze, batch, 5..<6)
            _ = try await factory.answers([scan(factory, batch, 5, by: "d", at: shanghai)])

            #expect(try await factory.count("codes.scan_trace") == 1)
            #expect(try await factory.count("codes.scan_trace WHERE is_first AND octet_length(device_hash) = 16") == 1)
            #expect(
                try await factory.count(
                    """
                    codes.scan_trace t WHERE t::text ILIKE '%phone%' OR t::text LIKE '%31.2%' OR t::text LIKE '%上海%'
                        OR position(convert_to('31.2', 'UTF8') IN t.sealed_place) > 0
                    """) == 0)
        }
    }

    @Test func traces_areForgottenAfterFourteenDays() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let tester = tester(factory)
            _ = try await factory.answers([scan(factory, batch, 1, by: "a", at: shanghai)])
            try await look(factory, tester)
            try await look(factory, tester)
            #expect(try await tester.pushed(ScanForget.self).count == 1)

            try await tester.advance(by: .seconds(13 * 86_400))
            try await tester.drain()
            #expect(try await factory.count("codes.scan_trace") == 1)
            try await tester.advance(by: .seconds(2 * 86_400 + 1))
            try await tester.drain()
            #expect(try await factory.count("codes.scan_trace") == 0)
        }
    }

    @Test func racesForACode_leaveATraceEach() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            for round in 0..<10 {
                async let one = factory.answers([scan(factory, batch, Int64(round), by: "a", at: shanghai)])
                async let other = factory.answers([scan(factory, batch, Int64(round), by: "b", at: shanghai)])
                _ = try await (one, other)
            }
            #expect(try await factory.count("codes.scan_trace") == 20)
            #expect(try await factory.count("codes.scan_trace WHERE is_first") == 10)
        }
    }
}
