import Accounting
import Codes
import Foundation
import Hooks
import JobTesting
import Jobs
import Kernel
import Keys
import Orders
import Postgres
import TestSupport
import Testing

/// A brand whose people draw.
struct Lottery {
    let factory: Factory
    let vouchers: Vouchers
    let draws: Draws
    let limits: LimitBook
    let tester: JobTester

    static func open(_ body: (Lottery) async throws -> Void) async throws {
        try await Factory.open { factory in
            let hooks = OutgoingHooks(queue: factory.queue)
            let vouchers = Vouchers(keys: factory.keys, queue: factory.queue, hooks: hooks)
            vouchers.register()
            let limits = LimitBook(keys: factory.keys, isAlone: true)
            try await body(
                Lottery(
                    factory: factory, vouchers: vouchers,
                    draws: Draws(
                        pool: factory.redeem, keys: factory.keys, vouchers: vouchers,
                        coupons: CouponGrants(queue: factory.queue), limits: limits, hooks: hooks),
                    limits: limits,
                    tester: JobTester(factory.queue, queues: [VoucherExpire.jobQueue], clock: factory.db.owner)))
        }
    }

    static func tier(
        _ tier: Int32 = 1, _ kind: PrizeKind = .points, cost: Int64 = 10, stock: Int64, day: Int64? = nil,
        odds: Int32? = nil
    ) -> DrawTier {
        DrawTier(
            tier: tier, name: "Prize \(tier)", kind: kind, points: kind == .points ? 5 : 0, cost: Money(fen: cost),
            stock: stock, dayStock: day, oddsPPM: odds)
    }

    var now: Date { get async throws { try await factory.db.owner.one(Self.clock) } }

    private static var clock: Statement<Date> {
        Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() }
    }

    /// A draw that begins in an hour and takes ten days; an instant of the database has whole seconds here.
    func file(
        _ code: String = "spring", _ mode: DrawMode = .odds, entries: Int64 = 10_000, perPerson: Int32 = 1,
        tiers: [DrawTier], days: Double = 10
    ) async throws -> CampaignFile {
        let start = Date(timeIntervalSince1970: try await now.timeIntervalSince1970.rounded(.up) + 3_600)
        return CampaignFile(
            terms: DrawTerms(
                code: code, name: "Draw", mode: mode, entriesMax: entries, perPersonMax: perPerson, redrawDepthMax: 0,
                claimDays: 0, startsAt: start, endsAt: start + days * 86_400, tiers: tiers), claimDays: nil)
    }

    @discardableResult
    func publish(_ file: CampaignFile) async throws -> (campaign: CampaignRecord, isNew: Bool) {
        try await Campaigns.publish(
            file, brand: factory.brand, author: "test", keys: factory.keys, on: factory.operator)
    }

    /// A draw that is running.
    @discardableResult
    func run(_ file: CampaignFile) async throws -> CampaignRecord {
        let campaign = try await publish(file).campaign
        try await pass(until: file.startsAt)
        return campaign
    }

    /// Lets the clock of the business run to an instant, unless it is later by now.
    func pass(until instant: Date) async throws {
        let seconds = try await instant.timeIntervalSince(now)
        if seconds > 0 { try await tester.advance(by: .seconds(seconds.rounded(.up) + 1)) }
    }

    /// Ends a draw and shows its seed.
    func reveal(_ campaign: CampaignRecord) async throws {
        try await pass(until: campaign.terms.endsAt)
        _ = try await Campaigns.reveal(
            campaign.terms.code, brand: factory.brand, keys: factory.keys, on: factory.operator)
    }

    func verify(_ code: String = "spring") async throws -> DrawVerdict {
        try await DrawVerify.run(code, brand: factory.brand, on: factory.operator)
    }

    func draw(
        _ openid: String, in code: String = "spring", right: String? = nil, id: String = "\(ID<DrawEntry>.mint())",
        brand: ID<Brand>? = nil
    ) async throws -> Told {
        let right = right.map { #","right":"\#($0)""# } ?? ""
        return try await send(#"{"openid":"\#(openid)"\#(right)}"#, to: code, id: id, brand: brand)
    }

    func send(
        _ body: String, to code: String = "spring", id: String = "\(ID<DrawEntry>.mint())", brand: ID<Brand>? = nil
    ) async throws -> Told {
        do {
            let answer = try await draws.enter(
                code, Delivery(source: factory.source, brand: brand ?? factory.brand, id: id, body: Array(body.utf8)),
                arrived: .now)
            return Told(status: answer.status, body: answer.body, code: nil)
        } catch let problem as Problem {
            return Told(status: problem.status, body: [], code: problem.code)
        } catch let refusal as LimitRefusal {
            return Told(status: refusal.problem.status, body: [], code: refusal.problem.code)
        }
    }

    /// Draws by people in turns, some at once.
    func draw(_ openids: [String], atOnce: Int = 8, in code: String = "spring") async throws -> [Told] {
        try await withThrowingTaskGroup(of: [Told].self) { group in
            for worker in 0..<atOnce {
                group.addTask {
                    var told: [Told] = []
                    for place in stride(from: worker, to: openids.count, by: atOnce) {
                        told.append(try await draw(openids[place], in: code))
                    }
                    return told
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// A store of the brand, by its code.
    func store() async throws -> String {
        try await Catalogue.createShop(
            code: "store", name: "Store", brand: factory.brand, on: factory.operator
        ).0.code
    }

    func delivery(_ body: String) -> Delivery {
        Delivery(
            source: factory.source, brand: factory.brand, id: "\(ID<Handover>.mint())", body: Array(body.utf8))
    }

    /// The only redemption there is.
    func redemption() async throws -> (id: ID<Redemption>, person: ID<Person>) {
        try await factory.db.owner.one(
            Statement("SELECT redemption_id, person_id FROM codes.redemption") { row throws(PostgresError) in
                (id: try row.next(), person: try row.next())
            })
    }

    /// What the accounts of a kind hold together.
    func balance(_ kind: String) async throws -> Int64 {
        let brand = factory.brand
        return try await factory.db.owner.one(
            Statement<Int64>(
                """
                SELECT COALESCE(sum(CASE WHEN t.credit_account_id = a.account_id THEN t.amount_fen
                    ELSE -t.amount_fen END), 0)::bigint
                FROM accounting.account a
                LEFT JOIN accounting.transfer t ON t.brand_id = a.brand_id
                    AND a.account_id IN (t.credit_account_id, t.debit_account_id)
                WHERE a.brand_id = \(brand) AND a.kind = \(kind)
                """
            ) { row throws(PostgresError) in try row.next() })
    }

    /// Changes rows behind everybody's back.
    func edit(_ sql: String) async throws -> Int {
        try await factory.db.owner.execute(Statement<Void>("\(unsafeRaw: sql)"))
    }
}

extension Told {
    var outcome: String? { json["outcome"] as? String }
    var ordinal: Int64? { (json["ordinal"] as? NSNumber)?.int64Value }
    var prize: [String: Any]? { json["prize"] as? [String: Any] }
}
