import Foundation
package import Kernel

/// Which bill of a day.
package enum PayBillKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// What was paid and refunded.
    case trade
    /// What came into the merchant's account and left it.
    case fundFlow = "fund_flow"
}

/// Where a bill can be fetched for the next minutes, and what it must hash to.
package struct PayBillTicket: Hashable, Sendable, Decodable {
    /// How it is hashed.
    package let hashType: String
    /// The hash of the file as it is unpacked, in hex.
    package let hashValue: String
    /// Where it lies; signed like any call.
    package let downloadURL: String

    private enum CodingKeys: String, CodingKey {
        case hashType = "hash_type"
        case hashValue = "hash_value"
        case downloadURL = "download_url"
    }
}

extension WeChatPayClient {
    /// The largest bill that is fetched: what is larger is downloaded by hand and given as a file.
    package static let billBytesMax = Limit(256 << 20, reason: "A million payments have a quarter of a gigabyte.")

    /// For all of a bill, which may be large; other calls have ``timeout``.
    private static let billTimeout = Duration.seconds(300)

    /// Asks where the bill of a day is.
    ///
    /// - Parameter day: The day in Beijing, `yyyy-mm-dd`.
    /// - Returns: nil for a day on which nothing happened: WeChat Pay has no bill of it.
    /// - Throws: `refused` with `STATEMENT_CREATING` while it is being made, before ten o'clock of the next day.
    package func bill(_ kind: PayBillKind, of day: String) async throws(WeChatPayError) -> PayBillTicket? {
        let path =
            switch kind {
            case .trade: "/v3/bill/tradebill?bill_date=\(day)&bill_type=ALL"
            case .fundFlow: "/v3/bill/fundflowbill?bill_date=\(day)&account_type=BASIC"
            }
        do throws(WeChatPayError) {
            return try Self.read(PayBillTicket.self, try await call("GET", path))
        } catch {
            if case .refused(_, "NO_STATEMENT_EXIST", _) = error { return nil }
            throw error
        }
    }

    /// Fetches a bill, unpacks it if it is packed, and holds it against its hash.
    ///
    /// The answer is not signed: the hash came with one that was.
    package func download(_ ticket: PayBillTicket) async throws(WeChatPayError) -> [UInt8] {
        guard ticket.hashType == "SHA1" else {
            throw .outcomeUnknown(reason: "the bill is hashed with \(ticket.hashType.prefix(20)), not with SHA1")
        }
        // Verbatim, and never to another host: the request carries a signature of the merchant's.
        guard let url = URL(string: ticket.downloadURL), let base = URL(string: merchant.baseURL),
            url.scheme == base.scheme, url.host() == base.host(), url.port == base.port,
            let start = ticket.downloadURL.range(of: "://").map(\.upperBound),
            let slash = ticket.downloadURL[start...].firstIndex(of: "/")
        else { throw .notSent(reason: "the bill lies at another host than WeChat Pay") }
        let answer = try await fetch(String(ticket.downloadURL[slash...]))
        var bytes = answer
        if Gunzip.isGzip(answer) {
            do {
                bytes = try Gunzip.unpack(answer, max: Self.billBytesMax.value)
            } catch {
                throw .outcomeUnknown(reason: error.description)
            }
        }
        guard PayBill.digest(of: bytes) == ticket.hashValue.lowercased() else {
            throw .outcomeUnknown(reason: "the bill does not hash to what WeChat Pay said")
        }
        return bytes
    }

    private func fetch(_ path: String) async throws(WeChatPayError) -> [UInt8] {
        let answer = try await exchange(
            "GET", path, body: [], timeout: Self.billTimeout, bytesMax: Self.billBytesMax.value)
        guard (200..<300).contains(answer.status) else {
            throw WeChatPayError(status: answer.status, body: answer.body)
        }
        return answer.body
    }
}
