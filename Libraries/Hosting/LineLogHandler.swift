import Foundation
package import Logging

/// Writes log records to stderr, one line each, as text or JSON.
///
/// A record is one line whatever its message holds: line breaks and control characters are escaped, so that nobody can forge
/// a record by way of a value that is logged.
package struct LineLogHandler: LogHandler {
    /// The lowest level that is written.
    package var logLevel: Logger.Level
    /// Values that every record carries.
    package var metadata: Logger.Metadata = [:]
    /// Values that a task carries.
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let format: LogFormat
    private let write: @Sendable (String) -> Void

    /// A handler that writes to stderr, or to `write`.
    package init(
        label: String, format: LogFormat, level: Logger.Level,
        write: @escaping @Sendable (String) -> Void = writeToStandardError
    ) {
        self.label = label
        self.format = format
        self.write = write
        logLevel = level
    }

    /// Reads or changes a value that every record carries.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one record.
    package func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
        if let own = event.metadata { fields.merge(own) { $1 } }
        if let error = event.error { fields["error"] = "\(error)" }
        let sorted = fields.sorted { $0.key < $1.key }
        switch format {
        case .text: write(text(event, sorted))
        case .json: write(json(event, sorted))
        }
    }

    private func text(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        var line = "\(timestamp()) \(event.level.rawValue) \(label): \(escaped("\(event.message)", quotes: false))"
        for (key, value) in fields {
            let text = "\(value)"
            let isPlain =
                !text.isEmpty
                && text.utf8.allSatisfy {
                    $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=")
                }
            line += " \(escaped(key, quotes: false))=" + (isPlain ? text : "\"\(escaped(text, quotes: true))\"")
        }
        return line + "\n"
    }

    private func json(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        var line =
            "{\"time\":\"\(timestamp())\",\"level\":\"\(event.level.rawValue)\",\"logger\":\"\(escaped(label, quotes: true))\""
        line += ",\"message\":\"\(escaped("\(event.message)", quotes: true))\""
        // Our own keys come first and win.
        for (key, value) in fields where !["time", "level", "logger", "message"].contains(key) {
            line += ",\"\(escaped(key, quotes: true))\":\(json(value))"
        }
        return line + "}\n"
    }

    private func json(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .dictionary(let fields):
            let members = fields.sorted { $0.key < $1.key }.map { "\"\(escaped($0, quotes: true))\":\(json($1))" }
            return "{\(members.joined(separator: ","))}"
        case .array(let values): return "[\(values.map(json).joined(separator: ","))]"
        default: return "\"\(escaped("\(value)", quotes: true))\""
        }
    }
}

/// Escapes control characters and, in quoted text, quotes and backslashes, as JSON does.
private func escaped(_ text: String, quotes: Bool) -> String {
    func isSafe(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7F && !(quotes && (byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")))
    }
    if text.utf8.allSatisfy({ isSafe($0) && $0 < 0x80 }) { return text }
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case "\"" where quotes: result += "\\\""
        case "\\" where quotes: result += "\\\\"
        case "\u{0}"..<" ", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// The current instant as RFC 3339 with milliseconds, in UTC.
private func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    func padded(_ number: some BinaryInteger, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let day = "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
    let time = "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
    return "\(day)T\(time).\(padded(now.tv_nsec / 1_000_000, 3))Z"
}

/// Writes a line in one call, so that lines of several threads do not mix.
@Sendable package func writeToStandardError(_ line: String) {
    var rest = Array(line.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
        // Nobody is left to be told that stderr is gone.
        guard count > 0 || errno == EINTR else { return }
        rest = rest.dropFirst(max(0, count))
    }
}
