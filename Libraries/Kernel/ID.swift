package import FoundationEssentials
import Synchronization

/// The identity of one `Entity`: a UUID that cannot be mistaken for another entity's.
///
/// New ids are UUIDv7 (RFC 9562): their first 48 bits are the millisecond they were minted in, so rows arrive in index order.
package struct ID<Entity>: RawRepresentable, Hashable, Sendable {
    /// The UUID as the database holds it.
    package let rawValue: UUID

    /// An id that exists already.
    package init(rawValue: UUID) { self.rawValue = rawValue }

    /// Reads the usual text form, in either case; nil if it is anything else.
    package init?(_ string: some StringProtocol) {
        guard let uuid = UUID(uuidString: String(string)) else { return nil }
        self.init(rawValue: uuid)
    }

    /// A new id, greater than every id minted before it in this process.
    package static func mint() -> Self {
        self.init(rawValue: .version7(tick: mintClock.next(after: Date().mintTick)))
    }

    /// A new id that sorts among those minted at `instant`.
    ///
    /// Instants before 1970 count as 1970: the format has no room for them.
    package static func mint(at instant: Date) -> Self {
        self.init(rawValue: .version7(tick: instant.mintTick))
    }
}

extension ID: Comparable {
    /// Byte order, which is the order of PostgreSQL's `uuid`.
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension ID: CustomStringConvertible {
    /// The lower-case text form.
    package var description: String { rawValue.uuidString.lowercased() }
}

extension ID: Codable {
    /// Reads the text form.
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let id = Self(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "An id is a UUID in its usual text form."))
        }
        self = id
    }

    /// Writes the lower-case text form.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

// Generic types hold no static storage, hence the clock stands beside them.
private let mintClock = MintClock()

/// Hands out ticks of 1/4096 ms that never repeat and never go back, whatever the system's clock does.
private final class MintClock: Sendable {
    private let last = Mutex<UInt64>(0)

    func next(after tick: UInt64) -> UInt64 {
        last.withLock { last in
            last = max(tick, last &+ 1)
            return last
        }
    }
}

extension Date {
    /// Milliseconds since 1970 in the upper 48 of 60 bits, 1/4096 ms below.
    fileprivate var mintTick: UInt64 {
        let ticks = timeIntervalSince1970 * 1_000 * 4_096
        guard ticks > 0 else { return 0 }
        return ticks < 0x1p60 ? UInt64(ticks) : (1 << 60) - 1
    }
}

extension UUID {
    /// A UUIDv7: 48 bits of milliseconds, the fraction in the 12 bits of `rand_a`, 62 random bits.
    fileprivate static func version7(tick: UInt64) -> UUID {
        var random = SystemRandomNumberGenerator()
        let milliseconds = tick >> 12
        let high = milliseconds << 16 | 0x7000 | tick & 0xFFF
        let low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        func byte(_ word: UInt64, _ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word >> (56 - 8 * index)) }
        return UUID(
            uuid: (
                byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3),
                byte(high, 4), byte(high, 5), byte(high, 6), byte(high, 7),
                byte(low, 0), byte(low, 1), byte(low, 2), byte(low, 3),
                byte(low, 4), byte(low, 5), byte(low, 6), byte(low, 7)
            ))
    }
}
