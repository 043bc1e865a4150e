import FoundationEssentials
package import Kernel

/// A link of a brand's chain, as others may note it down: its number and what it says about everything before.
package struct SealHead: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The seal's number, from 1 on.
    package let number: Int64
    /// Its SHA-256.
    package let hash: [UInt8]

    /// A seal by its number and hash.
    package init(number: Int64, hash: [UInt8]) {
        self.number = number
        self.hash = hash
    }

    /// Reads what ``description`` writes, as in `12:8f3c…`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int64(parts[0]), number > 0 else { return nil }
        let digits = parts[1].utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == parts[1].utf8.count, digits.count == 2 * SealFormat.hashBytes else { return nil }
        self.number = number
        hash = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    package var description: String {
        let hex = hash.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }
        return "\(number):\(hex.joined())"
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let head = Self(text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath, debugDescription: "A seal is its number, a colon and 64 hex digits."
                ))
        }
        self = head
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A place in the order in which transfers are sealed, and followed.
package struct LedgerPlace: Sendable, Hashable {
    /// The transaction that wrote the transfer.
    package let xid: Int64
    /// The transfer.
    package let id: ID<Transfer>

    /// A place by its parts.
    package init(xid: Int64, id: ID<Transfer>) {
        self.xid = xid
        self.id = id
    }

    /// Before everything: transfers from before there were seals have the transaction 0.
    package static let start = LedgerPlace(
        xid: -1, id: ID(rawValue: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))))
}

/// A seal as it stands in the books.
struct Seal: Sendable {
    let number: Int64
    let transfers: Int
    let last: LedgerPlace
    let ids: [UInt8]
    let marks: [UInt8]
    let hash: [UInt8]
    let sealedAt: Date
}

/// What stands behind a seal: what the next one is made or checked with.
struct SealEnd: Sendable {
    let number: Int64
    let last: LedgerPlace
    let hash: [UInt8]

    /// Before the first seal.
    static let start = SealEnd(number: 0, last: .start, hash: [UInt8](repeating: 0, count: SealFormat.hashBytes))
}

/// What was done when a brand's transfers were to be sealed.
package enum Sealing: Hashable, Sendable {
    /// A seal was set; there may be more to seal.
    case sealed(SealHead, transfers: Int, isFull: Bool)
    /// Somebody else set the same seal at the same time.
    case overtaken
    /// There was nothing that can be sealed yet.
    case nothing
}

/// Why nothing can be sealed.
package enum SealError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The server's transactions are numbered below those of the books: it was restored from a dump.
    case transactionsBehind(server: Int64, books: Int64)

    package var description: String {
        switch self {
        case .transactionsBehind(let server, let books):
            """
            The server counts its transactions from \(server), the books know of transaction \(books): the database was loaded \
            into a younger server. Stop the services and the server, set its counter beyond that (pg_resetwal --epoch, see the \
            runbook), and start them again.
            """
        }
    }
}
