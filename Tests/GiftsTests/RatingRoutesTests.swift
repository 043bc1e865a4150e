import Foundation
import Gifting
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

/// Ratings of gifts over HTTP, and the links by which they are passed on.
@Suite struct RatingRoutesTests {
    @Test func g30_oneRatingAGift_andItsLinkLeadsToWhoeverRated() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            let pair = try await bundle.begin("1", tea[0])
            try await bundle.pay(pair, fen: 10_000)
            func rate(_ openID: String, _ stars: Int) async throws -> Answer {
                try await bundle.post(pair.path("rating"), ["openid": openID, "stars": stars])
            }
            #expect(try await rate(pair.recipient, 5).code == "gift_rating_too_early")
            #expect(try await bundle.post(pair.path("claim"), ["openid": pair.recipient]).status == 200)
            _ = try await bundle.put(
                pair.path("address"), ["openid": pair.recipient, "address": GiftsBundle.address()])
            #expect(try await bundle.post(pair.path("accept"), ["openid": pair.recipient]).status == 200)

            #expect(try await rate(pair.sender, 5).status == 403)
            for stars in [0, 6] { #expect(try await rate(pair.recipient, stars).code == "gift_rating_malformed") }
            var rated: Set<String> = []
            for _ in 0..<3 {
                let answer = try await rate(pair.recipient, 4)
                rated.insert("\(answer.status) \(answer.body)")
            }
            #expect(rated.count == 1 && rated.first?.hasPrefix("200") == true, "\(rated)")
            #expect(try await rate(pair.recipient, 5).code == "gift_rating_differs")
            #expect(try await bundle.count("SELECT count(*) FROM gifting.rating WHERE stars = 4") == 1)

            let rating = try await rate(pair.recipient, 4).json
            let share = try #require(rating["share"] as? String)
            for openID in ["visitor", "visitor", pair.recipient] {
                let seen = try await bundle.post("/v1/rating-visits", ["openid": openID, "share": share])
                #expect(seen.status == 200 && seen.json["rater_id"] as? String == rating["rater_id"] as? String)
                #expect(!seen.body.contains("fen") && !seen.body.contains(pair.recipient))
            }
            #expect(try await bundle.count("SELECT count(*) FROM gifting.rating_visit") == 1, "the rater is no visitor")
            for forged in [
                "", "x", "\(pair.id).x", String(share.dropLast()), share + "A",
                "\(ID<Gift>.mint())" + share.dropFirst(36),
            ] {
                let answer = try await bundle.post("/v1/rating-visits", ["openid": "visitor", "share": forged])
                #expect(answer.status == 404, "\(forged)")
            }
        }
    }

    @Test func g30_oneRatingALineOfAnOrder_andItsLinkLeadsToWhoeverPaid() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            let pair = try await bundle.begin("1", tea[0])
            let (lined, plain, cancelled) = (ID<Order>.mint(), ID<Order>.mint(), ID<Order>.mint())
            for order in [lined, plain, cancelled] {
                try await bundle.sell(order, to: pair, isCancelled: order == cancelled)
            }
            for line in 1...2 { try await bundle.addLine(line, of: lined, tea[line]) }
            func rate(_ openID: String, _ order: ID<Order>, _ line: Int, _ stars: Int) async throws -> Answer {
                try await bundle.post(
                    "/v1/orders/\(order)/lines/\(line)/rating", ["openid": openID, "stars": stars])
            }

            // Whoever has no part, and lines that are none.
            for (openID, order, line) in [
                (pair.recipient, lined, 1), ("stranger", lined, 1), (pair.sender, lined, 3), (pair.sender, lined, 0),
                (pair.sender, plain, 2), (pair.sender, .mint(), 1),
            ] {
                #expect(try await rate(openID, order, line, 5).code == "order_rating_not_yours", "\(openID) \(line)")
            }
            #expect(try await rate(pair.sender, lined, 1, 6).code == "order_rating_malformed")
            #expect(try await rate(pair.sender, cancelled, 1, 5).code == "order_rating_too_late")

            var rated: Set<String> = []
            for _ in 0..<3 { rated.insert(try await rate(pair.sender, lined, 1, 4).body) }
            #expect(rated.count == 1)
            #expect(try await rate(pair.sender, lined, 1, 5).code == "order_rating_differs")
            #expect(try await rate(pair.sender, lined, 2, 5).status == 200)
            let unknown = try await rate(pair.sender, plain, 1, 2)
            #expect(unknown.status == 200 && unknown.json["product_id"] == nil)
            #expect(try await bundle.count("SELECT count(*) FROM orders.rating") == 3)
            #expect(try await bundle.count("SELECT count(*) FROM orders.rating WHERE product_id IS NULL") == 1)

            let rating = try await rate(pair.sender, lined, 1, 4).json
            let share = try #require(rating["share"] as? String)
            for openID in ["visitor", "visitor", pair.sender] {
                let seen = try await bundle.post("/v1/rating-visits", ["openid": openID, "share": share])
                #expect(seen.status == 200 && seen.json["rater_id"] as? String == rating["rater_id"] as? String)
                #expect(!seen.body.contains(pair.sender))
            }
            #expect(try await bundle.count("SELECT count(*) FROM orders.rating_visit") == 1, "the rater is no visitor")
            let parts = share.split(separator: ".")
            for forged in [
                "\(parts[0]).2.\(parts[2])", "\(parts[0]).01.\(parts[2])", "\(plain).1.\(parts[2])",
                "\(parts[0]).\(parts[2])",
                share + ".x",
            ] {
                let answer = try await bundle.post("/v1/rating-visits", ["openid": "visitor", "share": forged])
                #expect(answer.status == 404, "\(forged)")
            }
        }
    }

    @Test func g30_orderOfAGift_isRatedByItsRecipientAlone() async throws {
        try await GiftsBundle.serve { bundle in
            let pair = try await bundle.begin("1", try await bundle.product("tea", fen: 10_000)[0])
            try await bundle.pay(pair, fen: 10_000)
            let order = try await bundle.db.owner.one(
                Statement("SELECT order_id::text FROM orders.customer_order") { row throws(PostgresError) in
                    try row.next(String.self)
                })
            let answer = try await bundle.post(
                "/v1/orders/\(order)/lines/1/rating", ["openid": pair.sender, "stars": 5])
            #expect(answer.code == "order_rating_not_yours")
        }
    }
}

extension GiftsBundle {
    /// An order that the giver of a gift placed for themselves.
    fileprivate func sell(_ order: ID<Order>, to pair: Pair, isCancelled: Bool) async throws {
        let gift = try #require(ID<Gift>(pair.id))
        try await db.owner.execute(
            Statement(
                """
                INSERT INTO orders.customer_order (brand_id, order_id, shop_id, person_id, source, external_key, version, status,
                    placed_at, quantity, amount_fen, changed_at, created_at, updated_at)
                SELECT brand_id, \(order), shop_id, sender_id, 'test', sha256(\("\(order)")::bytea), 1,
                    \(isCancelled ? "cancelled" : "paid"), now(), 2, 20000, now(), now(), now()
                FROM gifting.gift WHERE gift_id = \(gift)
                """))
    }

    fileprivate func addLine(_ line: Int, of order: ID<Order>, _ variant: VariantRecord) async throws {
        try await db.owner.execute(
            Statement(
                """
                INSERT INTO orders.order_line (brand_id, order_id, line_no, variant_id, quantity, amount_fen, created_at)
                VALUES (\(brand), \(order), \(Int32(line)), \(variant.id), 1, 10000, now())
                """))
    }
}
