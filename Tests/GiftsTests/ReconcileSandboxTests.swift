import AsyncHTTPClient
import Foundation
import Kernel
import Orders
import Postgres
import Sandbox
import TestSupport
import Testing
import WeChat

/// A day of gifts at the sandbox against the sandbox's own bills.
@Suite struct ReconcileSandboxTests {
    @Test func r24_billsOfTheSandbox_agreeWithRecordsAndBooks_andAPlantedErrorIsFound() async throws {
        try await SandboxServer.serve { sandbox in
            try await GiftsBundle.serve(credentials: sandbox.credentials) { bundle in
                let tea = try await bundle.product("tea", fen: 10_000)
                var pairs: [GiftsBundle.Pair] = []
                for number in 0..<3 {
                    let pair = try await bundle.begin("\(number)", tea[0])
                    let payment = try await bundle.prepay(pair)
                    try await sandbox.send(
                        "POST", "/sandbox/pay", ["out_trade_no": payment.outTradeNo, "openid": pair.sender])
                    pairs.append(pair)
                }
                try await bundle.advance(61)
                for pair in pairs { try await bundle.reaches("sent", pair) }
                #expect(try await bundle.post(pairs[0].path("claim"), ["openid": pairs[0].recipient]).status == 200)
                #expect(try await bundle.post(pairs[0].path("decline"), ["openid": pairs[0].recipient]).status == 200)
                try await eventually(every: .milliseconds(100)) {
                    try await bundle.advance(30)
                    return try await bundle.count("SELECT count(*) FROM gifting.gift WHERE refunded_at IS NOT NULL")
                        == 1
                }

                let day = String(PayInstant.write(Date()).prefix(10))
                let client = try WeChatPayClient(credentials: sandbox.credentials, http: .shared)
                var bills: [PayBillKind: [UInt8]] = [:]
                for kind in PayBillKind.allCases {
                    let ticket = try #require(try await client.bill(kind, of: day))
                    bills[kind] = try await client.download(ticket)
                }
                func compare(_ trade: [UInt8]) async throws -> [MismatchReason] {
                    let sources = [
                        try BillSource(.trade, file: trade), try BillSource(.fundFlow, file: bills[.fundFlow] ?? []),
                    ]
                    return try await bundle.db.pool(as: .operator).transaction { tx in
                        try await Reconciliation(
                            brand: bundle.brand, mchid: sandbox.credentials.mchid,
                            day: try #require(CalendarDate(day))
                        ).run(sources, on: tx).open.map(\.reason)
                    }
                }
                let trade = try #require(bills[.trade])
                #expect(try await compare(trade) == [])
                // One fen more in one line, and in the sum.
                let planted = String(decoding: trade, as: UTF8.self)
                    .replacing("`100.00,`0.00,`\r\n", with: "`100.01,`0.00,`\r\n", maxReplacements: 1)
                    .replacing("`300.00,`100.00\r\n", with: "`300.01,`100.00\r\n")
                #expect(planted.utf8.count == trade.count)
                #expect(try await compare(Array(planted.utf8)) == [.paymentAmount])
                #expect(try await compare(trade) == [])
            }
        }
    }
}
