import Foundation
import Gifting
import Kernel
import Testing

/// The page in a real browser, where there is one; and what it makes of words that want to be markup.
struct GiftPageBrowserTests {
    private static let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private static let start = Date(timeIntervalSince1970: 1_795_000_000)

    private func facts(
        _ state: GiftState, greeting: String? = "生日快乐！\nHave a wonderful year.", addressGiven: Bool = false
    ) -> GiftPageFacts {
        var gift = GiftRecord(
            id: .mint(), shop: .mint(), product: .mint(), variant: .mint(), sender: .mint(), recipient: .mint(),
            greeting: greeting, state: state, payUntil: Self.start, createdAt: Self.start, updatedAt: Self.start)
        gift.sentAt = Self.start
        gift.acceptUntil = Self.start + 86_400
        gift.address = addressGiven ? .mint() : nil
        if state == .accepted {
            gift.acceptedAt = Self.start + 60
            gift.lockedUntil = Self.start + 86_460
        }
        let isOpen = [.sent, .claimed].contains(state)
        let choices: [(id: ID<Variant>, title: String, inStock: Bool)] = [
            (gift.variant, "龙井 · 特级 250 g", true), (.mint(), "碧螺春 · 特级 250 g", true),
            (.mint(), "安吉白茶 · 特级 250 g", false),
        ]
        return GiftPageFacts(
            view: RecipientView(
                .init(gift), variantTitle: "龙井 · 特级 250 g", choices: isOpen ? choices : []),
            product: "明前茶礼盒", shop: "西湖茶庄", secondsLeft: 86_340)
    }

    private func page(
        _ facts: GiftPageFacts, _ language: GiftPageLanguage, attempt: GiftPageTry? = nil
    ) -> GiftPage {
        GiftPage(facts, path: "/g/x", formToken: "t", language: language, attempt: attempt)
    }

    @Test func words_thatWantToBeMarkup_areShownAsTheyAre() {
        // With a mark behind it a bracket is another character, and still a bracket to a browser.
        let evil = "<script>alert(1)</script><\u{0338}img src=x onerror=alert(1)>\"' &amp;"
        let attempt = GiftPageTry(code: "gift_address_malformed", variant: evil, fields: ["name": evil])
        let html = page(facts(.claimed, greeting: evil), .english, attempt: attempt).html
        #expect(!html.unicodeScalars.elementsEqual([]) && !html.contains("<script>alert"))
        let scalars = Array(html.unicodeScalars)
        let brackets = scalars.indices.dropLast().filter { scalars[$0] == "<" && scalars[$0 + 1] == "\u{0338}" }
        #expect(brackets.isEmpty)
        #expect(html.contains("value=\"&lt;script&gt;"))
    }

    @Test func page_withoutItsScript_saysEverything() {
        for language in GiftPageLanguage.allCases {
            let html = page(facts(.claimed), language).html
            #expect(html.components(separatedBy: "<script>").count == 2)
            // The countdown is hidden until the script runs; the instant stands beside it.
            #expect(html.contains("data-left=\"86340\" hidden") && html.contains("<time datetime="))
            #expect(!html.contains("onclick") && !html.contains("javascript:") && !html.contains("style=\""))
            #expect(html.utf8.count < 20_480)
        }
    }

    /// Left where `SIYU_SCREENSHOTS` says, for people to look at.
    @Test(
        .enabled(if: browser != nil, "there is no Chromium on this machine"), .timeLimit(.minutes(2)),
        arguments: GiftPageLanguage.allCases)
    func page_isPaintedOnAPhone(language: GiftPageLanguage) throws {
        let browser = try #require(Self.browser)
        let kept = ProcessInfo.processInfo.environment["SIYU_SCREENSHOTS"]
        let folder = kept ?? FileManager.default.temporaryDirectory.path + "/siyu-page-\(ID<Gift>.mint())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { if kept == nil { try? FileManager.default.removeItem(atPath: folder) } }
        let attempt = GiftPageTry(code: "gift_needs_address", fields: ["name": "李雷", "phone": "13800000000"])
        let pages = [
            ("gift-sent", page(facts(.sent), language), 844), ("gift-claimed", page(facts(.claimed), language), 1_500),
            ("gift-refused", page(facts(.claimed), language, attempt: attempt), 1_500),
            ("gift-accepted", page(facts(.accepted, addressGiven: true), language), 844),
            ("gift-declined", page(facts(.declined), language), 844),
            ("gift-stranger", GiftPage(.notForYou, path: "/g/x", language: language), 844),
        ]
        for (name, page, height) in pages {
            let file = "\(folder)/\(name)-\(language.rawValue)"
            try Data(page.html.utf8).write(to: URL(filePath: file + ".html"))
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/timeout")
            process.arguments = [
                "60", browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--user-data-dir=\(folder)/gift-profile-\(language.rawValue)", "--window-size=390,\(height)",
                "--virtual-time-budget=1500", "--screenshot=\(file).png", "file://\(file).html",
            ]
            process.standardError = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            let image = try Data(contentsOf: URL(filePath: file + ".png"))
            // A PNG tells its size behind sixteen bytes.
            func number(_ place: Int) -> Int { image[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
            #expect(image.count > 4_000 && number(16) == 390 && number(20) == height, "\(name)")
        }
    }
}
