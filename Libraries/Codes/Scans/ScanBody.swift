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

    let code: String
    let openid: String
    let unionid: String?
    let location: Location?
    let device: String?

    /// The longest identifier of a person; WeChat's have 28 characters.
    private static let openidBytesMax = 128

    /// Reads a body.
    ///
    /// - Throws: ``Problem`` 400 for what is no JSON object of this shape, 422 for an `openid` that cannot be one.
    static func read(_ body: [UInt8]) throws(Problem) -> ScanBody {
        guard let scan = try? JSONDecoder().decode(ScanBody.self, from: Data(body)) else {
            throw .badRequest("The body must be a JSON object with the strings `code` and `openid`.")
        }
        guard (1...openidBytesMax).contains(scan.openid.utf8.count),
            scan.openid.utf8.allSatisfy({ (0x21..<0x7F).contains($0) })
        else { throw .invalid("`openid` has 1 to \(openidBytesMax) printable ASCII characters.") }
        return scan
    }
}
