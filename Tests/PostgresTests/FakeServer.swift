import Foundation
import Glibc
import Synchronization
import Testing

@testable import Postgres

/// A server that greets like PostgreSQL and then does what a test wants: it reads up to each Sync and sends a script's
/// next answer, then falls silent, or hangs up.
final class FakeServer: Sendable {
    /// What the server does instead of answering right.
    struct Script: Sendable, CustomTestStringConvertible {
        let name: String
        /// The answers, one for each Sync (or COPY's end) of the client.
        var answers: [[UInt8]] = []
        /// Whether the server hangs up after the last answer.
        var hangsUp = false
        /// Bytes instead of the greeting.
        var greeting: [UInt8]?
        /// Whether a request to cancel is left without an end.
        var holdsCancel = false
        var testDescription: String { name }
    }

    let folder: String
    private let listener: Int32
    private let script: Script
    private let open = Mutex<Set<Int32>>([])

    init(_ script: Script) throws {
        var template = Array("/tmp/siyu-fake-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.folder = folder
        self.script = script
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "\(folder)/.s.PGSQL.5432".utf8) }
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 && listen(listener, 16) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        self.listener = listener
        Thread.detachNewThread { [self] in
            while case let client = accept(listener, nil, nil), client >= 0 {
                _ = open.withLock { $0.insert(client) }
                Thread.detachNewThread { [self] in
                    serve(client)
                    _ = open.withLock { $0.remove(client) }
                    Glibc.close(client)
                }
            }
            Glibc.close(listener)
        }
    }

    /// Clients that have not hung up.
    var clientCount: Int { open.withLock { $0.count } }

    func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        for client in open.withLock({ $0 }) { shutdown(client, Int32(SHUT_RDWR)) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func serve(_ client: Int32) {
        guard let length = read(client, 4).map(Self.integer), let startup = read(client, max(0, length - 4)) else {
            return
        }
        if Self.integer(Array(startup.prefix(4))) == 80_877_102 {
            if script.holdsCancel { _ = read(client, 1) }
            return
        }
        send(client, script.greeting ?? Message.greeting)
        for answer in script.answers {
            guard waitForEnd(client) else { return }
            send(client, answer)
        }
        if script.hangsUp { return }
        while waitForEnd(client) {}
    }

    /// Reads messages up to a Sync, CopyDone or CopyFail; false where the client hung up.
    private func waitForEnd(_ client: Int32) -> Bool {
        while let head = read(client, 5) {
            guard read(client, max(0, Self.integer(Array(head.dropFirst())) - 4)) != nil else { return false }
            if head[0] == UInt8(ascii: "S") { return true }
            if head[0] == UInt8(ascii: "X") { return false }
        }
        return false
    }

    private func read(_ client: Int32, _ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var offset = 0
        while offset < count {
            let got = bytes.withUnsafeMutableBytes {
                recv(client, $0.baseAddress?.advanced(by: offset), count - offset, 0)
            }
            guard got > 0 else { return nil }
            offset += got
        }
        return bytes
    }

    private func send(_ client: Int32, _ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    private static func integer(_ bytes: [UInt8]) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}

/// Messages of the protocol, right and wrong ones.
enum Message {
    static func make(_ type: Character, _ body: [UInt8] = [], claiming length: Int32? = nil) -> [UInt8] {
        var bytes = [type.asciiValue ?? 0]
        bytes.append(bigEndian: length ?? Int32(body.count + 4))
        return bytes + body
    }

    static func text(_ words: String...) -> [UInt8] { words.flatMap { Array($0.utf8) + [0] } }

    static var greeting: [UInt8] {
        make("R", [0, 0, 0, 0]) + make("S", text("server_version", "15.0")) + make("S", text("client_encoding", "UTF8"))
            + make("S", text("standard_conforming_strings", "on")) + make("K", [0, 0, 1, 0, 0, 0, 0, 9]) + ready
    }

    static var ready: [UInt8] { make("Z", [UInt8(ascii: "I")]) }
    static var parsed: [UInt8] { make("1") }
    static var bound: [UInt8] { make("2") }

    /// One `bigint` column, unless told otherwise.
    static func columns(_ count: Int16 = 1, format: Int16 = 1, type: UInt32 = 20) -> [UInt8] {
        var body: [UInt8] = []
        body.append(bigEndian: count)
        for _ in 0..<max(0, count) {
            body += text("a")
            body.append(bigEndian: Int32(0))
            body.append(bigEndian: Int16(0))
            body.append(bigEndian: type)
            body.append(bigEndian: Int16(8))
            body.append(bigEndian: Int32(-1))
            body.append(bigEndian: format)
        }
        return make("T", body)
    }

    static func row(
        _ fields: [[UInt8]], count: Int16? = nil, lengths: [Int32]? = nil, claiming: Int32? = nil
    ) -> [UInt8] {
        var body: [UInt8] = []
        body.append(bigEndian: count ?? Int16(fields.count))
        for (index, field) in fields.enumerated() {
            body.append(bigEndian: lengths?[index] ?? Int32(field.count))
            body += field
        }
        return make("D", body, claiming: claiming)
    }

    static var one: [UInt8] { [0, 0, 0, 0, 0, 0, 0, 1] }
    static func done(_ tag: String) -> [UInt8] { make("C", text(tag)) }
    static func error(_ state: String) -> [UInt8] {
        make("E", text("SERROR", "VERROR", "C\(state)", "Mno") + [0])
    }
}
