import Foundation
import Kernel
import TestSupport
import Testing
import WeChat

@testable import Sandbox

/// Both bills of a day, fetched with our own client over real sockets.
struct BillTests {
    private var today: String { String(PayInstant.write(Date()).prefix(10)) }

    @Test func r24_billsSayWhatTheBookDid_andHashToWhatWasPromised() async throws {
        try await SandboxServer.serve(ScratchFolder()) { server in
            #expect(
                try await server.client.bill(.trade, of: today) == nil, "a day on which nothing happened has no bill")
            for number in 1...3 { try await server.paid("order-\(number)") }
            _ = try await server.client.refund(server.refund("order-1"))
            _ = try await server.client.refund(server.refund("order-2", fen: 100))
            try await eventually { try await server.book()["payouts"] == 2 }
            let transfer = TransferOrder(
                cash: Money(fen: 500), to: "o-1", outBillNo: "bill1", activity: "春,季活动", reward: "现金红包",
                notifyURL: nil)
            _ = try await server.client.transfer(transfer)
            _ = try await server.send("POST", "/sandbox/transfers/bill1/confirm", [:])

            let ticket = try #require(try await server.client.bill(.trade, of: today))
            // What happens after a bill was made is not in it.
            try await server.paid("order-4")
            let trades = try PayBill(csv: try await server.client.download(ticket))
            #expect(trades.columns.count == 27 && trades.rows.count == 5)
            #expect(trades.summary["总交易单数"] == "5")
            #expect(trades.summaryAmount("订单总金额") == Money(fen: 38_400))
            #expect(trades.summaryAmount("申请退款总金额") == Money(fen: 12_900))
            #expect(trades.rows.filter { $0["交易状态"] == "REFUND" }.compactMap { $0["退款状态"] } == ["SUCCESS", "SUCCESS"])

            let flow = try #require(try await server.client.bill(.fundFlow, of: today))
            let funds = try PayBill(csv: try await server.client.download(flow))
            #expect(funds.rows.count == 7 && funds.summary["收入笔数"] == "4")
            #expect(funds.rows.contains { $0["业务凭证号"] == "bill1" && $0["收支类型"] == "支出" })
            #expect(try await server.client.bill(.trade, of: "2020-01-01") == nil)

            func ticketTo(_ url: String, _ hash: String) throws -> PayBillTicket {
                let fields = ["hash_type": "SHA1", "hash_value": hash, "download_url": url]
                return try JSONDecoder().decode(PayBillTicket.self, from: try JSONEncoder().encode(fields))
            }
            let other = try ticketTo(ticket.downloadURL, String(repeating: "0", count: 40))
            await #expect(throws: WeChatPayError.self) { try await server.client.download(other) }
            let elsewhere = try ticketTo("http://127.0.0.1:9/v3/billdownload/file?token=x", ticket.hashValue)
            await #expect(throws: WeChatPayError.notSent(reason: "the bill lies at another host than WeChat Pay")) {
                try await server.client.download(elsewhere)
            }
            let expired = try ticketTo(
                "\(server.url)/v3/billdownload/file?token=trade.\(today).plain.1000", ticket.hashValue)
            await #expect(throws: WeChatPayError.refused(status: 403, code: "NO_AUTH", message: "下载链接已过期")) {
                try await server.client.download(expired)
            }
        }
    }

    @Test func packedBill_isUnpackedAgain_andDamageIsSeen() throws {
        for count in [0, 1, 65_535, 65_536, 200_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let packed = Gzip.stored(bytes)
            #expect(try Gunzip.unpack(packed, max: 1 << 20) == bytes)
            guard count > 1 else { continue }
            var damaged = packed
            damaged[packed.count / 2] ^= 1
            #expect(throws: Gunzip.Failure.self) { try Gunzip.unpack(damaged, max: 1 << 20) }
            #expect(throws: Gunzip.Failure.self) { try Gunzip.unpack(Array(packed.dropLast()), max: 1 << 20) }
            #expect(throws: Gunzip.Failure.tooLarge(10)) { try Gunzip.unpack(packed, max: 10) }
        }
    }
}
