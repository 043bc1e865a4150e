package import Kernel

/// Where hooks go: a URL of a shape so narrow that nobody can read it in two ways.
///
/// `https`, a name with a dot, a port of 443 or from 1024 on, a path and a query of plain characters. No user, no fragment, no address in
/// place of a name: a certificate is for a name, and whose address it has is looked at when the connection is made.
package struct HookURL: Hashable, Sendable {
    /// Whether the connection is encrypted; it is not for this machine alone, in development.
    package let isSecure: Bool
    /// The host, in lower case.
    package let host: String
    /// The port.
    package let port: Int
    /// The whole URL, its host in lower case.
    package let text: String

    /// The longest one that is kept.
    package static let lengthMax = Limit(2_000, reason: "what every server of the web takes")
    private static let nameLengthMax = 253
    private static let labelLengthMax = 63
    /// Below it lie the services of machines; 443 is the one that is meant for everybody.
    private static let portsAllowed = 1_024...65_535

    /// Reads a URL.
    ///
    /// - Parameter allowsLocal: Whether `http://localhost` and `http://127.0.0.1` will do, in development.
    /// - Throws: ``Problem`` 422 with a sentence about what is wrong.
    package init(_ text: String, allowsLocal: Bool = false) throws(Problem) {
        guard text.utf8.count <= Self.lengthMax.value, text.utf8.allSatisfy(Self.isPlain) else {
            throw .invalid(
                "A hook's URL has \(Self.lengthMax.value) plain ASCII characters at most: write others as %XX.")
        }
        let isSecure = text.hasPrefix("https://")
        guard isSecure || (allowsLocal && text.hasPrefix("http://")) else {
            throw .invalid("A hook's URL begins with https://, in lower case.")
        }
        let rest = text.utf8.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        let parts = String(Substring(authority)).split(separator: ":", omittingEmptySubsequences: false)
        let host = parts.first.map { $0.lowercased() } ?? ""
        let isLocal = allowsLocal && (host == "localhost" || host == "127.0.0.1")
        guard parts.count <= 2, Self.isName(host) || isLocal else {
            throw .invalid(
                "A hook's URL names its host, such as hooks.example.com: no address, no user and no single word.")
        }
        guard isSecure || isLocal else { throw .invalid("Only this machine is told without https.") }
        self.isSecure = isSecure
        self.host = host
        // With the very host that is looked up: who connects must not find another spelling of it.
        let tail = String(Substring(rest.dropFirst(host.utf8.count)))
        self.text = (isSecure ? "https://" : "http://") + host + tail
        guard parts.count == 2 else {
            port = isSecure ? 443 : 80
            return
        }
        guard (1...5).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(Self.isDigit), let port = Int(parts[1]),
            port == 443 || Self.portsAllowed.contains(port)
        else { throw .invalid("A hook's port is 443, or one from 1024 to 65535.") }
        self.port = port
    }

    /// Names alone: at least two labels, and the last one begins with a letter, which that of no address does.
    private static func isName(_ host: String) -> Bool {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, host.utf8.count <= nameLengthMax,
            let first = labels.last?.utf8.first, isLetter(first)
        else { return false }
        return labels.allSatisfy { label in
            (1...labelLengthMax).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// What RFC 3986 lets stand in a path or a query, and what the authority needs; neither `#` nor a backslash.
    private static func isPlain(_ byte: UInt8) -> Bool {
        isLetter(byte | 0x20) && byte < 0x80 || isDigit(byte) || plain.contains(byte)
    }
    private static let plain = Set("-._~!$&'()*+,;=:@/?%".utf8)
}
