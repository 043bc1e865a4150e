import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization
import WeChat

/// What happens by itself: refunds come to their end, and notifications are delivered, repeated, delayed and lost.
///
/// It works off the book, so a restart goes on where the last process ended; a notification whose delivery was not yet
/// written down is delivered again, as WeChat Pay's are.
struct Clockwork: Service {
    let sandbox: Sandbox
    let logger: Logger

    private static let deliveriesMax = 16

    func run() async throws {
        let http = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: WeChatPayClient.httpConfiguration)
        let flight = Flight()
        await withDiscardingTaskGroup { group in
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                await tick(http, flight, in: &group)
                // A pause that ends early ends the loop.
                try? await cancelWhenGracefulShutdown { try await Task.sleep(for: sandbox.options.tick) }
            }
            group.cancelAll()
        }
        try await http.shutdown()
        await sandbox.shutdown()
    }

    private func tick(_ http: HTTPClient, _ flight: Flight, in group: inout DiscardingTaskGroup) async {
        func seconds(_ time: Duration) -> Double {
            Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
        }
        let (refundTime, confirmTime) = (seconds(sandbox.options.refundTime), seconds(sandbox.options.confirmTime))
        do {
            let now = try sandbox.clock()
            let due = try await sandbox.change(
                now: now, { $0.settle(after: refundTime, now: now) + $0.expire(after: confirmTime, now: now) },
                then: { $0.due(now: now, flight: flight.ids) })
            for notice in due.prefix(Self.deliveriesMax - flight.ids.count) {
                flight.begin(notice.id)
                group.addTask {
                    await deliver(notice, http)
                    flight.end(notice.id)
                }
            }
        } catch {
            logger.error("The book did not take an entry.", metadata: ["error": "\(type(of: error))"])
        }
    }

    /// The notices that are being delivered.
    private final class Flight: Sendable {
        private let under = Mutex<Set<String>>([])
        var ids: Set<String> { under.withLock { $0 } }
        func begin(_ id: String) { under.withLock { _ = $0.insert(id) } }
        func end(_ id: String) { under.withLock { _ = $0.remove(id) } }
    }

    // MARK: Delivering

    private func deliver(_ notice: Notice, _ http: HTTPClient) async {
        do {
            let (faults, body) = try await sandbox.read { ($0.faults, try NoticeBody($0, notice)) }
            guard Draw.unit(faults.seed, "lost", notice.id, 0) >= faults.rates.lostNotification else {
                sandbox.counter.count("lost_notification")
                return try await sandbox.record([.noticeEnded(notice: notice.id, end: .lost)])
            }
            if notice.next > notice.since, notice.attempts == 0 { sandbox.counter.count("late_notification") }
            if !notice.wasProbed, Draw.unit(faults.seed, "probe", notice.id, 0) < faults.rates.signatureProbe {
                sandbox.counter.count("signature_probe")
                let status = try await send(notice, body, http, isProbe: true)
                try await sandbox.record([.probed(notice: notice.id, status: status)])
            }
            let status = try await send(notice, body, http)
            guard (200..<300).contains(status) else { return try await failed(notice, status) }
            if Draw.unit(faults.seed, "duplicate", notice.id, 0) < faults.rates.duplicateNotification {
                sandbox.counter.count("duplicate_notification")
                for _ in 0..<(1 + Int(Draw.unit(faults.seed, "more", notice.id, 0) * 4)) {
                    _ = try await send(notice, body, http)
                }
            }
            try await sandbox.record([.noticeEnded(notice: notice.id, end: .delivered)])
        } catch is CancellationError {
            // The next process delivers it.
        } catch {
            logger.error("A notification was not delivered.", metadata: ["error": "\(type(of: error))"])
        }
    }

    private func failed(_ notice: Notice, _ status: Int) async throws {
        let plan = try await sandbox.read { $0.faults.retries }
        let pauses = plan == .wechat ? FaultSettings.Retries.ofWeChat : sandbox.options.retryPauses
        guard notice.attempts < pauses.count else {
            return try await sandbox.record([.noticeEnded(notice: notice.id, end: .givenUp)])
        }
        let pause = pauses[notice.attempts].components
        let next = try sandbox.clock().addingTimeInterval(Double(pause.seconds) + Double(pause.attoseconds) / 1e18)
        try await sandbox.record([.noticeFailed(notice: notice.id, status: status, next: next)])
    }

    /// The status of the answer; 0 if there is none.
    private func send(
        _ notice: Notice, _ body: NoticeBody, _ http: HTTPClient, isProbe: Bool = false
    ) async throws -> Int {
        let platform = try sandbox.platform
        let now = Sandbox.now()
        let bytes = try body.encrypted(id: notice.id, for: platform)
        var request = HTTPClientRequest(url: notice.url)
        request.method = .POST
        for (name, value) in try platform.sign(bytes, serial: platform.publicKeyID, now: now) {
            let value = isProbe && name == "Wechatpay-Signature" ? PaySignature.probePrefix + value : value
            request.headers.add(name: name, value: value)
        }
        request.headers.add(name: "Content-Type", value: "application/json; charset=utf-8")
        request.headers.add(name: "User-Agent", value: "Mozilla/4.0")
        request.body = .bytes(ByteBuffer(bytes: bytes))
        do {
            let response = try await http.execute(request, timeout: TimeAmount(sandbox.options.answerTime))
            // Read to its end, or the connection could not be used again; what it says does not matter.
            _ = try await response.body.collect(upTo: 64 * 1_024)
            return Int(response.status.code)
        } catch {
            try Task.checkCancellation()
            return 0
        }
    }
}
