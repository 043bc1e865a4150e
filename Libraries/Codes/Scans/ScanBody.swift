import Foundation
import Kernel

/// What the sender of a scan tells, as JSON.
///
/// Where and with what device it happened goes to followers alone: the delivery's body stays in the inbox for its days.
package struct ScanBody: Decodable, Sendable {
    /// Where a scan happened, as far as the phone tells.
    package struct Location: Decodable, Sendable, Hashable {
        /// Degrees north.
        package let lat: Double?
        /// Degrees east.
        package let lon: Double?
        /// The city's name.
        package let city: String?

        /// A place in its parts.
        package init(lat: Double? = nil, lon: Double? = nil, city: String? = nil) {
            self.lat = lat
            self.lon = lon
            self.city = city
        }
    }

    /// What the label says, as it was read; empty where a ticket stands for it.
    package let code: String
    /// What WeChat gave instead of a code of its own; nil for codes that were read.
    package let ticket: String?
    /// Who scanned it, within one app.
    package let openid: String
    /// Who scanned it, across the apps of one account; nil or empty where the sender does not know.
    package let unionid: String?
    /// Where.
    package let location: Location?
    /// With what.
    package let device: String?
    /// From which address; it is counted, and kept nowhere.
    package let ip: String?

    /// The longest identifier of a person; WeChat's have 28 characters.
    private static let openidBytesMax = 128

    private enum CodingKeys: String, CodingKey {
        case code, openid, unionid, location, device, ip
        case ticket = "code_ticket"
    }

    init(
        code: String, openid: String, unionid: String?, location: Location?, device: String?, ip: String?
    ) {
        self.code = code
        self.openid = openid
        self.unionid = unionid
        self.location = location
        self.device = device
        self.ip = ip
        ticket = nil
    }

    /// Reads a body: a code, or a ticket instead of one.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        ticket = try container.decodeIfPresent(String.self, forKey: .ticket)
        code =
            ticket == nil
            ? try container.decode(String.self, forKey: .code)
            : try container.decodeIfPresent(String.self, forKey: .code) ?? ""
        openid = try container.decode(String.self, forKey: .openid)
        unionid = try container.decodeIfPresent(String.self, forKey: .unionid)
        location = try container.decodeIfPresent(Location.self, forKey: .location)
        device = try container.decodeIfPresent(String.self, forKey: .device)
        ip = try container.decodeIfPresent(String.self, forKey: .ip)
    }

    /// Reads a body.
    ///
    /// - Throws: ``Problem`` 400 for what is no JSON object of this shape, 422 for an `openid` or `unionid` that cannot be one.
    static func read(_ body: [UInt8]) throws(Problem) -> ScanBody {
        guard
            let scan = FlatScanBody.read(body)
                ?? (try? JSONDecoder().decode(ScanBody.self, from: Data(body)))
        else {
            throw .badRequest(
                "The body must be a JSON object with the strings `code`, or `code_ticket`, and `openid`.")
        }
        guard scan.ticket == nil || scan.code.isEmpty else {
            throw .badRequest("The body has either a `code` or the `code_ticket` that WeChat gave instead of it.")
        }
        try checkOpenid(scan.openid)
        guard isIdentifier(scan.unionid ?? "") else {
            throw .invalid("`unionid`, where it is known, has 1 to \(openidBytesMax) printable ASCII characters.")
        }
        return scan
    }

    /// Refuses what cannot be an identifier of a person.
    ///
    /// - Throws: ``Problem`` 422.
    static func checkOpenid(_ openid: String) throws(Problem) {
        guard !openid.isEmpty, isIdentifier(openid) else {
            throw .invalid("`openid` has 1 to \(openidBytesMax) printable ASCII characters.")
        }
    }

    private static func isIdentifier(_ text: String) -> Bool {
        text.utf8.count <= openidBytesMax && text.utf8.allSatisfy { (0x21..<0x7F).contains($0) }
    }
}

/// Reads the bodies that nearly all senders send, an object of plain strings, in a tenth of the time that the decoder takes.
///
/// Whatever is unusual, right or wrong, is left to the decoder: so both read the same.
package struct FlatScanBody {
    private let bytes: [UInt8]
    private var place = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The body; nil for one that the decoder is to look at.
    package static func read(_ bytes: [UInt8]) -> ScanBody? {
        var reader = FlatScanBody(bytes)
        return reader.object()
    }

    private mutating func object() -> ScanBody? {
        var values: [String: String] = [:]
        guard skip(UInt8(ascii: "{")) else { return nil }
        repeat {
            guard let name = string(), skip(UInt8(ascii: ":")), let value = string(),
                values.updateValue(value, forKey: name) == nil
            else { return nil }
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "}")) else { return nil }
        skipSpace()
        guard place == bytes.count, let code = values["code"], let openid = values["openid"],
            values.count == 2 || (values["location"] == nil && values["code_ticket"] == nil)
        else { return nil }
        return ScanBody(
            code: code, openid: openid, unionid: values["unionid"], location: nil,
            device: values["device"], ip: values["ip"])
    }

    private mutating func skipSpace() {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        skipSpace()
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    /// A string of printable ASCII without escapes.
    private mutating func string() -> String? {
        guard skip(UInt8(ascii: "\"")) else { return nil }
        let start = place
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\"") {
                defer { place += 1 }
                return String(decoding: bytes[start..<place], as: UTF8.self)
            }
            guard (0x20..<0x7F).contains(byte), byte != UInt8(ascii: "\\") else { return nil }
            place += 1
        }
        return nil
    }
}
