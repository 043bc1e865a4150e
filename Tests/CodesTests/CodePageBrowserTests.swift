import Codes
import Foundation
import Kernel
import Postgres
import Testing

/// The page in a real browser, where there is one.
struct CodePageBrowserTests {
    private static let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Left where `SIYU_SCREENSHOTS` says, for people to look at.
    @Test(
        .enabled(if: browser != nil, "there is no Chromium on this machine"), .timeLimit(.minutes(2)),
        arguments: CodePageLanguage.allCases)
    func page_isPaintedOnAPhoneAndOnADesk(language: CodePageLanguage) throws {
        let browser = try #require(Self.browser)
        let kept = ProcessInfo.processInfo.environment["SIYU_SCREENSHOTS"]
        let folder = kept ?? FileManager.default.temporaryDirectory.path + "/siyu-page-\(ID<CodeBatch>.mint())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { if kept == nil { try? FileManager.default.removeItem(atPath: folder) } }
        let facts = BatchFacts(
            gtin: "06901234567892", lot: "L2026A", madeOn: CalendarDate("2026-11-01"),
            bestBefore: CalendarDate("2027-11-01"))
        let batch = try KeyRingFixture().batch(count: 20_000_000, prizes: [10, 1_000, 100_000], facts: facts)
        let instant = Date(timeIntervalSince1970: 1_795_000_000)
        let prize = try #require(batch.record.prizes.tiers.first)
        let voucher = CodePageVoucher(
            token: "4SV4JPG0DQ5TC0AJ6ZQ6WQ1KD9", expiresAt: instant + 2_592_000, state: .open)
        let states: [(String, CodePageFacts.State?, CodePagePrize?)] = [
            ("waiting", .waiting, nil), ("redeemed", .redeemed(instant), nil), ("inactive", .notActive, nil),
            ("won", .redeemed(instant), CodePagePrize(prize: prize, voucher: voucher)), ("unknown", nil, nil),
        ]
        let terms = RuleTerms(startsAt: instant - 86_400, endsAt: instant + 86_400 * 90, claimDays: 30)
        for (name, state, won) in states {
            let facts = state.map {
                CodePageFacts(
                    code: "\(batch.cipher.code(at: 1))", batch: batch.record, state: $0,
                    rules: PublishedRules(
                        version: 1, terms: terms, documentHash: terms.documentHash(rulesHash: []), author: "x",
                        publishedAt: instant), won: won)
            }
            let page = "\(folder)/\(name)-\(language.rawValue)"
            try Data(CodePage(facts: facts, language: language).html.utf8).write(to: URL(filePath: page + ".html"))
            for (width, height) in ["redeemed", "won"].contains(name)
                ? [(390, 844), (390, 1_500), (1_280, 900)] : [(390, 844)]
            {
                let picture = "\(page)-\(width)x\(height).png"
                let process = Process()
                process.executableURL = URL(filePath: "/usr/bin/timeout")
                process.arguments = [
                    "60", browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    "--user-data-dir=\(folder)/profile-\(language.rawValue)", "--window-size=\(width),\(height)",
                    "--screenshot=\(picture)", "file://\(page).html",
                ]
                process.standardError = FileHandle.nullDevice
                process.standardOutput = FileHandle.nullDevice
                try process.run()
                process.waitUntilExit()
                let image = try Data(contentsOf: URL(filePath: picture))
                // A PNG tells its size behind sixteen bytes.
                func number(_ place: Int) -> Int { image[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
                #expect(image.count > 4_000 && number(16) == width && number(20) == height, "\(picture)")
            }
        }
    }
}
