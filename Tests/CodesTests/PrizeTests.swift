import Codes
import Crypto
import Foundation
import Kernel
import Testing

struct PrizeTests {
    private let handle = BatchHandle("K7QX")
    private let key = BatchKey(Array(0..<32))
    static let asked = [
        PrizeRequest(name: "Grand prize", kind: .item, cost: Money(fen: 500_000), count: 10),
        PrizeRequest(name: "100 points", kind: .points, points: 100, cost: Money(fen: 100), count: 1_000),
    ]

    /// Computed with another implementation of AES, FF1 and HKDF.
    @Test func rules_ofTheWorkedExample_hashAsTheReadmeHasIt() throws {
        let handle = try #require(handle)
        let table = try PrizeTable(Self.asked, count: 10_000)
        let prizeKey = try #require(key).prizeKey(of: handle)

        let text = "siyu-prizes-1\nK7QX\n10000\n1,0,10,item,0,500000,Grand prize\n2,10,1000,points,100,100,100 points\n"
        #expect(table.canonicalBytes(handle: handle, count: 10_000) == Array(text.utf8))
        #expect(
            hex(prizeKey.withUnsafeBytes { Array($0) })
                == "f3f9e5ffe72bda38660f8ee64c9080ec96f568e4ed0514d059a6c3baefc9b336")
        #expect(
            hex(table.rulesHash(key: prizeKey, handle: handle, count: 10_000))
                == "4ea46a15a0ae0d96f0a7ec2ad2f92545e4cd21da53cc3b16e23a4d418ae107d9")
    }

    /// What was published without coupons hashes as before; what a coupon promises is part of what is committed to.
    @Test func c13_rulesOfCoupons_sayWhatTheyPromise() throws {
        let handle = try #require(handle)
        let terms = CouponTerms(threshold: Money(fen: 10_000), days: 30)
        let asked = [
            PrizeRequest(name: "Twenty", kind: .coupon, cost: Money(fen: 2_000), count: 10, coupon: terms),
            PrizeRequest(name: "Again", kind: .redraw, cost: .zero, count: 1, campaign: "spring"),
        ]
        let table = try PrizeTable(asked, count: 100)
        let text =
            "siyu-prizes-1\nK7QX\n100\n1,0,10,coupon:10000:30,0,2000,Twenty\n2,10,1,redraw:spring,0,0,Again\n"
        #expect(table.canonicalBytes(handle: handle, count: 100) == Array(text.utf8))
        // A table that was published before there were terms.
        let old = PrizeTable(tiers: [
            PrizeTier(tier: 1, name: "Old", kind: .coupon, points: 0, cost: Money(fen: 5), count: 3, firstRank: 0)
        ])
        #expect(
            old.canonicalBytes(handle: handle, count: 9) == Array("siyu-prizes-1\nK7QX\n9\n1,0,3,coupon,0,5,Old\n".utf8)
        )
    }

    @Test(
        arguments: [
            (2_000, nil, "says from what an order costs on"), (0, (10_000, 30), "takes off what it costs"),
            (2_000, (2_000, 30), "more than it takes off"), (2_000, (100_000_001, 30), "1000000.00 at most"),
            (2_000, (10_000, 0), "1 to 366 days"), (2_000, (10_000, 367), "1 to 366 days"),
        ] as [(Int64, (Int64, Int32)?, String)])
    func c13_couponWithoutSense_isRefused(off: Int64, terms: (Int64, Int32)?, sentence: String) {
        let coupon = terms.map { CouponTerms(threshold: Money(fen: $0.0), days: $0.1) }
        let asked = PrizeRequest(name: "x", kind: .coupon, cost: Money(fen: off), count: 1, coupon: coupon)
        let problem = #expect(throws: Problem.self) { try PrizeTable([asked], count: 10) }
        #expect(problem?.code == "prize_malformed" && problem?.detail.contains(sentence) == true)
        let points = PrizeRequest(
            name: "x", kind: .points, points: 1, cost: Money(fen: 1), count: 1,
            coupon: CouponTerms(threshold: Money(fen: 10), days: 1))
        #expect(throws: Problem.self) { try PrizeTable([points], count: 10) }
    }

    @Test func fileOfPrizes_readsWhatCouponsPromise() throws {
        let text = """
            name,kind,points,cost,count,campaign,threshold,days
            Twenty,coupon,0,20.00,10,,100.00,30
            Again,redraw,0,0,1,spring,,
            """
        let prizes = try PrizeFile.prizes(text)
        #expect(prizes.map(\.coupon) == [CouponTerms(threshold: Money(fen: 10_000), days: 30), nil])
        #expect(prizes.map(\.campaign) == [nil, "spring"])
        for slip in [
            "Twenty,coupon,0,20.00,10,,100.001,30", "Twenty,coupon,0,20.00,10,,100,", "Twenty,coupon,0,20.00,10,,,3",
        ] {
            let problem = #expect(throws: Problem.self) {
                try PrizeFile.prizes(PrizeFile.headerWithCoupons + "\n" + slip)
            }
            #expect(problem?.detail.contains("Line 2") == true)
        }
    }

    private func hex(_ bytes: [UInt8]) -> String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    /// Computed with another implementation, for batches below, near and above the smallest domain.
    @Test(
        arguments: [
            (Int64(10_000), [9_726, 6_602, 3_609, 942] as [Int64]), (1_000_000, [237_569, 911_978, 603_009]),
            (3_000_000, [2_559_931, 2_451_189, 2_105_500]),
        ] as [(Int64, [Int64])])
    func ranks_ofTheFirstCodes_areAsComputedElsewhere(count: Int64, expected: [Int64]) throws {
        let handle = try #require(handle)
        let ranks = try PrizeRanks(key: try #require(key).prizeKey(of: handle), handle: handle, count: count)

        #expect(expected.indices.map { ranks.rank(of: Int64($0)) } == expected)
    }

    @Test func ranks_ofASmallBatch_areAPermutation() throws {
        let handle = try #require(handle)
        let ranks = try PrizeRanks(key: try #require(key).prizeKey(of: handle), handle: handle, count: 10_000)
        let all = Set((0..<Int64(600)).map { ranks.rank(of: $0) })

        #expect(all.count == 600 && all.allSatisfy { (0..<10_000).contains($0) })
    }

    /// Computed with another implementation.
    @Test func shuffles_ofFewCodes_areAsComputedElsewhere() throws {
        let prizeKey = try #require(key).prizeKey(of: try #require(handle))
        func shuffle(_ count: Int64) -> [Int64] {
            let shuffle = PrizeShuffle(key: prizeKey, label: Array("siyu-shuffle-1K7QX".utf8), count: count)
            return (0..<count).map { shuffle.rank(of: $0) }
        }
        #expect(shuffle(100).prefix(12) == [31, 54, 97, 17, 94, 96, 27, 87, 26, 44, 12, 25])
        #expect(shuffle(9_999).prefix(6) == [9_329, 9_745, 217, 7_678, 1_147, 6_812])
        #expect(shuffle(1) == [0] && shuffle(0) == [])
        for count in [2, 3, 100, 9_999] as [Int64] { #expect(shuffle(count).sorted() == Array(0..<count)) }
    }

    /// The printed promise.
    ///
    /// A sweep of fewer codes would not be shorter: up to 2²⁰ the walks of all codes pass every place of the domain once.
    @Test func c06_allCodesSwept_winExactlyWhatWasPromised() async throws {
        let count: Int64 = 1_000_000
        let promised: [Int64] = [10, 1_000, 100_000]
        let keys = KeyRingFixture()
        let batch = try keys.batch(count: count, prizes: promised)

        let found = await PrizeSweep(batch).counts(workers: ProcessInfo.processInfo.activeProcessorCount)

        #expect(found[1] == promised[0] && found[2] == promised[1] && found[3] == promised[2])
        #expect(found[0] == count - promised.reduce(0, +))
        // What a code wins follows from the code alone: whoever comes first, it is the same.
        let some = (0..<200).map { _ in Int64.random(in: 0..<count) }
        let forward = some.map { batch.prize(of: $0)?.tier }
        let backward = Array(some.reversed().map { batch.prize(of: $0)?.tier }.reversed())
        #expect(forward == backward)
    }

    @Test func table_givesOutRanksWithoutGaps() throws {
        let table = try PrizeTable(Self.asked, count: 10_000)

        #expect(table.prize(at: 0)?.tier == 1 && table.prize(at: 9)?.tier == 1)
        #expect(table.prize(at: 10)?.tier == 2 && table.prize(at: 1_009)?.tier == 2)
        #expect(table.prize(at: 1_010) == nil && table.prize(at: 9_999) == nil)
    }

    @Test(arguments: [
        (PrizeRequest(name: "x", kind: .item, cost: .zero, count: 10_001), Int64(10_000), "prizes_exceed_codes"),
        (PrizeRequest(name: "x", kind: .item, cost: .zero, count: .max), 10_000, "prizes_exceed_codes"),
        (PrizeRequest(name: "x", kind: .item, cost: .zero, count: 2), 1, "prizes_exceed_codes"),
        (PrizeRequest(name: "x", kind: .item, cost: .zero, count: 0), 10_000, "prize_malformed"),
        (PrizeRequest(name: "x", kind: .item, cost: Money(fen: -1), count: 1), 10_000, "prize_malformed"),
        (PrizeRequest(name: "x\ny", kind: .item, cost: .zero, count: 1), 10_000, "prize_malformed"),
        (PrizeRequest(name: "", kind: .item, cost: .zero, count: 1), 10_000, "prize_malformed"),
        (PrizeRequest(name: "x", kind: .points, cost: .zero, count: 1), 10_000, "prize_malformed"),
        (PrizeRequest(name: "x", kind: .points, points: 1, cost: .zero, count: 1), 10_000, "prize_malformed"),
        (PrizeRequest(name: "x", kind: .coupon, points: 1, cost: .zero, count: 1), 10_000, "prize_malformed"),
    ])
    func table_thatCannotBe_isRefused(request: PrizeRequest, count: Int64, code: String) {
        let problem = #expect(throws: Problem.self) { try PrizeTable([request], count: count) }
        #expect(problem?.status == 422 && problem?.code == code)
    }

    @Test func file_ofPrizes_isRead() throws {
        let text =
            "\u{FEFF}name,kind,points,cost,count\r\nGrand prize,item,0,5000.00,10\r\n100 points,points,100,1,1000\r\n"

        #expect(try PrizeFile.prizes(text) == Self.asked)
    }

    @Test(arguments: [
        "", "name,kind\n", "name,kind,points,cost,count\nx,car,0,1,1\n",
        "name,kind,points,cost,count\nx,item,0,1.005,1\n",
        "name,kind,points,cost,count\nx,item,0,1\n", "name,kind,points,cost,count\n\"x\",item,0,1,1\n",
        "name,kind,points,cost,count\nx,item,99999999999,1,1\n", "name,kind,points,cost,count\nx,item,0,1,many\n",
    ])
    func file_thatIsDamaged_isRefused(text: String) {
        let problem = #expect(throws: Problem.self) { try PrizeFile.prizes(text) }
        #expect(problem?.code == "prize_malformed")
    }
}
