import AsyncHTTPClient
import Codes
import Foundation
import Kernel
import NIOCore
import NIOHTTP1
import Postgres
import TestSupport
import Testing

@Suite struct PageRoutesTests {
    @Test func c14_pageOverHTTP_showsFactsAndFirstScan_andChangesNothing() async throws {
        try await RedeemBundle.serve { bundle in
            let tea = try await bundle.teaBatch()
            let code = tea.cipher.code(at: 3).description
            let before = try await bundle.get("/c/\(code)?lang=en")
            let scan = try await bundle.scan(code, by: "p")
            let after = try await bundle.get("/c/\(code)?lang=en")
            let capital = try await bundle.get("/C/\(code)", ["accept-language": "en"])
            let chinese = try await bundle.get("/c/\(code)")

            #expect(before.status == 200 && before.header("content-type") == "text/html; charset=utf-8")
            #expect(before.header("cache-control") == "no-store" && before.header("referrer-policy") == "no-referrer")
            let policy = try #require(before.header("content-security-policy"))
            #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
            let instant = try #require(scan.json["redeemed_at"] as? String)
            let product = try #require(scan.json["product"] as? [String: Any])
            #expect(product["first_scanned_at"] as? String == instant && product["lot"] as? String == "L2026A")
            #expect(product["gtin"] as? String == "06901234567892")
            #expect(!before.body.contains(instant) && after.body.contains(instant))
            #expect(capital.body == after.body)
            #expect(chinese.body.contains("lang=\"zh-CN\"") && chinese.body.contains("L2026A"))
            #expect(after.body.utf8.count < 20_480 && !after.body.contains("<script"))
            #expect(try await bundle.count("codes.redemption") == 1)
            #expect(try await bundle.get("/c/\(code)", method: .POST).status == 405)
        }
    }

    @Test func winnersAddress_showsTheVoucherThatAStoreTakes() async throws {
        try await RedeemBundle.serve { bundle in
            let index = try #require((0..<RedeemBundle.count).first { bundle.batch.prize(of: $0)?.tier == 1 })
            let answer = try await bundle.scan(bundle.code(index), by: "p")
            let address = try #require(answer.json["page"] as? String)
            let prize = try #require(answer.json["prize"] as? [String: Any])
            let token = try #require((prize["voucher"] as? [String: Any])?["token"] as? String)
            let own = try await bundle.get(address)
            let anonymous = try await bundle.get("/c/\(bundle.code(index))")
            let again = try await bundle.scan(bundle.code(index), by: "p")
            let stranger = try await bundle.scan(bundle.code(index), by: "stranger")

            let symbol = try QRSymbol(token).path
            #expect(own.status == 200 && own.body.contains(symbol) && own.body.contains("您的奖品"))
            #expect(anonymous.status == 200 && !anonymous.body.contains(symbol) && !anonymous.body.contains("您的奖品"))
            #expect(try await bundle.get(String(address.dropLast(3))).body == anonymous.body)
            let second = try #require(again.json["page"] as? String)
            #expect(try await bundle.get(second).body.contains(symbol))
            #expect(stranger.outcome == "already_redeemed" && stranger.json["page"] == nil)
        }
    }

    @Test func unknownVoidAndForeignCodes_areOnePage_notBeforeTheFloor() async throws {
        try await RedeemBundle.serve { bundle in
            _ = try await Ranges.decide(
                RangeCommand(kind: .void, indexes: 20..<30), batch: bundle.batch.record.id, brand: bundle.brand,
                author: "test", on: bundle.db.pool(as: .operator))
            var bodies: Set<String> = []
            for code in [bundle.code(20), "ZZZZ" + String(repeating: "0", count: 16), "x", "%00", "%E7%A0%81"] {
                let clock = ContinuousClock.now
                let answer = try await bundle.get("/c/\(code)")
                #expect(answer.status == 404 && ContinuousClock.now - clock >= .milliseconds(20), "\(code)")
                bodies.insert(answer.body)
            }
            #expect(bodies.count == 1)
        }
    }

    @Test func c12_pageOpenedTooOften_isA429PageForItsNetworkAlone() async throws {
        try await RedeemBundle.serve { bundle in
            // What a proxy of ours wrote last counts; what stood before it is said by whoever likes.
            func open(_ code: String, for addresses: String) async throws -> Answer {
                try await bundle.get("/c/\(code)?lang=en", ["x-forwarded-for": addresses])
            }
            let wrong = "\(bundle.batch.record.handle)" + String(repeating: "0", count: 16)
            let guesses = try await withThrowingTaskGroup(of: Int.self) { group in
                for place in 0..<30 {
                    group.addTask {
                        try await open(wrong, for: "101.32.7.\(place), 101.32.5.\(place), 10.0.0.9").status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(guesses.allSatisfy { $0 == 404 })

            let refused = try await open(bundle.code(0), for: "101.32.5.200")
            #expect(refused.status == 429 && refused.header("content-type") == "text/html; charset=utf-8")
            #expect((1...60).contains(Int(refused.header("retry-after") ?? "") ?? 0))
            #expect(refused.body.contains("Too many pages") && !refused.body.contains("Cola"))
            #expect(try await open(wrong, for: "101.32.5.1").body == refused.body)
            let link = "/01/06901234567892/21/\(bundle.code(0))?lang=en"
            #expect(try await bundle.get(link, ["x-forwarded-for": "101.32.5.1"]).body == refused.body)
            #expect(try await open(bundle.code(0), for: "101.32.7.1").status == 200)
            #expect(try await open(bundle.code(0), for: "101.32.5.1, nonsense").status == 200)
            #expect(try await bundle.get("/c/\(bundle.code(0))").status == 200)
            #expect(try await bundle.scan(bundle.code(0), by: "p").status == 200)
        }
    }

    @Test func resolver_describesItself_atHostsThatStandOnPacksAlone() async throws {
        try await RedeemBundle.serve { bundle in
            let path = "/.well-known/gs1resolver"
            #expect(try await bundle.get(path, ["host": "id.example.cn"]).status == 404)
            _ = try await bundle.teaBatch()

            let described = try await bundle.get(path, ["host": "ID.Example.cn"])
            #expect(described.status == 200 && described.header("content-type") == "application/json")
            #expect(described.header("access-control-allow-origin") == "*")
            #expect(described.json["resolverRoot"] as? String == "https://id.example.cn")
            #expect(described.json["supportedPrimaryKeys"] as? [String] == ["01"])
            #expect(described.json["linkTypeDefaultCanBeLinkset"] as? Bool == false)
            let types = described.json["supportedLinkType"] as? [[String: String]]
            #expect(types == [["namespace": "https://gs1.org/voc/", "prefix": "gs1:"]])
            let elsewhere = try await bundle.get(path, ["host": "evil.example"])
            #expect(elsewhere.status == 404 && !elsewhere.body.contains("evil"))
        }
    }

    @Test func digitalLink_leadsToThePage_orToTheLinkset() async throws {
        try await RedeemBundle.serve { bundle in
            let tea = try await bundle.teaBatch()
            let code = tea.cipher.code(at: 3).description
            let link = "/01/06901234567892/10/L2026A/21/\(code)"
            let redirect = try await bundle.get("\(link)?lang=en&17=271101")
            let linkset = try await bundle.get("\(link)?linkType=linkset")
            let accepted = try await bundle.get(link, ["accept": "application/linkset+json"])
            let named = try await bundle.get("\(link)?linkType=gs1:pip")

            #expect(redirect.status == 307 && redirect.header("location") == "/c/\(code)?lang=en&17=271101")
            #expect(redirect.header("link")?.contains("<\(link)?linkType=linkset>; rel=\"linkset\"") == true)
            #expect(named.status == 307)
            #expect(linkset.status == 200 && linkset.header("content-type") == "application/linkset+json")
            #expect(accepted.body == linkset.body)
            let context = (linkset.json["linkset"] as? [[String: Any]])?.first
            #expect(context?["anchor"] as? String == "https://id.example.cn\(link)")
            let page = (context?["https://gs1.org/voc/pip"] as? [[String: Any]])?.first?["href"] as? String
            #expect(page == "https://id.example.cn/c/\(code)")

            for (path, status) in [
                ("/01/06901234567893/21/\(code)", 400), ("/01/6901234567892/21/\(code)", 400),
                ("/01/06901234567892/21/\(code)?10=A", 400), ("/01/09506000134352/21/\(code)", 404),
                ("/01/06901234567892/10/OTHER/21/\(code)", 404), ("/01/06901234567892/21/\(bundle.code(1))", 404),
                ("\(link)?linkType=gs1:promotion", 404),
            ] { #expect(try await bundle.get(path).status == status, "\(path)") }
        }
    }
}

extension RedeemBundle {
    /// A batch whose packs tell all there is, active, and known to the service.
    fileprivate func teaBatch() async throws -> OpenBatch {
        let pool = db.pool(as: .operator)
        let request = MintRequest(
            brand: brand, requestID: "tea", count: Self.count, label: "Tea",
            facts: BatchFacts(
                gtin: "6901234567892", lot: "L2026A", bestBefore: CalendarDate("2027-11-01"),
                linkBase: "HTTPS://ID.EXAMPLE.CN"))
        let minted = try await Minting.mint(request, author: "test", keys: keys, on: pool).batch
        let batch = try OpenBatch(minted, keys: keys)
        try await Self.activate(batch, 0..<Self.count, on: pool)
        try await eventually { try await get("/c/\(batch.cipher.code(at: 0))").status == 200 }
        return batch
    }

    /// Asks for a page, and follows nothing.
    fileprivate func get(
        _ path: String, _ headers: [String: String] = [:], method: HTTPMethod = .GET
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow))
        do {
            let response = try await client.execute(request, timeout: .seconds(30))
            let answer = Answer(
                status: Int(response.status.code), headers: response.headers.map { ($0.name.lowercased(), $0.value) },
                body: String(buffer: try await response.body.collect(upTo: 1 << 20)))
            try await client.shutdown()
            return answer
        } catch {
            try await client.shutdown()
            throw error
        }
    }
}
