import Foundation
import Kernel
import Postgres
import TestSupport
import Testing

/// Money on its way and what differs: the page, and the same as JSON.
struct ReconciliationPageTests {
    @Test func r24_pageAndJSON_showWhatDiffers_andWhatWaits() async throws {
        try await ReportsBundle.serve { bundle in
            let key = try await bundle.key()
            let clean = try await bundle.get("/v1/reconciliation", key: key)
            #expect(clean.status == 200 && clean.json["in_order"] as? Bool == true, "\(clean.body)")

            for statement in ReportsStatements.differ(brand: bundle.brand, shop: bundle.shops[0]) {
                try await bundle.db.owner.execute(statement)
            }
            let answer = try await bundle.get("/v1/reconciliation", key: key)
            #expect(answer.json["in_order"] as? Bool == false)
            #expect(answer.json["refunds_unknown"] as? Int == 1)
            let found = (answer.json["mismatches"] as? [[String: Any]] ?? []).first
            #expect(found?["reason"] as? String == "payment_amount" && found?["bill_fen"] as? Int == 12_801)
            #expect(found?["age"] as? String == "3_to_7_days" && found?["line"] as? Int == 7)
            let waiting = (answer.json["refunds"] as? [[String: Any]] ?? []).first
            #expect(waiting?["state"] as? String == "unknown" && waiting?["age"] as? String == "1_to_3_days")

            #expect(try await bundle.get("/reconciliation").status == 303)
            let cookie = try await bundle.session()
            let page = try await bundle.get("/reconciliation?lang=en", cookie: cookie)
            #expect(page.status == 200 && page.body.contains("payment_amount") && page.body.contains("128.01"))
            #expect(page.body.contains("1 differences"))
            #expect(try await bundle.get("/reconciliation?lang=zh", cookie: cookie).body.contains("对账与退款"))
            let ofOneShop = try await bundle.key(shop: bundle.shops[0])
            #expect(try await bundle.get("/v1/reconciliation", key: ofOneShop).status == 403)
        }
    }
}
