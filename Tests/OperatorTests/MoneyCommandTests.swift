import ArgumentParser
import Foundation
import Jobs
import Kernel
import Keys
import Orders
import Postgres
import TestSupport
import Testing

@testable import Operator

/// Merchants and refunds by hand.
struct MoneyCommandTests {
    private func run(_ arguments: [String]) async throws {
        var command = try #require(try Siyu.parseAsRoot(arguments) as? any AsyncParsableCommand)
        try await command.run()
    }

    /// Runs `body` with a brand, a merchant.json, and the options that every command takes.
    private func withMerchant(
        _ body: (_ db: TestDatabase, _ brand: ID<Brand>, _ file: String, _ options: [String], _ keys: String)
            async throws
            -> Void
    ) async throws {
        struct Vectors: Decodable {
            struct Key: Decodable {
                let private_key_pkcs8_pem: String
                let public_key_spki_pem: String
            }
            let rsa_key: Key
        }
        let vectors = try JSONDecoder().decode(
            Vectors.self,
            from: Data(contentsOf: URL(filePath: Repository.path("Tests/WeChatTests/Vectors/vectors.json"))))
        try await withTestDatabase { db in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("siyu-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            _ = try KeyRing.create(folder: folder)
            let file = folder + "/merchant.json"
            let credentials: [String: Any] = [
                "mchid": "1900000109", "appid": "wx1", "serial_number": "1DDE55AD",
                "private_key_pem": vectors.rsa_key.private_key_pkcs8_pem,
                "api_v3_key": "0123456789abcdef0123456789abcdef",
                "platform_keys": ["PUB_KEY_ID_1": vectors.rsa_key.public_key_spki_pem],
                "base_url": "https://pay.test",
            ]
            try JSONSerialization.data(withJSONObject: credentials).write(to: URL(filePath: file))
            let brand = try await Brands.create(.mint(), name: "brand", on: db.pool(as: .operator)).brand
            let options = ["--brand", "\(brand)", "--database-url", db.conninfo(as: .operator), "--json"]
            try await body(db, brand, file, options, folder)
        }
    }

    @Test func merchantAdd_twice_changesTheOneThereIs() async throws {
        try await withMerchant { db, brand, file, options, keys in
            let arguments = ["merchant", "add", "--file", file, "--keys", keys] + options
            try await run(arguments + ["--notify-base", "https://one.test"])
            try await run(arguments + ["--notify-base", "https://two.test"])
            try await run(["merchant", "list"] + options)

            let merchants = try await Merchants.list(of: brand, on: db.pool(as: .operator))
            #expect(merchants.map(\.notifyURL) == ["https://two.test/wechat/pay/1900000109/notify"])
            // Whoever holds the keys can use it, nobody else can read it.
            let pool = db.pool(as: .gifts)
            let opened = try await Merchants(pool: pool, keys: try KeyRing.load(folder: keys)).merchant("1900000109")
            #expect(opened?.record == merchants.first)
            await #expect(throws: KeysError.self) {
                try await Merchants(pool: pool, keys: .ephemeral()).merchant("1900000109")
            }
        }
    }

    @Test func merchantAdd_ofWhatCannotBeUsed_isRefused() async throws {
        try await withMerchant { db, brand, file, options, keys in
            let arguments = ["merchant", "add", "--keys", keys] + options
            await #expect(throws: Problem.self) {
                try await run(arguments + ["--file", file, "--notify-base", "https://one.test/path"])
            }
            for wrong in [file + ".none", keys + "/master.key"] {
                await #expect(throws: Failure.self) {
                    try await run(arguments + ["--file", wrong, "--notify-base", "https://one.test"])
                }
            }
            let added = try await Merchants.list(of: brand, on: db.pool(as: .operator))
            #expect(added.isEmpty)
        }
    }

    @Test func refundRetry_withoutTheQuestion_isRefusedAndWithItRuns() async throws {
        try await withMerchant { db, brand, file, options, keys in
            try await run(
                ["merchant", "add", "--file", file, "--keys", keys, "--notify-base", "https://one.test"] + options)
            let refund = try await stuckRefund(db, brand)
            let retry = ["refund", "retry", "\(refund)"] + options

            try await run(["refund", "show"] + options)
            try await run(["refund", "show", "\(refund)"] + options)
            await #expect(throws: Failure.self) { try await run(["refund", "show", "\(ID<Refund>.mint())"] + options) }
            await #expect(throws: Failure.self) { try await run(retry) }
            try await run(retry + ["--query-first"])

            let revived = try await Refunds.refund(refund, brand: brand, on: db.pool(as: .operator))
            #expect(revived?.stage == .unknown && revived?.attentionSince == nil)
            let jobs = try await db.owner.one(
                Statement(
                    """
                    SELECT (SELECT count(*) FROM jobs.hot) + (SELECT count(*) FROM jobs.gate) + (SELECT count(*) FROM jobs.later)
                    """
                ) { row throws(PostgresError) in try row.next(Int.self) })
            #expect(jobs == 1)
            // An unbooked payment is what the doctor is for.
            await #expect(throws: Failure.self) {
                try await run(["doctor", "invariants", "--database-url", db.conninfo(as: .operator)])
            }
        }
    }

    /// A refund that was sent, whose outcome nobody knows, and which was given up.
    private func stuckRefund(_ db: TestDatabase, _ brand: ID<Brand>) async throws -> ID<Refund> {
        let (refund, payment, order) = (ID<Refund>.mint(), ID<Payment>.mint(), ID<Order>.mint())
        let shop = try await Catalogue.createShop(code: "main", name: "Main", brand: brand, on: db.pool(as: .operator))
            .shop.id
        try await db.owner.execute(
            Statement(
                """
                INSERT INTO orders.payment_intent (brand_id, intent_id, order_id, shop_id, person_id, mchid, amount_fen, quantity,
                    description, subject, owner_queue, state, transaction_id, paid_fen, refund_reserved_fen, expires_at, paid_at,
                    created_at, updated_at)
                VALUES (\(brand), \(payment), \(order), \(shop), \(ID<Person>.mint()), '1900000109', 100, 1, 'Tea', 'gift:1', 'gifts',
                    'paid', '42', 100, 100, now(), now(), now(), now())
                """))
        try await db.owner.execute(
            Statement(
                """
                INSERT INTO orders.refund (brand_id, refund_id, payment_id, cause_id, round, number, out_refund_no, amount_fen, reason,
                    subject, owner_queue, state, attempts, requested_at, sent_at, attention_since, updated_at)
                VALUES (\(brand), \(refund), \(payment), \(payment), 1, 1, 'RF-1', 100, 'expired', 'gift:1', 'gifts', 'unknown', 20, now(), now(),
                    now(), now())
                """))
        return refund
    }
}
