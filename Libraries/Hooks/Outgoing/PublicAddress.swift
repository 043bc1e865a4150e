#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// An address of the internet's, as four or sixteen bytes.
package struct NetworkAddress: Hashable, Sendable {
    let bytes: [UInt8]

    /// Reads `192.0.2.1` or `2001:db8::1`; nil for anything else.
    package init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: &four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            bytes = withUnsafeBytes(of: &six) { Array($0) }
        } else {
            return nil
        }
    }

    init?(_ address: UnsafePointer<sockaddr>) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            bytes = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin_addr) { Array($0) }
            }
        case AF_INET6:
            bytes = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) }
            }
        default: return nil
        }
    }

    /// Whether it belongs to somebody out there: neither to this machine, nor to a network of its owner's, nor to a special use.
    package var isPublic: Bool {
        bytes.count == 4 ? !Self.special4.contains { $0.holds(bytes) } : isPublic6
    }

    /// Whether it is this machine itself.
    package var isLoopback: Bool {
        bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
    }

    /// Only what is given out for the public's use, less what carries an address of the old kind inside or stands for no machine.
    private var isPublic6: Bool {
        Block([0x20], 3).holds(bytes) && !Self.special6.contains { $0.holds(bytes) }
    }

    /// The addresses that begin with the same bits.
    private struct Block {
        let start: [UInt8]
        let bits: Int

        init(_ start: [UInt8], _ bits: Int) {
            self.start = start
            self.bits = bits
        }

        func holds(_ address: [UInt8]) -> Bool {
            for (index, byte) in start.enumerated() {
                let counted = min(8, bits - index * 8)
                guard counted > 0 else { return true }
                let mask = UInt8(truncatingIfNeeded: 0xFF00 >> counted)
                if address[index] & mask != byte & mask { return false }
            }
            return true
        }
    }

    /// RFC 6890 and its successors: this network, private, shared, loopback, link-local (clouds keep their secrets there), protocol
    /// assignments, documentation, 6to4 relays, benchmarks, multicast and the rest.
    private static let special4 = [
        Block([0], 8), Block([10], 8), Block([100, 64], 10), Block([127], 8), Block([169, 254], 16),
        Block([172, 16], 12),
        Block([192, 0, 0], 24), Block([192, 0, 2], 24), Block([192, 88, 99], 24), Block([192, 168], 16),
        Block([198, 18], 15), Block([198, 51, 100], 24), Block([203, 0, 113], 24), Block([224], 3),
    ]

    /// Protocol assignments with Teredo, documentation (both), 6to4.
    private static let special6 = [
        Block([0x20, 0x01, 0x00], 23), Block([0x20, 0x01, 0x0D, 0xB8], 32), Block([0x20, 0x02], 16),
        Block([0x3F, 0xFF, 0x00], 20),
    ]
}

extension NetworkAddress: CustomStringConvertible {
    /// The usual text form.
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
