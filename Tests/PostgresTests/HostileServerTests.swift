import Foundation
import TestSupport
import Testing

@testable import Postgres

/// A server that misbehaves: an error in bounded time, never a trap, a hang, or a descriptor that stays open.
struct HostileServerTests {
    private typealias Script = FakeServer.Script

    private static let head = Message.parsed + Message.bound + Message.columns()
    private static let right = head + Message.row([Message.one]) + Message.done("SELECT 1") + Message.ready

    private func connect(_ server: FakeServer, timeout: Duration = .milliseconds(300)) async throws -> Connection {
        var configuration = ConnectionConfiguration(
            url: "host=\(server.folder) user=u dbname=d", connectTimeout: .seconds(2), statementTimeout: timeout)
        configuration.cancelGrace = .milliseconds(300)
        return try await Connection.connect(configuration, logger: Bundle.logger)
    }

    private static let wrong: [Script] = [
        Script(name: "silence"),
        Script(name: "silence, and no end to a cancellation", holdsCancel: true),
        Script(name: "hang-up", answers: [[]], hangsUp: true),
        Script(name: "hang-up within a message", answers: [Array(right.dropLast(9))], hangsUp: true),
        Script(name: "half an answer", answers: [Array(right.dropLast(9))]),
        Script(name: "a row of 1 GB", answers: [head + Message.row([Message.one], claiming: 1 << 30)]),
        Script(name: "a row of 2 GB", answers: [head + Message.row([Message.one], claiming: .max)]),
        Script(name: "a row of negative length", answers: [head + Message.row([Message.one], claiming: -5) + right]),
        Script(name: "a field of 1 GB", answers: [head + Message.row([Message.one], lengths: [1 << 30]) + right]),
        Script(name: "a field of negative length", answers: [head + Message.row([Message.one], lengths: [-7]) + right]),
        Script(name: "more fields than columns", answers: [head + Message.row([Message.one, Message.one]) + right]),
        Script(name: "fewer fields than said", answers: [head + Message.row([Message.one], count: 2) + right]),
        Script(name: "a negative number of fields", answers: [head + Message.row([Message.one], count: -1) + right]),
        Script(
            name: "a negative number of columns",
            answers: [Message.parsed + Message.bound + Message.columns(-1) + right]),
        Script(
            name: "columns without rows' description",
            answers: [Message.parsed + Message.bound + Message.row([Message.one])]),
        Script(
            name: "text format",
            answers: [
                Message.parsed + Message.bound + Message.columns(format: 0) + Message.row([Message.one])
                    + Message.done("SELECT 1") + Message.ready
            ]),
        Script(
            name: "another type",
            answers: [
                Message.parsed + Message.bound + Message.columns(type: 25) + Message.row([Message.one])
                    + Message.done("SELECT 1") + Message.ready
            ]),
        Script(name: "an unknown message", answers: [Message.make("?", [1, 2, 3]) + right]),
        Script(name: "a message of the client", answers: [Message.make("Q", Message.text("SELECT 1")) + right]),
        Script(name: "only ready", answers: [Message.ready]),
        Script(name: "ready too often", answers: [Message.ready + Message.ready + Message.ready]),
        Script(name: "an error and silence", answers: [Message.error("22012")]),
        Script(name: "an error, ready, and more", answers: [Message.error("22012") + Message.ready + right]),
        Script(name: "an error without end", answers: [Message.make("E", Array("Mx".utf8))]),
        Script(name: "an error of 500 MB", answers: [Message.make("E", Message.text("Mx"), claiming: 500_000_000)]),
        Script(
            name: "COPY out", answers: [Message.parsed + Message.bound + Message.make("H", [1, 0, 0]) + Message.ready]),
        Script(
            name: "COPY in", answers: [Message.parsed + Message.bound + Message.make("G", [1, 0, 0]) + Message.ready]),
        Script(
            name: "COPY both", answers: [Message.parsed + Message.bound + Message.make("W", [1, 0, 0]) + Message.ready]),
        Script(
            name: "COPY with columns of nobody",
            answers: [Message.parsed + Message.bound + Message.make("H", [1, 127, 255])]),
        Script(name: "password, please", answers: [Message.make("R", [0, 0, 0, 3])]),
        Script(
            name: "a flood of settings",
            answers: [(0..<20_000).flatMap { Message.make("S", Message.text("name\($0 % 100)", "\($0)")) }]),
        Script(
            name: "a flood of notifications",
            answers: [(0..<20_000).flatMap { _ in Message.make("A", [0, 0, 0, 1] + Message.text("c", "p")) }]),
        Script(name: "a broken notification", answers: [Message.make("A", [0, 0])]),
        Script(name: "a flood of ends", answers: [(0..<5000).flatMap { _ in Message.done("SELECT 1") }]),
        Script(name: "zeros", answers: [[UInt8](repeating: 0, count: 5000)]),
        Script(name: "ones", answers: [[UInt8](repeating: 255, count: 5000)]),
    ]

    @Test(arguments: wrong.indices)
    func server_thatAnswersWrong_isAnErrorInTime(index: Int) async throws {
        let server = try FakeServer(Self.wrong[index])
        defer { server.close() }
        let connection = try await connect(server)
        let outcome = try await within(.seconds(6)) {
            try await code { try await connection.run(column("SELECT 1::bigint", Int64.self)) }
        }
        #expect(outcome != nil, "\(Self.wrong[index].name)")
        await connection.close()
        #expect(try await code { try await connection.run(column("SELECT 1", Int.self)) } == .connectionLost)
        // What still asks for a cancellation hangs until the server ends; the connection itself must be gone.
        let kept = Self.wrong[index].holdsCancel ? 4 : 0
        try await eventually { server.clientCount <= kept }
    }

    @Test func server_thatAnswersWithNoise_isAnErrorInTime() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for round in 0..<60 {
                group.addTask {
                    var noise = (0..<200).map { _ in UInt8.random(in: 0...255) }
                    if round % 2 == 0 {
                        // A right answer with some bytes damaged.
                        noise = Self.right
                        for _ in 0..<Int.random(in: 1...4) { noise[.random(in: noise.indices)] = .random(in: 0...255) }
                    }
                    let server = try FakeServer(Script(name: "noise", answers: [noise], hangsUp: round % 3 == 0))
                    defer { server.close() }
                    let connection = try await connect(server)
                    // A damaged number is still a number; all that counts is that the call ends.
                    _ = try await within(.seconds(6)) {
                        try await code { try await connection.run(column("SELECT 1::bigint", Int64.self)) }
                    }
                    await connection.close()
                    try await eventually { server.clientCount == 0 }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: [
        [], Message.make("R", [0, 0, 0, 99]), [UInt8](repeating: 0, count: 100),
        Message.make("E", Message.text("Mno") + [0]),
        Message.make("R", [0, 0, 0, 0], claiming: 1 << 30), Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8),
    ])
    func server_thatGreetsWrong_isAnErrorInTime(greeting: [UInt8]) async throws {
        let server = try FakeServer(Script(name: "greeting", greeting: greeting))
        defer { server.close() }
        let outcome = try await within(.seconds(8)) { try await code { try await connect(server) } }
        #expect(outcome == .connectionFailed)
        try await eventually { server.clientCount == 0 }
    }

    @Test(
        arguments: [
            Script(name: "silence", answers: [right]), Script(name: "hang-up", answers: [right, []], hangsUp: true),
            Script(
                name: "something else",
                answers: [right, Message.parsed + Message.bound + Message.done("SELECT 1") + Message.ready]),
            Script(name: "only ready", answers: [right, Message.ready]),
            Script(name: "noise", answers: [right, [UInt8](repeating: 99, count: 30)]),
        ].map { script in
            // The transaction's first answer is for BEGIN and the statement.
            var script = script
            script.answers[0] =
                Message.parsed + Message.bound + Message.make("n") + Message.done("BEGIN") + right.dropLast(6)
                + Message.make("Z", [UInt8(ascii: "T")])
            return script
        })
    func commit_thatIsNotAnswered_isOfUnknownOutcome(script: FakeServer.Script) async throws {
        let server = try FakeServer(script)
        defer { server.close() }
        let connection = try await connect(server)
        let outcome = try await within(.seconds(6)) {
            try await code {
                try await connection.transaction { try await $0.run(column("SELECT 1::bigint", Int64.self)) }
            }
        }
        #expect(outcome == .outcomeUnknown, "\(script.name)")
        #expect(!connection.isOpen)
        try await eventually { server.clientCount == 0 }
    }

    /// The connection is cut after every so many bytes of the server's answers, from the greeting on.
    @Test func connection_cutAnywhere_isAnErrorInTime_andNothingHalf() async throws {
        try await withTestDatabase { database in
            try await database.owner.execute(command("CREATE TABLE public.cut (a bigint, b text)"))
            let proxy = try database.proxy()
            defer { proxy.close() }
            var configuration = ConnectionConfiguration(
                url: database.conninfo(as: .owner, through: proxy), connectTimeout: .seconds(2),
                statementTimeout: .seconds(3))
            configuration.cancelGrace = .seconds(1)
            let fixed = configuration
            var offset = Int.random(in: 0..<6)
            var isDone = false
            while !isDone, offset < 4000 {
                let number = Int64(offset)
                proxy.arm(.init(.cut, .toClient, after: .bytes(offset)))
                let before = proxy.fired
                let outcome = try await within(.seconds(10)) {
                    try await code { try await scenario(fixed, number) }
                }
                isDone = proxy.fired == before
                #expect(isDone == (outcome == nil), "cut after \(offset): \(String(describing: outcome))")
                let rows = try await database.owner.one(
                    column("SELECT count(*) FROM public.cut WHERE a = \(number)", Int.self))
                switch outcome {
                case nil: #expect(rows == 51)
                case .outcomeUnknown: #expect(rows == 0 || rows == 51)
                // A cut after the answer to COMMIT meets the statement after it.
                case .connectionLost, .connectionFailed: #expect(rows == 0 || rows == 51)
                default: Issue.record("cut after \(offset): \(String(describing: outcome))")
                }
                offset += 7
            }
            #expect(isDone)
        }
    }

    private func scenario(_ configuration: ConnectionConfiguration, _ number: Int64) async throws {
        let connection = try await Connection.connect(configuration, logger: Bundle.logger)
        #expect(try await connection.one(column("SELECT \(number)", Int64.self)) == number)
        _ = try await connection.transaction { transaction in
            try await transaction.execute(Statement("INSERT INTO public.cut VALUES (\(number), 'x')"))
            return try await transaction.copy(
                into: CopyTarget(schema: "public", table: "cut", columns: ["a", "b"])
            ) { writer in
                for _ in 0..<50 { try await writer.row(number, "y") }
            }
        }
        let (a, b) = try await connection.pipeline(column("SELECT 1", Int.self), column("SELECT 'x'", String.self))
        #expect(a == [1] && b == ["x"])
        await connection.close()
    }
}
