import Foundation
import JobTesting
import Jobs
import Kernel
import Logging
import Orders
import Postgres
import TestSupport
import Testing
import WeChat

struct PayNotifyTests {
    private static let path = "/wechat/pay/\(PayPlatform.mchid)/notify"

    private func serve(_ body: (IngestBundle, PayPlatform) async throws -> Void) async throws {
        let platform = try PayPlatform()
        try await IngestBundle.serve { bundle in
            try await platform.addMerchant(to: bundle)
            try await body(bundle, platform)
        }
    }

    private func jobs<Parameters: JobParameters>(
        _: Parameters.Type, _ bundle: IngestBundle
    ) async throws -> Int {
        let queue = JobQueue(pool: bundle.db.pool(as: .ingest), logger: .silent)
        return try await JobTester(queue).pushed(Parameters.self).count
    }

    @Test func g03_notificationFiveTimesAtOnce_isKeptOnceWithOneJob() async throws {
        try await serve { bundle, platform in
            let body = try platform.body(PayPlatform.payment(.mint()), event: "TRANSACTION.SUCCESS")
            let headers = try platform.headers(body)

            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        try await bundle.send("POST", Self.path, key: nil, headers: headers, body: body)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(answers.allSatisfy { $0.status == 204 && $0.body.isEmpty })
            #expect(try await jobs(PaymentReceived.self, bundle) == 1)
            #expect(try await bundle.number("SELECT count(*) FROM hooks.inbox WHERE sealed_body IS NOT NULL") == 1)
        }
    }

    @Test func notificationEncryptedAnew_isTakenAsGenuine() async throws {
        try await serve { bundle, platform in
            let resource = PayPlatform.payment(.mint())
            for nonce in ["0123456789ab", "ba9876543210"] {
                let body = try platform.body(resource, event: "TRANSACTION.SUCCESS", nonce: nonce)
                let answer = try await bundle.send(
                    "POST", Self.path, key: nil, headers: platform.headers(body), body: body)
                #expect(answer.status == 204)
            }
            #expect(try await bundle.number("SELECT count(*) FROM hooks.inbox") == 2)
        }
    }

    @Test func refundNotification_becomesAJobAndOthersAreOnlyKept() async throws {
        try await serve { bundle, platform in
            let bodies = [
                try platform.body(PayPlatform.refund(.mint()), event: "REFUND.SUCCESS", id: "1"),
                try platform.body("{}", event: "COUPON.USE", id: "2"),
            ]
            for body in bodies {
                let answer = try await bundle.send(
                    "POST", Self.path, key: nil, headers: platform.headers(body), body: body)
                #expect(answer.status == 204)
            }
            #expect(try await jobs(RefundReported.self, bundle) == 1)
            #expect(try await bundle.number("SELECT count(*) FROM hooks.inbox") == 2)
        }
    }

    @Test func damagedNotification_isRefusedInWeChatsFormAndLeavesNothing() async throws {
        try await serve { bundle, platform in
            let body = try platform.body(PayPlatform.payment(.mint()), event: "TRANSACTION.SUCCESS")
            let headers = try platform.headers(body)
            var probe = headers
            probe["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + (headers["Wechatpay-Signature"] ?? "")
            var unsigned = headers
            unsigned["Wechatpay-Signature"] = nil
            let stale = try platform.headers(body, at: PaySignature.realTime().addingTimeInterval(-301))
            let foreign = try platform.body(PayPlatform.payment(.mint(), mchid: "1"), event: "TRANSACTION.SUCCESS")
            let nonsense = "\u{0}{"
            let cases: [(String, [String: String], String, Int)] = [
                (Self.path, headers, body + " ", 401), (Self.path, probe, body, 401),
                (Self.path, unsigned, body, 401), (Self.path, stale, body, 401), (Self.path, [:], "", 401),
                (Self.path, try platform.headers(foreign), foreign, 400),
                (Self.path, try platform.headers(nonsense), nonsense, 400),
                ("/wechat/pay/7/notify", headers, body, 404), ("/wechat/pay/%00/notify", headers, body, 404),
            ]
            for (path, headers, body, status) in cases {
                let answer = try await bundle.send("POST", path, key: nil, headers: headers, body: body)
                #expect(answer.status == status, "\(path) \(answer.body)")
                #expect(answer.json["code"] as? String == "FAIL" && answer.json["message"] is String)
            }
            #expect(try await jobs(PaymentReceived.self, bundle) == 0)
            #expect(try await bundle.number("SELECT count(*) FROM hooks.inbox") == 0)
        }
    }

    @Test func merchantAddedAgain_bringsNewKeysAtOnceAndNoOtherBrandCanTakeIt() async throws {
        try await serve { bundle, platform in
            let body = try platform.body(PayPlatform.payment(.mint()), event: "TRANSACTION.SUCCESS")
            let headers = try platform.headers(body)
            #expect(try await bundle.send("POST", Self.path, key: nil, headers: headers, body: body).status == 204)

            var changed = platform.credentials
            changed.platformKeys = [
                "PUB_KEY_ID_OTHER": try #require(changed.platformKeys.values.first)
            ]
            let credentials = changed
            let pool = bundle.db.pool(as: .operator)
            _ = try await pool.transaction { tx in
                try await Merchants.add(
                    credentials, notifyBase: "https://shop.test", brand: bundle.brand, keys: bundle.keys,
                    now: Date(timeIntervalSinceNow: 1), on: tx)
            }
            #expect(try await bundle.send("POST", Self.path, key: nil, headers: headers, body: body).status == 401)

            let other = ID<Brand>.mint()
            try await bundle.db.owner.execute(
                Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(other), 'Other', now())"))
            let problem = await #expect(throws: Problem.self) {
                try await pool.transaction { tx in
                    try await Merchants.add(
                        credentials, notifyBase: "https://shop.test", brand: other, keys: bundle.keys, now: .now,
                        on: tx)
                }
            }
            #expect(problem?.code == "merchant_taken")
            let sealed = try await bundle.db.owner.one(
                Statement("SELECT sealed_credentials FROM orders.merchant") { row throws(PostgresError) in
                    try row.next([UInt8].self)
                })
            #expect(!String(decoding: sealed, as: UTF8.self).contains("PRIVATE"))
        }
    }
}

extension IngestBundle {
    /// A count, asked of the database as its owner.
    func number(_ sql: SQL) async throws -> Int {
        try await db.owner.one(Statement(sql) { row throws(PostgresError) in try row.next(Int.self) })
    }
}
