/// Where a version of a row lies in its table (`tid`): a page, and a place on it.
///
/// Good for finding the version again soon: VACUUM gives the places of dead rows to others.
public struct RowPlace: Hashable, Sendable {
    /// The page, counted from 0.
    public var page: UInt32
    /// The place on the page, counted from 1.
    public var offset: UInt16

    /// A place on a page.
    public init(page: UInt32, offset: UInt16) {
        self.page = page
        self.offset = offset
    }
}

extension RowPlace: PostgresEncodable {
    /// `tid`.
    public static var postgresType: PostgresType { .tid }
    /// Four bytes and two.
    public func encode(into buffer: inout [UInt8]) {
        buffer.append(bigEndian: page)
        buffer.append(bigEndian: offset)
    }
}

extension RowPlace: PostgresDecodable {
    /// Reads `tid`.
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        let value = try Self.required(value, .tid)
        guard value.count == 6, let page = value.integer(UInt32.self, at: 0),
            let offset = value.integer(UInt16.self, at: 4)
        else { throw value.mismatch(RowPlace.self) }
        self.init(page: page, offset: offset)
    }
}
