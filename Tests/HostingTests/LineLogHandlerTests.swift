import Foundation
import Logging
import Synchronization
import Testing

@testable import Hosting

struct LineLogHandlerTests {
    private let lines = Lines()

    private func logger(_ format: LogFormat, level: Logger.Level = .info) -> Logger {
        Logger(label: "siyu") { [lines] in LineLogHandler(label: $0, format: format, level: level, write: lines.append)
        }
    }

    @Test func text_withMetadata_isOneReadableLine() throws {
        var logger = logger(.text)
        logger[metadataKey: "request_id"] = "r1"

        logger.info("Answered.", metadata: ["http.status": "200", "note": "a \"b\"\nc", "empty": ""])

        let line = try #require(lines.all.first)
        #expect(
            line.wholeMatch(
                of:
                    #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info siyu: Answered\. empty="" http\.status=200 note="a \\"b\\"\\nc" request_id=r1\n/#
            ) != nil, "\(line)")
    }

    @Test func json_withHostileValues_isOneParsableObject() throws {
        let logger = logger(.json)
        let hostile = "line\nbreak \"quote\" \\ back \u{0} nul \u{1B}[31m \u{2028} 私域 👩‍👩‍👧"

        logger.warning(
            "\(hostile)", metadata: ["a": .array([.string(hostile), .dictionary(["b": "c"])]), "level": "forged"])

        let line = try #require(lines.all.first)
        #expect(line.split(separator: "\n").count == 1)
        #expect(line.hasSuffix("}\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["message"] as? String == hostile)
        #expect(object["level"] as? String == "warning")
        #expect((object["a"] as? [Any])?.first as? String == hostile)
        #expect((object["a"] as? [Any])?.last as? [String: String] == ["b": "c"])
    }

    @Test func text_withLineBreakInMessage_cannotForgeARecord() throws {
        logger(.text).info("first\n2026-01-01T00:00:00.000Z error siyu: forged\r\u{1B}[2J")

        let line = try #require(lines.all.first)
        #expect(line.filter(\.isNewline).count == 1)
        #expect(!line.contains("\u{1B}"))
    }

    @Test func log_belowItsLevel_writesNothing() {
        logger(.text, level: .error).warning("quiet")

        #expect(lines.all.isEmpty)
    }
}

private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func append(_ line: String) { lines.withLock { $0.append(line) } }
}
