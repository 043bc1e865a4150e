/// The object id of a PostgreSQL type.
///
/// - Source: PostgreSQL's `pg_type.dat`; the ids of built-in types never change.
public struct PostgresType: RawRepresentable, Hashable, Sendable {
    /// The object id.
    public let rawValue: UInt32

    /// Wraps an object id.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// `boolean`.
    public static let bool = PostgresType(rawValue: 16)
    /// `bytea`.
    public static let bytea = PostgresType(rawValue: 17)
    /// `"char"`: the catalogue's one-byte letter.
    public static let char = PostgresType(rawValue: 18)
    /// `name`.
    public static let name = PostgresType(rawValue: 19)
    /// `bigint`.
    public static let int8 = PostgresType(rawValue: 20)
    /// `smallint`.
    public static let int2 = PostgresType(rawValue: 21)
    /// `integer`.
    public static let int4 = PostgresType(rawValue: 23)
    /// `text`.
    public static let text = PostgresType(rawValue: 25)
    /// `oid`.
    public static let oid = PostgresType(rawValue: 26)
    /// `tid`: where a version of a row lies.
    public static let tid = PostgresType(rawValue: 27)
    /// `json`.
    public static let json = PostgresType(rawValue: 114)
    /// `double precision`.
    public static let float8 = PostgresType(rawValue: 701)
    /// `character(n)`.
    public static let bpchar = PostgresType(rawValue: 1042)
    /// `character varying`.
    public static let varchar = PostgresType(rawValue: 1043)
    /// `date`.
    public static let date = PostgresType(rawValue: 1082)
    /// `timestamp with time zone`.
    public static let timestamptz = PostgresType(rawValue: 1184)
    /// `interval`.
    public static let interval = PostgresType(rawValue: 1186)
    /// `uuid`.
    public static let uuid = PostgresType(rawValue: 2950)
    /// `jsonb`.
    public static let jsonb = PostgresType(rawValue: 3802)

    /// The type of arrays of this type, where we know one.
    var array: PostgresType? {
        Self.arrays[rawValue].map(PostgresType.init(rawValue:))
    }

    private static let arrays: [UInt32: UInt32] = [
        16: 1000, 17: 1001, 19: 1003, 20: 1016, 21: 1005, 23: 1007, 25: 1009, 27: 1010, 701: 1022, 1043: 1015,
        1082: 1182,
        1184: 1185, 1186: 1187, 2950: 2951,
    ]
}
