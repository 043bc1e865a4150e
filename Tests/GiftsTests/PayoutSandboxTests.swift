import Accounting
import Foundation
import Jobs
import Kernel
import Orders
import Postgres
import TestSupport
import Testing
import Vault
import WeChat

/// Cash that people won, against siyu-sandbox: real signatures, real faults.
@Suite struct PayoutSandboxTests {
    @Test func c15_payoutsAtTheSandbox_arePaidOnce_thoughItFailsAThirdOfTheCalls() async throws {
        let prizes = 12
        try await SandboxServer.serve { sandbox in
            try await GiftsBundle.serve(credentials: sandbox.credentials) { bundle in
                try await sandbox.send(
                    "PUT", "/sandbox/faults",
                    [
                        "seed": 5, "operations": ["transfer", "transfer_query"], "hold_ms": 100,
                        "rates": ["time_out_after_work": 0.12, "server_error": 0.12, "refuse": 0.12],
                    ])
                // Noon in Beijing, wherever this runs: nobody is paid at night.
                let midday =
                    43_200 - Int((Date().timeIntervalSince1970 + 28_800).truncatingRemainder(dividingBy: 86_400))
                try await bundle.advance(Double(midday < 0 ? midday + 86_400 : midday))
                var won: [UUID: String] = [:]
                for number in 0..<prizes { won[ID<Redemption>.mint().rawValue] = "winner-\(number)" }
                try await request(won, bundle)

                try await eventually(every: .milliseconds(200)) {
                    for (redemption, openid) in won {
                        let path = "/v1/payouts/\(ID<Redemption>(rawValue: redemption))?openid="
                        let answer = try await bundle.get(path + openid)
                        #expect(answer.status == 200, "\(answer.body)")
                        #expect(try await bundle.get(path + "somebody-else").status == 404)
                        // Where the answer to the order was lost, it waits without it until the order is sent again.
                        guard answer.json["state"] as? String == "waiting",
                            let confirmation = answer.json["confirmation"] as? [String: String]
                        else { continue }
                        #expect(confirmation["mchId"] == sandbox.credentials.mchid && confirmation["package"] != nil)
                        let number = try #require(answer.json["payout_id"] as? String).filter { $0 != "-" }
                        try await sandbox.send("POST", "/sandbox/transfers/\(number)/confirm", [:])
                    }
                    // Nobody hears the sandbox's notifications: siyu-gifts asks by itself every hour.
                    try await bundle.advance(2_000)
                    return try await bundle.count("SELECT count(*) FROM orders.payout WHERE state = 'succeeded'")
                        == prizes
                }

                let book = try await sandbox.send("GET", "/sandbox/book", nil)
                #expect(book["transfers_paid"] as? Int == prizes && book["transfers_paid_fen"] as? Int == prizes * 300)
                #expect(book["transfers"] as? Int == prizes)
                let faults = (book["faults"] as? [String: Int] ?? [:]).values.reduce(0, +)
                #expect(faults > prizes / 3, "the sandbox did not fail: \(book)")
                #expect(
                    try await bundle.count(
                        "SELECT sum(amount_fen)::bigint FROM accounting.transfer WHERE kind = 'payout.paid'")
                        == prizes * 300)
            }
        }
    }

    /// As siyu-redeem asks for them.
    private func request(_ won: [UUID: String], _ bundle: GiftsBundle) async throws {
        let pool = bundle.db.pool(as: .redeem)
        let queue = JobQueue(pool: pool, logger: .silent)
        let vault = Vault(keys: bundle.keys)
        try await pool.transaction { tx in
            let now = try await tx.one(
                Statement<Date>("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() })
            let owed = try await Ledger.account(
                AccountKey("prize_owed", of: bundle.brand.rawValue), brand: bundle.brand, now: now, on: tx)
            var wishes: [NewPayout] = []
            for (redemption, openid) in won {
                let person = try await vault.person(openid, kind: "openid", brand: bundle.brand, now: now, on: tx)
                wishes.append(
                    NewPayout(
                        subject: redemption, person: person, amount: Money(fen: 300), owedAccount: owed,
                        activity: "春季活动", reward: "现金红包", ownerQueue: "prizes"))
            }
            try await Payouts.request(wishes, brand: bundle.brand, now: now, queue: queue, on: tx)
        }
        await queue.wake("payouts")
    }
}
