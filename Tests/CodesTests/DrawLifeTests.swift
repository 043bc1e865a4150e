import Codes
import Foundation
import Kernel
import Testing

struct DrawLifeTests {
    private static let start = Date(timeIntervalSince1970: 1_700_000_000)
    private let terms = DrawTerms(
        code: "spring", name: "Draw", mode: .odds, entriesMax: 10, perPersonMax: 2, redrawDepthMax: 3, claimDays: 30,
        startsAt: start, endsAt: start + 100, tiers: [])
    private let right = DrawRightRecord(id: .mint(), depth: 2, isUsed: false)

    private func decide(
        at seconds: Double = 0, entries: Int64 = 4, freeUsed: Int32 = 0, rights: [DrawRightRecord] = [],
        named: ID<DrawRight>? = nil, extendedTo: Double? = nil, seed: [UInt8]? = nil
    ) -> String {
        let progress = CampaignProgress(
            extendedTo: extendedTo.map { Self.start + $0 }, entries: entries, drawnAt: nil, revealedSeed: seed)
        let situation = DrawSituation(progress: progress, freeUsed: freeUsed, rights: rights, named: named)
        switch DrawStep.decide(terms, situation, now: Self.start + seconds) {
        case .refused(let problem): return "\(problem.status) \(problem.code)"
        case .enter(let ordinal, .free(let number)): return "\(ordinal) free \(number)"
        case .enter(let ordinal, .right(let right)): return "\(ordinal) right \(right.depth)"
        }
    }

    @Test func draw_runsFromItsFirstInstantToJustBeforeItsEnd() {
        #expect(decide(at: -0.001) == "409 not_active" && decide(at: 0) == "4 free 1")
        #expect(decide(at: 99.999) == "4 free 1" && decide(at: 100) == "409 not_active")
        #expect(decide(at: 100, extendedTo: 200) == "4 free 1" && decide(at: 200, extendedTo: 200) == "409 not_active")
        // Whoever knows the seed must not draw, whatever the clock says.
        #expect(decide(at: 1, seed: [1]) == "409 not_active")
    }

    @Test func ownDraws_goBeforeRights_andANamedRightBeforeBoth() {
        #expect(decide(freeUsed: 1, rights: [right]) == "4 free 2")
        #expect(decide(freeUsed: 2, rights: [right]) == "4 right 2")
        #expect(decide(freeUsed: 0, rights: [right], named: right.id) == "4 right 2")
        #expect(decide(freeUsed: 2) == "409 draws_used_up")
        let used = DrawRightRecord(id: right.id, depth: 2, isUsed: true)
        #expect(decide(freeUsed: 2, rights: [used]) == "409 draws_used_up")
        #expect(decide(freeUsed: 0, rights: [used], named: used.id) == "409 right_used")
        // Somebody else's is not among the person's.
        #expect(decide(freeUsed: 0, rights: [], named: .mint()) == "404 not_found")
    }

    @Test func fullDraw_takesNobody() {
        #expect(decide(entries: 9) == "9 free 1" && decide(entries: 10) == "409 campaign_full")
        #expect(decide(entries: 10, rights: [right], named: right.id) == "409 campaign_full")
    }

    @Test func rightAtTheEndOfItsChain_isNoPrize() {
        let redraw = Lottery.tier(1, .redraw, stock: 1), points = Lottery.tier(2, stock: 1)
        #expect(DrawWin.wanted(redraw, depth: 2, redrawDepthMax: 3) == redraw)
        #expect(DrawWin.wanted(redraw, depth: 3, redrawDepthMax: 3) == nil)
        #expect(DrawWin.wanted(points, depth: 3, redrawDepthMax: 3) == points)
        #expect(DrawWin.wanted(nil, depth: 0, redrawDepthMax: 3) == nil)
    }
}

struct CampaignFileTests {
    private static let text = """
        {"code": "spring", "name": "Spring draw", "mode": "odds", "entries_max": 100000, "per_person_max": 2,
         "starts_at": "2026-12-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z", "claim_days": 30,
         "prizes": [{"name": "Bottle", "kind": "item", "cost": "5.00", "stock": 100, "day_stock": 10, "odds_ppm": 200000},
                    {"name": "10 points", "kind": "points", "points": 10, "cost": "0.10", "stock": 5000, "odds_ppm": 300000}]}
        """

    /// Computed with another implementation of SHA-256 and HMAC.
    @Test func terms_ofTheWorkedExample_hashAndDrawAsTheReadmeHasIt() throws {
        let terms = try CampaignFile.read(Data(Self.text.utf8)).terms(claimDays: 7, redrawDepthMax: 3)
        let campaign = try #require(ID<Campaign>("0192f3a0-0000-7000-8000-000000000001"))
        let seed = Array(UInt8(0)..<32)

        let hash = terms.rulesHash(seed: seed, campaign: campaign)
        #expect(
            hash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                == "f2af5e46e0bcf021ee580800c8c2a7693ebfa0f90b4fb7ed87fd49509c9ddf3c")
        let oracle = try DrawOracle(terms, campaign: campaign, seed: seed)
        #expect((0..<12).map { oracle.tier(of: $0)?.tier ?? 0 } == [2, 0, 0, 1, 1, 1, 2, 1, 2, 0, 2, 1])
        #expect("\(oracle)" == "DrawOracle(…)" && Mirror(reflecting: oracle).children.isEmpty)
    }

    @Test func everyTerm_isPartOfTheCommitment() throws {
        let terms = try CampaignFile.read(Data(Self.text.utf8)).terms(claimDays: 7, redrawDepthMax: 3)
        let campaign = ID<Campaign>.mint()
        func changed(_ change: (inout DrawTerms) -> Void) -> [UInt8] {
            var other = terms
            change(&other)
            return other.rulesHash(seed: [1], campaign: campaign)
        }
        let hashes = [
            changed { _ in }, changed { $0.code = "s" }, changed { $0.name = "s" }, changed { $0.mode = .ranks },
            changed { $0.entriesMax += 1 }, changed { $0.perPersonMax += 1 }, changed { $0.redrawDepthMax += 1 },
            changed { $0.claimDays += 1 }, changed { $0.startsAt += 0.001 }, changed { $0.endsAt += 1 },
            changed { $0.tiers.removeLast() }, changed { $0.tiers.swapAt(0, 1) },
            terms.rulesHash(seed: [2], campaign: campaign), terms.rulesHash(seed: [1], campaign: .mint()),
        ]
        #expect(Set(hashes).count == hashes.count)
    }

    @Test(arguments: [
        (#""code": "spring""#, #""code": "-s""#, "`code` has"), ("Spring draw", "", "`name` has"),
        (#""mode": "odds""#, #""mode": "dice""#, "`mode` cannot be read"),
        (#""mode": "odds""#, #""mode": "ranks""#, "are for draws by odds"),
        ("100000,", "0,", "`entries_max` is"),
        (#""per_person_max": 2"#, #""per_person_max": -1"#, "`per_person_max` is"),
        (#""per_person_max": 2,"#, "", "`per_person_max` is missing"),
        ("2027-01-01T00:00:00Z", "2026-12-01T00:00:00Z", "`ends_at` comes after"),
        ("2027-01-01T00:00:00Z", "tomorrow", "`ends_at` cannot be read"),
        (#""claim_days": 30"#, #""claim_days": 0"#, "`claim_days` is"),
        ("day_stock", "daystock", "`prizes[0].daystock` is no"),
        (#""day_stock": 10"#, #""day_stock": 101"#, "`day_stock` is 1 to"), ("200000", "0", "needs `odds_ppm`"),
        ("200000", "700001", "above a million"), (#""item""#, #""cash""#, "is points, coupon, item or redraw"),
        (#""item""#, #""coupon""#, "has a `threshold` and `valid_days`"),
        (#""item""#, #""item", "threshold": "9.00", "valid_days": 1"#, "any other prize has neither"),
        (#""item""#, #""coupon", "threshold": "9.00""#, "comes with `valid_days`"),
        (#""item""#, #""coupon", "threshold": "5.00", "valid_days": 1"#, "more than it takes off"),
        (#""item""#, #""coupon", "threshold": "9.00", "valid_days": 367"#, "1 to 366 days"),
        (#""5.00""#, #""0""#, "needs a `cost`"), (#""5.00""#, "5", "`prizes[0].cost` cannot"),
        (#""5.00""#, #""5.001""#, "two decimals"), (#""stock": 100"#, #""stock": 0"#, "needs a `cost`"),
        (#""points": 10, "#, "", "says how many"), (#""5.00""#, #""90000000000000000.00""#, "more than can be booked"),
    ])
    func slip_isRefusedBySentence(old: String, new: String, sentence: String) throws {
        #expect(Self.text.contains(old))
        let problem = #expect(throws: Problem.self) {
            try CampaignFile.read(Data(Self.text.replacing(old, with: new, maxReplacements: 1).utf8))
        }
        #expect(problem?.status == 422 && problem?.code == "draw_malformed")
        #expect(problem?.detail.contains(sentence) == true, "\(problem?.detail ?? "")")
    }

    @Test func drawByRanks_hasRoomAndNoMorePrizesThanEntries() throws {
        func check(_ entries: Int64, _ stocks: [Int64]) -> String {
            let start = Date(timeIntervalSince1970: 0)
            let file = CampaignFile(
                terms: DrawTerms(
                    code: "r", name: "R", mode: .ranks, entriesMax: entries, perPersonMax: 1, redrawDepthMax: 0,
                    claimDays: 0, startsAt: start, endsAt: start + 1,
                    tiers: stocks.enumerated().map { Lottery.tier(Int32($0.offset + 1), stock: $0.element) }),
                claimDays: nil)
            do throws(Problem) { try file.check() } catch { return error.detail }
            return "fine"
        }
        #expect(check(10_000, [9_999, 1]) == "fine" && check(10_000, [9_999, 2]).contains("more prizes than entries"))
        #expect(check(3, [1, 2]) == "fine" && check(3, [1, 3]).contains("more prizes than entries"))
    }
}
