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
