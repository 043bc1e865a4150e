import Foundation
import Kernel
import NIOCore
import TestSupport
import Testing
import WeChat

@testable import Sandbox

/// What WeChat Pay does besides paying out, in the book's own time.
struct RefundFateTests {
    private func advance(_ server: SandboxServer, _ seconds: Int) async throws {
        let answer = try await server.send("POST", "/sandbox/clock", ["advance_seconds": seconds])
        #expect(answer.status == 200)
    }

    @Test func refund_thatCannotBePaidOutForSevenDays_isClosedAndItsMoneyMayGoUnderAnotherNumber() async throws {
        try await Receiver.with { receiver in
            try await SandboxServer.serve(ScratchFolder()) { server in
                try receiver.trust(server.credentials)
                try await server.paid("closed-1", notify: receiver.url)
                try await server.setFaults(["closed_refund": 1])
                _ = try await server.client.refund(server.refund("closed-1", notify: receiver.url))
                // What is accepted from now on is paid out; what was accepted before keeps its fate.
                try await server.setFaults([:])

                #expect(
                    try await server.send("POST", "/sandbox/clock", ["advance_seconds": 7 * 86_400 - 60]).status == 200)
                try await lettingPass(.milliseconds(200))
                #expect(try await server.client.refund(outRefundNo: "RF-closed-1-1").state == .processing)
                await #expect(throws: WeChatPayError.self) {
                    try await server.client.refund(server.refund("closed-1", 2))
                }
                try await advance(server, 61)
                try await eventually { try await server.client.refund(outRefundNo: "RF-closed-1-1").state == .closed }
                _ = try await server.client.refund(server.refund("closed-1", 2))

                try await eventually { try await server.client.refund(outRefundNo: "RF-closed-1-2").state == .success }
                let book = try await server.book()
                #expect(book["refunds_closed"] == 1 && book["payouts"] == 1 && book["payouts_per_payment_max"] == 1)
                try await eventually { receiver.opened.contains { $0.eventType == "REFUND.CLOSED" } }
            }
        }
    }

    @Test func refundsOfOneOrder_areAMinuteApart_andOthersAreNotHeldUp() async throws {
        try await SandboxServer.serve(ScratchFolder()) { server in
            func send(_ name: String, _ number: Int) async throws -> String {
                do {
                    return try await server.client.refund(server.refund(name, number, fen: 100)).state == .closed
                        ? "closed" : "accepted"
                } catch {
                    guard case .throttled(let code) = error else { return "\(error)" }
                    return code
                }
            }
            for name in ["apart-1", "apart-2"] { try await server.paid(name) }
            #expect(try await send("apart-1", 1) == "accepted")
            #expect(try await send("apart-1", 1) == "accepted", "the same number is no other refund")
            #expect(try await send("apart-1", 2) == "FREQUENCY_LIMITED")
            #expect(try await send("apart-2", 1) == "accepted")
            try await advance(server, 50)
            #expect(try await send("apart-1", 2) == "FREQUENCY_LIMITED")
            try await advance(server, 11)
            #expect(try await send("apart-1", 2) == "accepted")
        }
    }

    @Test func refund_thatIsAbnormal_arrivesOnceSomebodySeesToIt() async throws {
        try await SandboxServer.serve(ScratchFolder()) { server in
            try await server.paid("abnormal-1")
            try await server.setFaults(["abnormal_refund": 1])
            _ = try await server.client.refund(server.refund("abnormal-1"))
            try await eventually { try await server.client.refund(outRefundNo: "RF-abnormal-1-1").state == .abnormal }
            #expect(try await server.book()["refunds_abnormal"] == 1)

            for _ in 0..<2 {
                let answer = try await server.send("POST", "/sandbox/refunds/RF-abnormal-1-1/deliver")
                #expect(answer.status == 200)
            }

            #expect(try await server.client.refund(outRefundNo: "RF-abnormal-1-1").state == .success)
            #expect(try await server.book()["payouts"] == 1)
            let unknown = try await server.send("POST", "/sandbox/refunds/RF-none/deliver")
            #expect(unknown.status == 404)
        }
    }

    @Test func notification_byWeChatsOwnPlan_waitsForTheBooksTime() async throws {
        let pauses = FaultSettings.Retries.ofWeChat.map(\.components.seconds)
        let day: Int64 = 24 * 3_600 + 240
        #expect(pauses.reduce(0, +) == day)
        try await Receiver.with { receiver in
            try await SandboxServer.serve(ScratchFolder()) { server in
                try receiver.trust(server.credentials)
                try await server.setFaults([:], ["retries": "wechat"])
                receiver.failNext(2)
                try await server.paid("plan-1", notify: receiver.url)
                try await lettingPass(.milliseconds(300))
                #expect(receiver.opened.isEmpty)

                // The first pause, and the second one.
                for _ in 0..<2 {
                    try await advance(server, 15)
                    try await lettingPass(.milliseconds(150))
                }

                try await eventually { try await server.book()["notifications", "delivered"] == 1 }
                #expect(receiver.opened.count == 1)
            }
        }
    }

    @Test func notification_answeredTooLate_isRepeated() async throws {
        var options = SandboxServer.quick
        options.answerTime = .milliseconds(200)
        try await Receiver.with { receiver in
            try await SandboxServer.serve(ScratchFolder(), options: options) { server in
                try receiver.trust(server.credentials)
                receiver.delay(by: .milliseconds(600))
                try await server.paid("late-1", notify: receiver.url)
                try await eventually { receiver.opened.count >= 2 }
                #expect(try await server.book()["notifications", "delivered"] == 0)
                receiver.delay(by: .zero)

                try await eventually { try await server.book()["notifications", "delivered"] == 1 }
                #expect(Set(receiver.opened.map(\.id)).count == 1)
                #expect(SandboxOptions().answerTime == .seconds(5))
            }
        }
    }

    @Test func clock_thatShallGoBack_isRefused() async throws {
        try await SandboxServer.serve(ScratchFolder()) { server in
            for seconds in [-1, 0, 40_000_000] as [Int] {
                let answer = try await server.send("POST", "/sandbox/clock", ["advance_seconds": seconds])
                #expect(answer.status == 422)
            }
        }
    }
}
