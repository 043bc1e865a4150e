import Foundation
import Gifts
import Hooks
import Hosting
import Kernel
import Keys
import Orders
import Postgres
import TestSupport
import Testing

/// Whose each endpoint of siyu-gifts is.
struct GiftAccessTests {
    @Test func o12_endpointsOfGifts_areAllInTheTable() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-\(ID<Gift>.mint())").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try KeyRing.create(folder: folder)
        let application = try await build(GiftsBundle.settings("host=/nonexistent", keys: folder), logger: .silent)

        let table = try AccessTable(of: "siyu-gifts")

        #expect(table.gaps(application.routes) == [])
        #expect(table.gaps(application.routes + ["GET /v1/new"]).count == 1, "a new endpoint is nobody's")
        await application.pool.shutdown()
    }

    @Test func o12_everyRole_reachesItsEndpointsOfGiftsAlone() async throws {
        try await GiftsBundle.serve { bundle in
            let keys = try await bundle.keysOfAllRoles()
            var asked = 0
            for line in try AccessTable(of: "siyu-gifts").lines
            where line.holders.isDisjoint(with: ["public", "gift", "signed"]) {
                let path = line.path.replacing("{id}", with: "\(ID<Gift>.mint())")
                for (role, key) in keys {
                    let answer = try await bundle.send(
                        line.method, path, line.method == "GET" ? nil : [:], idempotencyKey: UUID().uuidString, key: key
                    )
                    let isAdmitted = answer.code != "role_forbidden"
                    #expect(isAdmitted == line.holders.contains(role.rawValue), "\(role) \(line.route): \(answer.body)")
                    #expect(answer.status != 401 && answer.status < 500, "\(role) \(line.route): \(answer.body)")
                    asked += 1
                }
            }
            #expect(asked > 100)
            let stranger = try await bundle.send(
                "GET", "/v1/giftable", nil, idempotencyKey: nil, key: "sk_\(String(repeating: "0", count: 32))")
            #expect(stranger.status == 401)
        }
    }

    @Test func o12_financeSeesThePriceAndNoAddress_storesSeeWhatIsClaimedAlone() async throws {
        try await GiftsBundle.serve { bundle in
            let keys = try await bundle.keysOfAllRoles()
            let tea = try await bundle.product("tea", fen: 10_000)
            let pair = try await bundle.begin("1", tea[0])
            try await bundle.pay(pair, fen: 10_000)
            let early = try await bundle.read("packing-slip", pair, keys[.store])
            #expect(early.status == 409 && early.code == "gift_not_to_be_packed")
            _ = try await bundle.post(pair.path("claim"), ["openid": pair.recipient])
            var address = GiftsBundle.address()
            address["name"] = "张三"
            address["phone"] = "13912345678"
            address["detail"] = "文三路 478 号 2 单元 1201"
            _ = try await bundle.put(pair.path("address"), ["openid": pair.recipient, "address": address])
            #expect(try await bundle.post(pair.path("accept"), ["openid": pair.recipient]).status == 200)

            let money = try await bundle.read("money", pair, keys[.finance])
            #expect(money.json["price_fen"] as? Int == 10_000)
            for word in ["张", "13912345678", "文三路", "Hangzhou", "Enjoy", "greeting", "Tea", "recipient", "openid"] {
                #expect(!money.body.contains(word), "finance reads \(word): \(money.body)")
            }
            let slip = try await bundle.read("packing-slip", pair, keys[.store])
            let recipient = try #require(slip.json["recipient"] as? [String: String])
            #expect(recipient["name"] == "张*" && recipient["phone"] == "139******78")
            #expect(recipient["detail"] == "文三路 478 号***" && recipient["city"] == "Hangzhou")
            #expect(slip.json["product"] as? String == "Tea" && slip.json["greeting"] as? String == "Enjoy!")
            for word in ["张三", "13912345678", "1201", "10000", "fen", "price", "giver"] {
                #expect(!slip.body.contains(word), "a store reads \(word): \(slip.body)")
            }
            let parcel = try await bundle.read("packing-slip", pair, keys[.provider])
            #expect((parcel.json["recipient"] as? [String: String]) == address)
            #expect(!parcel.body.contains("10000") && !parcel.body.contains("fen"))
            // A key of another shop learns no more than that of nobody.
            let elsewhere = try await bundle.keysOfAllRoles(shop: .mint())
            for (what, role) in [("money", Role.finance), ("packing-slip", .store), ("packing-slip", .provider)] {
                #expect(try await bundle.read(what, pair, elsewhere[role]).status == 404)
            }
        }
    }

    @Test func o12_keyThatHasExpiredOrWasRevoked_opensNothing() async throws {
        try await GiftsBundle.serve { bundle in
            let staff = bundle.db.pool(as: .operator)
            let made = try #require(
                try await APIKeys.create(
                    brand: bundle.brand, role: .finance, label: "short", lifetime: .seconds(60), on: staff))
            let path = "/v1/gifts/\(ID<Gift>.mint())/money"
            func ask() async throws -> Int {
                try await bundle.send("GET", path, nil, idempotencyKey: nil, key: made.token.revealed).status
            }
            #expect(try await ask() == 404)
            #expect(made.record.expiresAt != nil)
            let key = made.record.id
            // The clock of credentials is real: the key is moved into the past instead.
            try await bundle.db.owner.execute(
                .init(
                    """
                    UPDATE hooks.api_key SET created_at = now() - interval '2 min', expires_at = now() - interval '1 s'
                    WHERE key_id = \(key)
                    """))
            #expect(try await ask() == 401)
            await #expect(throws: Problem.self) {
                try await APIKeys.create(
                    brand: bundle.brand, role: .finance, label: "none", lifetime: .zero, on: staff)
            }
        }
    }
}

extension GiftsBundle {
    /// A key of each role.
    func keysOfAllRoles(shop: ID<Shop>? = nil) async throws -> [Role: String] {
        var keys: [Role: String] = [:]
        let staff = db.pool(as: .operator, connectionsMax: 1)
        for role in Role.allCases {
            let made = try await APIKeys.create(brand: brand, role: role, shop: shop, label: "\(role)", on: staff)
            keys[role] = try #require(made).token.revealed
        }
        return keys
    }

    func read(_ what: String, _ pair: Pair, _ key: String?) async throws -> Answer {
        try await send("GET", pair.path(what), nil, idempotencyKey: nil, key: key)
    }
}
