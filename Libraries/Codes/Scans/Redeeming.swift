package import FoundationEssentials
package import Hooks
package import Jobs
package import Kernel
package import Keys
import Members
package import Postgres
package import Vault

/// A scan of a minted code, on its way to the database.
package struct Scan: Sendable {
    /// The hook that told of it.
    package let delivery: Delivery
    /// The code.
    package let code: GenuineCode
    /// Who scanned it.
    package let openid: String
    /// The same human being across the apps of one account, if the sender told.
    let unionid: String?
    /// Where, if the sender told.
    let place: ScanBody.Location?
    /// With what, if the sender told.
    let device: String?
    /// What the code wins.
    let tier: Int32?

    /// A scan in its parts.
    ///
    /// What the code wins is computed here: a small batch's walk takes long beside a statement, and must not hold up a transaction.
    package init(
        delivery: Delivery, code: GenuineCode, openid: String, unionid: String? = nil, place: ScanBody.Location? = nil,
        device: String? = nil
    ) {
        self.delivery = delivery
        self.code = code
        self.openid = openid
        self.unionid = unionid?.isEmpty == true ? nil : unionid
        self.place = place
        self.device = device
        tier = code.batch.prize(of: code.index)?.tier
    }
}

/// What a scan is answered: what is stored with its delivery, or a refusal that stores nothing and may be tried again.
package typealias ScanResult = Result<StoredAnswer, Problem>

/// Redeems scans that arrived together: one transaction for all of them, one answer for each.
///
/// The transaction takes the short way first, two round trips and a commit, which holds as long as nobody else touches the same code,
/// delivery or newcomer in that instant; where somebody does, it is rolled back and goes the long way, which waits and looks again.
package struct Redeeming: Sendable {
    /// WeChat's identifier of a person within one app.
    package static let openid: PersonKind = "openid"
    /// WeChat's identifier of a person across the apps of one account.
    package static let unionid: PersonKind = "unionid"
    /// How often a lost connection, or a commit that was not answered, is followed by another try.
    ///
    /// The inbox makes it safe: what was committed answers for itself.
    private static let attemptsMax = 3

    private let pool: Pool
    private let means: ScanMeans
    private let watch: SignalWatch

    /// Redeems in the database of `pool`.
    ///
    /// - Parameters:
    ///   - followers: What new redemptions lead to, in this order.
    ///   - vouchers: Who knows what winners of items show at a store.
    ///   - realTime: Tells how late it is, wherever the clock of the business stands: addresses of winners' pages end by it. Without
    ///     it answers bring none.
    package init(
        pool: Pool, queue: JobQueue, keys: KeyRing, followers: [any RedemptionFollower] = [],
        vouchers: (any VoucherIssuer)? = nil, realTime: (@Sendable () -> Date)? = nil
    ) {
        self.pool = pool
        means = ScanMeans(
            vault: Vault(keys: keys), inbox: Inbox(keys: keys), queue: queue, followers: followers, vouchers: vouchers,
            traces: ScanTraces(keys: keys), links: realTime.map { Self.links(keys, $0) })
        watch = SignalWatch(queue: queue)
    }

    private static func links(
        _ keys: KeyRing, _ now: @escaping @Sendable () -> Date
    ) -> @Sendable () -> PageLinks {
        { PageLinks(keys: keys, now: now()) }
    }

    /// Redeems scans of one brand.
    ///
    /// - Returns: The results in the order of `scans`.
    package func redeem(_ scans: [Scan], brand: ID<Brand>) async throws -> [ScanResult] {
        try await means.queue.prepare(TouchRecord.self)
        try await means.queue.prepare(PrizePay.self)
        for follower in means.followers { try await follower.prepare() }
        let batch = ScanBatch(scans)
        for attempt in 1... {
            do {
                let done = try await attemptRedeem(batch, brand)
                for queue in done.queues { means.queue.ring(queue) }
                if done.hasTraces { watch.note(brand) }
                return done.results
            } catch let error as PostgresError where error.endsConnection && attempt < Self.attemptsMax {
                continue
            } catch is DeliveryTaken where attempt < Self.attemptsMax {
                continue
            }
        }
        preconditionFailure("the loop ends by returning or throwing")
    }

    private func attemptRedeem(_ batch: ScanBatch, _ brand: ID<Brand>) async throws -> ScansDone {
        do {
            return try await pool.transaction { tx in
                try await ScanTransaction(means: means, brand: brand, tx: tx).takeShortWay(batch)
            }
        } catch is ShortWayBarred {
            return try await pool.transaction { tx in
                try await ScanTransaction(means: means, brand: brand, tx: tx).takeLongWay(batch)
            }
        }
    }
}

/// What a transaction of scans works with.
struct ScanMeans: Sendable {
    let vault: Vault
    let inbox: Inbox
    let queue: JobQueue
    let followers: [any RedemptionFollower]
    let vouchers: (any VoucherIssuer)?
    let traces: ScanTraces
    /// Makes addresses of winners' pages, if somebody said how late it is.
    let links: (@Sendable () -> PageLinks)?
}

/// What a transaction of scans brought.
struct ScansDone: Sendable {
    let results: [ScanResult]
    /// The queues that it gave something to do.
    let queues: Set<String>
    /// Whether there is something for ``ScanSignals`` to look at.
    var hasTraces = false
}

/// Rolls a transaction back: another process stored one of its deliveries in this instant, with another body.
struct DeliveryTaken: Error {}

/// Rolls a transaction back: somebody else was there in this instant, so that what it assumed does not hold.
struct ShortWayBarred: Error {}
