import AsyncHTTPClient
import Foundation
import Hosting
import Kernel
import NIOCore
import NIOHTTP1
import Orders
import Postgres
import Sandbox
import TestSupport
import Testing
import WeChat

/// Gifts and their money against siyu-sandbox: real signatures, real faults.
@Suite struct GiftSandboxTests {
    @Test func g03_expiredGifts_areRefundedOnceByTheSandbox_thoughItFailsAThirdOfTheCalls() async throws {
        let gifts = 30
        try await SandboxServer.serve { sandbox in
            try await GiftsBundle.serve(credentials: sandbox.credentials) { bundle in
                let tea = try await bundle.product("tea", fen: 10_000)
                var pairs: [GiftsBundle.Pair] = []
                for number in 0..<gifts {
                    let pair = try await bundle.begin("\(number)", tea[0])
                    let payment = try await bundle.prepay(pair)
                    try await sandbox.send(
                        "POST", "/sandbox/pay", ["out_trade_no": payment.outTradeNo, "openid": pair.sender])
                    pairs.append(pair)
                }
                // Nobody hears the sandbox's notifications: siyu-gifts asks by itself after a minute.
                try await bundle.advance(61)
                for pair in pairs { try await bundle.reaches("sent", pair) }

                try await sandbox.send(
                    "PUT", "/sandbox/faults",
                    [
                        "seed": 7,
                        "rates": ["time_out_after_work": 0.12, "server_error": 0.12, "refuse": 0.12],
                    ])
                try await bundle.advance(86_400)
                try await eventually(every: .milliseconds(200)) {
                    // After many calls that failed the next one is hours away.
                    try await bundle.advance(2_000)
                    return try await bundle.count("SELECT count(*) FROM gifting.gift WHERE refunded_at IS NOT NULL")
                        == gifts
                }

                let book = try await sandbox.send("GET", "/sandbox/book", nil)
                #expect(book["payments"] as? Int == gifts)
                #expect(book["payouts"] as? Int == gifts)
                #expect(book["payouts_per_payment_max"] as? Int == 1)
                #expect(book["payouts_fen"] as? Int == gifts * 10_000)
                let faults = (book["faults"] as? [String: Int] ?? [:]).values.reduce(0, +)
                #expect(faults > gifts / 3, "the sandbox did not fail: \(book)")
                #expect(
                    try await bundle.count(
                        """
                        SELECT count(*) FROM accounting.balance k JOIN accounting.account a USING (brand_id, account_id)
                        WHERE a.kind = 'escrow' AND k.balance_fen = 0
                        """) == gifts)
            }
        }
    }
}

/// siyu-sandbox on a free port.
struct SandboxServer {
    let port: Int
    let credentials: MerchantCredentials

    static func serve(_ body: (SandboxServer) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-sandbox-\(ID<Gift>.mint())").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var settings = ServiceSettings(name: "siyu-sandbox", port: 0)
        settings.environment = .development
        settings.adminPort = 0
        settings.sandboxState = folder
        let application = try Sandbox.build(settings, logger: .silent)

        let (ready, continuation) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await ServiceRunner(application: application, registry: PrometheusRegistry(), logger: .silent)
                    .run { continuation.yield($0.api) }
            }
            guard let port = await ready.first(where: { _ in true }) else { return try await group.waitForAll() }
            let merchant = try Data(contentsOf: URL(filePath: folder).appending(path: "merchant.json"))
            let credentials = try JSONDecoder().decode(MerchantCredentials.self, from: merchant)
            try await body(SandboxServer(port: port, credentials: credentials))
            group.cancelAll()
        }
    }

    /// A request to the stand-in's own controls.
    @discardableResult
    func send(_ method: String, _ path: String, _ body: [String: Any]?) async throws -> [String: Any] {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .init(rawValue: method)
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: body)))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let answer = try await response.body.collect(upTo: 1 << 20)
        #expect(response.status == .ok, "\(String(buffer: answer))")
        return try JSONSerialization.jsonObject(with: Data(answer.readableBytesView)) as? [String: Any] ?? [:]
    }
}
