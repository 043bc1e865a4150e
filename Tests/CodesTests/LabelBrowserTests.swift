import Codes
import Foundation
import Kernel
import Postgres
import Testing

/// A sheet of labels printed by a real browser, where there is one.
struct LabelBrowserTests {
    private static let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Left where `SIYU_SCREENSHOTS` says, for people to look at.
    @Test(
        .enabled(if: browser != nil, "there is no Chromium on this machine"), .timeLimit(.minutes(2)))
    func sheet_isPrintedAsPagesOfA4_24LabelsEach() throws {
        let browser = try #require(Self.browser)
        let kept = ProcessInfo.processInfo.environment["SIYU_SCREENSHOTS"]
        let folder = kept ?? FileManager.default.temporaryDirectory.path + "/siyu-sheet-\(ID<CodeBatch>.mint())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { if kept == nil { try? FileManager.default.removeItem(atPath: folder) } }
        let facts = BatchFacts(
            lot: "L2026A", madeOn: CalendarDate("2026-11-01"), bestBefore: CalendarDate("2027-11-01"),
            linkBase: "HTTPS://ID.EXAMPLE.CN")
        let batch = try KeyRingFixture().batch(count: 100, facts: facts)
        let sheet = try LabelSheet(batch).html(0..<50)
        try Data(sheet.utf8).write(to: URL(filePath: folder + "/sheet.html"))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = [
            "60", browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
            "--user-data-dir=\(folder)/profile-sheet", "--print-to-pdf=\(folder)/sheet.pdf",
            "file://\(folder)/sheet.html",
        ]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()

        let pdf = String(decoding: try Data(contentsOf: URL(filePath: folder + "/sheet.pdf")), as: Unicode.ASCII.self)
        // 24, 24 and 2 labels; 210 × 297 mm are 595 × 842 points.
        #expect(pdf.matches(of: /\/Type \/Page\s/).count == 3)
        let boxes = pdf.matches(of: /\/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]/)
        #expect(!boxes.isEmpty)
        for box in boxes {
            let (width, height) = (try #require(Double(box.1)), try #require(Double(box.2)))
            #expect(abs(width - 595.3) < 1.5 && abs(height - 841.9) < 1.5)
        }
    }
}
