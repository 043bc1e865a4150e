import Accounting
import Foundation
import JobTesting
import Jobs
import Kernel
import Keys
import Postgres
import Synchronization
import TestSupport
import Vault
import WeChat

@testable import Orders

/// WeChat Pay's transfers in memory, with a book of what was paid out: every third call fails, each time in another way.
final class FlakyTransfers: PayoutProvider, PayoutProviders {
    struct Bill {
        let order: TransferOrder
        var state: String
    }

    fileprivate struct State {
        var random: SeededRandom
        var bills: [String: Bill] = [:]
        /// Orders whose sender has given up waiting, and which arrive all the same, some calls later.
        var onTheirWay: [(order: TransferOrder, at: Int)] = []
        var calls = 0
        var sends = 0
        var paid: [String: Int64] = [:]
        var contradictions = 0
    }

    private let state: Mutex<State>
    /// Every so many calls one fails; 0 for never.
    private let failsEvery: Int
    /// How many of 12 bills end FAIL.
    private let failures: Int
    /// Whether winners take their money at once.
    private let takesAtOnce: Bool

    init(seed: UInt64 = 1, failsEvery: Int = 0, failures: Int = 0, takesAtOnce: Bool = true) {
        state = Mutex(State(random: SeededRandom(seed)))
        self.failsEvery = failsEvery
        self.failures = failures
        self.takesAtOnce = takesAtOnce
    }

    /// What was paid out, by openid.
    var paid: [String: Int64] { state.withLock(\.paid) }
    /// The numbers that were ever seen.
    var bills: [String: Bill] { state.withLock(\.bills) }
    var calls: Int { state.withLock(\.calls) }
    var sends: Int { state.withLock(\.sends) }
    /// Orders that came under a known number with other content.
    var contradictions: Int { state.withLock(\.contradictions) }

    /// Nobody took the money in time, or the winner takes it now.
    func end(_ outBillNo: String, as word: String) {
        state.withLock { state in
            guard let bill = state.bills[outBillNo], bill.state != "SUCCESS", bill.state != "FAIL" else { return }
            state.bills[outBillNo]?.state = word
            if word == "SUCCESS" { state.paid[bill.order.openID, default: 0] += bill.order.amount.fen }
        }
    }

    func payoutProvider(
        of mchid: String, brand: ID<Brand>
    ) async throws -> (provider: any PayoutProvider, notifyURL: String)? {
        (self, "https://shop.test/wechat/pay/\(mchid)/notify")
    }

    func transfer(_ order: TransferOrder) async throws(WeChatPayError) -> TransferResult {
        let answer: Result<String, WeChatPayError> = state.withLock { state in
            state.sends += 1
            guard let fault = state.nextFault(failsEvery) else {
                state.accept(order, failures, takesAtOnce)
                return .success(state.json(order.outBillNo, isAnswer: false))
            }
            switch fault {
            case 0:
                state.accept(order, failures, takesAtOnce)
                return .failure(.outcomeUnknown(reason: "no answer within 5 s"))
            case 1:
                state.onTheirWay.append((order, at: state.calls + state.random.below(20)))
                return .failure(.outcomeUnknown(reason: "no answer within 5 s"))
            case 2: return .failure(.outcomeUnknown(reason: "it answered 500 SYSTEM_ERROR"))
            case 3: return .failure(.throttled(code: "FREQUENCY_LIMITED"))
            case 4: return .failure(.throttled(code: "NOT_ENOUGH"))
            default: return .failure(.notSent(reason: "no connection"))
            }
        }
        return try Self.decode(try answer.get())
    }

    func transfer(outBillNo: String) async throws(WeChatPayError) -> TransferResult {
        let answer: Result<String, WeChatPayError> = state.withLock { state in
            if let fault = state.nextFault(failsEvery) {
                return .failure(
                    [
                        WeChatPayError.outcomeUnknown(reason: "it answered 502"), .throttled(code: "FREQUENCY_LIMITED"),
                        .notSent(reason: "no connection"), .refused(status: 401, code: "SIGN_ERROR", message: ""),
                    ][fault % 4])
            }
            guard state.bills[outBillNo] != nil else { return .failure(.notFound(code: "NOT_FOUND")) }
            return .success(state.json(outBillNo, isAnswer: true))
        }
        return try Self.decode(try answer.get())
    }

    private static func decode(_ json: String) throws(WeChatPayError) -> TransferResult {
        do {
            return try JSONDecoder().decode(TransferResult.self, from: Data(json.utf8))
        } catch {
            throw .outcomeUnknown(reason: "\(error)")
        }
    }
}

extension FlakyTransfers.State {
    /// Counts the call, lets arrive what was on its way, and says how this call fails, if it does.
    fileprivate mutating func nextFault(_ every: Int) -> Int? {
        calls += 1
        let arriving = onTheirWay.filter { $0.at <= calls }
        onTheirWay.removeAll { $0.at <= calls }
        for request in arriving { accept(request.order, 0, true) }
        return every > 0 && calls.isMultiple(of: every) ? random.below(6) : nil
    }

    /// The same number is the same transfer.
    fileprivate mutating func accept(_ order: TransferOrder, _ failures: Int, _ takesAtOnce: Bool) {
        if let known = bills[order.outBillNo] {
            if known.order != order { contradictions += 1 }
            return
        }
        let fails = random.below(12) < failures
        bills[order.outBillNo] = .init(
            order: order, state: fails ? "FAIL" : takesAtOnce ? "SUCCESS" : "WAIT_USER_CONFIRM")
        if !fails, takesAtOnce { paid[order.openID, default: 0] += order.amount.fen }
    }

    fileprivate func json(_ number: String, isAnswer: Bool) -> String {
        guard let bill = bills[number] else { return "{}" }
        let more =
            isAnswer
            ? #""mch_id": "\#(PayoutsBundle.mchid)", "transfer_amount": \#(bill.order.amount.fen)"#
            : bill.state == "WAIT_USER_CONFIRM" ? #""package_info": "package-\#(number)""# : #""create_time": """#
        return """
            {"out_bill_no": "\(number)", "transfer_bill_no": "1\(number)", "state": "\(bill.state)",
             \(bill.state == "FAIL" ? #""fail_reason": "OVERDUE_CLOSE","# : "") \(more)}
            """
    }
}

/// A brand with a merchant and people who won cash, used as siyu-gifts.
struct PayoutsBundle {
    static let mchid = "1900000109"
    let db: TestDatabase
    let pool: Pool
    let queue: JobQueue
    let keys = KeyRing.ephemeral()
    let bank: FlakyTransfers
    let paying: Paying
    let brand = ID<Brand>.mint()

    init(_ db: TestDatabase, bank: FlakyTransfers = FlakyTransfers(), hasMerchant: Bool = true) async throws {
        self.db = db
        self.bank = bank
        pool = db.pool(as: .gifts, connectionsMax: 12)
        queue = JobQueue(pool: pool, logger: .silent)
        paying = Paying(queue: queue, providers: bank, keys: keys)
        paying.register()
        let brand = brand
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        if hasMerchant { try await addMerchant() }
        // A day at noon in Beijing: nobody is paid at night.
        try await setClock("2026-03-10T12:00:00+08:00")
    }

    func addMerchant() async throws {
        try await db.owner.execute(
            Statement(
                """
                INSERT INTO orders.merchant (mchid, merchant_id, brand_id, appid, base_url, notify_base, sealed_credentials,
                    created_at, updated_at)
                VALUES (\(Self.mchid), \(ID<Merchants>.mint()), \(brand), 'wx1', 'https://pay.test', 'https://shop.test', '\\x00',
                    now(), now())
                """))
    }

    /// Moves the business clock to an instant.
    func setClock(_ instant: String) async throws {
        let instant = try Date(instant, strategy: .iso8601)
        try await db.owner.execute(
            Statement<Void>("UPDATE siyu.environment SET clock_offset = \(instant) - now()"))
    }

    func now() async throws -> Date {
        try await db.owner.one(Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() })
    }

    /// Somebody who won so much.
    func prize(_ openid: String, fen: Int64 = 500, subject: UUID = ID<Redemption>.mint().rawValue) async throws -> UUID
    {
        let vault = Vault(keys: keys)
        let now = try await now()
        try await pool.transaction { tx in
            let person = try await vault.person(openid, kind: "openid", brand: brand, now: now, on: tx)
            let owed = try await Ledger.account(
                AccountKey("prize_owed", of: brand.rawValue), brand: brand, now: now, on: tx)
            try await Payouts.request(
                [
                    NewPayout(
                        subject: subject, person: person, amount: Money(fen: fen), owedAccount: owed,
                        activity: "Spring", reward: "Cash", ownerQueue: "prizes")
                ], brand: brand, now: now, queue: queue, on: tx)
        }
        return subject
    }

    func attempts(_ subject: UUID) async throws -> [PayoutRecord] {
        try await Payouts.of(subject, brand: brand, on: pool)
    }

    /// What the ledger says that was paid out.
    func booked() async throws -> Int64 {
        try await db.owner.one(
            Statement("SELECT COALESCE(sum(amount_fen), 0)::bigint FROM accounting.transfer WHERE kind = 'payout.paid'")
            {
                row throws(PostgresError) in try row.next()
            })
    }

    func report(
        _ payout: PayoutRecord, _ standing: PayoutStanding, fen: Int64? = nil, mchid: String = mchid
    ) async throws {
        try await queue.push(
            PayoutReported(
                brand: brand, mchid: mchid, outBillNo: payout.outBillNo, providerBillNo: "1\(payout.outBillNo)",
                standing: standing, amount: fen.map { Money(fen: $0) } ?? payout.amount, word: nil))
    }

    /// Works the queue `payouts` alone: nobody here hears of ends.
    var tester: JobTester { JobTester(queue, queues: ["payouts"], clock: db.owner) }
}
