import Crypto
import FoundationEssentials
import Kernel

/// A transfer as the chain sees it: its place, and the hash of every column.
struct TransferLeaf: Sendable {
    let id: ID<Transfer>
    let xid: Int64
    let hash: SHA256.Digest

    /// The first eight bytes of the hash: enough to tell which row of a broken seal is another than it was.
    var mark: UInt64 { hash.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) } }
}

/// The bytes that are hashed.
///
/// Anybody can compute them again from a row, in SQL as well (Decisions/0002): fixed widths, integers in network order, instants in
/// microseconds since 2000-01-01, which is how PostgreSQL sends them.
enum SealFormat {
    static let idBytes = 16
    static let markBytes = 8
    static let hashBytes = 32
    /// What stands before the bytes of a transfer, and before those of a seal, so that neither is taken for the other.
    private static let transferPrefix: UInt8 = 0
    private static let sealPrefix: UInt8 = 1
    /// From 2000-01-01 to 2001-01-01, where Foundation counts from.
    private static let referenceMicroseconds: Int64 = 31_622_400_000_000

    /// The columns of a transfer that are hashed beside the brand.
    struct Columns {
        var id: UUID
        var debit: UUID
        var credit: UUID
        var amount: Int64
        var kind: String
        var subject: UUID
        var occurredAt: Date
        var postedAt: Date
        var xid: Int64
    }

    static func leaf(of row: Columns, brand: ID<Brand>) -> SHA256.Digest {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(160)
        bytes.append(transferPrefix)
        append(brand.rawValue, to: &bytes)
        append(row.id, to: &bytes)
        append(row.debit, to: &bytes)
        append(row.credit, to: &bytes)
        append(row.amount, to: &bytes)
        append(row.subject, to: &bytes)
        append(microseconds(row.occurredAt), to: &bytes)
        append(microseconds(row.postedAt), to: &bytes)
        append(row.xid, to: &bytes)
        bytes.append(contentsOf: row.kind.utf8)
        return SHA256.hash(data: bytes)
    }

    /// The hash of a seal; `previous` is that of the seal before, zeros for the first.
    static func hash(
        brand: ID<Brand>, number: Int64, sealedAt: Date, previous: [UInt8], leaves: some Collection<TransferLeaf>
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(80 + hashBytes * leaves.count)
        bytes.append(sealPrefix)
        append(brand.rawValue, to: &bytes)
        append(number, to: &bytes)
        append(Int64(leaves.count), to: &bytes)
        append(microseconds(sealedAt), to: &bytes)
        bytes.append(contentsOf: previous)
        for leaf in leaves { leaf.hash.withUnsafeBytes { bytes.append(contentsOf: $0) } }
        return Array(SHA256.hash(data: bytes))
    }

    static func append(_ id: UUID, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: id.uuid) { bytes.append(contentsOf: $0) }
    }

    private static func append(_ number: Int64, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func microseconds(_ instant: Date) -> Int64 {
        Int64((instant.timeIntervalSinceReferenceDate * 1_000_000).rounded()) + referenceMicroseconds
    }

    static func append(mark: UInt64, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: mark.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// The mark that stands at a place among those of a seal.
    static func mark(at index: Int, of bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes {
            UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: index * markBytes, as: UInt64.self))
        }
    }

    /// The id that stands at a place among those of a seal.
    static func id(at index: Int, of bytes: [UInt8]) -> ID<Transfer> {
        bytes.withUnsafeBytes { raw in
            ID(rawValue: UUID(uuid: raw.loadUnaligned(fromByteOffset: index * idBytes, as: uuid_t.self)))
        }
    }
}
