import Accounting
import FoundationEssentials
package import Hooks
package import Jobs
package import Kernel
package import Keys
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
    /// What the code wins.
    let tier: Int32?

    /// A scan in its parts.
    ///
    /// What the code wins is computed here: a small batch's walk takes long beside a statement, and must not hold up a transaction.
    package init(delivery: Delivery, code: GenuineCode, openid: String) {
        self.delivery = delivery
        self.code = code
        self.openid = openid
        tier = code.batch.prize(of: code.index)?.tier
    }
}

/// What a scan is answered: what is stored with its delivery, or a refusal that stores nothing and may be tried again.
package typealias ScanResult = Result<StoredAnswer, Problem>

/// Redeems scans that arrived together: one transaction for all of them, one answer for each.
package struct Redeeming: Sendable {
    /// WeChat's identifier of a person within one app.
    package static let openid: PersonKind = "openid"
    /// How often a lost connection, or a commit that was not answered, is followed by another try.
    ///
    /// The inbox makes it safe: what was committed answers for itself.
    private static let attemptsMax = 3

    private let pool: Pool
    private let queue: JobQueue
    private let vault: Vault
    private let inbox: Inbox

    /// Redeems in the database of `pool`.
    package init(pool: Pool, queue: JobQueue, keys: KeyRing) {
        self.pool = pool
        self.queue = queue
        vault = Vault(keys: keys)
        inbox = Inbox(keys: keys)
    }

    /// Redeems scans of one brand.
    ///
    /// - Returns: The results in the order of `scans`.
    package func redeem(_ scans: [Scan], brand: ID<Brand>) async throws -> [ScanResult] {
        for attempt in 1... {
            do {
                let (results, hasWins) = try await pool.transaction { tx in
                    try await ScanTransaction(vault: vault, inbox: inbox, queue: queue, brand: brand, tx: tx).run(scans)
                }
                if hasWins { await queue.wake(PrizePay.jobQueue) }
                return results
            } catch let error as PostgresError where error.endsConnection && attempt < Self.attemptsMax {
                continue
            } catch is DeliveryTaken where attempt < Self.attemptsMax {
                continue
            }
        }
        preconditionFailure("the loop ends by returning or throwing")
    }
}

/// Rolls a transaction back: another process stored one of its deliveries in this instant, with another body.
private struct DeliveryTaken: Error {}

/// One transaction of scans; lives as long as it does.
private struct ScanTransaction {
    let vault: Vault
    let inbox: Inbox
    let queue: JobQueue
    let brand: ID<Brand>
    let tx: Transaction

    /// A scan whose delivery is new, with what was decided about it.
    private struct Fresh {
        let scan: Scan
        let step: ScanStep
        var person: ID<Person>?
    }

    /// What became of the scans whose deliveries are new, by ``Delivery/key`` where they were refused.
    private struct Done {
        var now: Date?
        var refusals: [String: Problem] = [:]
        var answers: [(Delivery, StoredAnswer)] = []
        var hasWins = false
    }

    func run(_ scans: [Scan]) async throws -> (results: [ScanResult], hasWins: Bool) {
        // A delivery that came twice within the batch is worked once.
        var firsts: [String: Delivery] = [:]
        for scan in scans where firsts[scan.delivery.key] == nil { firsts[scan.delivery.key] = scan.delivery }
        let stored = try await inbox.find(Array(firsts.values), brand: brand, on: tx)
        var isTaken: Set<String> = []
        let unanswered = scans.filter { scan in
            stored[scan.delivery.key] == nil && isTaken.insert(scan.delivery.key).inserted
        }
        let done = try await work(unanswered)
        let kept = try await keep(done, stored)
        let results = scans.map { scan -> ScanResult in
            let key = scan.delivery.key
            if let (hash, answer) = kept[key] {
                do throws(Problem) { try scan.delivery.requireSame(hash) } catch { return .failure(error) }
                return .success(answer)
            }
            if let first = firsts[key] {
                do throws(Problem) { try scan.delivery.requireSame(first.bodyHash) } catch { return .failure(error) }
            }
            return .failure(done.refusals[key] ?? .unavailable())
        }
        return (results, done.hasWins)
    }

    /// Stores the new answers; a delivery that another process answered at this moment keeps that answer.
    private func keep(
        _ done: Done, _ stored: [String: (bodyHash: [UInt8], answer: StoredAnswer)]
    ) async throws -> [String: (bodyHash: [UInt8], answer: StoredAnswer)] {
        guard let now = done.now, !done.answers.isEmpty else { return stored }
        var kept = stored
        let won = try await inbox.store(done.answers, brand: brand, now: now, on: tx)
        for (delivery, answer) in done.answers where won.contains(delivery.key) {
            kept[delivery.key] = (delivery.bodyHash, answer)
        }
        let lost = done.answers.map(\.0).filter { !won.contains($0.key) }
        if lost.isEmpty { return kept }
        let earlier = try await inbox.find(lost, brand: brand, on: tx)
        // With another body it may name another code: what was redeemed for it here would stand without an answer.
        guard lost.allSatisfy({ earlier[$0.key]?.bodyHash == $0.bodyHash }) else { throw DeliveryTaken() }
        kept.merge(earlier) { own, _ in own }
        return kept
    }
}

// MARK: - Work

extension ScanTransaction {
    private func work(_ scans: [Scan]) async throws -> Done {
        var done = Done()
        if scans.isEmpty { return done }
        let keys = Set(scans.map(\.code.key)).sorted()
        let (clock, ranges, redeemed) = try await tx.pipeline(
            BatchStatements.clock(), BatchStatements.ranges(holding: keys, brand: brand),
            ScanStatements.redemptions(of: keys, brand: brand))
        guard let now = clock.first else { return done }
        done.now = now
        let rangesOf = Dictionary(grouping: ranges, by: \.batch)
        var redemptions = Dictionary(redeemed.map { ($0.key, $0) }) { first, _ in first }

        var fresh = scans.map { scan in
            let decided = (rangesOf[scan.code.batch.record.id] ?? []).map(\.range)
            return Fresh(
                scan: scan,
                step: .decide(
                    .of(scan.code.index, in: decided, at: now), redemption: redemptions[scan.code.key]))
        }
        fresh.removeAll { scan in
            guard case .refuse(let problem) = scan.step else { return false }
            done.refusals[scan.scan.delivery.key] = problem
            return true
        }
        // Only now: a scan that changes nothing admits nobody.
        let persons = try await vault.persons(
            fresh.map(\.scan.openid), kind: Redeeming.openid, brand: brand, now: now, on: tx)
        for index in fresh.indices { fresh[index].person = persons[index] }

        let new = try await redeem(fresh, &redemptions, now: now)
        done.hasWins = try await owe(new, now: now)
        // Of several scans of a new redemption the first one made it.
        var untold = Set(new.map(\.row.id))
        done.answers = try zip(fresh, persons).map { fresh, person in
            let batch = fresh.scan.code.batch.record
            guard let redemption = redemptions[fresh.scan.code.key] else {
                throw CodesError.redemptionMissing(batch.id)
            }
            let isNew = untold.remove(redemption.id) != nil
            let answer = ScanAnswer(redemption, isNew: isNew, to: person, of: batch)
            return (fresh.scan.delivery, StoredAnswer(status: 200, body: try answer.json))
        }
        return done
    }

    /// Redeems what nobody has redeemed; afterwards `redemptions` holds every code of `scans`.
    private func redeem(
        _ scans: [Fresh], _ redemptions: inout [CodeKey: RedemptionRow], now: Date
    ) async throws -> [(row: RedemptionRow, batch: OpenBatch)] {
        var wanted: [CodeKey: (row: RedemptionRow, scan: Scan)] = [:]
        for fresh in scans where fresh.step == .redeem {
            let key = fresh.scan.code.key
            guard wanted[key] == nil, let person = fresh.person else { continue }
            let row = RedemptionRow(
                key: key, id: .mint(), person: person, tier: fresh.scan.tier, redeemedAt: now)
            wanted[key] = (row, fresh.scan)
        }
        if wanted.isEmpty { return [] }
        let rows = wanted.values.map { ScanStatements.NewRedemption(row: $0.row, source: $0.scan.delivery.source) }
        let redeemed = Set(try await tx.run(ScanStatements.redeem(rows, brand: brand, now: now)))
        let new = wanted.values.filter { redeemed.contains($0.row.id) }
        for (row, _) in new { redemptions[row.key] = row }
        let lost = wanted.filter { !redeemed.contains($0.value.row.id) }.map(\.key).sorted()
        if !lost.isEmpty {
            // A statement of its own: it sees what the winner committed while the insert waited.
            for row in try await tx.run(ScanStatements.redemptions(of: lost, brand: brand)) {
                redemptions[row.key] = row
            }
        }
        return new.map { ($0.row, $0.scan.code.batch) }
    }

    /// Books what the new redemptions won, and asks for points to be paid.
    private func owe(_ new: [(row: RedemptionRow, batch: OpenBatch)], now: Date) async throws -> Bool {
        var postings: [Posting] = []
        var payments: [PrizePay] = []
        for (row, batch) in new {
            guard let prize = row.tier.flatMap({ batch.record.prizes.prize(tier: $0) }) else { continue }
            if prize.cost > .zero {
                postings.append(
                    Posting(
                        debit: batch.record.costAccount, credit: batch.record.owedAccount, amount: prize.cost,
                        kind: .prizeOwed, subject: row.id.rawValue, occurredAt: now))
            }
            if prize.kind == .points { payments.append(PrizePay(brand: brand, redemption: row.id)) }
        }
        if !postings.isEmpty { try await Ledger.post(postings, brand: brand, now: now, on: tx) }
        if !payments.isEmpty {
            try await queue.push(contentsOf: payments, options: JobOptions(brand: brand.rawValue), on: tx)
        }
        return !payments.isEmpty
    }
}
