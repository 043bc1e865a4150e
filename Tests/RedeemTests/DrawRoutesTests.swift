import Codes
import Foundation
import Kernel
import Postgres
import TestSupport
import Testing

@Suite struct DrawRoutesTests {
    @Test func c13_drawOverHTTP_isAnsweredOnceAndRefusedInWords() async throws {
        try await RedeemBundle.serve { bundle in
            let now = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.up) + 1_800)
            let file = try CampaignFile.read(
                Data(
                    """
                    {"code": "spring", "name": "Draw", "mode": "odds", "entries_max": 100, "per_person_max": 1,
                     "starts_at": "\(now.ISO8601Format())", "ends_at": "\((now + 3_600).ISO8601Format())",
                     "prizes": [{"name": "Bottle", "kind": "item", "cost": "5.00", "stock": 9, "odds_ppm": 1000000}]}
                    """.utf8))
            let campaign = try await Campaigns.publish(
                file, brand: bundle.brand, author: "test", keys: bundle.keys, on: bundle.db.pool(as: .operator)
            ).campaign
            let path = "draws/spring/entries", body = #"{"openid":"p"}"#
            let early = try await bundle.post(path, body)
            #expect(early.status == 409 && early.code == "not_active")
            try await bundle.db.owner.execute(
                Statement<Void>("UPDATE siyu.environment SET clock_offset = INTERVAL '1801 seconds'"))

            let drawn = try await bundle.post(path, body, id: "d")
            #expect(drawn.status == 200 && drawn.outcome == "won" && drawn.json["ordinal"] as? Int == 0)
            #expect((drawn.json["prize"] as? [String: Any])?["voucher"] != nil)
            let hash = campaign.rulesHash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            #expect(drawn.json["rules_hash"] as? String == hash)
            #expect(try await bundle.post(path, body, id: "d").body == drawn.body)

            let again = try await bundle.post(path, body)
            #expect(again.status == 409 && again.code == "draws_used_up")
            #expect(again.header("content-type") == "application/problem+json")
            #expect(try await bundle.post("draws/none/entries", body).status == 404)
            #expect(try await bundle.post(path, body, signature: "v1,AAAA").status == 401)
            #expect(try await bundle.post(path, "{}").status == 400)
            let tooLong = #"{"openid":"\#(String(repeating: "p", count: 5_000))"}"#
            #expect(try await bundle.post(path, tooLong).status == 413)
            #expect(try await bundle.count("codes.draw_entry") == 1)
        }
    }
}
