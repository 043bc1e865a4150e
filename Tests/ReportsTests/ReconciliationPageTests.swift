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

            // Three differences, two of them found at one instant, on pages of one each.
            try await bundle.db.owner.execute(
                Statement(
                    """
                    INSERT INTO orders.mismatch (brand_id, mismatch_id, mchid, bill_kind, bill_date, reason, our_no, line_no, bill_fen,
                        our_fen, found_at, seen_at)
                    SELECT brand_id, x.id, mchid, bill_kind, bill_date, reason, x.number, line_no, bill_fen, our_fen, found_at, seen_at
                    FROM orders.mismatch, unnest(\([ID<Mismatch>.mint(), .mint()]), \(["y", "z"])) AS x (id, number)
                    """))
            var (seen, next): ([String], String?) = ([], nil)
            repeat {
                let after = next.map { "&after=\($0)" } ?? ""
                let page = try await bundle.get("/v1/reconciliation?limit=1\(after)", key: key)
                #expect(page.json["differences"] as? Int == 3 && page.json["in_order"] as? Bool == false)
                seen += (page.json["mismatches"] as? [[String: Any]] ?? []).compactMap { $0["number"] as? String }
                next = page.json["next"] as? String
            } while next != nil && seen.count < 5
            #expect(seen.sorted() == ["x", "y", "z"])
            for wrong in ["limit=0", "limit=501", "limit=x", "after=x"] {
                #expect(try await bundle.get("/v1/reconciliation?\(wrong)", key: key).status == 422, "\(wrong)")
            }

            #expect(try await bundle.get("/reconciliation").status == 303)
            let cookie = try await bundle.session()
            let page = try await bundle.get("/reconciliation?lang=en", cookie: cookie)
            #expect(page.status == 200 && page.body.contains("payment_amount") && page.body.contains("128.01"))
            #expect(page.body.contains("3 differences") && !page.body.contains("after="))
            let first = try await bundle.get("/reconciliation?lang=en&limit=2", cookie: cookie)
            #expect(first.body.contains("/reconciliation?lang=en&amp;after="))
            #expect(try await bundle.get("/reconciliation?lang=zh", cookie: cookie).body.contains("对账与退款"))
            let ofOneShop = try await bundle.key(shop: bundle.shops[0])
            #expect(try await bundle.get("/v1/reconciliation", key: ofOneShop).status == 403)
        }
    }
}
