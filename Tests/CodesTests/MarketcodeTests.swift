import Foundation
import JobTesting
import Jobs
import Kernel
import Keys
import Postgres
import Synchronization
import TestSupport
import Testing
import WeChat

@testable import Codes

/// Codes of WeChat's 一物一碼: applied for, fetched, loaded and activated by jobs.
struct MarketcodeTests {
    private struct Killed: Error {}

    /// What stands in the database is what WeChat has, each code once and in its place.
    private func expectAllCodes(_ bundle: MarketcodeBundle) async throws {
        let view = try #require(try await bundle.view())
        let batch = try #require(view.batch)
        #expect(view.application.stage == .loaded && view.loaded == MarketcodeBundle.count)
        #expect(batch.count == MarketcodeBundle.count && batch.imported?.origin == .marketcode)
        let code = bundle.weChat.manner.withLock(\.code)
        let base = bundle.weChat.manner.withLock(\.base)
        let hashes = (0..<MarketcodeBundle.count).map {
            ImportedCodes.hash(code(base + $0), brand: bundle.brand, keys: bundle.factory.keys)
        }
        let places = try await bundle.factory.redeem.run(
            ImportStatements.places(of: hashes, brand: bundle.brand))
        #expect(Set(places.map(\.index)) == Set(0..<MarketcodeBundle.count) && places.count == hashes.count)
        #expect(places.allSatisfy { $0.batch == batch.id && hashes[Int($0.index)] == $0.hash })
        #expect(try await bundle.factory.count("codes.imported_code") == hashes.count)
        #expect(try await bundle.factory.count("codes.batch") == 1)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func c01_marketcodes_withEveryThirdCallFailing_areLoadedAndActivatedOnce(seed: UInt64) async throws {
        try await Factory.open { factory in
            var manner = FlakyWeChat.Manner()
            (manner.failsEvery, manner.base) = (3, 70_000)
            let bundle = try await MarketcodeBundle(factory, FlakyWeChat(seed: seed, manner))
            try await bundle.apply()
            try await bundle.run()
            try await expectAllCodes(bundle)

            try await bundle.activate(0..<6_000)
            try await bundle.activate(6_000..<10_000)
            try await bundle.run()

            let view = try #require(try await bundle.view())
            #expect(view.activations.map(\.stage) == [.active, .active], "\(view.activations)")
            #expect(
                bundle.weChat.active.sorted { $0.codes.first < $1.codes.first }.map(\.codes) == [
                    MarketcodeChunk(first: 70_000, last: 75_999), MarketcodeChunk(first: 76_000, last: 79_999),
                ])
            #expect(bundle.weChat.applications == 1)
            #expect(try await factory.count("codes.code_range") == 2)
            #expect(view.application.attentionSince == nil)

            // And they are redeemed like any other.
            try await factory.directory.refresh()
            let code = bundle.weChat.manner.withLock(\.code)(70_123)
            let found = try #require(try await factory.directory.find(code, brand: factory.brand))
            let scan = Scan(delivery: factory.delivery(code, openid: "o"), code: found, openid: "o")
            let outcome = try await factory.answers([scan]).first?.outcome
            #expect(found.index == 123 && ["won", "no_prize"].contains(outcome ?? ""))
        }
    }

    /// After every run and every slice a new process goes on.
    @Test func c01_marketcodesKilledAnywhere_resumeToTheSameCodes() async throws {
        try await Factory.open { factory in
            let kills = Mutex(0)
            let progress: MarketcodeLeading.Progress = { loaded in
                // Once at each slice: what comes next has all that was before.
                guard
                    kills.withLock({ kills in
                        loaded == Int64(kills + 1) * 500
                            ? {
                                kills += 1; return true
                            }() : false
                    })
                else { return }
                throw Killed()
            }
            let weChat = FlakyWeChat()
            let bundle = try await MarketcodeBundle(factory, weChat)
            try await bundle.apply()
            for _ in 0..<200 {
                let worker = MarketcodeBundle.worker(factory, weChat, slice: 500, progress: progress)
                let runs = try await bundle.tester(worker).drain { _ in true }
                if runs.isEmpty { try await bundle.tester().advance(by: .seconds(600)) }
                if try await bundle.view()?.application.stage == .loaded { break }
            }

            #expect(kills.withLock { $0 } >= 17)
            try await expectAllCodes(bundle)
        }
    }

    @Test func c01_sameWishAgainAndAtOnce_isOneApplication() async throws {
        try await Factory.open { factory in
            let bundle = try await MarketcodeBundle(factory)
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await Marketcodes.apply(bundle.wish(), author: "test", queue: bundle.desk).isNew
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(made.count { $0 } == 1)
            #expect(try await bundle.tester().pushed(CodeApplicationLead.self).count == 1)

            for (wish, code) in [
                (bundle.wish(count: 20_000), "idempotency_mismatch"),
                (bundle.wish("b", count: 9_999), "count_out_of_range"),
                (bundle.wish("b", count: 20_000_001), "count_out_of_range"),
            ] {
                let error = await #expect(throws: Problem.self) {
                    try await Marketcodes.apply(wish, author: "test", queue: bundle.desk)
                }
                #expect(error?.code == code)
            }
            // A name is of one batch, whoever makes its codes.
            _ = try await factory.mint("minted")
            let taken = await #expect(throws: Problem.self) { try await bundle.apply("minted") }
            #expect(taken?.code == "idempotency_mismatch")
            let stranger = await #expect(throws: Problem.self) {
                try await Marketcodes.activate(
                    nil, of: "spring", for: MarketcodeBundle.activity, within: nil, brand: factory.brand,
                    author: "test",
                    queue: bundle.desk)
            }
            #expect(stranger?.code == "not_loaded")
        }
    }

    /// A job of a step that is over, as a lost worker leaves it behind, does nothing.
    @Test func c01_overtakenJob_callsNobody() async throws {
        try await Factory.open { factory in
            let bundle = try await MarketcodeBundle(factory)
            let application = try await bundle.apply()
            try await bundle.run()
            let calls = bundle.weChat.calls
            for step in Int64(0)...9 {
                try await bundle.queue.push(
                    CodeApplicationLead(brand: bundle.brand, application: application.id, step: step))
            }
            try await bundle.tester().drain()

            #expect(bundle.weChat.calls == calls)
            try await expectAllCodes(bundle)
        }
    }

    /// What WeChat sends is not what it should be: nothing of it becomes a batch, and a person is told why.
    @Test(arguments: [
        ("does not open", 0), ("line 1", 1), ("has 3999 codes", 2), ("there twice", 3), ("with gaps", 4),
        ("9999 codes", 5), ("another now", 6), ("index", 7),
    ])
    func c17_packagesThatAreNotWhatWasAskedFor_areRefused(word: String, fault: Int) async throws {
        try await Factory.open { factory in
            let bundle = try await MarketcodeBundle(factory)
            try await bundle.apply()
            bundle.weChat.manner.withLock { manner in
                switch fault {
                case 0: manner.key = "0123456789abcdef"
                case 1: manner.line = { code, index in index == 0 ? "P.URL.CN/none\n" : "\(code)\t\(index)\n" }
                case 2: manner.line = { code, index in index == 3_999 ? nil : "\(code)\t\(index)\n" }
                case 3: manner.code = { String(format: "K$%07d", Int($0 == 7_000 ? 5 : $0)) }
                case 4: manner.chunks = { $0.map { MarketcodeChunk(first: $0.first * 2, last: $0.last + $0.first) } }
                case 5: manner.chunks = { $0.dropLast() + [MarketcodeChunk(first: 8_000, last: 9_998)] }
                case 6: manner.appid = "wx2"
                default: manner.line = { code, index in "\(code)\t\(index + 1)\n" }
                }
            }
            try await bundle.run(hours: 30)

            let view = try #require(try await bundle.view())
            #expect(view.application.stage == .refused && view.application.attentionSince != nil)
            #expect(view.application.word?.contains(word) == true, "\(view.application.word ?? "")")
            #expect(view.batch == nil)
            #expect(try await factory.count("codes.batch") == 0)
            if fault == 3 { #expect(try await factory.count("codes.imported_code") == 0) }

            // What was wrong is put right, and the same wish goes on.
            bundle.weChat.manner.withLock { $0 = FlakyWeChat.Manner() }
            try await Marketcodes.retry("spring", brand: bundle.brand, queue: bundle.desk)
            try await bundle.run()
            try await expectAllCodes(bundle)
        }
    }

    @Test func c17_importOfMarketcodesDropped_stopsAndMayComeAgain() async throws {
        try await Factory.open { factory in
            let bundle = try await MarketcodeBundle(factory)
            try await bundle.apply()
            var rounds = 0
            while try await bundle.view()?.loaded ?? 0 == 0, rounds < 50 {
                try await bundle.tester().drain { _ in true }
                try await bundle.tester().advance(by: .seconds(600))
                rounds += 1
            }
            let drop = try await UnfinishedImports.drop("spring", brand: bundle.brand, on: factory.operator)
            #expect(drop == .dropped(4_000))
            try await bundle.run(hours: 4)

            let stopped = try #require(try await bundle.view())
            #expect(stopped.application.stage == .refused && stopped.application.attentionSince != nil)
            #expect(try await factory.count("codes.imported_code") == 0)
            try await Marketcodes.retry("spring", brand: bundle.brand, queue: bundle.desk)
            try await bundle.run()
            try await expectAllCodes(bundle)
        }
    }

    // MARK: Activating

    @Test func c07_activationAtWeChat_isDecidedHereInTheSameCommit() async throws {
        try await Factory.open { factory in
            let bundle = try await MarketcodeBundle(factory)
            try await bundle.apply()
            try await bundle.run()

            #expect(try await bundle.activate(0..<5_000).isNew)
            #expect(try await !bundle.activate(0..<5_000).isNew)
            var other = MarketcodeBundle.activity
            other.name = "Summer"
            for (indexes, activity) in [
                (0..<Int64(5_000), other), (4_999..<6_000, MarketcodeBundle.activity),
                (0..<1, MarketcodeBundle.activity),
            ] {
                let error = await #expect(throws: Problem.self) { try await bundle.activate(indexes, for: activity) }
                #expect(error?.code == "range_overlaps")
            }
            let outside = await #expect(throws: Problem.self) { try await bundle.activate(9_000..<10_001) }
            #expect(outside?.code == "range_outside_batch")
            other.ean = "6901234567891"
            let malformed = await #expect(throws: Problem.self) { try await bundle.activate(6_000..<7_000, for: other) }
            #expect(malformed?.code == "activity_malformed")
            // What may not live here is not activated there either.
            let batch = try #require(try await bundle.view()?.batch)
            _ = try await Ranges.decide(
                RangeCommand(kind: .activate, indexes: 8_000..<9_000), batch: batch.id, brand: bundle.brand,
                author: "test", on: factory.operator)
            let overlap = await #expect(throws: Problem.self) { try await bundle.activate(8_500..<10_000) }
            #expect(overlap?.code == "range_overlaps")
            #expect(try await factory.count("codes.marketcode_activation") == 1)
            #expect(try await factory.count("codes.code_range") == 2)

            try await bundle.run()
            #expect(bundle.weChat.active.map(\.codes) == [MarketcodeChunk(first: 0, last: 4_999)])
        }
    }

    /// Whatever comes of the calls, in whatever order: sent again only where nothing can have arrived.
    @Test func c07_activationThatMayHaveArrived_isAskedAboutBeforeItIsSentAgain() {
        let activity = MarketcodeBundle.activity
        let codes = MarketcodeChunk(first: 0, last: 9)
        func sight(_ stage: CodeActivationStage, _ attempts: Int = 1) -> CodeActivationSight {
            CodeActivationSight(stage: stage, activity: activity, codes: codes, attempts: attempts)
        }
        let faults: [MarketcodeFault] = [.unknown, .throttled, .notSent, .refused]
        for stage in CodeActivationStage.allCases {
            guard let call = CodeActivationLife.call(for: stage) else {
                #expect([.active, .refused].contains(stage))
                continue
            }
            // A process that died after it had said `sent`, and before or after the call, asks.
            #expect(call == (stage == .requested ? .send : .ask))
            for fault in faults where call == .ask {
                let next = CodeActivationLife.decide(sight(stage), .ask, .failed(fault, "x"))?.stage
                #expect(next == (fault == .refused ? .refused : .unknown))
            }
        }
        #expect(CodeActivationLife.decide(sight(.sent), .send, .failed(.unknown, "x"))?.stage == .unknown)
        #expect(CodeActivationLife.decide(sight(.sent), .send, .failed(.notSent, "x"))?.stage == .requested)
        #expect(CodeActivationLife.decide(sight(.unknown), .ask, .standing(nil, nil))?.stage == .requested)
        #expect(CodeActivationLife.decide(sight(.unknown), .ask, .standing(activity, codes))?.stage == .active)
        let other = CodeActivationLife.decide(
            sight(.unknown), .ask, .standing(activity, MarketcodeChunk(first: 0, last: 8)))
        #expect(other?.stage == .refused && other?.needsAttention == true)
        let last = CodeActivationLife.decide(
            sight(.unknown, CodeApplicationLife.attemptsMax.value), .ask, .failed(.unknown, "x"))
        #expect(last?.callAfter == nil && last?.needsAttention == true)
        #expect(CodeActivationLife.decide(sight(.active), .ask, .standing(nil, nil)) == nil)
    }

    // MARK: Tickets

    private func tickets(_ factory: Factory, _ weChat: FlakyWeChat) -> MarketcodeTickets {
        MarketcodeTickets(pool: factory.redeem, keys: factory.keys, providers: weChat, logger: .silent)
    }

    @Test func c04_ticket_isExchangedOnce_howeverOftenItsScanIsTold() async throws {
        try await Factory.open { factory in
            let weChat = FlakyWeChat()
            weChat.setTicket("t1", openid: "o", index: 7)
            let (first, second) = (tickets(factory, weChat), tickets(factory, weChat))
            let codes = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<20 { group.addTask { try await first.code("t1", openid: "o", brand: factory.brand) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(codes) == ["K$0000007"] && weChat.exchanges == 1)
            // Another process, and another day.
            #expect(try await second.code("t1", openid: "o", brand: factory.brand) == "K$0000007")
            #expect(weChat.exchanges == 1)
            // Nobody else's, and no other brand's.
            #expect(try await second.code("t1", openid: "p", brand: factory.brand) == nil)
            #expect(try await second.code("t2", openid: "o", brand: factory.brand) == nil)
            #expect(try await second.code("t1", openid: "o", brand: .mint()) == nil)
            let row = try await factory.db.owner.run(
                Statement<[UInt8]>("SELECT ticket_hash || sealed_code FROM codes.marketcode_ticket") {
                    row throws(PostgresError) in try row.next()
                })
            #expect(row.count == 1 && !String(decoding: row[0], as: UTF8.self).contains("K$0000007"))

            let ingest = factory.db.pool(as: .ingest)
            _ = try await ingest.transaction { try await MarketcodeTickets.forget(brand: factory.brand, on: $0) }
            #expect(try await factory.count("codes.marketcode_ticket") == 1)
            try await JobTester(factory.queue, clock: factory.db.owner).advance(by: .seconds(15 * 86_400))
            _ = try await ingest.transaction { try await MarketcodeTickets.forget(brand: factory.brand, on: $0) }
            #expect(try await factory.count("codes.marketcode_ticket") == 0)
        }
    }

    /// What says nothing about a ticket.
    private static let passing: [WeChatAPIError] = [
        .outcomeUnknown(reason: "x"), .throttled(code: 45_009), .notSent(reason: "x"),
        .refused(code: 48_001, message: "api unauthorized"), .refused(code: 40_125, message: "secret"),
    ]

    private func expectRefusal(_ tickets: MarketcodeTickets, _ brand: ID<Brand>) async throws {
        let refusal = await #expect(throws: TicketRefusal.self) {
            try await tickets.code("t1", openid: "o", brand: brand)
        }
        #expect(refusal?.problem.status == 503 && refusal?.retryAfter ?? 0 > 0)
    }

    @Test func c12_ticketThatNobodyCanRead_isRefusedForNow() async throws {
        try await Factory.open { factory in
            let weChat = FlakyWeChat()
            weChat.setTicket("t1", openid: "o", index: 7)
            let tickets = tickets(factory, weChat)
            for error in Self.passing {
                weChat.manner.withLock { $0.error = error }
                try await expectRefusal(tickets, factory.brand)
            }
            #expect(try await factory.count("codes.marketcode_ticket") == 0)
            weChat.manner.withLock { $0.error = nil }
            #expect(try await tickets.code("t1", openid: "o", brand: factory.brand) == "K$0000007")
            weChat.manner.withLock { $0.hasAccount = false }
            let missing = await #expect(throws: Problem.self) {
                try await tickets.code("t3", openid: "o", brand: factory.brand)
            }
            #expect(missing?.code == "code_ticket_unsupported")
            for ticket in [String(repeating: "t", count: 257), "a b", ""] {
                let malformed = await #expect(throws: Problem.self) {
                    try await tickets.code(ticket, openid: "o", brand: factory.brand)
                }
                #expect(malformed?.status == 422)
            }
        }
    }
}
