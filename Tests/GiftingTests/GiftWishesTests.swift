import Foundation
import Gifting
import Hooks
import Kernel
import Keys
import Orders
import Policies
import Postgres
import Synchronization
import TestSupport
import Testing

/// What a giver says besides what they give: words, a cover, an entry, a time.
@Suite struct GiftWishesTests {
    // MARK: Greetings

    @Test func g18_hundredCharactersAsPeopleCountThem_areAdmitted_oneMoreIsNot() {
        let giver = Shopper(brand: .mint(), openID: "giver")
        @Sendable func refusal(_ greeting: String) -> Problem? {
            do throws(Problem) {
                try Gifts.check(
                    NewGift(shop: .mint(), variant: .mint(), recipients: ["friend"], greeting: greeting), by: giver)
                return nil
            } catch {
                return error
            }
        }
        for character in ["x", "福", "👨‍👩‍👧‍👦", "🇨🇳", "e\u{301}", "\r\n"] {
            #expect(refusal(String(repeating: character, count: 100)) == nil, "\(character)")
            #expect(refusal(String(repeating: character, count: 101)) == .giftGreetingTooLong, "\(character)")
        }
        #expect(refusal("") == .giftGreetingTooLong)
        // One character of a thousand marks is still more than a row takes.
        #expect(refusal("e" + String(repeating: "\u{301}", count: 2_000)) == .giftGreetingTooLong)
        #expect(Problem.giftGreetingTooLong.status == 422)
    }

    @Test func g18_screen_admitsOrRefuses_andWithoutAnAnswerThePolicyDecides() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let keys = KeyRing.ephemeral()
            let stub = ScreenStub()
            let screens = GreetingScreens(keys: keys, transport: stub, realTime: { Date() })
            @Sendable func refusal() async throws -> Problem? {
                try await bench.refusal { try await screens.admit("福 & joy", brand: bench.brand, on: bench.pool) }
            }
            // Nobody is named: nobody is asked.
            #expect(try await refusal() == nil && stub.asked.isEmpty)
            let secret = try await db.pool(as: .operator).transaction { tx in
                try await GreetingScreens.set("https://screen.example/ask", brand: bench.brand, keys: keys, on: tx)
            }
            #expect(try await refusal() == nil)
            let question = try #require(stub.asked.first)
            #expect(String(decoding: question.body, as: UTF8.self) == #"{"greeting":"福 & joy"}"#)
            let headers = Dictionary(question.headers.map { ($0.name, $0.value) }) { first, _ in first }
            let timestamp = try #require(headers["webhook-timestamp"].flatMap { Int($0) })
            #expect(
                headers["webhook-signature"]
                    == StandardWebhook.sign(
                        id: headers["webhook-id"] ?? "", timestamp: timestamp, body: question.body, secret: secret))

            stub.answer(.status(422))
            #expect(try await refusal() == .giftGreetingRefused && Problem.giftGreetingRefused.status == 422)
            for answer in [HookAnswer.status(500), .status(302), .status(404), .unreachable("x"), .forbidden("x"), nil]
            {
                stub.answer(answer)
                #expect(try await refusal() == .giftGreetingUnseen, "\(String(describing: answer))")
            }
            try await db.pool(as: .operator).transaction { tx in
                _ = try await Policies.set(
                    "gift.greeting_screening", to: #"{"admit_when_unavailable": true}"#, brand: bench.brand,
                    author: "Li", reason: "test", on: tx)
            }
            stub.answer(.unreachable("x"))
            #expect(try await refusal() == nil)
            // Whoever says no is heard all the same.
            stub.answer(.status(422))
            #expect(try await refusal() == .giftGreetingRefused)
            try await db.pool(as: .operator).transaction { tx in
                try await GreetingScreens.drop(brand: bench.brand, on: tx)
            }
            #expect(try await refusal() == nil)
        }
    }

    @Test func g18_greeting_isShownToTheRecipientOnlyOnceItIsSent() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            try await bench.working {
                let pair = try await bench.begin("1")
                @Sendable func greeting() async throws -> String? {
                    let view = try await bench.pool.transaction { tx in
                        try await bench.gifts.show(pair.id, to: pair.recipient, on: tx)
                    }
                    guard case .recipient(let seen) = view else { return nil }
                    return seen.json["greeting"] as? String
                }
                #expect(try await bench.refusal { _ = try await greeting() } == .giftNotSent)
                try await bench.quote(pair)
                let payment = try await bench.reserve(pair)
                #expect(try await bench.refusal { _ = try await greeting() } == .giftNotSent)
                try await bench.notify(payment)
                try await eventually { try await bench.state(of: pair) == "sent" }
                #expect(try await greeting() == "Enjoy!")
            }
        }
    }

    // MARK: Covers

    @Test func g23_cover_isShownWhileItsLicenceLasts_andUnknownOnesAreRefused() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let start = try await bench.clock()
            @Sendable func license(until end: Date?) async throws {
                let cover = CoverRecord(
                    code: "panda", title: "熊猫", imageURL: "https://img.example/panda.png", validFrom: start,
                    validUntil: end)
                try await db.pool(as: .operator).transaction { tx in
                    try await Covers.set(cover, brand: bench.brand, on: tx)
                }
            }
            try await bench.working {
                let unknown = try await bench.refusal { _ = try await bench.wish("0", cover: "panda") }
                #expect(unknown == .giftCoverUnknown && unknown?.status == 422)
                try await license(until: start.addingTimeInterval(3_600))
                let pair = try await bench.wish("1", cover: "panda")
                try await bench.pay(pair)
                @Sendable func cover() async throws -> String? {
                    let view = try await bench.pool.transaction { tx in
                        try await bench.gifts.claim(pair.id, by: pair.recipient, on: tx)
                    }
                    return (view.json["cover"] as? [String: Any])?["code"] as? String
                }
                #expect(try await cover() == "panda")
                try await bench.advance(3_600)
                #expect(try await cover() == nil)
                // Still known: a gift that names it is begun, and wrapped as all others.
                _ = try await bench.wish("2", cover: "panda")
                try await license(until: nil)
                #expect(try await cover() == "panda")
            }
            for url in ["http://img.example/x", "https://img.example", "https://img.example/a;b", "https://a b/x"] {
                let cover = CoverRecord(code: "x", title: "x", imageURL: url, validFrom: start, validUntil: nil)
                let refused = try await bench.refusal {
                    try await db.pool(as: .operator).transaction { tx in
                        try await Covers.set(cover, brand: bench.brand, on: tx)
                    }
                }
                #expect(refused?.status == 422, "\(url)")
            }
        }
    }

    // MARK: Entries

    @Test func g25_newEntry_needsARowAlone_andAllGiftsAreCountedOnce() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let staff = db.pool(as: .operator)
            @Sendable func add(_ code: String) async throws {
                try await staff.transaction { tx in
                    try await Entries.set(code, title: code, brand: bench.brand, on: tx)
                }
            }
            let refused = try await bench.refusal { _ = try await bench.wish("0", entry: "live-room") }
            #expect(refused == .giftEntryUnknown && refused?.status == 422)
            try await add("chat")
            try await add("nobody")
            for number in 0..<3 { _ = try await bench.wish("\(number)", entry: "chat") }
            try await add("live-room")
            _ = try await bench.wish("3", entry: "live-room")
            for number in 4..<6 { _ = try await bench.begin("\(number)") }

            let counts = try await Entries.counts(of: bench.brand, on: staff)
            #expect(counts.map(\.code) == ["chat", "live-room", "nobody", "unknown"])
            #expect(counts.map(\.begun) == [3, 1, 0, 2])
            #expect(try await bench.number("SELECT count(*) FROM gifting.gift") == counts.map(\.begun).reduce(0, +))
            #expect(try await bench.refusal { try await add("unknown") }?.status == 422)
        }
    }

    // MARK: Another time

    @Test func scheduledGift_isSentByItsJobOnce_andNotBefore() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let sendAt = try await bench.clock().addingTimeInterval(7_200)
            try await bench.working {
                let pair = try await bench.wish("1", sendAt: sendAt)
                try await bench.quote(pair)
                try await bench.notify(try await bench.reserve(pair))
                try await eventually { try await bench.state(of: pair) == "scheduled" }
                #expect(try await bench.refusal { try await bench.claim(pair) } == .giftNotSent)
                #expect(try await bench.refusal { try await bench.quote(pair) } == .giftScheduled)
                // What a worker would do that believes an old delivery.
                try await bench.deliver(pair)
                #expect(try await bench.state(of: pair) == "scheduled")

                try await bench.advance(7_201)
                try await eventually { try await bench.state(of: pair) == "sent" }
                try await bench.deliver(pair)
                try await bench.claim(pair)
                // A day from when it was sent, not from when it was paid for.
                try await bench.advance(86_000)
                try await bench.fillIn(pair)
                try await bench.accept(pair)
                #expect(try await bench.number("SELECT count(*) FROM gifting.outcome") == 1)
                #expect(try await bench.escrow() == (0, 0))
            }
        }
    }

    @Test func scheduledGift_canBeCancelledUntilItIsSent_andIsRefundedOnce() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let sendAt = try await bench.clock().addingTimeInterval(7_200)
            try await bench.working {
                let pair = try await bench.wish("1", sendAt: sendAt)
                try await bench.quote(pair)
                try await bench.notify(try await bench.reserve(pair))
                try await eventually { try await bench.state(of: pair) == "scheduled" }
                try await bench.cancel(pair)
                try await bench.cancel(pair)
                try await bench.advance(7_201)
                try await bench.deliver(pair)
                try await eventually {
                    try await bench.number("SELECT count(*) FROM gifting.gift WHERE refunded_at IS NOT NULL") == 1
                }
                #expect(try await bench.state(of: pair) == "cancelled")
                #expect(try await bench.available(bench.red) == 2_000)
                #expect(bench.pay.payouts.count == 1)
            }
        }
    }

    @Test func scheduledGifts_cancelledWhileTheyAreSent_areOneOrTheOther() async throws {
        try await withTestDatabase { db in
            let gifts = 20
            let bench = try await GiftBench(db)
            let sendAt = try await bench.clock().addingTimeInterval(7_200)
            var pairs: [GiftBench.Pair] = []
            for number in 0..<gifts {
                let pair = try await bench.wish("\(number)", sendAt: sendAt)
                try await bench.quote(pair)
                try await bench.notify(try await bench.reserve(pair))
                pairs.append(pair)
            }
            try await bench.working {
                try await eventually {
                    try await bench.number("SELECT count(*) FROM gifting.gift WHERE state = 'scheduled'") == gifts
                }
            }
            // Nobody works the queues now: the two meet here alone.
            try await bench.advance(7_201)
            let cancelled = try await withThrowingTaskGroup(of: Int.self) { group in
                for pair in pairs {
                    group.addTask {
                        try await bench.deliver(pair)
                        return 0
                    }
                    group.addTask { try await bench.refusal { try await bench.cancel(pair) } == nil ? 1 : 0 }
                }
                return try await group.reduce(0, +)
            }
            #expect(try await bench.number("SELECT count(*) FROM gifting.gift WHERE state = 'cancelled'") == cancelled)
            #expect(
                try await bench.number("SELECT count(*) FROM gifting.gift WHERE state = 'sent'") == gifts - cancelled)
            #expect(try await bench.number("SELECT count(*) FROM orders.refund") == cancelled)
            #expect(try await bench.available(bench.red) == 2_000 - gifts + cancelled)
        }
    }

    @Test func sendAt_inThePastOrTooFarAway_isRefused() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let now = try await bench.clock()
            for seconds in [-1, 2_678_400] as [Double] {
                let refused = try await bench.refusal {
                    _ = try await bench.wish("1", sendAt: now.addingTimeInterval(seconds))
                }
                #expect(refused == .giftSendAtMalformed && refused?.status == 422)
            }
        }
    }
}

/// Whoever looks at greetings, answering as they are told; nil is never.
private final class ScreenStub: HookTransport {
    private let state = Mutex<(answer: HookAnswer?, asked: [HookRequest])>((.status(204), []))

    var asked: [HookRequest] { state.withLock { $0.asked } }

    func answer(_ answer: HookAnswer?) { state.withLock { $0.answer = answer } }

    func post(_ request: HookRequest) async throws -> HookAnswer {
        let answer = state.withLock { state in
            state.asked.append(request)
            return state.answer
        }
        if let answer { return answer }
        try await untilCancelled()
        throw CancellationError()
    }
}

extension GiftBench {
    func wish(
        _ name: String, cover: String? = nil, entry: String? = nil, sendAt: Date? = nil
    ) async throws -> Pair {
        let (sender, recipient) = (shopper("giver-\(name)"), shopper("friend-\(name)"))
        let wish = NewGift(
            shop: shop, variant: red.id, recipients: [recipient.openID], greeting: "Enjoy!", cover: cover, entry: entry,
            sendAt: sendAt)
        let view = try await pool.transaction { tx in try await gifts.create(wish, by: sender, on: tx) }
        return Pair(id: try #require(view.field("gift_id")), sender: sender, recipient: recipient)
    }

    func pay(_ pair: Pair) async throws {
        try await quote(pair)
        try await notify(try await reserve(pair))
        try await eventually { try await state(of: pair) == "sent" }
    }

    func deliver(_ pair: Pair) async throws {
        try await pool.transaction { tx in try await gifts.deliver(pair.id, brand: brand, on: tx) }
    }
}
