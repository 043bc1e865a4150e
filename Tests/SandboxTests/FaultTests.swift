import Foundation
import Kernel
import TestSupport
import Testing
import WeChat

@testable import Sandbox

/// Whatever goes wrong on the way: one payout per payment, if the caller keeps to the one rule.
struct FaultTests {
    /// The rule of refunds: the same number always; after an unknown outcome ask first; nothing given up.
    private func refundInTheEnd(_ order: RefundOrder, _ client: WeChatPayClient) async throws -> Int {
        var calls = 0
        var mustAsk = false
        while calls < 60 {
            calls += 1
            do {
                let result =
                    mustAsk ? try await client.refund(outRefundNo: order.outRefundNo) : try await client.refund(order)
                if result.state == .success { return calls }
                mustAsk = true
                try await lettingPass(.milliseconds(50))
            } catch let error as WeChatPayError {
                switch error {
                case .outcomeUnknown: mustAsk = true
                case .notFound: mustAsk = false
                case .throttled, .notSent: break
                case .refused: throw error
                }
            }
        }
        throw CancellationError()
    }

    @Test func refunds_throughEveryFault_arePaidOutOnceEach() async throws {
        let folder = ScratchFolder()
        try await SandboxServer.serve(folder) { server in
            let numbers = (1...40).map { "fault-\($0)" }
            for number in numbers { try await server.paid(number) }
            try await server.setFaults(
                ["time_out_after_work": 0.2, "server_error": 0.2, "refuse": 0.2], ["hold_ms": 3_000])
            let impatient = try SandboxServer(folder: folder.path, timeout: .seconds(2)).client

            let calls = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in numbers {
                    group.addTask { try await refundInTheEnd(server.refund(number), impatient) }
                }
                return try await group.reduce(0, +)
            }

            let book = try await server.book()
            #expect(calls > numbers.count)
            #expect(book["payouts"] == 40)
            #expect(book["payments_with_payout"] == 40)
            #expect(book["payouts_per_payment_max"] == 1)
            #expect(book["payouts_fen"] == 40 * 12_800)
            for fault in [
                "held_after_work", "cut_after_work", "error_before_work", "error_after_work", "throttled", "not_enough",
            ] {
                #expect(book["faults", fault] > 0, "\(fault) never happened")
            }
        }
    }

    @Test func faults_ofTheSameSeed_areTheSame() {
        var settings = FaultSettings()
        settings.seed = 5
        settings.rates.serverError = 0.3
        settings.rates.timeOutAfterWork = 0.3
        let drawn = (0..<2_000).map { settings.fault(of: .refund, number: "RF-\($0)", attempt: 0) }
        #expect(drawn == (0..<2_000).map { settings.fault(of: .refund, number: "RF-\($0)", attempt: 0) })
        let failing = drawn.count { $0 != nil }
        #expect((1_080...1_320).contains(failing))
        settings.operations = [.prepay]
        #expect(settings.fault(of: .refund, number: "RF-0", attempt: 0) == nil)
    }

    @Test func notifications_duplicatedLateAndProbed_arriveAllTheSame() async throws {
        try await Receiver.with { receiver in
            try await SandboxServer.serve(ScratchFolder()) { server in
                try receiver.trust(server.credentials)
                try await server.setFaults(
                    ["duplicate_notification": 0.5, "late_notification": 0.5, "signature_probe": 0.5],
                    ["late_ms": 300])
                receiver.failNext(5)
                let numbers = (1...20).map { "notice-\($0)" }
                for number in numbers { try await server.paid(number, notify: receiver.url) }

                try await eventually { try await server.book()["notifications", "delivered"] == 20 }

                let ids = receiver.opened.map(\.id)
                #expect(Set(ids).count == 20)
                #expect(ids.count > 20)
                let book = try await server.book()
                #expect(book["probes_sent"] > 0)
                #expect(book["probes_believed"] == 0)
                #expect(receiver.refused == book["probes_sent"])
                #expect(book["faults", "late_notification"] > 0)
                #expect(book["faults", "duplicate_notification"] > 0)
            }
        }
    }

    @Test func notifications_lost_neverArriveAndAQueryTells() async throws {
        try await Receiver.with { receiver in
            try await SandboxServer.serve(ScratchFolder()) { server in
                try receiver.trust(server.credentials)
                try await server.setFaults(["lost_notification": 1])
                try await server.paid("lost-1", notify: receiver.url)

                try await eventually { try await server.book()["notifications", "lost"] == 1 }
                #expect(receiver.opened.isEmpty)
                #expect(try await server.client.payment(outTradeNo: "lost-1").paid != nil)
            }
        }
    }

    @Test func notifications_nobodyTakes_areGivenUp() async throws {
        var options = SandboxServer.quick
        options.retryPauses = [.milliseconds(20), .milliseconds(20)]
        try await SandboxServer.serve(ScratchFolder(), options: options) { server in
            try await server.paid("nobody-1")
            try await eventually { try await server.book()["notifications", "given_up"] == 1 }
        }
    }
}
