package import Accounting
import FoundationEssentials
package import Jobs
package import Kernel
package import Members
import Orders
package import Postgres

extension AccountKind {
    /// Coupons that can be used; subject: the batch, or the draw.
    package static let couponOwed: AccountKind = "coupon_owed"
    /// What coupons were worth that count for orders, less what shops are owed for them; subject: the batch, or the draw.
    package static let couponSpent: AccountKind = "coupon_spent"
    /// What a shop is owed for coupons that it took; subject: the shop.
    package static let couponDue: AccountKind = "coupon_due"
    /// Coupons that nobody used in time; subject: the batch, or the draw.
    package static let couponBreakage: AccountKind = "coupon_breakage"
}

extension TransferKind {
    /// A coupon is its winner's; subject: the coupon.
    package static let couponGranted: TransferKind = "coupon.granted"
    /// A coupon counts for an order; subject: the use.
    package static let couponUsed: TransferKind = "coupon.used"
    /// A coupon is its holder's again; subject: the use.
    package static let couponGivenBack: TransferKind = "coupon.given_back"
    /// A shop is owed what a coupon took off; subject: the order.
    package static let couponBorne: TransferKind = "coupon.borne"
    /// A shop is owed less, since the order's money went back; subject: the refund.
    package static let couponReturned: TransferKind = "coupon.returned"
    /// Nobody used a coupon in time; subject: the coupon.
    package static let couponExpired: TransferKind = "coupon.expired"
}

/// The job that ends a coupon which nobody used, due when its time is over; siyu-redeem works it.
package struct CouponExpire: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "coupon.expire"
    /// The queue of coupons.
    package static let jobQueue = CouponGrant.jobQueue

    /// The tenant.
    package let brand: ID<Brand>
    /// Which one.
    package let coupon: ID<Coupon>

    /// Asks for the end of a coupon.
    package init(brand: ID<Brand>, coupon: ID<Coupon>) {
        self.brand = brand
        self.coupon = coupon
    }
}

/// Coupons: granted when they are won, used for one order, given back when all of its money went back, or over.
package struct Coupons: Sendable {
    /// A job sleeps no longer than this at a time, whatever the terms say.
    private static let longestSleep: TimeInterval = 366 * 86_400

    private let queue: JobQueue

    /// Coupons whose jobs go to `queue`.
    package init(queue: JobQueue) { self.queue = queue }

    /// Says how the jobs of coupons are done; the process must work the queue `coupons`.
    package func register() {
        queue.registerJob(parameters: CouponGrant.self) { grant, context in
            try await context.complete { tx in try await self.grant(grant, on: tx) }
        }
        queue.registerJob(parameters: SaleTurned.self) { turned, context in
            try await context.complete { tx in try await follow(turned.order, brand: turned.brand, on: tx) }
        }
        queue.registerJob(
            parameters: CouponExpire.self,
            retryStrategy: .exponentialJitter(maxAttempts: 100, minBackoff: .seconds(1), maxBackoff: .seconds(600)),
            timeout: .seconds(60)
        ) { job, context in
            try await context.complete { tx in try await expire(job.coupon, brand: job.brand, on: tx) }
        }
    }

    /// Grants what was won; what won it brings one coupon, however often it is told.
    package func grant(_ grant: CouponGrant, on tx: Transaction) async throws {
        let (brand, now) = (grant.brand, try await tx.one(CardStatements.clock()))
        guard let id = try await tx.first(CouponStatements.add(grant, now: now)) else { return }
        let owed = try await account(.couponOwed, of: grant.origin, brand: brand, now: now, on: tx)
        try await post(
            .couponGranted, grant.off, from: grant.owedAccount, to: owed, subject: grant.cause, brand: brand, now: now,
            on: tx)
        try await pushEnd(of: id, after: grant.until, brand: brand, now: now, on: tx)
    }

    /// Has a coupon count for an order; the same order again changes nothing.
    ///
    /// - Parameter shop: The only shop whose orders whoever asks may touch; nil for all of the brand.
    /// - Returns: The use.
    /// - Throws: ``Problem`` where a rule refuses it; the transaction must then be rolled back.
    package func use(
        _ id: ID<Coupon>, of person: ID<Person>, for order: ID<Order>, shop: ID<Shop>? = nil, brand: ID<Brand>,
        on tx: Transaction
    ) async throws -> (coupon: CouponRecord, use: CouponUseRecord) {
        guard let (coupon, _) = try await lock(id, brand: brand, on: tx), coupon.person == person else {
            throw Problem.couponUnknown
        }
        guard let sale = try await SaleEffects.lock(order, brand: brand, on: tx), shop == nil || shop == sale.shop
        else { throw Problem.couponOrderUnknown }
        // After both locks: whoever waited decides by the later clock.
        let now = max(try await tx.one(CardStatements.clock()), coupon.updatedAt)
        switch CouponStep.decide(coupon, .use(order, due: sale.due), now: now) {
        case .refused(let problem): throw problem
        case .use:
            let next = try await count(coupon, for: order, of: sale.shop, brand: brand, now: now, on: tx)
            try await bear(next, sale, brand: brand, now: now, on: tx)
            guard let use = next.last else { throw Problem.couponUnknown }
            return (next, use)
        case .unchanged, .notYet, .expire, .giveBack:
            guard let use = coupon.last else { throw Problem.couponUnknown }
            return (coupon, use)
        }
    }

    /// Gives back what counted for an order whose money all went back; has it count again where the order was revived.
    package func follow(_ order: ID<Order>, brand: ID<Brand>, on tx: Transaction) async throws {
        for id in try await tx.run(CouponStatements.coupons(of: order, brand: brand)) {
            guard let (coupon, now) = try await lock(id, brand: brand, on: tx),
                let isReturned = try await SaleEffects.isReturned(.couponBorne, by: order, brand: brand, on: tx)
            else { continue }
            switch CouponStep.decide(coupon, .follow(order, isReturned: isReturned), now: now) {
            case .giveBack(let end):
                try await giveBack(coupon, until: end, brand: brand, now: now, on: tx)
            case .use:
                guard let shop = coupon.last?.shop else { continue }
                // What the shop is owed came back with the order itself.
                _ = try await count(coupon, for: order, of: shop, brand: brand, now: now, on: tx)
            case .unchanged, .notYet, .expire, .refused: continue
            }
        }
    }

    /// Ends a coupon whose time is over.
    ///
    /// Whoever comes too early sleeps on; whoever comes too late finds an end, or an order, and does nothing.
    package func expire(_ id: ID<Coupon>, brand: ID<Brand>, on tx: Transaction) async throws {
        guard let (coupon, now) = try await lock(id, brand: brand, on: tx) else {
            throw JobFailure.permanent("there is no such coupon")
        }
        switch CouponStep.decide(coupon, .expire, now: now) {
        case .notYet(let instant): throw JobSleep(for: Self.delay(until: instant, from: now))
        case .expire:
            var next = coupon
            next.state = .expired
            next.updatedAt = now
            try await tx.execute(CouponStatements.save(next, brand: brand))
            let owed = try await account(.couponOwed, of: coupon.origin, brand: brand, now: now, on: tx)
            let breakage = try await account(.couponBreakage, of: coupon.origin, brand: brand, now: now, on: tx)
            try await post(
                .couponExpired, coupon.off, from: owed, to: breakage, subject: id.rawValue, brand: brand, now: now,
                on: tx)
        case .unchanged, .refused, .use, .giveBack: return
        }
    }

    /// What a person holds, the last first.
    ///
    /// - Returns: A page, and from where the next one goes on; nil at the end.
    package func held(
        by person: ID<Person>, after: ID<Coupon>?, limit: Int, brand: ID<Brand>, on tx: Transaction
    ) async throws -> (page: [(coupon: CouponRecord, order: ID<Order>?)], next: ID<Coupon>?) {
        let rows = try await tx.run(
            CouponStatements.held(by: person, before: after, limit: limit + 1, brand: brand))
        let page = Array(rows.prefix(limit))
        return (page, rows.count > limit ? page.last?.coupon.id : nil)
    }
}

// MARK: - Effects

extension Coupons {
    /// Locks a coupon, and reads its last use and the clock only then.
    private func lock(
        _ id: ID<Coupon>, brand: ID<Brand>, on tx: Transaction
    ) async throws -> (coupon: CouponRecord, now: Date)? {
        guard var coupon = try await tx.first(CouponStatements.lock(id, brand: brand)) else { return nil }
        let (clock, uses) = try await tx.pipeline(
            CardStatements.clock(), CouponStatements.lastUse(of: id, brand: brand))
        coupon.last = uses.first
        return (coupon, max(clock.first ?? coupon.updatedAt, coupon.updatedAt))
    }

    /// Moves a coupon's worth from what can be used to what was.
    private func count(
        _ coupon: CouponRecord, for order: ID<Order>, of shop: ID<Shop>, brand: ID<Brand>, now: Date,
        on tx: Transaction
    ) async throws -> CouponRecord {
        var next = coupon
        next.state = .used
        next.uses += 1
        next.updatedAt = now
        let use = CouponUseRecord(id: .mint(), number: next.uses, order: order, shop: shop, usedAt: now)
        next.last = use
        guard try await tx.first(CouponStatements.add(use, of: coupon.id, brand: brand)) != nil else {
            throw Problem.couponOrderTaken
        }
        try await tx.execute(CouponStatements.save(next, brand: brand))
        let owed = try await account(.couponOwed, of: coupon.origin, brand: brand, now: now, on: tx)
        let spent = try await account(.couponSpent, of: coupon.origin, brand: brand, now: now, on: tx)
        try await post(
            .couponUsed, coupon.off, from: owed, to: spent, subject: use.id.rawValue, brand: brand, now: now, on: tx)
        return next
    }

    /// Owes the shop what the coupon took off; refunds of the order take it back in proportion, whichever way they are heard of.
    private func bear(
        _ coupon: CouponRecord, _ sale: Sale, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        guard let order = coupon.last?.order else { return }
        let spent = try await account(.couponSpent, of: coupon.origin, brand: brand, now: now, on: tx)
        let due = try await account(.couponDue, of: sale.shop.rawValue, brand: brand, now: now, on: tx)
        let grant = SaleGrant(
            .couponBorne, debit: spent, credit: due, amount: coupon.off, backKind: .couponReturned,
            ownerQueue: SaleTurned.jobQueue)
        guard try await SaleEffects.give([grant], for: order, brand: brand, now: now, on: tx) else {
            throw Problem.couponOrderTaken
        }
    }

    private func giveBack(
        _ coupon: CouponRecord, until end: Date, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        guard let use = coupon.last else { return }
        var next = coupon
        next.state = .granted
        next.expiresAt = end
        next.updatedAt = now
        try await tx.execute(CouponStatements.endUse(use.number, of: coupon.id, brand: brand, now: now))
        try await tx.execute(CouponStatements.save(next, brand: brand))
        let owed = try await account(.couponOwed, of: coupon.origin, brand: brand, now: now, on: tx)
        let spent = try await account(.couponSpent, of: coupon.origin, brand: brand, now: now, on: tx)
        try await post(
            .couponGivenBack, coupon.off, from: spent, to: owed, subject: use.id.rawValue, brand: brand, now: now,
            on: tx)
        // The job that was to end it may have found it used, and be gone.
        try await pushEnd(of: coupon.id, after: end, brand: brand, now: now, on: tx)
    }

    private func account(
        _ kind: AccountKind, of subject: UUID, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> ID<Account> {
        try await Ledger.account(AccountKey(kind, of: subject), brand: brand, now: now, on: tx)
    }

    private func post(
        _ kind: TransferKind, _ amount: Money, from debit: ID<Account>, to credit: ID<Account>, subject: UUID,
        brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        let posting = Posting(
            debit: debit, credit: credit, amount: amount, kind: kind, subject: subject, occurredAt: now)
        try await Ledger.post([posting], brand: brand, now: now, on: tx)
    }

    private func pushEnd(
        of id: ID<Coupon>, after instant: Date, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        try await queue.push(
            CouponExpire(brand: brand, coupon: id),
            options: JobOptions(
                delay: Self.delay(until: instant, from: now), brand: brand.rawValue, key: "\(id)"), on: tx)
    }

    /// How long until just after an instant.
    private static func delay(until instant: Date, from now: Date) -> Duration {
        let seconds = min(max(0, instant.timeIntervalSince(now)), longestSleep)
        return .microseconds(Int64((seconds * 1_000_000).rounded(.up)) + 1)
    }
}
