import Foundation
import Hooks
import Kernel
import Orders
import Policies
import Postgres
import TestSupport
import Testing

/// What shops guarantee for gifts, over HTTP: told of by signed hooks, read by those who keep accounts and look on.
@Suite struct GuaranteeRoutesTests {
    @Test func l11_giftsOfAShopThatGuarantees_areShippedInTimeOrCompensatedOnce() async throws {
        try await GiftsBundle.serve { bundle in
            let other = try await Catalogue.createShop(
                code: "other", name: "Other", brand: bundle.brand, on: bundle.db.pool(as: .operator)
            ).shop.id
            let desk = try await bundle.shipper("desk", of: bundle.shop)
            let elsewhere = try await bundle.shipper("elsewhere", of: other)
            let keys = try await bundle.keysOfAllRoles()
            let tea = try await bundle.product("tea", fen: 20_000)
            // Paid for while nobody guaranteed anything.
            let before = try await bundle.begin("before", tea[0])
            try await bundle.pay(before, fen: 20_000)
            try await bundle.guarantee()
            var pairs: [GiftsBundle.Pair] = []
            for name in ["quick", "late", "declined"] {
                let pair = try await bundle.begin(name, tea[0])
                try await bundle.pay(pair, fen: 20_000)
                pairs.append(pair)
            }
            let (quick, late, declined) = (pairs[0], pairs[1], pairs[2])
            for pair in [before, quick, late] { try await bundle.accept(pair) }
            _ = try await bundle.post(declined.path("claim"), ["openid": declined.recipient])
            _ = try await bundle.post(declined.path("decline"), ["openid": declined.recipient])
            #expect(try await bundle.read("guarantee", quick, keys[.finance]).status == 404, "not before its time")

            try await bundle.advance(86_401)
            try await eventually { try await bundle.read("guarantee", late, keys[.finance]).status == 200 }
            try await eventually { try await bundle.read("guarantee", quick, keys[.finance]).status == 200 }
            let opened = try await bundle.read("guarantee", quick, keys[.auditor])
            #expect(opened.facts == ["opened"] && opened.json["compensation_fen"] as? Int == 1_000, "\(opened.body)")
            #expect(opened.json["amount_fen"] as? Int == 20_000 && !opened.body.contains("friend-quick"))
            #expect(try await bundle.read("guarantee", quick, keys[.store]).status == 403)
            let elsewhereKeys = try await bundle.keysOfAllRoles(shop: other)
            #expect(try await bundle.read("guarantee", quick, elsewhereKeys[.finance]).status == 404)

            let foreign = try await bundle.ship(quick.id, from: elsewhere)
            let unknown = try await bundle.ship("\(UUID())".lowercased(), from: elsewhere)
            #expect(foreign.status == 404 && foreign.body == unknown.body, "\(foreign.body)")
            #expect(try await bundle.ship(before.id, from: desk).status == 404)
            #expect(try await bundle.ship(declined.id, from: desk).code == "gift_not_to_be_packed")
            #expect(try await bundle.ship(quick.id, from: desk, waybill: "no").status == 422)
            #expect(try await bundle.ship(quick.id, from: desk, days: 9).code == "shipped_in_the_future")
            let shipped = try await bundle.ship(quick.id, from: desk, id: "m-1")
            #expect(shipped.status == 200 && shipped.json["is_in_time"] as? Bool == true, "\(shipped.body)")
            #expect(!shipped.body.contains("fen"))
            #expect(try await bundle.ship(quick.id, from: desk, id: "m-1").body == shipped.body)
            #expect(try await bundle.ship(quick.id, from: desk, waybill: "SF9999999").status == 200)
            let trail = try await bundle.read("guarantee", quick, keys[.staff])
            #expect(trail.facts == ["opened", "shipped"] && trail.body.contains("SF SF1234567"), "\(trail.body)")
            #expect(!trail.body.contains("SF9999999"))

            try await bundle.advance(72 * 3_600)
            try await eventually {
                try await bundle.read("guarantee", late, keys[.finance]).json["compensated_at"] != nil
            }
            let word = try await bundle.ship(late.id, from: desk, days: 4)
            #expect(word.status == 200 && word.json["is_in_time"] as? Bool == false, "\(word.body)")
            let end = try await bundle.read("guarantee", late, keys[.finance]).facts
            #expect(Set(end) == ["opened", "ship_late", "compensated", "shipped"])
            let owed: SQL = "SELECT count(*) FROM accounting.transfer WHERE kind = 'guarantee.compensated'"
            #expect(try await bundle.count(owed) == 1)
            #expect(try await bundle.count("SELECT count(*) FROM orders.guarantee") == 2)
        }
    }

    @Test func l11_giftTakenBackByItsShop_waitsForItsRefundAndNoShipment() async throws {
        try await GiftsBundle.serve { bundle in
            let keys = try await bundle.keysOfAllRoles()
            try await bundle.guarantee()
            let tea = try await bundle.product("tea", fen: 20_000)
            let pair = try await bundle.begin("1", tea[0])
            try await bundle.pay(pair, fen: 20_000)
            try await bundle.accept(pair)
            try await bundle.advance(86_401)
            try await eventually { try await bundle.read("guarantee", pair, keys[.finance]).status == 200 }

            let withdrawn = try await bundle.send(
                "POST", pair.path("withdraw"), ["reason": "broken"], idempotencyKey: UUID().uuidString,
                key: keys[.staff])
            #expect(withdrawn.status == 200, "\(withdrawn.body)")
            try await eventually {
                try await bundle.read("guarantee", pair, keys[.finance]).facts.contains("refunded")
            }
            try await bundle.advance(30 * 86_400)
            let end = try await bundle.read("guarantee", pair, keys[.finance])
            #expect(end.facts == ["opened", "refund_asked", "refunded"] && end.body.contains("RF-"), "\(end.body)")
            #expect(end.json["compensated_at"] == nil)
            let desk = try await bundle.shipper("desk", of: bundle.shop)
            #expect(try await bundle.ship(pair.id, from: desk).code == "gift_not_to_be_packed")
        }
    }
}

extension Answer {
    /// The facts of a trail.
    fileprivate var facts: [String] { (json["trail"] as? [[String: Any]] ?? []).compactMap { $0["fact"] as? String } }
}

extension GiftsBundle {
    /// The brand names the shop among those that guarantee what they sell.
    fileprivate func guarantee() async throws {
        _ = try await db.pool(as: .operator).transaction { tx in
            try await Policies.set(
                "orders.guarantee_shops", to: #"{"all": false, "shops": ["\#(shop)"]}"#, brand: brand, author: "test",
                reason: "test", on: tx)
        }
    }

    fileprivate func accept(_ pair: Pair) async throws {
        _ = try await post(pair.path("claim"), ["openid": pair.recipient])
        _ = try await put(pair.path("address"), ["openid": pair.recipient, "address": Self.address()])
        #expect(try await post(pair.path("accept"), ["openid": pair.recipient]).status == 200)
    }

    /// A source that tells of the parcels of a shop.
    fileprivate func shipper(_ name: String, of shop: ID<Shop>) async throws -> (name: String, secret: HookSecret) {
        let made = try #require(
            try await HookSources.create(
                name, brand: brand, shop: shop, purposes: [.shipments], keys: keys, on: db.pool(as: .operator)))
        return (name, made.secret)
    }

    /// Tells of a parcel, sent so many days after the real instant: the business clock goes ahead of it.
    fileprivate func ship(
        _ gift: String, from source: (name: String, secret: HookSecret), waybill: String = "SF1234567", days: Int = 1,
        id: String = UUID().uuidString
    ) async throws -> Answer {
        // The same bytes for the same delivery: an instant of a whole day.
        let start = Double((Int(Date().timeIntervalSince1970) / 3_600 - 1) * 3_600)
        let instant = Date(timeIntervalSince1970: start + Double(days) * 86_400).ISO8601Format()
        let body = Array(
            #"{"gift_id": "\#(gift)", "carrier": "SF", "waybill": "\#(waybill)", "shipped_at": "\#(instant)"}"#.utf8)
        let timestamp = Int(Date().timeIntervalSince1970)
        let signature = StandardWebhook.sign(id: id, timestamp: timestamp, body: body, secret: source.secret)
        return try await hook(
            "/v1/hooks/\(source.name)/shipments", body,
            headers: ["webhook-id": id, "webhook-timestamp": "\(timestamp)", "webhook-signature": signature])
    }
}
