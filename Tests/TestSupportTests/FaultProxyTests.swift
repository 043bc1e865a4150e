import Postgres
import Testing

@testable import TestSupport

struct FaultProxyTests {
    private static let number = Statement<Int>("SELECT 42") { row throws(PostgresError) in try row.next() }

    private func withProxy(
        _ body: (FaultProxy, ConnectionConfiguration) async throws -> Void
    ) async throws {
        try await withTestDatabase { db in
            let proxy = try db.proxy()
            defer { proxy.close() }
            try await body(proxy, ConnectionConfiguration(url: db.conninfo(as: .ingest, through: proxy)))
        }
    }

    @Test func proxy_withoutAFault_isNotNoticed() async throws {
        try await withProxy { proxy, configuration in
            let connection = try await Connection.connect(configuration, logger: .silent)

            let answer = try await connection.one(Self.number)

            #expect(answer == 42)
            #expect(proxy.accepted == 1 && proxy.fired == 0)
            await connection.close()
        }
    }

    @Test(arguments: [FaultProxy.Direction.toServer, .toClient])
    func cut_beforeTheNextMessage_losesTheConnectionAndSparesTheNext(direction: FaultProxy.Direction) async throws {
        try await withProxy { proxy, configuration in
            let connection = try await Connection.connect(configuration, logger: .silent)
            proxy.arm(.init(.cut, direction, after: .messages(0)))

            let error = await #expect(throws: PostgresError.self) { try await connection.one(Self.number) }

            #expect(error?.code == .connectionLost)
            #expect(proxy.fired == 1)
            let second = try await Connection.connect(configuration, logger: .silent)
            let answer = try await second.one(Self.number)
            #expect(answer == 42)
            await second.close()
        }
    }

    @Test func cut_inTheMiddleOfAMessage_losesTheConnection() async throws {
        try await withProxy { proxy, configuration in
            let connection = try await Connection.connect(configuration, logger: .silent)
            proxy.arm(.init(.cut, .toClient, after: .bytes(7)))

            let error = await #expect(throws: PostgresError.self) { try await connection.one(Self.number) }

            #expect(error?.code == .connectionLost)
        }
    }

    @Test func stall_untilReleased_keepsTheAnswerBack() async throws {
        try await withProxy { proxy, configuration in
            let connection = try await Connection.connect(configuration, logger: .silent)
            proxy.arm(.init(.stall, .toClient, after: .messages(0)))

            async let answer = connection.one(Self.number)
            try await eventually { proxy.fired == 1 }
            proxy.release()

            #expect(try await answer == 42)
            await connection.close()
        }
    }

    @Test func garbage_insteadOfAnAnswer_isAnError() async throws {
        try await withProxy { proxy, configuration in
            let connection = try await Connection.connect(configuration, logger: .silent)
            proxy.arm(.init(.garbage([0x00, 0xff, 0xff, 0xff, 0xff, 0x7f]), .toClient, after: .messages(1)))

            await #expect(throws: PostgresError.self) { try await connection.one(Self.number) }
            #expect(proxy.fired == 1)
        }
    }

    @Test(arguments: [1, 2, 3, 5, 8, 64])
    func counter_inPiecesOfAnySize_findsTheSameMessages(size: Int) {
        // A start-up message of 8 bytes, then three messages with bodies of 0, 1 and 300 bytes.
        var stream: [UInt8] = [0, 0, 0, 8, 0, 3, 0, 0, 0x53, 0, 0, 0, 4, 0x51, 0, 0, 0, 5, 0xaa, 0x44, 0, 0, 1, 48]
        stream += [UInt8](repeating: 0x44, count: 300)
        var counter = MessageCounter(expectsStartup: true)
        var messages = 0

        for start in stride(from: 0, to: stream.count, by: size) {
            let piece = stream[start..<min(start + size, stream.count)]
            let taken = counter.take(piece, messages: .max)
            messages += taken.messages
            #expect(taken.bytes == piece.count)
        }

        #expect(messages == 4)
    }

    @Test func counter_withALimit_stopsAtTheEndOfThatMessage() {
        let stream: [UInt8] = [0x53, 0, 0, 0, 4, 0x51, 0, 0, 0, 5, 0xaa, 0x44, 0, 0]
        var counter = MessageCounter(expectsStartup: false)

        #expect(counter.take(stream[...], messages: 2) == (2, 11))
    }
}
