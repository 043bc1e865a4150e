import AsyncHTTPClient
import Codes
import Foundation
import Hooks
import Kernel
import NIOCore
import NIOHTTP1
import Orders
import Postgres
import Redeem
import TestSupport
import Testing

/// Coupons over HTTP: won with a pack, granted by the service's own worker, listed, and used.
@Suite struct CouponRoutesTests {
    @Test func c13_couponWonWithAPack_isListedAndUsedOnce() async throws {
        try await RedeemBundle.serve { bundle in
            let staff = bundle.db.pool(as: .operator)
            let request = MintRequest(
                brand: bundle.brand, requestID: "coupons", count: 10_000,
                prizes: [
                    PrizeRequest(
                        name: "Twenty", kind: .coupon, cost: Money(fen: 2_000), count: 10_000,
                        coupon: CouponTerms(threshold: Money(fen: 10_000), days: 30))
                ], label: "Tea")
            let batch = try OpenBatch(
                try await Minting.mint(request, author: "test", keys: bundle.keys, on: staff).batch, keys: bundle.keys)
            try await RedeemBundle.activate(batch, 0..<10, on: staff)
            let key = try #require(
                try await APIKeys.create(brand: bundle.brand, role: .partner, label: "test", on: staff)
            ).token.revealed
            var won = try await bundle.scan(batch.cipher.code(at: 0).description, by: "winner", id: "w")
            // A new batch is known within about a second.
            while won.status == 404 {
                try await lettingPass(.milliseconds(200))
                won = try await bundle.scan(batch.cipher.code(at: 0).description, by: "winner", id: "w")
            }
            let promised = try #require((won.json["prize"] as? [String: Any])?["coupon"] as? [String: Any])
            let id = try #require(promised["coupon_id"] as? String)
            let page = try await bundle.get(try #require(won.json["page"] as? String) + "&lang=en")
            #expect(page.body.contains("20.00 yuan off an order of 100.00 yuan or more"))

            var listed = try await bundle.coupons(of: "winner", key: key)
            while (listed.json["coupons"] as? [Any])?.isEmpty == true {
                try await lettingPass(.milliseconds(50))
                listed = try await bundle.coupons(of: "winner", key: key)
            }
            let first = try #require((listed.json["coupons"] as? [[String: Any]])?.first)
            #expect(first["coupon_id"] as? String == id && first["state"] as? String == "granted")
            #expect(
                first["off_fen"] as? Int == 2_000 && first["expires_at"] as? String == promised["expires_at"] as? String
            )
            #expect((try await bundle.coupons(of: "somebody", key: key).json["coupons"] as? [Any])?.isEmpty == true)
            #expect(try await bundle.coupons(of: "winner", key: "wrong").status == 401)
            #expect(try await bundle.coupons(of: "", key: key).status == 422)
            #expect(try await bundle.coupons(of: "winner&limit=101", key: key).status == 422)
            #expect(try await bundle.coupons(of: "winner&after=x", key: key).status == 422)

            let (order, other) = (try await bundle.order(), try await bundle.order())
            let path = "coupons/\(id)/use"
            func body(_ order: ID<Order>, _ openid: String = "winner") -> String {
                #"{"openid":"\#(openid)","order_id":"\#(order)"}"#
            }
            #expect(try await bundle.post(path, body(order, "thief")).status == 404)
            #expect(try await bundle.post(path, "{}").status == 400)
            #expect(try await bundle.post(path, body(order), signature: "v1,AAAA").status == 401)
            #expect(try await bundle.post("coupons/x/use", body(order)).status == 404)
            let used = try await bundle.post(path, body(order), id: "u")
            #expect(used.status == 200 && used.json["off_fen"] as? Int == 2_000)
            #expect(try await bundle.post(path, body(order), id: "u").body == used.body)
            #expect(try await bundle.post(path, body(order)).body == used.body, "another delivery of the same use")
            let twice = try await bundle.post(path, body(other))
            #expect(twice.status == 409 && twice.code == "coupon_used")
            let mixed = try await bundle.post("coupons/\(ID<Coupon>.mint())/use", body(order), id: "u")
            #expect(mixed.status == 409 && mixed.code == "idempotency_mismatch")
            let after = try await bundle.coupons(of: "winner", key: key).json["coupons"] as? [[String: Any]]
            #expect(after?.first?["order_id"] as? String == "\(order)" && after?.first?["state"] as? String == "used")
        }
    }

    /// For an id of something that there is not.
    private enum Coupon {}
}

extension RedeemBundle {
    fileprivate func coupons(of openid: String, key: String) async throws -> Answer {
        try await get("/v1/coupons?openid=\(openid)", key: key)
    }

    fileprivate func get(_ path: String, key: String? = nil) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        return Answer(
            status: Int(response.status.code), headers: response.headers.map { ($0.name.lowercased(), $0.value) },
            body: String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    /// An order of ninety yuan that was told of.
    fileprivate func order() async throws -> ID<Order> {
        let (id, brand) = (ID<Order>.mint(), brand)
        let key = withUnsafeBytes(of: id.rawValue.uuid) { Array($0) }
        try await db.owner.execute(
            Statement(
                """
                INSERT INTO orders.customer_order (brand_id, order_id, shop_id, person_id, source, external_key, version, status,
                    placed_at, quantity, amount_fen, changed_at, created_at, updated_at)
                VALUES (\(brand), \(id), \(ID<Shop>.mint()), \(ID<Person>.mint()), 'csv', \(key), 1, 'paid', now(), 1, 9000, now(),
                    now(), now())
                """))
        return id
    }
}
