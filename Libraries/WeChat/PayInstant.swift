package import Foundation

/// Instants as WeChat Pay writes them: RFC 3339 with the offset of Shanghai.
package enum PayInstant {
    /// Reads `2025-01-01T08:00:01+08:00`, with any offset; nil for anything else.
    package static func read(_ text: String) -> Date? {
        // The shape first: a lenient parser would take half of some other text.
        guard text.utf8.count <= 40,
            text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)/) != nil
        else { return nil }
        let whole = text.replacing(/\.\d+/, with: "")
        // Whatever is not a date has none.
        return try? Date(whole, strategy: .iso8601)
    }

    /// Writes whole seconds with the offset of Shanghai.
    package static func write(_ instant: Date) -> String {
        // Shanghai keeps no summer time, so its offset is enough.
        let zone = TimeZone(secondsFromGMT: 8 * 3_600) ?? .gmt
        return instant.formatted(Date.ISO8601FormatStyle(timeZoneSeparator: .colon, timeZone: zone))
    }
}

extension KeyedDecodingContainer {
    func decodeInstantIfPresent(forKey key: Key) throws -> Date? {
        guard let text = try decodeIfPresent(String.self, forKey: key), !text.isEmpty else { return nil }
        guard let instant = PayInstant.read(text) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "An instant is RFC 3339 with an offset.")
        }
        return instant
    }
}
