import Accounting
import FoundationEssentials
package import Hooks
import Kernel
package import Keys
package import Postgres
import Vault

/// An entry that was decided.
struct DrawnEntry: Sendable {
    let id: ID<DrawEntry>
    let ordinal: Int64
    let person: ID<Person>
    let means: DrawMeans
    /// What the seed gives it.
    let drawn: DrawTier?
    /// What it won.
    var won: DrawTier?
    let drawnAt: Date

    /// The right that it grants if it wins one: each thing that grants a right grants one.
    var right: ID<DrawRight> { ID(rawValue: id.rawValue) }
    /// The voucher that it brings if it wins a thing.
    var voucher: ID<Voucher> { ID(rawValue: id.rawValue) }
}

/// Answers those who draw: one entry after another for each draw, under a lock of its row, so that the order says everything.
package struct Draws: Sendable {
    /// How often a lost connection, or a commit that was not answered, is followed by another try.
    ///
    /// The inbox makes it safe: what was committed answers for itself.
    private static let attemptsMax = 3

    private let pool: Pool
    private let keys: KeyRing
    private let inbox: Inbox
    private let vault: Vault
    private let vouchers: Vouchers
    private let coupons: CouponGrants
    private let limits: LimitBook
    private let hooks: OutgoingHooks?

    /// Draws in the database of `pool`, as far as `limits` allow.
    ///
    /// - Parameters:
    ///   - vouchers: Issues what is won and handed over by stores.
    ///   - coupons: Has coupons granted that are won.
    ///   - hooks: Tells those who listen.
    package init(
        pool: Pool, keys: KeyRing, vouchers: Vouchers, coupons: CouponGrants, limits: LimitBook,
        hooks: OutgoingHooks? = nil
    ) {
        self.pool = pool
        self.keys = keys
        self.vouchers = vouchers
        self.coupons = coupons
        self.limits = limits
        self.hooks = hooks
        inbox = Inbox(keys: keys)
        vault = Vault(keys: keys)
    }

    /// Makes an entry in the draw of a code.
    ///
    /// Rights that there are not count like wrong codes; whoever has to pause for one of these does not draw either. How often somebody
    /// draws is limited by the terms of the draw alone.
    ///
    /// - Parameter arrived: When the request came.
    /// - Throws: ``Problem``; `LimitRefusal`; what the transaction threw.
    package func enter(
        _ code: String, _ delivery: Delivery, arrived: ContinuousClock.Instant
    ) async throws -> StoredAnswer {
        let body = try DrawBody.read(delivery.body)
        let tries = try ScanTries(
            openid: body.openid, device: body.device, ip: body.ip, delivery, limits, at: arrived)
        try tries.begin()
        try limits.requireFresh(at: arrived)
        do {
            return try await answer(code, openid: body.openid, right: try body.right, delivery)
        } catch let problem as Problem where problem == .rightUnknown {
            tries.wrong()
            throw problem
        }
    }

    private func answer(
        _ code: String, openid: String, right: ID<DrawRight>?, _ delivery: Delivery
    ) async throws -> StoredAnswer {
        for attempt in 1... {
            do {
                let stored = try await pool.transaction { tx in
                    let now = try await tx.one(BatchStatements.clock())
                    return try await inbox.answer(delivery, now: now, on: tx) { tx in
                        try await enter(code, openid, right, delivery, began: now, on: tx)
                    }
                }
                guard DrawAnswer(stored)?.campaign == code else { throw Problem.answeredElsewhere }
                return stored
            } catch let error as PostgresError where error.endsConnection && attempt < Self.attemptsMax {
                continue
            }
        }
        preconditionFailure("the loop ends by returning or throwing")
    }

    private func enter(
        _ code: String, _ openid: String, _ right: ID<DrawRight>?, _ delivery: Delivery, began: Date, on tx: Transaction
    ) async throws -> StoredAnswer {
        let brand = delivery.brand
        let index = vault.blindIndex(of: openid, kind: Redeeming.openid, brand: brand)
        let (rows, known) = try await tx.pipeline(
            DrawStatements.campaign(code, brand: brand),
            vault.finding([index], kind: Redeeming.openid, brand: brand))
        guard let campaign = CampaignRecord.gathered(rows).first?.record else { throw Problem.drawUnknown }
        let seed = try keys.unwrapRaw(campaign.wrappedSeed, for: .drawSeed)
        let oracle = try DrawOracle(campaign.terms, campaign: campaign.id, seed: seed)
        // Before the lock, which is to be held for as short as can be; a refusal takes an admission back.
        var person = known.first?.1
        if person == nil {
            person = try await vault.person(openid, kind: Redeeming.openid, brand: brand, now: began, on: tx)
        }
        guard let person else { throw VaultError.brandUnknown(brand) }
        guard let progress = try await tx.first(DrawStatements.lock(campaign.id, brand: brand)) else {
            throw CodesError.drawMoved(campaign.id)
        }
        // After the lock: whoever waited decides by the later clock, and sees what the one before did.
        let (clock, free, rights) = try await tx.pipeline(
            BatchStatements.clockAfterWaiting(), DrawStatements.freeUsed(by: person, of: campaign.id, brand: brand),
            DrawStatements.right(right, of: person, campaign: campaign.id, brand: brand))
        guard let read = clock.first, let freeUsed = free.first else { throw CodesError.clockMissing }
        // The days of a draw follow each other, whatever the clock did.
        let now = progress.drawnAt.map { max(read, $0) } ?? read
        let situation = DrawSituation(progress: progress, freeUsed: freeUsed, rights: rights, named: right)
        switch DrawStep.decide(campaign.terms, situation, now: now) {
        case .refused(let problem): throw problem
        case .enter(let ordinal, let means):
            let entry = DrawnEntry(
                id: .mint(), ordinal: ordinal, person: person, means: means, drawn: oracle.tier(of: ordinal), won: nil,
                drawnAt: now)
            return try await write(entry, campaign, source: delivery.source, on: tx)
        }
    }
}

// MARK: - Effects

extension Draws {
    private func write(
        _ drawn: DrawnEntry, _ campaign: CampaignRecord, source: ID<HookSource>, on tx: Transaction
    ) async throws -> StoredAnswer {
        let (brand, now) = (campaign.brand, drawn.drawnAt)
        var entry = drawn
        var postings: [Posting] = []
        let wanted = DrawWin.wanted(
            drawn.drawn, depth: drawn.means.depth, redrawDepthMax: campaign.terms.redrawDepthMax)
        if let wanted, let taken = try await DrawStock(campaign: campaign, tx: tx).take(wanted, now: now) {
            entry.won = wanted
            postings = taken.postings
            postings += try await self.postings(wanted, entry, from: taken.account, campaign, on: tx)
        }
        let (advanced, _) = try await tx.pipeline(
            DrawStatements.advance(campaign.id, from: entry.ordinal, brand: brand, now: now),
            DrawStatements.insertEntry(entry, campaign: campaign.id, source: source, brand: brand))
        guard !advanced.isEmpty else { throw CodesError.drawMoved(campaign.id) }
        try await Ledger.post(postings, brand: brand, now: now, on: tx)
        let voucher = try await give(entry, campaign, on: tx)
        try await tell(entry, campaign, on: tx)
        return StoredAnswer(
            status: 200, body: try DrawAnswer(entry, of: campaign, voucher: voucher).handoverJSON)
    }

    /// What a win books: what is won is owed until it is given; points are given at once, and a right costs nothing by itself.
    private func postings(
        _ won: DrawTier, _ entry: DrawnEntry, from stock: ID<Account>, _ campaign: CampaignRecord, on tx: Transaction
    ) async throws -> [Posting] {
        func posting(_ kind: TransferKind, from debit: ID<Account>, to credit: ID<Account>) -> Posting {
            Posting(
                debit: debit, credit: credit, amount: won.cost, kind: kind, subject: entry.id.rawValue,
                occurredAt: entry.drawnAt)
        }
        switch won.kind {
        case .redraw: return [posting(.drawRightGranted, from: stock, to: campaign.costAccount)]
        case .points:
            let points = try await Ledger.account(
                AccountKey(.points, of: entry.person.rawValue), brand: campaign.brand, now: entry.drawnAt, on: tx)
            return [
                posting(.drawWon, from: stock, to: campaign.owedAccount),
                posting(.prizePaid, from: campaign.owedAccount, to: points),
            ]
        default: return [posting(.drawWon, from: stock, to: campaign.owedAccount)]
        }
    }

    /// Gives what was won: a right, a voucher, or the promise of a coupon.
    private func give(
        _ entry: DrawnEntry, _ campaign: CampaignRecord, on tx: Transaction
    ) async throws -> ScanVoucher? {
        switch entry.won?.kind {
        case .redraw:
            let right = DrawStatements.NewRight(
                id: entry.right, campaign: campaign.id, person: entry.person, depth: entry.means.depth + 1)
            try await tx.execute(DrawStatements.grant([right], brand: campaign.brand, now: entry.drawnAt))
            return nil
        case .item: return try await vouchers.issue(entry, of: campaign, on: tx)
        case .coupon:
            try await coupons.grant(entry, of: campaign, on: tx)
            return nil
        default: return nil
        }
    }

    /// Tells those who listen; what comes of an entry later shares its lane.
    private func tell(_ entry: DrawnEntry, _ campaign: CampaignRecord, on tx: Transaction) async throws {
        guard let hooks else { return }
        let kind: EventValue = entry.won.map { .string($0.kind.rawValue) } ?? .null
        let ids: [String: EventValue] = [
            "entry_id": .string(entry.id.description), "campaign_id": .string(campaign.id.description),
            "person_id": .string(entry.person.description), "prize_kind": kind,
        ]
        func event(_ type: String, _ more: [String: EventValue]) -> OutgoingEvent {
            OutgoingEvent(
                type, subject: entry.id.rawValue, lane: entry.id.description, at: entry.drawnAt,
                data: ids.merging(more) { $1 })
        }
        var events = [
            event(
                CodesEvents.drawEntered,
                [
                    "ordinal": .int(entry.ordinal), "outcome": .string(entry.won == nil ? "no_prize" : "won"),
                    "tier": entry.won.map { .int(Int64($0.tier)) } ?? .null,
                ])
        ]
        if let won = entry.won, won.kind == .points {
            events.append(event(CodesEvents.prizePaid, ["cost_fen": .int(won.cost.fen)]))
        }
        _ = try await hooks.emit(events, brand: campaign.brand, now: entry.drawnAt, on: tx)
    }
}
