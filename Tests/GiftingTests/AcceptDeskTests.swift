import Foundation
import Gifting
import Hooks
import Kernel
import Postgres
import TestSupport
import Testing

/// Gifts that are accepted together: one commit, one answer for each.
@Suite(.timeLimit(.minutes(2))) struct AcceptDeskTests {
    @Test func g02_acceptedTogether_isOneCommit_andARefusalIsItsCallersAlone() async throws {
        try await withTestDatabase { db in
            let (bench, ready) = try await AcceptBench.ready(db, ["gate", "a", "b", "late"], without: ["bare"])
            let (a, b) = (ready.pair("a"), ready.pair("b"))
            let (brand, late) = (bench.brand, ready.pair("late").id)
            try await db.owner.execute(
                Statement(
                    """
                    UPDATE gifting.gift SET accept_until = siyu.clock() - INTERVAL '1 microsecond'
                    WHERE brand_id = \(brand) AND gift_id = \(late)
                    """))
            try await ready.wrap("a")
            let wishes = [
                try ready.wish("a"), try ready.wish("a", by: ready.pair("b").recipient, key: "third"),
                try ready.wish("a", by: a.sender, key: "sender"), try ready.wish("bare"), try ready.wish("late"),
                try ready.wish("b"), try ready.wish("a", key: "again"),
                AcceptBench.Wish(gift: .mint(), shopper: a.recipient, request: try ready.request("none")),
            ]

            let told = try await ready.together(wishes)

            #expect(
                told.map(\.problem) == [
                    nil, .giftNotAParty, .giftNotTheRecipient, .giftNeedsAddress, .giftGone, nil, nil, .giftNotAParty,
                ])
            #expect(told[0].state == "accepted" && told[5].state == "accepted")
            #expect(told[6] == told[0], "whoever finds it accepted sees the same gift")
            #expect(told[0].text?.contains("Spring") == true, "\(told[0].text ?? "")")
            for (place, pair) in [(0, a), (5, b)] {
                #expect(try await ready.seenAlone(pair) == told[place], "it reads as if it were accepted alone")
            }
            let ids = [a.id, b.id]
            #expect(
                try await bench.number(
                    """
                    SELECT count(DISTINCT xmin::text) FROM gifting.gift
                    WHERE gift_id = ANY(\(ids)) AND state = 'accepted' AND locked_until = accepted_at + INTERVAL '1 day'
                    """) == 1)
            #expect(try await ready.accepted() == 4, "those two, the gate and the first one")
            #expect(try await bench.number("SELECT count(*) FROM gifting.gift WHERE state = 'claimed'") == 2)
            #expect(try await bench.escrow() == (20_000, 10_000))
            // Refusals are not stored, and may be tried again.
            #expect(try await bench.number("SELECT count(*) FROM hooks.idempotency") == 4)
            try await bench.fillIn(ready.pair("bare"))
            #expect(try await ready.tell(try ready.wish("bare")).problem == nil)
            #expect(try await ready.tell(wishes[0]) == told[0], "the same bytes")
        }
    }

    @Test func g02_sameKeyTwiceInABatch_isWorkedOnce_andAnotherBodyUnderItIsRefused() async throws {
        try await withTestDatabase { db in
            let (bench, ready) = try await AcceptBench.ready(db, ["gate", "a"], without: ["bare"])

            let told = try await ready.together([
                try ready.wish("a"), try ready.wish("a"), try ready.wish("a", hash: 2), try ready.wish("bare"),
                try ready.wish("bare"), try ready.wish("bare", hash: 2),
            ])

            #expect(told[0].state == "accepted" && told[1] == told[0])
            #expect(told[2].problem?.code == "idempotency_mismatch")
            #expect(told[3].problem == .giftNeedsAddress && told[4].problem == .giftNeedsAddress)
            #expect(told[5].problem?.code == "idempotency_in_progress", "nothing was answered yet under this key")
            #expect(try await ready.tell(try ready.wish("a", hash: 2)).problem?.code == "idempotency_mismatch")
            #expect(try await ready.accepted() == 3)

            try await bench.fillIn(ready.pair("bare"))
            try await bench.pool.transaction { tx in
                _ = try await Idempotency.find(try ready.request("bare"), on: tx)
                #expect(
                    try await ready.tell(try ready.wish("bare")).problem?.code == "idempotency_in_progress",
                    "another process works on it")
            }
            #expect(try await ready.tell(try ready.wish("bare")).state == "accepted")
        }
    }

    @Test func g02_giftThatSomebodyHolds_isAcceptedAlone_andHoldsUpNoOther() async throws {
        try await withTestDatabase { db in
            let (bench, ready) = try await AcceptBench.ready(db, ["gate", "held", "ended", "free"])
            let (brand, held, ended) = (bench.brand, ready.pair("held").id, ready.pair("ended").id)

            try await withThrowingTaskGroup(of: AcceptBench.Told.self) { group in
                try await db.owner.transaction { tx in
                    let ids = [held, ended]
                    try await tx.execute(
                        Statement(
                            "SELECT FROM gifting.gift WHERE brand_id = \(brand) AND gift_id = ANY(\(ids)) FOR UPDATE"))
                    group.addTask { try await ready.tell(try ready.wish("held")) }
                    group.addTask { try await ready.tell(try ready.wish("ended")) }
                    try await eventually { try await ready.waitForLocks() == 2 }
                    #expect(try await ready.tell(try ready.wish("free")).state == "accepted")
                    // As a sweep would: whoever waited finds what it did.
                    try await tx.execute(
                        Statement(
                            """
                            UPDATE gifting.gift SET accept_until = claimed_at
                            WHERE brand_id = \(brand) AND gift_id = \(ended)
                            """))
                }
                let told = try await group.reduce(into: []) { $0.append($1) }
                #expect(Set(told.map(\.problem)) == [nil, .giftGone])
            }
            #expect(try await bench.state(of: ready.pair("held")) == "accepted")
            #expect(try await bench.state(of: ready.pair("ended")) == "claimed")
        }
    }

    @Test func g02_faultOfOne_isItsOwn_theOthersAreAccepted() async throws {
        try await withTestDatabase { db in
            let (bench, ready) = try await AcceptBench.ready(db, ["gate", "broken", "a", "b"])
            let (brand, broken) = (bench.brand, ready.pair("broken").id)
            // A second end of a gift is refused by the database.
            try await db.owner.execute(
                Statement("INSERT INTO gifting.outcome VALUES (\(brand), \(broken), 'accepted', 'recipient', now())"))

            let told = try await ready.together([try ready.wish("a"), try ready.wish("broken"), try ready.wish("b")])

            #expect(told[1] == .failed(.server(.uniqueViolation)))
            #expect(told[0].state == "accepted" && told[2].state == "accepted")
            #expect(try await bench.state(of: ready.pair("broken")) == "claimed")
            #expect(try await ready.accepted() == 4)
            #expect(try await bench.escrow() == (10_000, 10_000))
        }
    }

    @Test func g02_connectionLostUnderABatch_leavesNothing_andTheSameRequestsAreAcceptedOnce() async throws {
        try await withTestDatabase { db in
            let (bench, ready) = try await AcceptBench.ready(db, ["gate", "a", "b"])
            let wishes = [try ready.wish("a"), try ready.wish("b")]

            let told = try await ready.together(wishes, holding: "a") {
                // Roles may end their own connections.
                let ended = try await bench.pool.run(
                    Statement(
                        "SELECT pg_terminate_backend(pid) FROM \(unsafeRaw: AcceptBench.waiting)"
                    ) { row throws(PostgresError) in try row.next(Bool.self) })
                #expect(ended == [true], "both go in one transaction")
            }

            #expect(told.allSatisfy { if case .failed = $0 { true } else { false } })
            #expect(try await ready.accepted() == 2)
            #expect(try await bench.number("SELECT count(*) FROM gifting.gift WHERE state = 'claimed'") == 2)
            for wish in wishes { #expect(try await ready.tell(wish).state == "accepted") }
            #expect(try await ready.accepted() == 4)
            #expect(try await bench.escrow() == (0, 0))
        }
    }

    @Test(arguments: [FaultProxy.Direction.toServer, .toClient])
    func g02_lineCutWhileAccepting_isAcceptedOnce_andAnsweredTheSame(_ direction: FaultProxy.Direction) async throws {
        try await withTestDatabase { db in
            let names = (0..<12).map { "\($0)" }
            let (bench, ready) = try await AcceptBench.ready(db, names)
            let proxy = try db.proxy()
            defer { proxy.close() }
            let desk = ready.desk(db.pool(as: .gifts, connectionsMax: 2, through: proxy))

            for (place, name) in names.enumerated() {
                // The cut falls into any of the messages, the COMMIT and its answer included.
                proxy.arm(.init(.cut, direction, after: .messages(place * 3)))
                var told = AcceptBench.Told.failed(.connectionLost)
                try await eventually {
                    told = try await ready.tell(try ready.wish(name), at: desk)
                    return told.state == "accepted"
                }
                #expect(try await ready.tell(try ready.wish(name), at: desk) == told)
            }

            #expect(proxy.fired >= names.count / 2, "only \(proxy.fired) cuts took place")
            #expect(try await ready.accepted() == names.count + 1)
            #expect(try await bench.number("SELECT count(*) FROM hooks.idempotency") == names.count)
            #expect(try await bench.escrow() == (0, 0))
        }
    }
}

/// Gifts of a ``GiftBench`` that wait for nothing but a yes, and a desk that takes it.
struct AcceptBench: Sendable {
    let bench: GiftBench
    private let desk: AcceptDesk
    private let pairs: [String: GiftBench.Pair]

    /// Somebody who wants a gift.
    struct Wish: Sendable {
        let gift: ID<Gift>
        let shopper: Shopper
        let request: IdempotentRequest
        var hash = [UInt8](repeating: 1, count: 32)
    }

    /// What somebody was told.
    enum Told: Sendable, Equatable {
        case answer(StoredAnswer)
        case refused(Problem)
        case failed(PostgresError.Code)

        var problem: Problem? {
            if case .refused(let problem) = self { problem } else { nil }
        }

        /// The answer as it is read.
        var text: String? {
            if case .answer(let answer) = self { String(decoding: answer.body, as: UTF8.self) } else { nil }
        }

        /// The state of the gift in the answer.
        var state: String? {
            guard case .answer(let answer) = self else { return nil }
            let object = try? JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
            return object?["state"] as? String
        }
    }

    /// Gifts with an address and gifts without one, and another that was accepted before: the shop's account is open.
    static func ready(
        _ db: TestDatabase, _ names: [String], without bare: [String] = []
    ) async throws -> (GiftBench, AcceptBench) {
        let bench = try await GiftBench(db)
        var pairs: [String: GiftBench.Pair] = [:]
        for name in names + bare + ["first"] {
            let pair = try await bench.begin(name)
            try await bench.quote(pair)
            try await bench.notify(try await bench.reserve(pair))
            pairs[name] = pair
        }
        let count = pairs.count
        try await bench.working {
            try await eventually {
                try await bench.number("SELECT count(*) FROM gifting.gift WHERE state = 'sent'") == count
            }
        }
        for (name, pair) in pairs {
            try await bench.claim(pair)
            if !bare.contains(name) { try await bench.fillIn(pair) }
        }
        try await bench.accept(try #require(pairs["first"]))
        return (bench, AcceptBench(bench: bench, desk: bench.acceptDesk(), pairs: pairs))
    }

    /// A gift by its name; every test names those that it made.
    func pair(_ name: String) -> GiftBench.Pair {
        pairs[name] ?? GiftBench.Pair(id: .mint(), sender: bench.shopper("nobody"), recipient: bench.shopper("nobody"))
    }

    func request(_ key: String) throws -> IdempotentRequest { try bench.acceptRequest(key) }

    /// The wish of a gift's recipient, or of somebody else; its key is the gift's name.
    func wish(_ name: String, by shopper: Shopper? = nil, key: String? = nil, hash: UInt8 = 1) throws -> Wish {
        Wish(
            gift: pair(name).id, shopper: shopper ?? pair(name).recipient, request: try request(key ?? name),
            hash: [UInt8](repeating: hash, count: 32))
    }

    /// A desk of another process.
    func desk(_ pool: Pool) -> AcceptDesk { bench.acceptDesk(pool) }

    func tell(_ wish: Wish, at other: AcceptDesk? = nil) async throws -> Told {
        do {
            return .answer(
                try await (other ?? desk).accept(
                    wish.gift, by: wish.shopper, as: wish.request, bodyHash: wish.hash))
        } catch let problem as Problem {
            return .refused(problem)
        } catch let error as PostgresError {
            return .failed(error.code)
        }
    }

    /// Wraps a gift in a cover.
    func wrap(_ name: String) async throws {
        let (brand, id) = (bench.brand, pair(name).id)
        try await bench.db.owner.execute(
            Statement(
                """
                INSERT INTO gifting.cover (brand_id, code, title, valid_from, created_at, updated_at)
                VALUES (\(brand), 'spring', 'Spring', '2020-01-01', now(), now())
                """))
        try await bench.db.owner.execute(
            Statement("UPDATE gifting.gift SET cover_code = 'spring' WHERE brand_id = \(brand) AND gift_id = \(id)"))
    }

    /// What accepting once more by itself answers.
    func seenAlone(_ pair: GiftBench.Pair) async throws -> Told {
        let view = try await bench.pool.transaction { tx in
            try await bench.gifts.accept(pair.id, by: pair.recipient, on: tx)
        }
        return .answer(try GiftBench.answer(view))
    }

    /// Accepts in one batch, in the order of the wishes: the gate's transaction is held up until all of them wait.
    ///
    /// - Parameters:
    ///   - held: A gift whose money is held until `body` is through, so that the batch stops in the middle.
    ///   - body: Runs when it has stopped.
    func together(
        _ wishes: [Wish], holding held: String? = nil, _ body: @Sendable () async throws -> Void = {}
    ) async throws -> [Told] {
        try await withThrowingTaskGroup(of: (Int, Told).self) { group in
            try await holding(held) {
                try await holding("gate") {
                    group.addTask { (-1, try await tell(try wish("gate"))) }
                    try await eventually { try await waitForLocks() == 1 }
                    for (place, wish) in wishes.enumerated() {
                        group.addTask { (place, try await tell(wish)) }
                        try await eventually { desk.waitingCount == place + 1 }
                    }
                }
                if held != nil {
                    try await eventually { try await accepted() == 2 }
                    try await eventually { try await waitForLocks() == 1 }
                }
                try await body()
            }
            var told: [Int: Told] = [:]
            for try await (place, one) in group { told[place] = one }
            #expect(told[-1]?.state == "accepted")
            return wishes.indices.compactMap { told[$0] }
        }
    }

    /// Holds the account of a gift's money for the length of `body`.
    private func holding(_ name: String?, _ body: () async throws -> Void) async throws {
        guard let name else { return try await body() }
        let (brand, id) = (bench.brand, pair(name).id)
        try await bench.db.owner.transaction { tx in
            try await tx.execute(
                Statement(
                    """
                    SELECT FROM accounting.balance k
                    JOIN accounting.account a USING (brand_id, account_id)
                    JOIN gifting.gift g ON g.brand_id = a.brand_id AND g.payment_id = a.subject_id
                    WHERE k.brand_id = \(brand) AND a.kind = 'escrow' AND g.gift_id = \(id)
                    FOR UPDATE OF k
                    """))
            try await body()
        }
    }

    /// How many transactions wait for somebody.
    func waitForLocks() async throws -> Int {
        try await bench.number("SELECT count(*) FROM \(unsafeRaw: Self.waiting)")
    }

    /// The backends of the test's database that wait for a lock.
    static let waiting = """
        (SELECT DISTINCT l.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE NOT l.granted AND a.datname = current_database()) w
        """

    /// How many gifts were earned.
    func accepted() async throws -> Int {
        try await bench.number(
            """
            SELECT count(*) FROM accounting.transfer t JOIN gifting.outcome o ON o.gift_id = t.subject_id
            JOIN gifting.gift g ON g.gift_id = o.gift_id
            WHERE t.kind = 'gift.accepted' AND o.outcome = 'accepted' AND g.state = 'accepted'
            """)
    }
}

extension GiftBench {
    /// A desk as that of siyu-gifts.
    func acceptDesk(_ pool: Pool? = nil) -> AcceptDesk {
        AcceptDesk(gifts: gifts, pool: pool ?? self.pool) { try Self.answer($0) }
    }

    static func answer(_ view: RecipientView) throws -> StoredAnswer {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = .sortedKeys
        return StoredAnswer(status: 200, body: Array(try encoder.encode(view)))
    }

    func acceptRequest(_ key: String) throws -> IdempotentRequest {
        try IdempotentRequest(brand: brand, caller: brand.rawValue, route: "POST /v1/gifts/{id}/accept", key: key)
    }

    /// Accepts as over HTTP, together with whoever comes at the same time.
    func accept(_ pair: Pair, at desk: AcceptDesk) async throws {
        _ = try await desk.accept(
            pair.id, by: pair.recipient, as: try acceptRequest("\(pair.id)"),
            bodyHash: [UInt8](repeating: 1, count: 32))
    }
}
