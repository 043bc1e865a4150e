import Foundation
import Hooks
import Kernel
import Postgres
import TestSupport
import Testing

@Suite struct ReportRoutesTests {
    @Test func report_ofOwnBrand_isJSONWithFiguresInFen() async throws {
        try await ReportsBundle.serve { bundle in
            let answer = try await bundle.get("/v1/reports/overview?brand=\(bundle.brand)", key: bundle.key())

            #expect(answer.status == 200)
            #expect(answer.header("content-type") == "application/json")
            #expect(answer.header("cache-control") == "no-store")
            #expect(answer.json["balanced"] as? Bool == true)
            #expect(answer.json["from"] as? String == "1997-05-19")
            #expect(answer.json["to"] as? String == "1997-05-20")
            let gmv = (answer.json["figures"] as? [String: Any])?["gmv"] as? [String: Any]
            #expect(gmv?["value_fen"] as? Int == 2_468)
        }
    }

    @Test func report_asCSV_isAFileWithAHeader() async throws {
        try await ReportsBundle.serve { bundle in
            let answer = try await bundle.get("/v1/reports/overview?format=csv", key: bundle.key())

            #expect(answer.header("content-type") == "text/csv; charset=utf-8; header=present")
            #expect(
                answer.header("content-disposition")
                    == "attachment; filename=\"siyu-overview-1997-05-19-1997-05-20.csv\"")
            #expect(answer.body.hasPrefix("grain,from,to,shop_code,shop_name,gmv_fen,"))
        }
    }

    @Test(arguments: [
        ("nothing", 404, "not_found"), ("overview?from=1998-02-30", 422, "not_a_day"),
        ("overview?from=1998-01-02&to=1998-01-01", 422, "range_reversed"),
        ("overview?from=1980-01-01&to=1998-01-01", 422, "range_too_long"),
        ("overview?format=xml", 422, "unknown_format"),
        ("overview?brand=mine", 422, "invalid"), ("overview?as_of=1998-01-01T00:00:00Z", 422, "as_of_not_kept"),
        ("overview?shop=01910000-0000-7000-8000-000000000001", 404, "not_found"),
    ])
    func report_thatCannotBeAnswered_isAProblem(path: String, status: Int, code: String) async throws {
        try await ReportsBundle.serve { bundle in
            let answer = try await bundle.get("/v1/reports/\(path)", key: bundle.key())

            #expect(answer.status == status)
            #expect(answer.header("content-type") == "application/problem+json")
            #expect(answer.json["code"] as? String == code)
        }
    }

    @Test func r01_caller_seesOnlyItsOwnBrand() async throws {
        try await ReportsBundle.serve { bundle in
            let other = ID<Brand>.mint()
            try await bundle.db.owner.execute(ReportsStatements.addBrand(other, name: "Other"))
            let key = try await bundle.key()

            #expect(try await bundle.get("/v1/reports/overview").status == 401)
            #expect(try await bundle.get("/v1/reports/overview", key: "sk_nonsense").status == 401)
            #expect(try await bundle.get("/v1/reports/overview?brand=\(other)", key: key).status == 403)
            #expect(try await bundle.get("/v1/reports/overview?brand=\(ID<Brand>.mint())", key: key).status == 403)
            #expect(
                try await bundle.get("/v1/reports/overview", key: key).json["brand_id"] as? String == "\(bundle.brand)")
        }
    }

    @Test func r01_keyOfOneShop_seesOnlyThatShop() async throws {
        try await ReportsBundle.serve { bundle in
            let key = try await bundle.key(shop: bundle.shops[0])

            let answer = try await bundle.get("/v1/reports/overview", key: key)
            #expect(answer.json["shop_id"] as? String == "\(bundle.shops[0])")
            #expect((answer.json["by_shop"] as? [Any])?.isEmpty == true)
            #expect(try await bundle.get("/v1/reports/overview?shop=\(bundle.shops[1])", key: key).status == 403)
        }
    }

    @Test func board_withoutSession_leadsToLogin() async throws {
        try await ReportsBundle.serve { bundle in
            let answer = try await bundle.get("/")

            #expect((300..<400).contains(answer.status))
            #expect(answer.header("location") == "/login")
        }
    }

    @Test func board_withSession_isAPageThatForbidsScripts() async throws {
        try await ReportsBundle.serve { bundle in
            let cookie = try await bundle.session()

            let chinese = try await bundle.get("/", cookie: cookie, language: "zh-CN,zh;q=0.9,en;q=0.8")
            #expect(chinese.status == 200)
            #expect(chinese.body.contains("<html lang=\"zh-CN\">"))
            #expect(chinese.body.contains("全部数字与账本一致"))
            #expect(
                chinese.header("content-security-policy")?.hasPrefix("default-src 'none'; style-src 'self';") == true)
            #expect(chinese.header("cache-control") == "no-store")
            let english = try await bundle.get("/?lang=en&shop=", cookie: cookie, language: "zh")
            #expect(english.body.contains("<html lang=\"en\">"))
            let stylesheet = try #require(english.body.firstMatch(of: /href="(\/board\.css[^"]*)"/)).1
            #expect(try await bundle.get(String(stylesheet)).header("content-type") == "text/css; charset=utf-8")
            let download = try await bundle.get("/v1/reports/overview?format=csv", cookie: cookie)
            #expect(download.status == 200)
        }
    }

    @Test func board_withDatesThatCannotBe_saysSoOnAPage() async throws {
        try await ReportsBundle.serve { bundle in
            let answer = try await bundle.get("/?lang=zh&from=1998-01-02&to=1998-01-01", cookie: bundle.session())

            #expect(answer.status == 422)
            #expect(answer.header("content-type") == "text/html; charset=utf-8")
            #expect(answer.body.contains("开始日期不能晚于结束日期"))
        }
    }

    @Test func board_ofAShopsKey_offersNoOtherShop() async throws {
        try await ReportsBundle.serve { bundle in
            let answer = try await bundle.get("/?lang=en", cookie: bundle.session(shop: bundle.shops[1]))

            #expect(answer.body.contains("value=\"\(bundle.shops[1])\" selected"))
            #expect(!answer.body.contains("\(bundle.shops[0])"))
            #expect(!answer.body.contains("All shops"))
        }
    }
}
