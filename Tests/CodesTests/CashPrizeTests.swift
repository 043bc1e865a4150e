import Accounting
import Codes
import Foundation
import Hooks
import JobTesting
import Jobs
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

struct CashPrizeTests {
    private static let cash = [
        PrizeRequest(name: "Red packet", kind: .cash, cost: Money(fen: 888), count: 40),
        PrizeRequest(name: "Bottle", kind: .item, cost: Money(fen: 500), count: 10),
    ]

    @Test func c15_cashThatIsWon_isOnePayoutHoweverOftenItsJobRuns() async throws {
        try await Factory.open { factory in
            _ = try await HookEndpoints.create(
                "partner", url: "https://hooks.example.com/", events: ["prize.paid", "payout.failed"],
                known: CodesEvents.types, brand: factory.brand, keys: factory.keys, on: factory.operator)
            PrizePayments.register(on: factory.queue, hooks: OutgoingHooks(queue: factory.queue))
            let batch = try await factory.mint(prizes: Self.cash)
            try await factory.decide(.activate, batch)
            let winning = (0..<Factory.count).filter { batch.prize(of: $0)?.kind == .cash }
            #expect(winning.count == 40)
            let tester = JobTester(factory.queue, queues: ["prizes"])

            for round in 0..<2 {
                _ = try await factory.answers(winning.map { factory.scan(batch, $0, by: "p\($0)") })
                #expect(try await tester.pushed(PrizePay.self).count == (round == 0 ? 40 : 0))
                let redeemed = try await tester.pushed(PrizePay.self).map(\.parameters.redemption)
                // Told twice.
                for redemption in redeemed {
                    try await factory.queue.push(PrizePay(brand: factory.brand, redemption: redemption))
                }
                try await tester.drain()
            }

            #expect(try await factory.count("orders.payout WHERE number = 1 AND amount_fen = 888") == 40)
            #expect(try await factory.count("orders.payout") == 40)
            #expect(try await factory.count("orders.payout WHERE reward = 'Red packet' AND activity = 'Test'") == 40)
            #expect(try await tester.pushed(PayoutRequest.self).count == 40)
            // Owed until it is paid, and told of when it is.
            let owed = try await Ledger.balance(of: batch.record.owedAccount, brand: factory.brand, on: factory.redeem)
            #expect(owed == Money(fen: 40 * 888))
            #expect(try await factory.count("hooks.outgoing") == 0)

            let payout = try #require(try await tester.pushed(PayoutRequest.self).first?.parameters.payout)
            let record = try #require(try await Payouts.payout(payout, brand: factory.brand, on: factory.redeem))
            for isPaid in [true, true, false] {
                try await factory.queue.push(
                    PayoutEnded(
                        brand: factory.brand, payout: payout, subject: record.subject, person: record.person,
                        amount: record.amount, isPaid: isPaid))
            }
            try await tester.drain()
            #expect(try await factory.count("hooks.outgoing WHERE event = 'prize.paid'") == 1)
            #expect(try await factory.count("hooks.outgoing WHERE event = 'payout.failed'") == 1)
        }
    }

    @Test(arguments: [(99, false), (100, true), (20_000, true), (20_001, false)])
    func c15_cashOutsideWhatCanBePaid_isNotMinted(fen: Int64, isMinted: Bool) async throws {
        try await Factory.open { factory in
            let prizes = [PrizeRequest(name: "Red packet", kind: .cash, cost: Money(fen: fen), count: 1)]
            if isMinted {
                _ = try await factory.mint(prizes: prizes)
            } else {
                let problem = await #expect(throws: Problem.self) { _ = try await factory.mint(prizes: prizes) }
                #expect(problem?.code == "prize_malformed" && problem?.detail.contains("1.00 to 200.00") == true)
                #expect(try await factory.count("codes.batch") == 0)
            }
        }
    }

    @Test func c15_brandsOwnLimit_mayBeStricterAndNeverLaxer() async throws {
        try await Factory.open { factory in
            for (number, value) in [#"{"min_fen": 500, "max_fen": 600}"#, #"{"min_fen": 1, "max_fen": 1000000}"#]
                .enumerated()
            {
                try await factory.db.owner.execute(
                    Statement<Void>(
                        """
                        INSERT INTO policies.setting (brand_id, name, valid_from, value, author, reason, created_at)
                        VALUES (\(factory.brand), 'payouts.amount', now() + make_interval(secs => 0), \(value)::jsonb, 'test', 'test', now())
                        """))
                for fen in [499, 20_001] as [Int64] {
                    let prizes = [PrizeRequest(name: "Cash", kind: .cash, cost: Money(fen: fen), count: 1)]
                    if fen == 499, number == 1 {
                        _ = try await factory.mint("ok", prizes: prizes)
                    } else {
                        await #expect(throws: Problem.self) { _ = try await factory.mint(prizes: prizes) }
                    }
                }
            }
        }
    }
}
