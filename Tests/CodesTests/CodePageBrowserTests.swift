import Codes
import Foundation
import Kernel
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
        let batch = try KeyRingFixture().batch(count: 20_000_000, prizes: [10, 1_000, 100_000])
        let states: [(String, CodePageFacts.State?)] = [
            ("waiting", .waiting), ("redeemed", .redeemed(Date(timeIntervalSince1970: 1_795_000_000))),
            ("unknown", nil),
        ]
        for (name, state) in states {
            let facts = state.map {
                CodePageFacts(code: "\(batch.cipher.code(at: 1))", batch: batch.record, state: $0)
            }
            let page = "\(folder)/\(name)-\(language.rawValue)"
            try Data(CodePage(facts: facts, language: language).html.utf8).write(to: URL(filePath: page + ".html"))
            for (width, height) in name == "redeemed" ? [(390, 844), (1_280, 900)] : [(390, 844)] {
                let picture = "\(page)-\(width).png"
                let process = Process()
                process.executableURL = URL(filePath: "/usr/bin/timeout")
                process.arguments = [
                    "60", browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    "--user-data-dir=\(folder)/profile", "--window-size=\(width),\(height)",
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
