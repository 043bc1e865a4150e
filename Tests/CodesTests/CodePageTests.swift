import Codes
import Foundation
import Kernel
import Testing

struct CodePageTests {
    private func pages(_ factory: Factory) -> CodePages {
        CodePages(directory: factory.directory, pool: factory.redeem)
    }

    private func page(
        _ factory: Factory, _ text: String, _ language: CodePageLanguage = .english
    ) async throws -> CodePage {
        try await pages(factory).page(of: text, in: language, arrived: .now)
    }

    @Test func c14_scanAfterRedemption_tellsFactsAndFirstScan() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let code = batch.cipher.code(at: 7).description
            let before = try await page(factory, code)
            let result = try await factory.answers([factory.scan(batch, 7, by: "winner")])[0]
            let after = try await page(factory, code)
            let again = try await page(factory, code.lowercased())

            #expect(before.status == 200 && before.html.contains("Not redeemed yet"))
            #expect(before.html.contains("<h1>Test</h1>") && before.html.contains("Bottle"))
            #expect(before.html.contains(batch.record.handle.description))
            let instant = try #require(result.json["redeemed_at"] as? String)
            #expect(after.status == 200 && after.html.contains("<time datetime=\"\(instant)\">"))
            #expect(!after.html.contains("Not redeemed yet") && again.html == after.html)
            // Nothing was changed by looking.
            #expect(try await factory.count("codes.redemption") == 1)
            #expect(try await factory.count("hooks.inbox") == 1)
        }
    }

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
                #expect(page.status == 200 && page.html.contains("Not active") && !page.html.contains("<time"))
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
