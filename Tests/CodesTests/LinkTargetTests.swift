import Codes
import Foundation
import Hooks
import Kernel
import Postgres
import TestSupport
import Testing

/// What GS1 Digital Links lead to, and the pages of codes that somebody else made.
struct LinkTargetTests {
    private func pages(_ factory: Factory) -> CodePages {
        CodePages(
            directory: factory.directory, pool: factory.redeem, keys: factory.keys,
            limits: LimitBook(keys: factory.keys, isAlone: true))
    }

    private func target(_ factory: Factory, _ path: String) async throws -> LinkTarget? {
        try await pages(factory).target(of: try DigitalLink(path: path), arrived: .now, now: Date())
    }

    @Test func link_leadsToItsPage_onlyUnderTheGTINAndLotOfItsBatch() async throws {
        try await Factory.open { factory in
            let tea = try await factory.teaBatch()
            let bare = try await factory.mint("2")
            try await factory.decide(.activate, bare)
            let code = tea.cipher.code(at: 5).description

            let target = try await target(factory, "/01/06901234567892/21/\(code)")
            #expect(target?.path == "/c/\(code)")
            #expect(try await self.target(factory, "/01/06901234567892/10/L2026A/21/\(code.lowercased())") != nil)
            for path in [
                // Another product, another lot, a batch that has no GTIN, a forged code.
                "/01/09506000134352/21/\(code)", "/01/06901234567892/10/L2026B/21/\(code)",
                "/01/06901234567892/21/\(bare.cipher.code(at: 0))",
                "/01/06901234567892/21/\(code.dropLast())\(code.last == "0" ? "1" : "0")",
            ] {
                #expect(try await self.target(factory, path) == nil, "\(path)")
            }
            // A link tells no more than the page: a void code has none, a frozen one has.
            try await factory.decide(.void, tea, 5..<6)
            try await factory.decide(.freeze, tea, 6..<7)
            #expect(try await self.target(factory, "/01/06901234567892/21/\(code)") == nil)
            #expect(try await self.target(factory, "/01/06901234567892/21/\(tea.cipher.code(at: 6))") != nil)
        }
    }

    @Test func linkset_namesThePageInBothLanguages() async throws {
        try await Factory.open { factory in
            let batch = try await factory.teaBatch()
            let code = batch.cipher.code(at: 5).description
            let path = "/01/06901234567892/22/A%2FB/10/L2026A/21/\(code)"
            let target = try #require(try await target(factory, path))
            let page: NSDictionary = [
                "href": "https://id.example.cn/TEA/c/\(code)", "title": "烏龍茶", "type": "text/html",
                "hreflang": ["zh-CN", "en"],
            ]

            let json = try JSONSerialization.jsonObject(with: Data(try target.linkset)) as? NSDictionary
            #expect(
                json == [
                    "linkset": [
                        [
                            "anchor": "https://id.example.cn/TEA\(path)", "itemDescription": "烏龍茶",
                            "https://gs1.org/voc/defaultLink": [page], "https://gs1.org/voc/pip": [page],
                        ]
                    ]
                ])
        }
    }

    @Test(
        arguments: [
            (nil, nil, .page), (nil, "text/html,application/linkset+json", .page),
            (nil, "application/linkset+json", .linkset), (nil, "application/json; q=1", .linkset),
            ("linkset", "text/html", .linkset), ("all", nil, .linkset),
            ("gs1:pip", "application/linkset+json", .page), ("gs1:promotion", nil, .other), ("", nil, .other),
        ] as [(String?, String?, LinkWish)])
    func wish_isTheParametersThenTheHeaders(linkType: String?, accept: String?, wish: LinkWish) {
        #expect(LinkWish(linkType: linkType, accept: accept) == wish)
    }

    // MARK: Imported codes

    private func load(_ codes: [String], brand: ID<Brand>, _ factory: Factory) async throws -> CodeBatchRecord {
        let request = MintRequest(brand: brand, requestID: "file", count: 0, label: "Printer")
        let outcome = try await CodeImporting(pool: factory.operator, keys: factory.keys).load(
            CodeImportRequest(batch: request, origin: .file),
            from: CodeBytes(Array("code\n\(codes.joined(separator: "\n"))\n".utf8)), author: "test")
        guard case .loaded(let batch, _, _) = outcome else { throw CodesError.clockMissing }
        _ = try await Ranges.decide(
            RangeCommand(kind: .activate, indexes: 0..<batch.count), batch: batch.id, brand: brand, author: "test",
            on: factory.operator)
        return batch
    }

    @Test func importedCodes_haveAPage_andAnswerScansAlike() async throws {
        try await Factory.open { factory in
            let other = ID<Brand>.mint()
            try await factory.db.owner.execute(
                Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(other), 'Other', now())"))
            let batch = try await load(["Ab/1%q", "Ab/2%q", "Ab/3%q"], brand: factory.brand, factory)
            _ = try await load(["Zb/1%q", "Ab/3%q"], brand: other, factory)
            try await factory.directory.refresh()
            func page(_ text: String) async throws -> CodePage {
                try await pages(factory).page(of: text, in: .english, arrived: .now, now: Date())
            }
            let code = try #require(try await factory.directory.find("Ab/1%q", brand: factory.brand))
            let scan = Scan(delivery: factory.delivery("Ab/1%q", openid: "p"), code: code, openid: "p")
            let before = try await page("Ab/1%q")
            let answer = try await factory.answers([scan])[0]
            let after = try await page("Ab/1%q")

            #expect(before.status == 200 && before.html.contains("Not redeemed yet"))
            #expect(before.html.contains("<span>Ab/1%q</span>") && before.html.contains("<h1>Printer</h1>"))
            let instant = try #require(answer.json["redeemed_at"] as? String)
            #expect(answer.outcome == "no_prize" && after.html.contains("<time datetime=\"\(instant)\">"))
            let product = answer.json["product"] as? [String: Any]
            #expect(product?["first_scanned_at"] as? String == instant && product?["label"] as? String == "Printer")
            // Case counts; a code that two brands imported belongs to neither page; one that only looks alike to none.
            for text in ["ab/1%q", "Ab/3%q", "Ab/9%q"] { #expect(try await page(text).status == 404, "\(text)") }
            #expect(try await page("Zb/1%q").status == 200)
            _ = try await Ranges.decide(
                RangeCommand(kind: .void, indexes: 1..<2), batch: batch.id, brand: factory.brand, author: "test",
                on: factory.operator)
            #expect(try await page("Ab/2%q").html == page("none").html)
        }
    }
}
