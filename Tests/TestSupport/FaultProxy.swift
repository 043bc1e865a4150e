import Foundation
import Glibc
import Synchronization

/// A man in the middle between a client and PostgreSQL that can break the conversation at a chosen point.
///
/// It listens on a Unix socket of its own, forwards bytes both ways, and knows just enough of the protocol to count messages
/// (a type byte and a length; the client's first message has no type byte). A fault is armed with ``arm(_:)`` for everything
/// that follows, fires once, and leaves later connections alone: what a client does next is what the test looks at.
///
/// Threads, not tasks: its calls block, and a stalled connection must not take a thread of the cooperative pool with it.
package final class FaultProxy: Sendable {
    /// The side that a message is on its way to.
    package enum Direction: Sendable {
        /// Queries and binds.
        case toServer
        /// Rows and completions.
        case toClient
    }

    /// Where a fault strikes, counted from ``FaultProxy/arm(_:)`` over all connections.
    package enum Point: Sendable {
        /// After so many whole messages; 0 is before the next one.
        case messages(Int)
        /// After so many bytes, also in the middle of a message.
        case bytes(Int)
    }

    /// What happens there.
    package enum Effect: Sendable {
        /// Both sides lose the connection.
        case cut
        /// Nothing more passes in this direction, but nobody is told, until ``FaultProxy/release()``.
        case stall
        /// These bytes pass instead of the rest, and the connection goes on.
        case garbage([UInt8])
    }

    /// A fault to come.
    package struct Fault: Sendable {
        package let direction: Direction
        package let after: Point
        package let effect: Effect

        package init(_ effect: Effect, _ direction: Direction, after: Point) {
            self.effect = effect
            self.direction = direction
            self.after = after
        }
    }

    /// The port in the socket's name.
    package static let port = 5432
    /// The folder of the socket: what a client takes as `host`.
    package let folder: String
    private let upstream: String
    private let listener: Int32
    private let state = Mutex(State())
    private let gate = Gate()

    private struct State {
        var armed: Fault?
        var remaining = 0
        var fired = 0
        var accepted = 0
        var links: [Link] = []
        var isClosed = false
    }

    init(upstream: String) throws {
        var template = Array("/tmp/siyu-proxy-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestSupportError.system(call: "mkdtemp", errno: errno) }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.upstream = upstream
        listener = try Self.withAddress("\(folder)/.s.PGSQL.\(Self.port)") { descriptor, address, length in
            guard bind(descriptor, address, length) == 0, listen(descriptor, 64) == 0 else { return "bind" }
            return nil
        }
        Thread.detachNewThread { [self] in acceptAll() }
    }

    /// Arms a fault for what passes from now on; replaces one that has not fired.
    package func arm(_ fault: Fault) {
        state.withLock {
            $0.armed = fault
            $0.remaining =
                switch fault.after {
                case .messages(let count), .bytes(let count): count
                }
        }
    }

    /// How many faults have struck.
    package var fired: Int { state.withLock { $0.fired } }

    /// How many connections were taken so far.
    package var accepted: Int { state.withLock { $0.accepted } }

    /// Cuts every connection that stands now.
    package func cutAll() {
        for link in state.withLock({ $0.links }) { link.cut() }
    }

    /// Lets stalled connections go on.
    package func release() { gate.open() }

    /// Ends everything and removes the socket.
    package func close() {
        let first = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard first else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        cutAll()
        gate.open(forGood: true)
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func acceptAll() {
        while true {
            let client = accept(listener, nil, nil)
            if client < 0, errno == EINTR { continue }
            guard client >= 0 else { break }
            let server = try? Self.withAddress(upstream) { descriptor, address, length in
                connect(descriptor, address, length) == 0 ? nil : "connect"
            }
            guard let server else {
                _ = Glibc.close(client)
                continue
            }
            let link = Link(client: client, server: server)
            let isOpen = state.withLock { state in
                state.accepted += 1
                state.links.removeAll(where: \.isOver)
                state.links.append(link)
                return !state.isClosed
            }
            if !isOpen { link.cut() }
            Thread.detachNewThread { [self] in relay(link, .toServer) }
            Thread.detachNewThread { [self] in relay(link, .toClient) }
        }
        _ = Glibc.close(listener)
    }

    private func relay(_ link: Link, _ direction: Direction) {
        let (source, target) = direction == .toServer ? (link.client, link.server) : (link.server, link.client)
        var counter = MessageCounter(expectsStartup: direction == .toServer)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        reading: while true {
            let count = read(source, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            var rest = buffer[0..<count]
            while let (passing, effect) = strike(rest, direction, &counter) {
                guard Self.send(rest.prefix(passing), to: target) else { break reading }
                rest = rest.dropFirst(passing)
                switch effect {
                case .cut: break reading
                case .stall: gate.waitUntilOpen()
                case .garbage(let bytes):
                    guard Self.send(bytes[...], to: target) else { break reading }
                    rest = []
                }
            }
            guard Self.send(rest, to: target) else { break }
        }
        link.end()
    }

    /// Counts what is about to pass; where the armed fault strikes within it, how many bytes still pass before.
    private func strike(
        _ chunk: ArraySlice<UInt8>, _ direction: Direction, _ counter: inout MessageCounter
    ) -> (passing: Int, effect: Effect)? {
        state.withLock { state in
            guard let fault = state.armed, fault.direction == direction, !chunk.isEmpty else {
                _ = counter.take(chunk, messages: .max)
                return nil
            }
            let passed: Int
            switch fault.after {
            case .bytes:
                passed = min(state.remaining, chunk.count)
                _ = counter.take(chunk.prefix(passed), messages: .max)
                state.remaining -= passed
                if passed == chunk.count { return nil }
            case .messages:
                let taken = counter.take(chunk, messages: state.remaining)
                state.remaining -= taken.messages
                passed = taken.bytes
                if passed == chunk.count { return nil }
            }
            state.armed = nil
            state.fired += 1
            return (passed, fault.effect)
        }
    }

    private static func send(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Makes a Unix socket and lets `body` bind or connect it; `body` names the call that failed.
    private static func withAddress(
        _ path: String, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> String?
    ) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw TestSupportError.system(call: "socket path too long", errno: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestSupportError.system(call: "socket", errno: errno) }
        let failed = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if let failed {
            let code = errno
            _ = Glibc.close(descriptor)
            throw TestSupportError.system(call: failed, errno: code)
        }
        return descriptor
    }
}

/// One client's connection and its counterpart to the server.
private final class Link: Sendable {
    let client: Int32
    let server: Int32
    /// How many of the two directions still run; the last one closes the descriptors.
    private let running = Mutex(2)

    init(client: Int32, server: Int32) {
        self.client = client
        self.server = server
    }

    var isOver: Bool { running.withLock { $0 == 0 } }

    /// Both directions see an end of file.
    ///
    /// Under the lock, or the number could be another connection's by now.
    func cut() {
        running.withLock {
            guard $0 > 0 else { return }
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
        }
    }

    func end() {
        cut()
        running.withLock {
            $0 -= 1
            guard $0 == 0 else { return }
            _ = Glibc.close(client)
            _ = Glibc.close(server)
        }
    }
}

/// Lets through everybody who waits when it is opened; shut again for those who come later, until it is removed.
private final class Gate: Sendable {
    private struct State {
        var opened = 0
        var isRemoved = false
    }

    private let condition = NSCondition()
    private let state = Mutex(State())

    func waitUntilOpen() {
        condition.lock()
        defer { condition.unlock() }
        let before = state.withLock { $0.opened }
        while state.withLock({ $0.opened == before && !$0.isRemoved }) { condition.wait() }
    }

    func open(forGood: Bool = false) {
        condition.lock()
        state.withLock {
            $0.opened += 1
            if forGood { $0.isRemoved = true }
        }
        condition.broadcast()
        condition.unlock()
    }
}

/// Finds where messages end in a stream that arrives in pieces of any size.
struct MessageCounter {
    private var header: [UInt8] = []
    private var bodyLeft = 0
    private var expectsStartup: Bool

    init(expectsStartup: Bool) {
        self.expectsStartup = expectsStartup
    }

    /// Passes over `chunk`, up to the end of so many messages.
    ///
    /// - Returns: The messages that ended, and the bytes up to the end of the last one allowed, or all of `chunk`.
    mutating func take(_ chunk: ArraySlice<UInt8>, messages limit: Int) -> (messages: Int, bytes: Int) {
        var ended = 0
        var position = chunk.startIndex
        while position < chunk.endIndex, ended < limit {
            if bodyLeft > 0 {
                let step = min(bodyLeft, chunk.endIndex - position)
                bodyLeft -= step
                position += step
            } else {
                header.append(chunk[position])
                position += 1
                guard header.count == (expectsStartup ? 4 : 5) else { continue }
                // The length counts itself: four bytes that have passed.
                let length = header.suffix(4).reduce(0) { $0 << 8 | Int($1) }
                bodyLeft = max(0, length - 4)
                header.removeAll(keepingCapacity: true)
                expectsStartup = false
            }
            if bodyLeft == 0, header.isEmpty { ended += 1 }
        }
        return (ended, position - chunk.startIndex)
    }
}
