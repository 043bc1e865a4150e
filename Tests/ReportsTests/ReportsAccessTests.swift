import Audit
import Foundation
import Hooks
import Kernel
import Postgres
import TestSupport
import Testing

/// Whose each endpoint of siyu-reports is.
struct ReportsAccessTests {
    @Test func o12_everyRole_reachesItsEndpointsOfReportsAlone() async throws {
        try await ReportsBundle.serve { bundle in
            var asked = 0
            let lines = try AccessTable(of: "siyu-reports").lines
            for role in Role.allCases {
                let key = try await bundle.key(role)
                let login = try await bundle.post("/login", cookie: "", form: "key=\(key)")
                let cookie = login.header("set-cookie").map { String($0.prefix { $0 != ";" }) }
                #expect((cookie != nil) == Role.readers.contains(role), "\(role) signs in")
                for line in lines where line.holders.isDisjoint(with: ["public", "session"]) {
                    let path = line.path.replacing("{name}", with: "overview").replacing(
                        "{id}", with: UUID().uuidString)
                    let isPage = !line.path.hasPrefix("/v1/")
                    if isPage, cookie == nil { continue }
                    let answer =
                        switch (isPage, line.method) {
                        case (false, _): try await bundle.get(path, key: key)
                        case (true, "GET"): try await bundle.get(path, cookie: cookie)
                        case (true, _): try await bundle.post(path, cookie: cookie ?? "", form: "reason=x")
                        }
                    let isAdmitted = answer.status != 403 && answer.status != 401
                    #expect(
                        isAdmitted == line.holders.contains(role.rawValue), "\(role) \(line.route): \(answer.status)")
                    asked += 1
                }
            }
            #expect(asked > 50)
        }
    }

    @Test func o12_keyMadeForNoPages_cannotUseTheSessionOfAnother() async throws {
        try await ReportsBundle.serve { bundle in
            let cookie = try await bundle.session()
            #expect(try await bundle.get("/", cookie: cookie).status == 200)
            // The key becomes a store's: the session is that of the key, and ends with what it may.
            try await bundle.db.owner.execute(Statement<Void>("UPDATE hooks.api_key SET role = 'store'"))
            #expect(try await bundle.get("/", cookie: cookie).status == 403)
            #expect(try await bundle.get("/v1/reports/overview", cookie: cookie).status == 403)
        }
    }

    @Test func o09_trail_isReadByAuditors_pageByPage_andByNoShop() async throws {
        try await ReportsBundle.serve { bundle in
            let pool = bundle.db.pool(as: .operator)
            let brand = bundle.brand
            for number in 1...3 {
                try await pool.transaction { tx in
                    _ = try await AuditTrail.note(
                        ManualAct(author: "li", act: "siyu policy set", details: "\(number)"), brand: brand, on: tx)
                    _ = try await AuditTrail.note(
                        ManualAct(author: "li", act: "elsewhere"), brand: AuditTrail.installation, on: tx)
                }
            }
            let key = try await bundle.key(.auditor)

            let first = try await bundle.get("/v1/audit?limit=2", key: key)
            let entries = try #require(first.json["entries"] as? [[String: Any]])
            #expect(entries.map { $0["number"] as? Int } == [3, 2] && first.json["next"] as? Int == 2)
            #expect(entries.allSatisfy { $0["act"] as? String == "siyu policy set" })
            let second = try await bundle.get("/v1/audit?limit=2&before=2", key: key)
            #expect((second.json["entries"] as? [Any])?.count == 1 && second.json["next"] == nil)
            #expect(try await bundle.get("/v1/audit?before=x", key: key).status == 422)
            let shop = try await bundle.key(.auditor, shop: bundle.shops[0])
            #expect(try await bundle.get("/v1/audit", key: shop).status == 403)
        }
    }
}
