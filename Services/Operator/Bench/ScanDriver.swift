import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// What a ``ScanDriver`` saw.
struct DriverResult: Sendable {
    /// Answers within the time that counts, by status.
    var answers: [Int: Int] = [:]
    /// From when a request was due until its answer was whole, in nanoseconds, sorted.
    var latencies: [Int64] = []
    /// The time that counts.
    var seconds = 0.0

    func rate(of status: Int) -> Double { Double(answers[status] ?? 0) / max(seconds, 0.001) }

    /// A latency in milliseconds that so much of all answers did not exceed.
    func milliseconds(_ part: Double) -> Double {
        guard !latencies.isEmpty else { return .infinity }
        let place = min(latencies.count - 1, Int(Double(latencies.count) * part))
        return Double(latencies[place]) / 1_000_000
    }
}

/// Sends prepared HTTP requests to a port of this machine: many connections that stay open, on each one request at a time.
struct ScanDriver {
    let port: Int
    let connections: Int
    /// Answers before this much time do not count.
    var warmUp: Duration = .seconds(1)
    var duration: Duration = .seconds(5)
    /// Requests per second of all connections together, sent when they are due whatever became of earlier ones; nil for as many as can be.
    var pace: Double?

    /// Sends `requests` in their order until the time is over; a supply that ends earlier ends the measurement.
    func run(_ requests: [[UInt8]]) async throws -> DriverResult {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let port = port
        let connections = connections
        let run = DriverRun(
            requests: requests, begin: .now, warmUp: warmUp, duration: duration,
            interval: pace.map { .nanoseconds(Int64(Double(connections) / $0 * 1_000_000_000)) })
        do {
            let channels = try await withThrowingTaskGroup(of: (any Channel).self) { tasks in
                for slot in 0..<connections {
                    tasks.addTask {
                        try await ClientBootstrap(group: group)
                            .channelOption(.socketOption(.tcp_nodelay), value: 1)
                            .channelInitializer { channel in
                                channel.eventLoop.makeCompletedFuture {
                                    try channel.pipeline.syncOperations.addHandler(
                                        DriverHandler(run, part: Double(slot) / Double(connections)))
                                }
                            }
                            .connect(host: "127.0.0.1", port: port).get()
                    }
                }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            for channel in channels { try await channel.closeFuture.get() }
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
        return run.result
    }
}

/// One measurement, shared by its connections.
private final class DriverRun: Sendable {
    private struct State {
        var next = 0
        var endedAt: ContinuousClock.Instant?
        var result = DriverResult()
    }

    private let requests: [[UInt8]]
    private let state = Mutex(State())
    let begin: ContinuousClock.Instant
    private let countsFrom: ContinuousClock.Instant
    private let end: ContinuousClock.Instant
    /// Between two requests of a connection; nil for none.
    let interval: Duration?

    init(
        requests: [[UInt8]], begin: ContinuousClock.Instant, warmUp: Duration, duration: Duration, interval: Duration?
    ) {
        self.requests = requests
        self.begin = begin
        countsFrom = begin + warmUp
        end = countsFrom + duration
        self.interval = interval
    }

    /// The next request; nil when the time is over or none is left.
    func next() -> [UInt8]? {
        let now = ContinuousClock.now
        return state.withLock { state in
            guard now < end, state.next < requests.count else {
                state.endedAt = min(state.endedAt ?? end, max(now, countsFrom))
                return nil
            }
            defer { state.next += 1 }
            return requests[state.next]
        }
    }

    func note(_ status: Int, dueAt: ContinuousClock.Instant) {
        let now = ContinuousClock.now
        guard now >= countsFrom, now < end else { return }
        let latency = (now - dueAt).components
        state.withLock { state in
            state.result.answers[status, default: 0] += 1
            state.result.latencies.append(latency.seconds * 1_000_000_000 + latency.attoseconds / 1_000_000_000)
        }
    }

    var result: DriverResult {
        state.withLock { state in
            var result = state.result
            result.latencies.sort()
            result.seconds = (min(state.endedAt ?? end, end) - countsFrom).inSeconds
            return result
        }
    }
}

/// One connection: a request, its answer, the next request.
private final class DriverHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let run: DriverRun
    private let part: Double
    private var received = ByteBuffer()
    private var sent = 0
    private var dueAt = ContinuousClock.now

    init(_ run: DriverRun, part: Double) {
        self.run = run
        self.part = part
    }

    func channelActive(context: ChannelHandlerContext) { sendWhenDue(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        guard let (status, length) = Self.answer(received.readableBytesView), received.readableBytes >= length else {
            return
        }
        received.clear()
        run.note(status, dueAt: dueAt)
        sendWhenDue(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func sendWhenDue(_ context: ChannelHandlerContext) {
        guard let interval = run.interval else {
            dueAt = .now
            return send(context)
        }
        dueAt = run.begin + interval * (Double(sent) + part)
        let wait = dueAt - .now
        guard wait > .zero else { return send(context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .nanoseconds(Int64(wait.inSeconds * 1_000_000_000))) {
            let (handler, context) = bound.value
            handler.send(context)
        }
    }

    private func send(_ context: ChannelHandlerContext) {
        guard let request = run.next() else { return context.close(promise: nil) }
        sent += 1
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: request)), promise: nil)
    }

    /// The status of an answer and the bytes that it has in all; nil while its header is not whole.
    ///
    /// By bytes: what the driver takes from two cores, the server lacks.
    private static func answer(_ bytes: ByteBufferView) -> (status: Int, length: Int)? {
        bytes.withContiguousStorageIfAvailable { bytes in
            guard let body = position(of: "\r\n\r\n", in: bytes, from: 0).map({ $0 + 4 }), bytes.count > 12 else {
                return nil
            }
            let status = number(in: bytes, from: 9)
            let field =
                position(of: "\nContent-Length: ", in: bytes, from: 0)
                ?? position(of: "\ncontent-length: ", in: bytes, from: 0)
            let length = field.map { $0 < body ? number(in: bytes, from: $0 + 17) : 0 } ?? 0
            return (status, body + length)
        } ?? nil
    }

    private static func position(of text: StaticString, in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        let length = text.utf8CodeUnitCount
        let first = unsafe text.utf8Start[0]
        var place = start
        while place + length <= bytes.count {
            if bytes[place] == first {
                let isThere = (1..<length).allSatisfy { unsafe text.utf8Start[$0] == bytes[place + $0] }
                if isThere { return place }
            }
            place += 1
        }
        return nil
    }

    private static func number(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var number = 0
        for byte in bytes[min(start, bytes.count)...] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { break }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }
}
