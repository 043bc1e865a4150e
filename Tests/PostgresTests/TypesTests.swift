import Foundation
import Testing

@testable import Postgres

struct TypesTests {
    private func roundTrip<Value: PostgresEncodable & PostgresDecodable & Equatable>(
        _ values: [Value], on connection: Connection
    ) async throws {
        for value in values {
            let back = try await connection.one(column("SELECT \(value)", Value.self))
            #expect(back == value)
        }
        let all = try await connection.one(column("SELECT \(values)", [Value].self))
        #expect(all == values)
        let holes: [Value?] = values.map { $0 } + [nil]
        #expect(try await connection.one(column("SELECT \(holes)", [Value?].self)) == holes)
        #expect(try await connection.one(column("SELECT \([Value]())", [Value].self)) == [])
        #expect(try await connection.one(column("SELECT \(Value?.none)", Value?.self)) == nil)
    }

    @Test func values_edgesAndRandom_comeBackAsTheyWere() async throws {
        let connection = try await Bundle().connect()
        try await roundTrip([true, false], on: connection)
        try await roundTrip([Int16.min, -1, 0, 1, .max], on: connection)
        try await roundTrip([Int32.min, -1, 0, 1, .max], on: connection)
        try await roundTrip(
            [Int64.min, -1, 0, 1, 0x1_0000_0001, .max] + (0..<50).map { _ in .random(in: .min ... .max) },
            on: connection)
        try await roundTrip([Int.min, .max, 1 << 40], on: connection)
        try await roundTrip(
            [0, -0.0, 1.5, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude], on: connection)
        try await roundTrip(
            ["", "思语", "a'b\"c\\d", "👩‍👩‍👧‍👦\u{301}", String(repeating: "x", count: 300_000)], on: connection)
        try await roundTrip((0..<20).map { _ in UUID() }, on: connection)
        try await roundTrip(
            [[], [0], [0, 255, 10], [UInt8](repeating: 7, count: 100_000)] as [[UInt8]], on: connection)
        try await roundTrip(
            [.zero, .microseconds(1), .microseconds(-1), .seconds(86_400 * 400), .milliseconds(-12_345)] as [Duration],
            on: connection)
        let days = [-2_451_507 + 2_440_588, -1, 0, 10_957, 2_932_896].map { CalendarDate(daysSinceEpoch: Int32($0)) }
        try await roundTrip(days, on: connection)
        let nan = try await connection.one(column("SELECT \(Double.nan)", Double.self))
        #expect(nan.isNaN)
        await connection.close()
    }

    @Test func instants_ofTwoCenturies_areExactToTheMicrosecond() async throws {
        let connection = try await Bundle().connect()
        // 1900 … 2200, in microseconds since 2001.
        let instants = (0..<2000).map { _ in Int64.random(in: -3_187_296_000_000_000...6_279_724_800_000_000) }
        let dates = instants.map { Date(timeIntervalSinceReferenceDate: Double($0) / 1_000_000) }
        let seen = try await connection.one(
            column(
                """
                SELECT array_agg((extract(epoch FROM t) * 1000000)::bigint - 978307200000000 ORDER BY n)
                FROM unnest(\(dates)) WITH ORDINALITY AS u (t, n)
                """, [Int64].self))
        #expect(seen == instants)
        let back = try await connection.one(column("SELECT \(dates)", [Date].self))
        #expect(back == dates)
        await connection.close()
    }

    @Test(arguments: [
        "SELECT NULL::bigint", "SELECT 'x'::text", "SELECT 1::bigint, 2::bigint", "SELECT 1.5::numeric",
        "SELECT 1::float8", "SELECT true", "SELECT '{1}'::bigint[]", "SELECT now()", "SELECT '\\x00'::bytea",
        "SELECT pg_sleep(0)",
    ])
    func read_ofAnotherTypeOrCount_isADecodingError(text: String) async throws {
        let connection = try await Bundle().connect()
        #expect(try await code { try await connection.run(column("\(unsafeRaw: text)", Int64.self)) } == .decoding)
        let two = Statement<Int64>("SELECT 1::bigint") { row throws(PostgresError) in
            _ = try row.next(Int64.self)
            return try row.next()
        }
        #expect(try await code { try await connection.run(two) } == .decoding)
        #expect(try await answers(connection))
        await connection.close()
    }

    @Test func infinities_areRefused() async throws {
        let connection = try await Bundle().connect()
        for text in ["infinity", "-infinity"] {
            #expect(
                try await code { try await connection.run(column("SELECT \(text)::text::date", CalendarDate.self)) }
                    == .decoding)
            #expect(
                try await code { try await connection.run(column("SELECT \(text)::text::timestamptz", Date.self)) }
                    == .decoding)
        }
        for date in [
            Date(timeIntervalSinceReferenceDate: .nan), Date(timeIntervalSinceReferenceDate: .infinity),
            .distantFuture + 1e14,
        ] {
            #expect(
                try await code { try await connection.run(column("SELECT \(date)", Date.self)) } == .invalidStatement)
        }
        let day = CalendarDate(daysSinceEpoch: .min)
        #expect(
            try await code { try await connection.run(column("SELECT \(day)", CalendarDate.self)) } == .invalidStatement
        )
        let long = Duration.seconds(Int64.max)
        #expect(
            try await code { try await connection.run(column("SELECT \(long)", Duration.self)) } == .invalidStatement)
        #expect(try await answers(connection))
        await connection.close()
    }

    private enum Colour: String, Equatable { case red, green }
    private struct Fen: RawRepresentable, Equatable { let rawValue: Int64 }

    @Test func rawValues_bindAndRead_alsoMissingAndInArrays() async throws {
        let connection = try await Bundle().connect()
        let statement = Statement<(Colour, Colour?, [Fen])>(
            "SELECT \(Colour.red), \(Colour?.none), \([Fen(rawValue: 1), Fen(rawValue: .max)])"
        ) { row throws(PostgresError) in (try row.next(), try row.next(), try row.next()) }
        let row = try await connection.one(statement)
        #expect(row.0 == .red && row.1 == nil && row.2 == [Fen(rawValue: 1), Fen(rawValue: .max)])
        let unknown = Statement<Colour>("SELECT 'blue'") { row throws(PostgresError) in try row.next() }
        #expect(try await code { try await connection.run(unknown) } == .decoding)
        await connection.close()
    }

    @Test func json_isReadAsText() async throws {
        let connection = try await Bundle().connect()
        let json = #"{"a": [1, "思"]}"#
        #expect(try await connection.one(column("SELECT \(json)::jsonb", String.self)) == json)
        #expect(try await connection.one(column("SELECT \(json)::json", String.self)) == json)
        await connection.close()
    }

    @Test func nul_inText_isRefusedByTheServer_inSQL_byUs() async throws {
        let connection = try await Bundle().connect()
        let inValue = try await code { try await connection.run(column("SELECT \("a\0b")", String.self)) }
        #expect(inValue == .server(SQLState(rawValue: "22021")))
        #expect(try await code { try await connection.run(command("SELECT 1\0; DROP")) } == .invalidStatement)
        #expect(try await code { try await connection.notifications(on: "a\0b") } == .invalidStatement)
        #expect(try await answers(connection))
        await connection.close()
    }

    @Test func parameters_upTo65535_pass_oneMoreIsRefused() async throws {
        let connection = try await Bundle().connect()
        func statement(_ count: Int) -> SQL {
            var text = SQL.Interpolation(literalCapacity: 0, interpolationCount: count)
            text.appendLiteral("SELECT 1 WHERE 1 IN (")
            for number in 0..<count {
                text.appendLiteral(number == 0 ? "" : ",")
                text.appendInterpolation(Int16(1))
            }
            text.appendLiteral(")")
            return SQL(stringInterpolation: text)
        }
        #expect(try await connection.run(Statement(statement(65_535))).count == 1)
        #expect(try await code { try await connection.run(Statement(statement(65_536))) } == .invalidStatement)
        #expect(try await answers(connection))
        await connection.close()
    }

    /// Every decoder on random bytes under every type: an error or a value, never a trap.
    @Test func decoders_onDamagedBytes_neverTrap() {
        let types: [PostgresType] = [
            .bool, .bytea, .char, .name, .int8, .int2, .int4, .text, .oid, .json, .float8, .bpchar, .varchar, .date,
            .timestamptz, .interval, .uuid, .jsonb, PostgresType(rawValue: 1016), PostgresType(rawValue: 1009),
            PostgresType(rawValue: 1001), PostgresType(rawValue: 1185), PostgresType(rawValue: 0),
        ]
        let elements: [UInt32] = [16, 17, 20, 25, 1184, 1186, 2950]
        var generator = SystemRandomNumberGenerator()
        for round in 0..<60_000 {
            var bytes = (0..<Int.random(in: 0...40)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var type = types.randomElement() ?? .bool
            if round % 2 == 0, let element = elements.randomElement() {
                // An array whose head is almost right.
                var head: [UInt8] = []
                head.append(bigEndian: Int32.random(in: -1...2))
                head.append(bigEndian: Int32(0))
                head.append(bigEndian: element)
                head.append(bigEndian: [Int32.max, .min, -1, 0, 1, 2, 5].randomElement() ?? 0)
                head.append(bigEndian: Int32(1))
                head.append(bigEndian: [Int32.max, .min, -2, -1, 0, 1, 8].randomElement() ?? 0)
                bytes = head + bytes
                type = PostgresType(rawValue: element).array ?? type
            } else if round % 5 == 0 {
                bytes = Array([UInt8](repeating: round % 10 == 0 ? 0xFF : 0x7F, count: 16).prefix(bytes.count))
            }
            bytes.withUnsafeBytes { pointer in
                let value = PostgresValue(type: type, bytes: pointer)
                _ = try? Bool(postgres: value)
                _ = try? Int16(postgres: value)
                _ = try? Int32(postgres: value)
                _ = try? Int(postgres: value)
                _ = try? Double(postgres: value)
                _ = try? String(postgres: value)
                _ = try? UUID(postgres: value)
                _ = try? Date(postgres: value)
                _ = (try? CalendarDate(postgres: value)).map(\.description)
                _ = try? Duration(postgres: value)
                _ = try? [UInt8](postgres: value)
                _ = try? [Bool?](postgres: value)
                _ = try? [Int64?](postgres: value)
                _ = try? [String?](postgres: value)
                _ = try? [[UInt8]?](postgres: value)
                _ = try? [Date?](postgres: value)
                _ = try? [Duration](postgres: value)
                _ = try? [UUID](postgres: value)
            }
        }
    }

    @Test func array_withBytesLeftOver_isRefused() {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: Int32(1))
        bytes.append(bigEndian: Int32(0))
        bytes.append(bigEndian: PostgresType.int8.rawValue)
        bytes.append(bigEndian: Int32(1))
        bytes.append(bigEndian: Int32(1))
        bytes.append(bigEndian: Int32(8))
        bytes.append(bigEndian: Int64(42))
        func read(_ bytes: [UInt8]) -> [Int64]? {
            bytes.withUnsafeBytes {
                try? [Int64](postgres: PostgresValue(type: PostgresType(rawValue: 1016), bytes: $0))
            }
        }
        #expect(read(bytes) == [42])
        #expect(read(bytes + [0]) == nil)
        #expect(read(Array(bytes.dropLast())) == nil)
    }
}
