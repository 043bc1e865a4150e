import Foundation
import Jobs
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

/// Gifts of money over HTTP.
@Suite struct CashRoutesTests {
    @Test func g29_moneyOverHTTP_isSeenByItsTwoPeopleAlone_eachWithTheirOwnFields() async throws {
        try await GiftsBundle.serve { bundle in
            let (giver, friend) = ("giver-cash", "friend-cash")
            let wish: [String: Any] = [
                "openid": giver, "recipient_openids": [friend], "shop_id": "\(bundle.shop)", "amount_fen": 5_200,
            ]
            #expect(
                try await bundle.post("/v1/cash-gifts", wish.merging(["amount_fen": 20_001]) { $1 }).code
                    == "cash_gift_amount")
            let key = UUID().uuidString
            let made = try await bundle.post("/v1/cash-gifts", wish, idempotencyKey: key)
            #expect(made.status == 201 && made.json["state"] as? String == "created", "\(made.body)")
            #expect(try await bundle.post("/v1/cash-gifts", wish, idempotencyKey: key).body == made.body)
            let id = try #require(made.json["cash_gift_id"] as? String)
            func path(_ verb: String = "") -> String { "/v1/cash-gifts/\(id)\(verb)" }
            #expect(try await bundle.get(path("?openid=\(friend)")).code == "gift_not_a_party", "not sent yet")
            #expect(try await bundle.post(path("/pay"), ["openid": friend]).code == "gift_not_a_party")

            let paid = try await bundle.post(path("/pay"), ["openid": giver])
            #expect(paid.status == 200 && (paid.json["payment"] as? [String: Any])?["paySign"] != nil, "\(paid.body)")
            let payment = try #require((paid.json["payment_id"] as? String).flatMap { ID<Payment>($0) })
            try await JobQueue(pool: bundle.db.pool(as: .gifts, connectionsMax: 1), logger: .silent).push(
                PaymentReceived(
                    brand: bundle.brand, payment: payment, mchid: GiftsBundle.mchid, transactionID: "42\(payment)",
                    amount: Money(fen: 5_200), paidAt: Date(timeIntervalSince1970: 1_780_000_000)))
            try await eventually { try await bundle.get(path("?openid=\(friend)")).status == 200 }

            let seen = try await bundle.get(path("?openid=\(friend)")).json
            #expect(seen["amount_fen"] as? Int == 5_200 && seen["role"] as? String == "recipient")
            #expect(!seen.keys.contains { $0.contains("payment") || $0.contains("refund") || $0.contains("pay_until") })
            #expect(try await bundle.get(path("?openid=\(giver)")).json["payment_id"] as? String == "\(payment)")
            for stranger in ["stranger", "x"] {
                #expect(try await bundle.get(path("?openid=\(stranger)")).code == "gift_not_a_party")
                #expect(try await bundle.post(path("/accept"), ["openid": stranger]).code == "gift_not_a_party")
            }
            #expect(try await bundle.post(path("/accept"), ["openid": giver]).code == "gift_not_the_recipient")
            let declined = try await bundle.post(path("/decline"), ["openid": friend])
            #expect(declined.status == 200 && declined.json["state"] as? String == "declined")
            #expect(try await bundle.post(path("/accept"), ["openid": friend]).code == "gift_ended")
            try await eventually { try await bundle.get(path("?openid=\(giver)")).json["refunded_at"] != nil }
        }
    }
}
