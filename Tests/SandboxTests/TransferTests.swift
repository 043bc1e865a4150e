import Foundation
import Kernel
import TestSupport
import Testing
import WeChat

@testable import Sandbox

/// Giving money with our own client, over real sockets.
struct TransferTests {
    private func order(_ number: String, fen: Int64 = 500, notify: String? = nil) -> TransferOrder {
        TransferOrder(
            cash: Money(fen: fen), to: "o-\(number)", outBillNo: number, activity: "春季活动", reward: "现金红包",
            notifyURL: notify)
    }

    @Test func c15_transfer_waitsForItsWinnerAndIsPaidOnceAndNotified() async throws {
        try await Receiver.with { receiver in
            try await SandboxServer.serve(ScratchFolder()) { server in
                try receiver.trust(server.credentials)
                await #expect(throws: WeChatPayError.notFound(code: "NOT_FOUND")) {
                    try await server.client.transfer(outBillNo: "bill1")
                }
                let order = order("bill1", notify: receiver.url)
                let first = try await server.client.transfer(order)
                let again = try await server.client.transfer(order)
                #expect(first == again && first.state == .waitUserConfirm && first.packageInfo != nil)
                var other = order
                other.amount = Money(fen: 501)
                await #expect(throws: WeChatPayError.self) { try await server.client.transfer(other) }
                let asked = try await server.client.transfer(outBillNo: "bill1")
                #expect(asked.amount == Money(fen: 500) && asked.packageInfo == nil)

                for _ in 0..<2 {
                    let answer = try await server.send("POST", "/sandbox/transfers/bill1/confirm", [:])
                    #expect(answer.status == 200 && answer.json["state"] as? String == "SUCCESS")
                }
                #expect(try await server.client.transfer(outBillNo: "bill1").state == .success)
                try await eventually { receiver.opened.count == 1 }
                guard case .transfer(let notice) = receiver.opened.first?.content else {
                    Issue.record("It tells of a transfer.")
                    return
                }
                #expect(notice.outBillNo == "bill1" && notice.state == .success && notice.amount == Money(fen: 500))
                #expect(try await server.book()["transfers_paid"] == 1)
                #expect(try await server.book()["transfers_paid_fen"] == 500)
            }
        }
    }

    @Test func c15_transferNobodyTakes_fails() async throws {
        var options = SandboxServer.quick
        options.confirmTime = .milliseconds(50)
        try await SandboxServer.serve(ScratchFolder(), options: options) { server in
            _ = try await server.client.transfer(order("bill2"))
            try await eventually { try await server.client.transfer(outBillNo: "bill2").state == .failed }
            #expect(try await server.client.transfer(outBillNo: "bill2").failReason == "OVERDUE_CLOSE")
            #expect(try await server.send("POST", "/sandbox/transfers/bill2/confirm", [:]).status == 409)
            #expect(try await server.send("POST", "/sandbox/transfers/bill3/confirm", [:]).status == 404)
        }
    }

    @Test func transfer_thatWeChatPayWouldRefuse_isRefusedHereToo() async throws {
        try await SandboxServer.serve(ScratchFolder()) { server in
            var scene = order("bill4")
            scene.sceneID = "1006"
            var lines = order("bill5")
            lines.report.removeLast()
            for wrong in [scene, lines, order("bill6", fen: 9)] {
                await #expect(throws: WeChatPayError.self) { try await server.client.transfer(wrong) }
            }
            // These are not even sent.
            for wrong in [order("bill-7"), order("bill8", fen: 200_000), order("bill9", fen: 0)] {
                let error = await #expect(throws: WeChatPayError.self) { try await server.client.transfer(wrong) }
                guard case .notSent = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
            let book = try await server.book()
            #expect(book["transfers"] == 0)
        }
    }
}
