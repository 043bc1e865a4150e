import Foundation
import Gifts
import Hosting
import Kernel
import Keys
import Orders
import Postgres
import TestSupport
import Testing

/// siyu-gifts over HTTP: order, roles, repetition.
@Suite struct GiftRoutesTests {
    static let verbs = ["quote", "pay", "cancel", "claim", "address", "swap", "accept", "decline", "transfer"]

    @Test func openAPI_describesExactlyWhatIsServed() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-\(ID<Gift>.mint())").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try KeyRing.create(folder: folder)

        let application = try await build(GiftsBundle.settings("host=/nonexistent", keys: folder), logger: .silent)

        #expect(application.documentationGaps == [])
        await application.pool.shutdown()
    }

    /// A command of `openID` with a body that reads.
    private func command(_ verb: String, _ openID: String, _ id: String, _ bundle: GiftsBundle) async throws -> Answer {
        var body: [String: Any] = ["openid": openID]
        if verb == "swap" { body["variant_id"] = "\(ID<Variant>.mint())" }
        if verb == "address" { body["address"] = GiftsBundle.address() }
        let path = "/v1/gifts/\(id)/\(verb)"
        return verb == "address" ? try await bundle.put(path, body) : try await bundle.post(path, body)
    }

    @Test func g01_thirdPersonWithTheLink_is403AndLearnsNothing() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            let pair = try await bundle.begin("1", tea[0])
            try await bundle.pay(pair, fen: 10_000)
            // Known to the vault through a gift of their own, and not known at all.
            _ = try await bundle.begin("2", tea[0])

            for third in ["giver-2", "friend-2", "nobody"] {
                for verb in Self.verbs {
                    let real = try await command(verb, third, pair.id, bundle)
                    let none = try await command(verb, third, "\(ID<Gift>.mint())", bundle)
                    #expect(real.status == 403, "\(verb): \(real.body)")
                    #expect(
                        real.withoutIDsAndInstants == none.withoutIDsAndInstants, "\(verb) tells that there is a gift")
                }
                let real = try await bundle.get(pair.view(of: third))
                let none = try await bundle.get("/v1/gifts/\(ID<Gift>.mint())?openid=\(third)")
                #expect(real.status == 403 && real.withoutIDsAndInstants == none.withoutIDsAndInstants)
            }
            #expect(try await bundle.get(pair.view(of: pair.sender)).json["state"] as? String == "sent")
        }
    }

    @Test func g01_creatingWithoutExactlyOneOtherPerson_is422() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            for recipients in [[], ["a", "b"], ["giver"]] {
                let answer = try await bundle.post(
                    "/v1/gifts",
                    [
                        "openid": "giver", "recipient_openids": recipients, "shop_id": "\(bundle.shop)",
                        "variant_id": "\(tea[0].id)",
                    ])
                #expect(answer.status == 422, "\(recipients): \(answer.body)")
                #expect(answer.header("content-type") == "application/problem+json")
            }
        }
    }

    @Test func g05_acceptNeedsAnAddress_andNoSenderSchemaHasOne() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            let pair = try await bundle.begin("1", tea[0])
            try await bundle.pay(pair, fen: 10_000)
            #expect(try await bundle.post(pair.path("claim"), ["openid": pair.recipient]).status == 200)

            let without = try await bundle.post(pair.path("accept"), ["openid": pair.recipient])
            #expect(without.status == 422 && without.code == "gift_needs_address")
            let bySender = try await bundle.put(
                pair.path("address"), ["openid": pair.sender, "address": GiftsBundle.address()])
            #expect(bySender.status == 403 && bySender.code == "gift_not_the_recipient")
            var blank = GiftsBundle.address()
            blank["detail"] = " "
            let malformed = try await bundle.put(pair.path("address"), ["openid": pair.recipient, "address": blank])
            #expect(malformed.status == 422 && malformed.code == "gift_address_malformed")
            let kept = try await bundle.put(
                pair.path("address"), ["openid": pair.recipient, "address": GiftsBundle.address()])
            #expect(kept.status == 200 && kept.json["address_given"] as? Bool == true)
            let with = try await bundle.post(pair.path("accept"), ["openid": pair.recipient])
            #expect(with.status == 200 && with.json["state"] as? String == "accepted")

            let document = try await bundle.get("/openapi.json").json
            let schemas = try #require((document["components"] as? [String: Any])?["schemas"] as? [String: Any])
            for name in ["Create", "Person", "Payment", "SenderView"] {
                let schema = try #require(schemas[name])
                let text = String(decoding: try JSONSerialization.data(withJSONObject: schema), as: UTF8.self)
                for word in ["address", "phone", "province", "city", "district", "detail", "courier"] {
                    #expect(!text.contains("\"\(word)"), "\(name) has \(word)")
                }
            }
        }
    }

    @Test func g15_callsOutOfOrder_are409_andTheGiftGoesOnInOrder() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            let pair = try await bundle.begin("1", tea[0])

            func status(_ verb: String, _ openID: String) async throws -> Int {
                try await command(verb, openID, pair.id, bundle).status
            }
            #expect(try await status("pay", pair.sender) == 409)
            for verb in ["claim", "address", "swap", "accept", "decline"] {
                #expect(try await status(verb, pair.recipient) == 409, "\(verb) before it was sent")
            }
            #expect(try await bundle.get(pair.view(of: pair.recipient)).status == 409)
            try await bundle.pay(pair, fen: 10_000)
            for verb in ["quote", "pay", "cancel"] {
                #expect(try await status(verb, pair.sender) == 409, "\(verb) after it was sent")
            }
            for verb in ["address", "swap", "accept"] {
                #expect(try await status(verb, pair.recipient) == 409, "\(verb) before it was claimed")
            }
            #expect(try await status("claim", pair.recipient) == 200)
            #expect(try await status("address", pair.recipient) == 200)
            #expect(try await status("accept", pair.recipient) == 200)
        }
    }

    @Test func g06_lockedForADayAfterAccepting_is423_andTheTimeToAcceptOver_is410() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            let (taken, left) = (try await bundle.begin("1", tea[0]), try await bundle.begin("2", tea[0]))
            try await bundle.pay(taken, fen: 10_000)
            try await bundle.pay(left, fen: 10_000)
            for verb in ["claim", "address", "accept"] {
                _ = try await command(verb, taken.recipient, taken.id, bundle)
            }

            #expect(try await command("cancel", taken.sender, taken.id, bundle).status == 423)
            #expect(try await command("swap", taken.recipient, taken.id, bundle).status == 423)
            #expect(try await command("address", taken.recipient, taken.id, bundle).status == 423)
            try await bundle.advance(86_400 + 60)
            #expect(try await command("cancel", taken.sender, taken.id, bundle).status == 409)
            #expect(try await command("swap", taken.recipient, taken.id, bundle).status == 409)
            #expect(try await command("address", taken.recipient, taken.id, bundle).status == 409)
            #expect(try await command("claim", left.recipient, left.id, bundle).status == 410)
            try await bundle.reaches("expired", left)
            #expect(try await bundle.get(left.view(of: left.recipient)).json["money"] as? String == "refunded_to_giver")
        }
    }

    // MARK: Again, and by whom

    @Test func sameRequestAgain_getsTheSameBytes_anotherBodyUnderItsKeyIsRefused() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            let body: [String: Any] = [
                "openid": "giver-1", "recipient_openids": ["friend-1"], "shop_id": "\(bundle.shop)",
                "variant_id": "\(tea[0].id)",
            ]
            let first = try await bundle.post("/v1/gifts", body, idempotencyKey: "1")
            let again = try await bundle.post("/v1/gifts", body, idempotencyKey: "1")
            let other = try await bundle.post("/v1/gifts", body.merging(["greeting": "!"]) { $1 }, idempotencyKey: "1")
            let none = try await bundle.post("/v1/gifts", body, idempotencyKey: nil)
            #expect(first.status == 201 && again.body == first.body)
            #expect(other.status == 409 && other.code == "idempotency_mismatch")
            #expect(none.status == 400 && none.code == "idempotency_key_missing")

            let id = try #require(first.json["gift_id"] as? String)
            #expect(try await bundle.post("/v1/gifts/\(id)/quote", ["openid": "giver-1"]).status == 200)
            let paid = try await bundle.post("/v1/gifts/\(id)/pay", ["openid": "giver-1"], idempotencyKey: "2")
            let paidAgain = try await bundle.post("/v1/gifts/\(id)/pay", ["openid": "giver-1"], idempotencyKey: "2")
            let payment = try #require(paid.json["payment"] as? [String: String])
            #expect(paid.status == 200 && paidAgain.body == paid.body)
            #expect(Set(payment.keys) == ["appId", "timeStamp", "nonceStr", "package", "signType", "paySign"])
            // The same key for another gift is another request.
            let second = try await bundle.begin("2", tea[0])
            let elsewhere = try await bundle.post(second.path("pay"), ["openid": "giver-1"], idempotencyKey: "2")
            #expect(elsewhere.status == 409 && elsewhere.code == "idempotency_mismatch")
        }
    }

    @Test func manyAcceptAtOnce_eachIsAnsweredTheirOwnGift_andTheSameBytesAgain() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            var pairs: [GiftsBundle.Pair] = []
            for number in 0..<8 {
                let pair = try await bundle.begin("\(number)", tea[0])
                try await bundle.pay(pair, fen: 10_000)
                for verb in ["claim", "address"] {
                    #expect(try await command(verb, pair.recipient, pair.id, bundle).status == 200)
                }
                pairs.append(pair)
            }

            func acceptAll() async throws -> [String: String] {
                try await withThrowingTaskGroup(of: (String, String).self) { group in
                    for pair in pairs {
                        group.addTask {
                            let answer = try await bundle.post(
                                pair.path("accept"), ["openid": pair.recipient], idempotencyKey: pair.id)
                            #expect(answer.status == 200 && answer.json["gift_id"] as? String == pair.id)
                            #expect(answer.json["state"] as? String == "accepted")
                            return (pair.id, answer.body)
                        }
                    }
                    return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                }
            }
            let first = try await acceptAll()
            #expect(try await acceptAll() == first && first.count == 8)
            #expect(
                try await bundle.count("SELECT count(*) FROM accounting.transfer WHERE kind = 'gift.accepted'") == 8)
        }
    }

    @Test func bodiesThatDoNotRead_areRefusedByField_withoutQuotingThem() async throws {
        try await GiftsBundle.serve { bundle in
            let bodies: [([String: Any], String)] = [
                ([:], "openid"), (["openid": 7], "openid"), (["openid": "with space"], "openid"),
                (["openid": "g", "recipient_openids": "f"], "recipient_openids"),
                (["openid": "g", "recipient_openids": ["f"], "shop_id": "secret"], "shop_id"),
            ]
            for (body, field) in bodies {
                let answer = try await bundle.post("/v1/gifts", body)
                #expect(answer.status == 400, "\(body)")
                #expect((answer.json["detail"] as? String)?.contains("`\(field)`") == true, "\(answer.body)")
                #expect(!answer.body.contains("secret"))
            }
            let tea = try await bundle.product("tea", fen: 10_000)
            for (greeting, status) in [
                (String(repeating: "👨‍👩‍👧‍👦", count: 100), 201), (String(repeating: "a", count: 101), 422), ("", 422),
            ] {
                let answer = try await bundle.post(
                    "/v1/gifts",
                    [
                        "openid": "g", "recipient_openids": ["f"], "shop_id": "\(bundle.shop)",
                        "variant_id": "\(tea[0].id)",
                        "greeting": greeting,
                    ])
                #expect(answer.status == status, "\(answer.body)")
            }
        }
    }

    @Test func g09_moreExpensiveThanAGiftMayBe_isRefused() async throws {
        try await GiftsBundle.serve { bundle in
            let dear = try await bundle.product("dear", fen: 1_000_000)
            let answer = try await bundle.post(
                "/v1/gifts",
                [
                    "openid": "g", "recipient_openids": ["f"], "shop_id": "\(bundle.shop)",
                    "variant_id": "\(dear[0].id)",
                ])
            #expect(answer.status == 422 && answer.code == "gift_above_ceiling")
            let fits = try await bundle.product("fits", fen: 999_999)
            _ = try await bundle.begin("1", fits[0])
        }
    }
}
