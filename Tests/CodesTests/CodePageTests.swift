import Codes
import Foundation
import Hooks
import Kernel
import Postgres
import TestSupport
import Testing

struct CodePageTests {
    private func pages(_ factory: Factory) -> CodePages {
        CodePages(
            directory: factory.directory, pool: factory.redeem, keys: factory.keys,
            limits: LimitBook(keys: factory.keys, isAlone: true))
    }

    private func page(
        _ factory: Factory, _ text: String, _ language: CodePageLanguage = .english, secret: String? = nil,
        now: Date = Date()
    ) async throws -> CodePage {
        try await pages(factory).page(
            of: text, in: language, secret: secret.flatMap { PageSecret($0) }, arrived: .now, now: now)
    }

    @Test func c14_scanAfterRedemption_tellsFactsAndFirstScan() async throws {
        try await Factory.open { factory in
            let batch = try await factory.teaBatch()
            let code = batch.cipher.code(at: 7).description
            let before = try await page(factory, code)
            let result = try await factory.answers([factory.scan(batch, 7, by: "winner")])[0]
            let later = try await factory.answers([
                factory.scan(batch, 7, by: "winner"), factory.scan(batch, 7, by: "somebody else"),
            ])
            let after = try await page(factory, code)
            let again = try await page(factory, code.lowercased())

            let instant = try #require(result.json["redeemed_at"] as? String)
            for answer in [result] + later {
                #expect(
                    answer.json["product"] as? NSDictionary == [
                        "batch": batch.record.handle.description, "label": "Spring", "title": "烏龍茶",
                        "gtin": "06901234567892", "lot": "L2026A", "made_on": "2026-11-01",
                        "best_before": "2027-11-01", "first_scanned_at": instant,
                        "product_id": "\(try #require(batch.record.product))",
                    ])
            }
            #expect(later.map(\.outcome) == ["redeemed_by_you", "already_redeemed"])
            #expect(before.status == 200 && before.html.contains("Not redeemed yet"))
            for html in [before.html, after.html] {
                #expect(html.contains("<h1>烏龍茶</h1>") && html.contains("Bottle"))
                for value in [batch.record.handle.description, "06901234567892", "L2026A", "2026-11-01", "2027-11-01"] {
                    #expect(html.contains("<dd>\(value)</dd>"), "\(value)")
                }
            }
            #expect(after.status == 200 && after.html.contains("<time datetime=\"\(instant)\">"))
            #expect(!after.html.contains("Not redeemed yet") && again.html == after.html)
            // Nothing was changed by looking.
            #expect(try await factory.count("codes.redemption") == 1)
            #expect(try await factory.count("hooks.inbox") == 3)
        }
    }

    @Test func page_saysWhatIsPublishedNow() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let code = batch.cipher.code(at: 0).description
            func rules() async throws -> PublishedRules {
                try #require(
                    try await Rules.history(of: batch.record.id, brand: factory.brand, on: factory.operator).first)
            }
            let first = try await rules()
            let before = try await page(factory, code).html
            _ = try await Rules.publish(
                RulesChange(claimDays: 77), batch: batch.record.id, brand: factory.brand, author: "test",
                on: factory.operator)
            let second = try await rules()
            let after = try await page(factory, code).html

            #expect(before.contains("<dd>never</dd>") && before.contains("within 30 days"))
            #expect(before.contains(hex(batch.record.rulesHash)) && before.contains(hex(first.documentHash)))
            // What may change is read anew.
            #expect(after.contains("within 77 days") && after.contains("Rules, version 2"))
            #expect(after.contains(hex(second.documentHash)) && !after.contains(hex(first.documentHash)))
            #expect(after.contains(hex(batch.record.rulesHash)))
        }
    }

    private func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

    // MARK: Winners

    @Test func winnersAddress_showsThePrizeAndTheVoucher_forAQuarterOfAnHour_andToNobodyElse() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let vouchers = Vouchers(keys: factory.keys, queue: factory.queue)
            let now = Date(timeIntervalSince1970: 1_800_000_000)
            let redeeming = Redeeming(
                pool: factory.redeem, queue: factory.queue, keys: factory.keys, followers: [vouchers],
                vouchers: vouchers, realTime: { now })
            let items = (0..<Factory.count).filter { batch.prize(of: $0)?.tier == 1 }.prefix(2)
            let (item, other) = (items[items.startIndex], items[items.startIndex + 1])
            let nothing = try #require((0..<Factory.count).first { batch.prize(of: $0) == nil })
            let results = try await redeeming.redeem(
                [
                    factory.scan(batch, item, by: "winner"), factory.scan(batch, other, by: "winner"),
                    factory.scan(batch, nothing, by: "winner"),
                ], brand: factory.brand)
            let stranger = try await redeeming.redeem(
                [factory.scan(batch, item, by: "stranger")], brand: factory.brand)[0]

            // Only whoever won something is told an address, of characters that JSON takes as they are.
            let address = try #require(results[0].json["page"] as? String)
            #expect(address.hasPrefix("/c/\(batch.cipher.code(at: item))?s="))
            #expect(results[2].json["page"] == nil && stranger.json["page"] == nil)
            for result in results {
                let encoded = try JSONSerialization.data(
                    withJSONObject: result.json, options: [.sortedKeys, .withoutEscapingSlashes])
                #expect(result.body == Array(encoded))
            }
            let secret = String(try #require(address.split(separator: "=").last))
            let prize = try #require(results[0].json["prize"] as? [String: Any])
            let token = try #require((prize["voucher"] as? [String: Any])?["token"] as? String)
            let code = batch.cipher.code(at: item).description
            let own = try await page(factory, code, secret: secret, now: now + 899).html
            let shown = stride(from: 0, to: 26, by: 4).map { "<span>\(token.dropFirst($0).prefix(4))</span>" }.joined()
            #expect(own.contains(shown) && own.contains("You redeemed it") && own.contains("Your prize"))
            #expect(own.contains(try QRSymbol(token).path), "the symbol says the token")
            #expect(own.contains("?lang=zh&amp;s=\(secret)"), "the other language shows the same")

            // Too late, another code's, mistyped, none: what everybody sees.
            let anonymous = try await page(factory, code).html
            #expect(!anonymous.contains(shown) && !anonymous.contains("Your prize"))
            #expect(try await page(factory, code, secret: secret, now: now + 901).html == anonymous)
            let otherSecret = String(
                try #require((results[1].json["page"] as? String)?.split(separator: "=").last))
            let wrong = String((secret.first == "A" ? "B" : "A") + secret.dropFirst())
            for text in [otherSecret, wrong, secret + "A", String(secret.dropLast(2)), "", "x"] {
                #expect(try await page(factory, code, secret: text, now: now).html == anonymous, "\(text)")
            }
            // Held back: nothing is shown to anybody.
            try await factory.decide(.freeze, batch, item..<item + 1)
            #expect(try await !page(factory, code, secret: secret, now: now).html.contains("Your prize"))
        }
    }

    @Test func winnersPage_followsItsVoucher() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let vouchers = Vouchers(keys: factory.keys, queue: factory.queue)
            let redeeming = Redeeming(
                pool: factory.redeem, queue: factory.queue, keys: factory.keys, followers: [vouchers],
                vouchers: vouchers, realTime: { Date() })
            let index = try #require((0..<Factory.count).first { batch.prize(of: $0)?.tier == 1 })
            let result = try await redeeming.redeem([factory.scan(batch, index, by: "p")], brand: factory.brand)[0]
            let secret = try #require((result.json["page"] as? String)?.split(separator: "=").last).description
            let code = batch.cipher.code(at: index).description
            func html() async throws -> String { try await page(factory, code, secret: secret).html }
            func move(_ state: String) async throws {
                try await factory.db.owner.execute(
                    Statement("UPDATE codes.voucher SET state = \(state), handovers = 1"))
            }

            #expect(try await html().contains("Show this at a store"))
            try await move("handed_over")
            let handedOver = try await html()
            #expect(handedOver.contains("A store has handed it over.") && !handedOver.contains("Show this at a store"))
            try await move("expired")
            let expired = try await html()
            #expect(expired.contains("Not fetched in time") && !expired.contains("Show this at a store"))
            try await move("open")
            // Its time is over, and nobody has ended it yet.
            try await factory.db.owner.execute(
                Statement(
                    "UPDATE codes.voucher SET issued_at = now() - interval '9 d', expires_at = now() - interval '1 s'"))
            #expect(try await html().contains("Not fetched in time"))
        }
    }

    /// A delivery that was answered before there were facts and pages is answered with the same bytes.
    @Test func storedAnswers_keepTheirBytes() async throws {
        try await Factory.open { factory in
            let batch = try await factory.teaBatch()
            let index = try #require((0..<Factory.count).first { batch.prize(of: $0)?.tier == 2 })
            let scan = factory.scan(batch, index, by: "p", id: "told twice")
            let first = try await factory.answers([scan])[0]
            let redeeming = Redeeming(
                pool: factory.redeem, queue: factory.queue, keys: factory.keys, realTime: { Date() })
            let again = try await redeeming.redeem([scan], brand: factory.brand)[0]
            let new = try await redeeming.redeem([factory.scan(batch, index, by: "p")], brand: factory.brand)[0]

            #expect(again.body == first.body && first.json["page"] == nil)
            #expect(new.json["page"] != nil && new.outcome == "redeemed_by_you")
        }
    }

    // MARK: What everybody sees

    /// Whoever merely holds the pack reads the same, whatever its code wins and whoever redeemed it.
    @Test func pages_ofWinningAndLosingCodes_differInTheCodeAlone() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let winner = try #require((0..<Factory.count).first { batch.prize(of: $0)?.tier == 1 })
            let loser = try #require((0..<Factory.count).first { batch.prize(of: $0) == nil })
            func html(_ index: Int64) async throws -> String {
                let code = batch.cipher.code(at: index).description
                var html = try await page(factory, code).html
                for place in stride(from: 0, to: 20, by: 4) {
                    html = html.replacingOccurrences(
                        of: "<span>\(code.dropFirst(place).prefix(4))</span>", with: "<span/>")
                }
                return html
            }

            #expect(try await html(winner) == html(loser))
            _ = try await factory.answers([factory.scan(batch, winner, by: "a"), factory.scan(batch, loser, by: "b")])
            #expect(try await html(winner) == html(loser))
        }
    }

    @Test func unknownAndVoidCodes_haveOnePage_atOneTime() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            try await factory.decide(.void, batch, 3..<4)
            let void = batch.cipher.code(at: 3).description
            var bodies: Set<String> = []
            for text in [
                void, String(void.dropLast()) + (void.last == "0" ? "1" : "0"), "0" + void.dropFirst(), "x", "",
            ] {
                let begin = ContinuousClock.now
                let page = try await page(factory, text)
                #expect(page.status == 404 && ContinuousClock.now - begin >= Scans.floor.value)
                bodies.insert(page.html)
            }
            #expect(bodies.count == 1)
        }
    }

    @Test func codesThatAreNotActive_sayNoMore() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            _ = try await factory.answers([factory.scan(batch, 5, by: "p")])
            try await factory.decide(.freeze, batch, 5..<7)

            for index in [5, 6] as [Int64] {
                let page = try await page(factory, batch.cipher.code(at: index).description)
                #expect(page.status == 200 && page.html.contains("Not active") && !page.html.contains("First scanned"))
            }
        }
    }

    @Test func page_isSmallAndWithoutScript_inBothLanguages_andEscapesWhatTheBrandWrote() async throws {
        try await Factory.open { factory in
            let prizes = [
                PrizeRequest(name: "<b>\"A\" & 'B'<\u{338}/b>", kind: .item, cost: Money(fen: 500), count: 1_234)
            ]
            let batch = try await factory.mint(prizes: prizes, label: "<script>alert(1)</script>")
            try await factory.decide(.activate, batch)
            try await factory.directory.refresh()
            let code = batch.cipher.code(at: 0).description
            let chinese = try await page(factory, code, .chinese).html
            let english = try await page(factory, code, .english).html

            for html in [chinese, english] {
                #expect(html.utf8.count < 20_480 && !html.contains("<script") && !html.contains("<b>"))
                #expect(html.contains("&lt;\u{338}"))
                #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && html.contains("1,234"))
            }
            #expect(chinese.contains(#"<html lang="zh-CN">"#) && chinese.contains("尚未兑换"))
            #expect(english.contains(#"<html lang="en">"#) && !english.contains("兑"))
        }
    }

    @Test(
        arguments: [
            ("en", "zh-CN", CodePageLanguage.english), ("zh", "en", .chinese), (nil, "en-GB,zh;q=0.5", .english),
            (nil, "zh-CN,en", .chinese), (nil, nil, .chinese), ("xx", "fr,en", .chinese), ("", nil, .chinese),
        ] as [(String?, String?, CodePageLanguage)])
    func language_isTheParametersThenTheBrowsersThenChinese(
        parameter: String?, header: String?, language: CodePageLanguage
    ) {
        #expect(CodePageLanguage(parameter: parameter, acceptLanguage: header) == language)
    }
}

extension Factory {
    /// A batch whose packs tell all there is, known to the directory, all of it active.
    func teaBatch() async throws -> OpenBatch {
        let (shop, product, brand) = (ID<Shop>.mint(), ID<Kernel.Product>.mint(), brand)
        try await db.owner.execute(
            Statement(
                "INSERT INTO orders.shop (brand_id, shop_id, code, name, created_at) VALUES (\(brand), \(shop), 's', 'S', now())"
            ))
        try await db.owner.execute(
            Statement(
                "INSERT INTO orders.product (brand_id, product_id, shop_id, sku, title, list_price_fen, created_at) VALUES (\(brand), \(product), \(shop), 'tea', '烏龍茶', 500, now())"
            ))
        let request = MintRequest(
            brand: brand, requestID: "tea", count: Factory.count, prizes: Factory.prizes, label: "Spring",
            product: product,
            facts: BatchFacts(
                gtin: "6901234567892", lot: "L2026A", madeOn: CalendarDate("2026-11-01"),
                bestBefore: CalendarDate("2027-11-01"), linkBase: "HTTPS://ID.EXAMPLE.CN/TEA"))
        let batch = try OpenBatch(
            try await Minting.mint(request, author: "test", keys: keys, on: `operator`).batch, keys: keys)
        try await decide(.activate, batch)
        try await directory.refresh()
        return batch
    }
}
