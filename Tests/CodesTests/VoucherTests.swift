import Accounting
import Codes
import Foundation
import Hooks
import JobTesting
import Jobs
import Kernel
import Keys
import Orders
import Policies
import Postgres
import TestSupport
import Testing

struct VoucherLifeTests {
    private let now = Date(timeIntervalSince1970: 1_700_000_000)

    private func voucher(_ state: VoucherState, expires: TimeInterval = 0, handovers: Int32 = 1) -> VoucherRecord {
        VoucherRecord(
            id: .mint(), origin: .pack(.mint(), index: 0), tier: 1, cost: Money(fen: 1), state: state,
            handovers: handovers,
            expiresAt: now + expires, updatedAt: now - 100)
    }

    private func handover(number: Int32 = 1, age: TimeInterval, isReversed: Bool = false) -> HandoverRecord {
        HandoverRecord(
            id: .mint(), voucher: .mint(), number: number, shop: .mint(), cost: Money(fen: 1), handedOverAt: now - age,
            isReversed: isReversed)
    }

    private func word(_ voucher: VoucherRecord, _ command: VoucherCommand) -> String {
        switch VoucherStep.decide(voucher, command, now: now) {
        case .changed(let state): state.rawValue
        case .unchanged: "unchanged"
        case .notYet: "not yet"
        case .refused(let problem): problem.code
        }
    }

    @Test func lastInstant_belongsToTheWinner() {
        #expect(word(voucher(.open, expires: 0), .handOver) == "handed_over")
        #expect(word(voucher(.open, expires: 0), .expire) == "not yet")
        #expect(word(voucher(.open, expires: -0.001), .handOver) == "voucher_expired")
        #expect(word(voucher(.open, expires: -0.001), .expire) == "expired")
    }

    @Test func everyOtherState_refusesOrIgnores() {
        #expect(word(voucher(.handedOver, expires: 9), .handOver) == "already_handed_over")
        #expect(word(voucher(.expired, expires: -9), .handOver) == "voucher_expired")
        #expect(word(voucher(.handedOver, expires: -9), .expire) == "unchanged")
        #expect(word(voucher(.expired, expires: -9), .expire) == "unchanged")
    }

    @Test func reversal_isForTheLastHandoverWithinItsTime() {
        func reverse(_ handover: HandoverRecord, _ voucher: VoucherRecord) -> String {
            word(voucher, .reverse(handover, window: 60))
        }
        #expect(reverse(handover(age: 60), voucher(.handedOver)) == "open")
        #expect(reverse(handover(age: 60.001), voucher(.handedOver)) == "reversal_window_over")
        // The time to fetch may be over by then; the voucher is opened, and its job ends it.
        #expect(reverse(handover(age: 1), voucher(.handedOver, expires: -9)) == "open")
        #expect(reverse(handover(age: 1, isReversed: true), voucher(.open)) == "already_reversed")
        #expect(reverse(handover(age: 1, isReversed: true), voucher(.handedOver, handovers: 2)) == "already_reversed")
        #expect(reverse(handover(number: 1, age: 1), voucher(.handedOver, handovers: 2)) == "already_reversed")
        #expect(reverse(handover(age: 1, isReversed: true), voucher(.expired)) == "already_reversed")
    }
}

struct VoucherTokenTests {
    @Test func token_isTheSameEveryTimeAndReadAsPeopleType() throws {
        let keys = KeyRing.ephemeral()
        let (voucher, brand) = (ID<Voucher>.mint(), ID<Brand>.mint())
        let token = VoucherToken(of: voucher, brand: brand, keys: keys)
        let text = token.text

        #expect(text.utf8.count == 26 && VoucherToken(of: voucher, brand: brand, keys: keys) == token)
        #expect(VoucherToken(text) == token && VoucherToken(text.lowercased()) == token)
        #expect(VoucherToken(text.map { "\($0)-" }.joined()) == token)
        #expect(VoucherToken(text.replacing("0", with: "o").replacing("1", with: "l")) == token)
        for wrong in ["", String(text.dropLast()), text + "0", "U" + text.dropFirst(), "Z" + text.dropFirst()] {
            #expect(VoucherToken(wrong) == nil, "\(wrong.count) characters were taken for a token")
        }
        #expect("\(token)" == "VoucherToken" && Mirror(reflecting: token).children.isEmpty)
        // Other brands, keys and vouchers have others.
        let all = Set([
            token, VoucherToken(of: .mint(), brand: brand, keys: keys),
            VoucherToken(of: voucher, brand: .mint(), keys: keys),
            VoucherToken(of: voucher, brand: brand, keys: .ephemeral()),
        ])
        #expect(all.count == 4)
    }
}

struct VoucherTests {
    @Test func c02_winner_isToldTheVoucherWhileAStoreWouldTakeIt() async throws {
        try await Store.open { store in
            let shop = try await store.shops(1)[0]
            let index = store.winners(1)[0]

            let won = try await store.scan(index, by: "p")
            let again = try await store.scan(index, by: "p")
            let other = try await store.scan(index, by: "q")
            #expect(won.outcome == "won" && again.outcome == "redeemed_by_you")
            let voucher = try #require(won.voucher)
            #expect(again.voucher == voucher)
            #expect(other.json["prize"] == nil)
            // Thirty days, as the rules say, cut to whole seconds.
            func instant(_ text: Any?) throws -> Date { try Date(try #require(text as? String), strategy: .iso8601) }
            let kept = try instant(voucher["expires_at"]).timeIntervalSince(try instant(won.json["redeemed_at"]))
            #expect(kept == 30 * 86_400)
            // Points and blanks have none.
            let points = try #require((0..<Factory.count).first { store.batch.prize(of: $0)?.tier == 2 })
            let blank = try #require((0..<Factory.count).first { store.batch.prize(of: $0) == nil })
            #expect(try await store.scan(points, by: "p").voucher == nil)
            #expect(try await store.scan(blank, by: "p").voucher == nil)
            #expect(try await store.factory.count("codes.voucher") == 1)

            let handed = try await store.handOver(try #require(voucher["token"]), at: shop)
            #expect(handed.status == 200)
            let after = try await store.scan(index, by: "p")
            #expect(after.outcome == "redeemed_by_you" && after.json["prize"] != nil && after.voucher == nil)
            let id = try #require(handed.json["handover_id"] as? String)
            #expect(try await store.reverse(id).word == "200")
            #expect(try await store.scan(index, by: "p").voucher == voucher)
            try await store.tester.advance(by: .seconds(30 * 86_400 + 1))
            #expect(try await store.scan(index, by: "p").voucher == nil)
        }
    }

    @Test func c02_manyAtOnce_getOneVoucherForEachCode() async throws {
        try await Store.open { store in
            let indexes = store.winners(12)
            let told = try await withThrowingTaskGroup(of: [String].self) { group in
                for person in 0..<8 {
                    // Half of them come from the other end.
                    let scans = (person % 2 == 0 ? indexes : indexes.reversed()).map {
                        store.factory.scan(store.batch, $0, by: "p\(person)")
                    }
                    group.addTask {
                        try await store.redeeming.redeem(scans, brand: store.factory.brand)
                            .compactMap { $0.voucher?["token"] }
                    }
                }
                return try await group.reduce(into: [String]()) { $0 += $1 }
            }
            #expect(told.count == 12 && Set(told).count == 12)
            #expect(try await store.factory.count("codes.voucher") == 12)
            #expect(try await store.tester.pushed(VoucherExpire.self).count == 12)
        }
    }

    @Test func c02_twoStoresAtOnce_oneHandsOver() async throws {
        try await Store.open { store in
            let vouchers = try await store.win(50)
            let shops = try await store.shops(64)

            var winners: [String: Int] = [:]
            for voucher in vouchers {
                let told = try await withThrowingTaskGroup(of: String.self) { group in
                    for shop in shops { group.addTask { try await store.handOver(voucher, at: shop).word } }
                    return try await group.reduce(into: [String]()) { $0.append($1) }
                }
                #expect(told.filter { $0 == "200" }.count == 1)
                #expect(told.filter { $0 == "409 already_handed_over" }.count == 63)
                for word in told { winners[word, default: 0] += 1 }
            }

            #expect(winners == ["200": 50, "409 already_handed_over": 50 * 63])
            #expect(try await store.factory.count("codes.handover") == 50)
            #expect(try await store.balances() == Store.Balances(owed: 0, due: 25_000, breakage: 0, cost: -25_000))
            #expect(try await Ledger.check(brand: store.factory.brand, on: store.factory.redeem).isBalanced)
        }
    }

    @Test func c02_sameDeliveryAgainAndAtOnce_isOneHandover() async throws {
        try await Store.open { store in
            let voucher = try await store.win(1)[0]
            let shop = try await store.shops(1)[0]

            let atOnce = try await withThrowingTaskGroup(of: Told.self) { group in
                for _ in 0..<12 { group.addTask { try await store.handOver(voucher, at: shop, id: "same") } }
                return try await group.reduce(into: [Told]()) { $0.append($1) }
            }
            let later = try await store.handOver(voucher, at: shop, id: "same")
            let otherStore = try await store.handOver(voucher, at: "another", id: "same")

            #expect(Set(atOnce.map(\.body) + [later.body]).count == 1 && later.status == 200)
            #expect(otherStore.word == "409 idempotency_mismatch")
            #expect(later.json["store"] as? String == shop)
            #expect((later.json["prize"] as? [String: Any])?["name"] as? String == "Bottle")
            #expect(try await store.factory.count("codes.handover") == 1)
        }
    }

    @Test func c02_refusals_saySoAndChangeNothing() async throws {
        try await Store.open { store in
            let vouchers = try await store.win(4)
            let shop = try await store.shops(1)[0]
            let foreign = VoucherToken(of: .mint(), brand: store.factory.brand, keys: store.factory.keys).text

            let began = ContinuousClock.now
            #expect(try await store.handOver(foreign, at: shop).word == "404 not_found")
            #expect(ContinuousClock.now - began >= Scans.floor.value)
            #expect(try await store.handOver("nonsense", at: shop).word == "404 not_found")
            #expect(try await store.handOver(vouchers[0], at: "nowhere").word == "422 store_unknown")
            #expect(try await store.send(#"{"voucher":1}"#).word == "400 bad_request")
            let long = String(repeating: "0", count: 101)
            #expect(try await store.handOver(long, at: shop).word == "422 invalid")
            // Another brand's source reads what nobody knows.
            #expect(try await store.handOver(vouchers[0], at: shop, brand: .mint()).word == "422 store_unknown")

            // What is done to the codes is done to what they won.
            let winners = store.winners(3)
            try await store.factory.decide(.freeze, store.batch, winners[1]..<winners[1] + 1)
            try await store.factory.decide(.void, store.batch, winners[2]..<winners[2] + 1)
            #expect(try await store.handOver(vouchers[1], at: shop).word == "409 not_active")
            #expect(try await store.handOver(vouchers[2], at: shop).word == "404 not_found")

            #expect(try await store.factory.count("codes.handover") == 0)
            #expect(try await store.balances() == Store.Balances(owed: 2_000, due: 0, breakage: 0, cost: -2_000))
            #expect(try await store.handOver(vouchers[3], at: shop).word == "200")
        }
    }

    @Test func c02_reversedHandover_opensTheVoucherOnceMore() async throws {
        try await Store.open { store in
            let voucher = try await store.win(1)[0]
            let shops = try await store.shops(2)
            let first = try await store.handOver(voucher, at: shops[0])
            let id = try #require(first.json["handover_id"] as? String)

            let told = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<16 { group.addTask { try await store.reverse(id).word } }
                return try await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(told.filter { $0 == "200" }.count == 1)
            #expect(told.filter { $0 == "409 already_reversed" }.count == 15)
            #expect(try await store.balances() == Store.Balances(owed: 500, due: 0, breakage: 0, cost: -500))

            // Another store hands it over now; the first handover stays taken back.
            let second = try await store.handOver(voucher, at: shops[1])
            #expect(second.status == 200 && second.json["handover_id"] as? String != id)
            #expect(try await store.reverse(id).word == "409 already_reversed")
            #expect(try await store.handOver(voucher, at: shops[0]).word == "409 already_handed_over")
            #expect(try await store.balances() == Store.Balances(owed: 0, due: 500, breakage: 0, cost: -500))

            #expect(try await store.reverse("\(ID<Handover>.mint())").word == "404 not_found")
            #expect(try await store.reverse(id, brand: .mint()).word == "404 not_found")
            #expect(try await store.reverse(id, reason: "").word == "422 invalid")
            // The same id and words for another handover must not read the first one's answer.
            let other = try #require(second.json["handover_id"] as? String)
            #expect(try await store.reverse(other, delivery: "r").word == "200")
            #expect(try await store.reverse(id, delivery: "r").word == "409 idempotency_mismatch")
        }
    }

    @Test func c02_reversalAfterItsTime_isRefused() async throws {
        try await Store.open { store in
            let vouchers = try await store.win(2)
            let shop = try await store.shops(1)[0]
            let ids = try await [store.handOver(vouchers[0], at: shop), store.handOver(vouchers[1], at: shop)]
                .compactMap { $0.json["handover_id"] as? String }

            try await store.tester.advance(by: .seconds(604_700))
            #expect(try await store.reverse(ids[0]).word == "200")
            try await store.tester.advance(by: .seconds(101))
            #expect(try await store.reverse(ids[1]).word == "409 reversal_window_over")
        }
    }

    @Test func c02_unclaimedVoucher_isBookedByPolicy() async throws {
        try await Store.open { store in
            let vouchers = try await store.win(4)
            let shop = try await store.shops(1)[0]
            #expect(try await store.handOver(vouchers[0], at: shop).word == "200")

            // Just before the end nothing happens; just after it the rest is over.
            try await store.tester.advance(by: .seconds(30 * 86_400 - 60))
            #expect(try await store.tester.drain().isEmpty)
            #expect(try await store.handOver(vouchers[1], at: shop).word == "200")
            try await store.tester.advance(by: .seconds(61))
            #expect(try await store.handOver(vouchers[2], at: shop).word == "410 voucher_expired")
            #expect(try await store.tester.drain().map(\.end) == Array(repeating: .completed, count: 4))
            #expect(try await store.handOver(vouchers[2], at: shop).word == "410 voucher_expired")
            #expect(
                try await store.balances() == Store.Balances(owed: 0, due: 1_000, breakage: 1_000, cost: -2_000))

            // A brand that takes the cost back, from now on.
            let (factory, brand) = (store.factory, store.factory.brand)
            _ = try await factory.operator.transaction { tx in
                try await Policies.set(
                    "codes.voucher_breakage", to: #"{"reduces_cost": true}"#, brand: brand, author: "test",
                    reason: "test", on: tx)
            }
            _ = try await store.win(3, from: 5_000)
            try await store.tester.advance(by: .seconds(30 * 86_400 + 1))
            #expect(try await store.tester.drain().map(\.end) == Array(repeating: .completed, count: 3))
            #expect(
                try await store.balances() == Store.Balances(owed: 0, due: 1_000, breakage: 1_000, cost: -2_000))
            #expect(try await Ledger.check(brand: brand, on: factory.redeem).isBalanced)
        }
    }

    @Test func c02_handoverTakenBackAfterTheEnd_isEndedByANewJob() async throws {
        try await Store.open { store in
            let voucher = try await store.win(1)[0]
            let shop = try await store.shops(1)[0]
            try await store.tester.advance(by: .seconds(30 * 86_400 - 60))
            let id = try #require(try await store.handOver(voucher, at: shop).json["handover_id"] as? String)
            try await store.tester.advance(by: .seconds(120))
            #expect(try await store.tester.drain().map(\.end) == [.completed])

            #expect(try await store.reverse(id).word == "200")
            #expect(try await store.handOver(voucher, at: shop).word == "410 voucher_expired")
            #expect(try await store.tester.drain().map(\.end) == [.completed])
            #expect(try await store.balances() == Store.Balances(owed: 0, due: 0, breakage: 500, cost: -500))
        }
    }

    @Test func c02_jobThatComesEarly_sleepsOn() async throws {
        try await Store.open { store in
            _ = try await store.win(1)
            let job = try #require(try await store.tester.pushed(VoucherExpire.self).first)
            #expect(job.key == "\(job.parameters.voucher)" && job.delay > .seconds(29 * 86_400))
            try await store.factory.queue.push(job.parameters)
            let runs = try await store.tester.drain()
            guard case .snoozed(let duration) = try #require(runs.first).end, runs.count == 1 else {
                Issue.record("it did not sleep: \(runs)")
                return
            }
            #expect(duration > .seconds(29 * 86_400) && duration <= .seconds(30 * 86_400 + 1))
        }
    }
}

/// What a store was told.
struct Told: Sendable {
    let status: Int
    let body: [UInt8]
    let code: String?

    /// The status, and the code of a problem.
    var word: String { code.map { "\(status) \($0)" } ?? "\(status)" }

    var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:] }
}

/// A brand whose winners fetch bottles of five yuan.
private struct Store {
    struct Balances: Equatable {
        var owed, due, breakage, cost: Int64
    }

    let factory: Factory
    let batch: OpenBatch
    let vouchers: Vouchers
    let handovers: Handovers
    let tester: JobTester
    static func open(_ body: (Store) async throws -> Void) async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let vouchers = Vouchers(keys: factory.keys, queue: factory.queue)
            vouchers.register()
            try await body(
                Store(
                    factory: factory, batch: batch, vouchers: vouchers,
                    handovers: Handovers(
                        pool: factory.redeem, queue: factory.queue, keys: factory.keys,
                        limits: LimitBook(keys: factory.keys, isAlone: true)),
                    tester: JobTester(factory.queue, queues: [VoucherExpire.jobQueue], clock: factory.db.owner)))
        }
    }

    /// The first codes from an index on that win a bottle: no more are looked at than are wanted, for each costs
    /// milliseconds in a debug build.
    func winners(_ count: Int, from first: Int64 = 0) -> [Int64] {
        Array((first..<Factory.count).lazy.filter { batch.prize(of: $0)?.tier == 1 }.prefix(count))
    }

    /// Wins bottles with the codes from an index on.
    ///
    /// - Returns: What their winners show.
    func win(_ count: Int, from first: Int64 = 0) async throws -> [String] {
        let results = try await redeeming.redeem(
            winners(count, from: first).map { factory.scan(batch, $0, by: "p\($0)") }, brand: factory.brand)
        return results.compactMap { $0.voucher?["token"] }
    }

    /// Redeems as the service does.
    var redeeming: Redeeming {
        Redeeming(
            pool: factory.redeem, queue: factory.queue, keys: factory.keys, followers: [vouchers], vouchers: vouchers)
    }

    func scan(_ index: Int64, by openid: String) async throws -> ScanResult {
        try await redeeming.redeem([factory.scan(batch, index, by: openid)], brand: factory.brand)[0]
    }

    func shops(_ count: Int) async throws -> [String] {
        var codes: [String] = []
        for number in 0..<count {
            let (shop, _) = try await Catalogue.createShop(
                code: "store-\(number)", name: "Store \(number)", brand: factory.brand, on: factory.operator)
            codes.append(shop.code)
        }
        return codes
    }

    func handOver(
        _ voucher: String, at shop: String, id: String = "\(ID<Handover>.mint())", brand: ID<Brand>? = nil
    ) async throws -> Told {
        try await send(#"{"voucher":"\#(voucher)","store":"\#(shop)"}"#, id: id, brand: brand)
    }

    func send(_ body: String, id: String = "\(ID<Handover>.mint())", brand: ID<Brand>? = nil) async throws -> Told {
        try await told {
            try await handovers.handOver(
                Delivery(source: factory.source, brand: brand ?? factory.brand, id: id, body: Array(body.utf8)),
                arrived: .now)
        }
    }

    func reverse(
        _ handover: String, reason: String = "wrong bottle", delivery: String = "\(ID<Handover>.mint())",
        brand: ID<Brand>? = nil
    ) async throws -> Told {
        let id = try #require(ID<Handover>(handover))
        return try await told {
            try await handovers.reverse(
                id,
                Delivery(
                    source: factory.source, brand: brand ?? factory.brand, id: delivery,
                    body: Array(#"{"reason":"\#(reason)"}"#.utf8)))
        }
    }

    private func told(_ answer: () async throws -> StoredAnswer) async throws -> Told {
        do {
            let answer = try await answer()
            return Told(status: answer.status, body: answer.body, code: nil)
        } catch let problem as Problem {
            return Told(status: problem.status, body: [], code: problem.code)
        }
    }

    /// What the books say of all stores and the batch.
    func balances() async throws -> Balances {
        let brand = factory.brand
        let rows = try await factory.db.owner.run(
            Statement<(String, Int64)>(
                """
                SELECT a.kind, COALESCE(sum(CASE WHEN t.credit_account_id = a.account_id THEN t.amount_fen
                    ELSE -t.amount_fen END), 0)::bigint
                FROM accounting.account a
                LEFT JOIN accounting.transfer t ON t.brand_id = a.brand_id
                    AND a.account_id IN (t.credit_account_id, t.debit_account_id)
                WHERE a.brand_id = \(brand)
                GROUP BY a.kind
                """
            ) { row throws(PostgresError) in (try row.next(), try row.next()) })
        let of = Dictionary(rows) { first, _ in first }
        return Balances(
            owed: of["prize_owed"] ?? 0, due: of["store_due"] ?? 0, breakage: of["prize_breakage"] ?? 0,
            cost: of["prize_cost"] ?? 0)
    }
}

extension ScanResult {
    fileprivate var voucher: [String: String]? { (json["prize"] as? [String: Any])?["voucher"] as? [String: String] }
}
