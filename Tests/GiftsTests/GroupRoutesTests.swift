import Foundation
import Gifting
import Jobs
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

/// Group gifts over HTTP: the partner's way, and the page of whoever has the link.
@Suite struct GroupRoutesTests {
    private func create(
        _ bundle: GiftsBundle, _ variant: VariantRecord, _ more: [String: Any] = [:]
    ) async throws -> Answer {
        let body: [String: Any] = [
            "openid": "giver", "shop_id": "\(bundle.shop)", "variant_id": "\(variant.id)", "units": 4, "places": 2,
            "split": "lucky", "draw": "when_full", "entries_max": 3, "greeting": "For all of you",
        ]
        return try await bundle.post("/v1/gift-groups", body.merging(more) { $1 })
    }

    /// A group gift that people may enter, and the path of its page.
    private func open(
        _ bundle: GiftsBundle, sku: String = "tea", fen: Int64 = 10_000
    ) async throws -> (
        id: String, page: String
    ) {
        let tea = try await bundle.product(sku, fen: fen)
        let made = try await create(bundle, tea[0])
        #expect(made.status == 201, "\(made.body)")
        let id = try #require(made.json["group_id"] as? String)
        let paid = try await bundle.post("/v1/gift-groups/\(id)/pay", ["openid": "giver"])
        #expect(paid.status == 200, "\(paid.body)")
        let payment: ID<Payment> = try #require((paid.json["payment_id"] as? String).flatMap { ID($0) })
        try await JobQueue(pool: bundle.db.pool(as: .gifts, connectionsMax: 1), logger: .silent).push(
            PaymentReceived(
                brand: bundle.brand, payment: payment, mchid: GiftsBundle.mchid, transactionID: "42\(payment)",
                amount: Money(fen: fen * 4), paidAt: Date(timeIntervalSince1970: 1_780_000_000)))
        try await reaches("open", id, bundle)
        let view = try await bundle.get("/v1/gift-groups/\(id)?openid=giver").json
        return (id, try #require(view["page"] as? String))
    }

    private func reaches(_ state: String, _ id: String, _ bundle: GiftsBundle) async throws {
        try await eventually {
            try await bundle.get("/v1/gift-groups/\(id)?openid=giver").json["state"] as? String == state
        }
    }

    private func enter(_ id: String, _ openID: String, _ bundle: GiftsBundle) async throws -> Answer {
        try await bundle.post("/v1/gift-groups/\(id)/entries", ["openid": openID])
    }

    @Test func g20_thirdOfThree_bringsTheDraw_andTheWinIsAGiftLikeAnyOther() async throws {
        try await GiftsBundle.serve { bundle in
            let (id, page) = try await open(bundle)
            let before = try await bundle.get("/v1/gift-groups/\(id)/draw").json
            #expect(before["seed"] == nil && (before["commitment"] as? String)?.count == 64)

            for number in 0..<3 {
                let entered = try await enter(id, "friend-\(number)", bundle)
                #expect(entered.status == 200 && entered.json["role"] as? String == "guest", "\(entered.body)")
                #expect(!entered.body.contains("fen"), "no money for guests")
                let again = try await enter(id, "friend-\(number)", bundle)
                #expect(
                    (again.json["entry"] as? [String: Any])?["entry_id"] as? String
                        == (entered.json["entry"] as? [String: Any])?["entry_id"] as? String)
            }
            try await reaches("drawn", id, bundle)
            #expect(try await enter(id, "friend-9", bundle).status == 410)
            #expect(try await enter(id, "giver", bundle).code == "gift_group_own")

            let published = try await bundle.get("/v1/gift-groups/\(id)/draw")
            let proof = try JSONDecoder().decode(GroupProof.self, from: Data(published.body.utf8))
            #expect(proof.verify() == .right && proof.entries.count == 3 && proof.wins?.count == 2)
            // Whoever has the link needs no key for it, and reads the same.
            let open = try await bundle.send("GET", page + "/draw", nil, idempotencyKey: nil, key: "none")
            #expect(open.status == 200 && open.body == published.body)
            #expect(!published.body.contains("friend"))

            var units = 0
            for number in 0..<3 {
                let view = try await bundle.get("/v1/gift-groups/\(id)?openid=friend-\(number)").json
                guard let gift = view["gift"] as? [String: Any] else {
                    #expect(view["result"] as? String == "not_won")
                    continue
                }
                units += gift["units"] as? Int ?? 0
                let won = GiftsBundle.Pair(
                    id: try #require(gift["gift_id"] as? String), sender: "giver", recipient: "friend-\(number)")
                #expect(gift["page"] as? String != nil)
                #expect(try await bundle.post(won.path("claim"), ["openid": won.recipient]).status == 200)
                let kept = try await bundle.put(
                    won.path("address"), ["openid": won.recipient, "address": GiftsBundle.address()])
                #expect(kept.json["quantity"] as? Int == gift["units"] as? Int)
                #expect(try await bundle.post(won.path("accept"), ["openid": won.recipient]).status == 200)
            }
            #expect(units == 4)
            try await reaches("settled", id, bundle)
            let settled = try await bundle.get("/v1/gift-groups/\(id)?openid=giver").json
            #expect(settled["units_accepted"] as? Int == 4 && settled["refund"] == nil)
        }
    }

    @Test func g20_wrongWishes_areRefusedInWords() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            let wrong: [[String: Any]] = [
                ["units": 0], ["places": 5, "units": 4], ["split": "fixed", "units": 5], ["entries_max": 1],
                ["entries_max": 100_000], ["draw": "at_time"], ["draw_at": "2099-01-01T00:00:00Z"],
                ["draw": "at_time", "draw_at": "2000-01-01T00:00:00Z"], ["draw": "some_day"],
                ["greeting": String(repeating: "x", count: 101)], ["cover": "none"], ["entry": "none"],
            ]
            for more in wrong {
                let answer = try await create(bundle, tea[0], more)
                #expect(answer.status == 422, "\(more): \(answer.body)")
                #expect((answer.json["detail"] as? String)?.isEmpty == false)
            }
            #expect(try await create(bundle, tea[0], ["units": "many"]).status == 400)
            #expect(try await create(bundle, tea[0], ["split": "unfair"]).status == 400)
            let none = ID<GiftGroup>.mint()
            for path in ["/v1/gift-groups/\(none)?openid=friend", "/v1/gift-groups/\(none)/draw", "/gg/x/draw"] {
                #expect(try await bundle.get(path).status == 404, "\(path)")
            }
            // What nobody has paid for is its giver's alone.
            let made = try await create(bundle, tea[0])
            let id = try #require(made.json["group_id"] as? String)
            #expect(try await bundle.get("/v1/gift-groups/\(id)?openid=friend").status == 404)
            #expect(try await enter(id, "friend", bundle).status == 404)
            let foreign = try await bundle.post("/v1/gift-groups/\(id)/cancel", ["openid": "friend"])
            #expect(foreign.status == 404)
            let cancelled = try await bundle.post("/v1/gift-groups/\(id)/cancel", ["openid": "giver"])
            #expect(cancelled.json["state"] as? String == "cancelled", "\(cancelled.body)")
        }
    }

    // MARK: The page

    @Test func g20_pageEntersOnce_andLeadsWhoeverWonToTheirGift() async throws {
        try await SandboxServer.serve { sandbox in
            try await GiftsBundle.serve { bundle in
                let base = "http://127.0.0.1:\(sandbox.port)"
                let app = WebApp(
                    appid: "wx-page", secret: "sandbox", pageBase: "http://127.0.0.1:\(bundle.port)",
                    authorizeBase: base, apiBase: base)
                try await bundle.db.pool(as: .operator).transaction { tx in
                    try await WebApps.set(app, brand: bundle.brand, keys: bundle.keys, on: tx)
                }
                let (id, path) = try await open(bundle)
                try await sandbox.send("PUT", "/sandbox/visitor", ["openid": "friend-0"])
                let phone = Browser(bundle.port)
                let page = try await phone.get(path + "?lang=en")
                #expect(page.status == 200 && page.body.contains("For all of you"), "\(page.body)")
                #expect(
                    page.body.contains("Fingerprint") && !page.body.contains("10000") && !page.body.contains("100.00"))
                #expect(page.header("content-security-policy")?.contains("default-src 'none'") == true)
                let forged = try await phone.post("\(path)/enter?lang=en", ["csrf": "x"])
                #expect(forged.status == 422 && forged.body.contains("had expired"))
                let entered = try await phone.submit("enter", on: page)
                #expect(entered.status == 200 && entered.body.contains("You are in, as number 1"), "\(entered.body)")
                #expect(try await phone.submit("enter", on: page).body.contains("number 1"))
                #expect(try await bundle.get("/v1/gift-groups/\(id)?openid=giver").json["entries"] as? Int == 1)

                // Its giver cannot enter on the page either.
                try await sandbox.send("PUT", "/sandbox/visitor", ["openid": "giver"])
                let own = try await Browser(bundle.port).get(path + "?lang=zh")
                #expect(own.body.contains("这是您送出的礼物") && !own.body.contains("/enter?"))

                for number in 1..<3 { #expect(try await enter(id, "friend-\(number)", bundle).status == 200) }
                try await reaches("drawn", id, bundle)
                for number in 0..<3 {
                    let view = try await bundle.get("/v1/gift-groups/\(id)?openid=friend-\(number)").json
                    try await sandbox.send("PUT", "/sandbox/visitor", ["openid": "friend-\(number)"])
                    let result = try await Browser(bundle.port).get(path + "?lang=en")
                    guard let gift = view["gift"] as? [String: Any], let way = gift["page"] as? String else {
                        #expect(result.body.contains("Not this time"))
                        continue
                    }
                    #expect(result.body.contains("You have won") && result.body.contains(way))
                    #expect(try await Browser(bundle.port).get(way + "?lang=en").body.contains("Unwrap it"))
                }
                // An address of a group gift opens no gift, and the other way round.
                let token = path.dropFirst(4)
                #expect(try await Browser(bundle.port).get("/g/\(token)?lang=en").status == 403)
            }
        }
    }

    @Test func g08_groupsThatDifferInPriceAlone_readTheSameToTheirGuests() async throws {
        try await GiftsBundle.serve { bundle in
            var seen: Set<String> = []
            for (sku, fen) in [("one", Int64(10_000)), ("two", 77_700)] {
                let (id, _) = try await open(bundle, sku: sku, fen: fen)
                let entered = try await enter(id, "friend", bundle)
                let shown = try await bundle.get("/v1/gift-groups/\(id)?openid=stranger")
                let published = try await bundle.get("/v1/gift-groups/\(id)/draw")
                seen.insert(
                    [entered, shown, published].map(\.withoutIDsAndInstants).joined(separator: "\n")
                        .replacing(/[0-9a-f]{64}/, with: "<hash>"))
            }
            #expect(seen.count == 1)
        }
    }
}
