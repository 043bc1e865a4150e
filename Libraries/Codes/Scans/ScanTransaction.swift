import Accounting
import FoundationEssentials
import Hooks
import Jobs
import Kernel
import Postgres
import Vault

/// One transaction of scans; lives as long as it does.
///
/// Both ways touch the tables in the same order, each sorted by its key, so that no two transactions wait for each other in a circle:
/// persons by unionid, persons by openid, redemptions, ledger, inbox, traces, what followers add, jobs.
struct ScanTransaction {
    let means: ScanMeans
    let brand: ID<Brand>
    let tx: Transaction

    /// Statement by statement: each sees what others committed before it, and waits for those who are about to.
    func takeLongWay(_ batch: ScanBatch) async throws -> ScansDone {
        let stored = try await means.inbox.find(Array(batch.firsts.values), brand: brand, on: tx)
        let scans = batch.unanswered(stored)
        if scans.isEmpty { return ScansDone(results: batch.results(stored, [:]), queues: []) }

        let keys = Set(scans.map(\.code.key)).sorted()
        let (clock, ranges, redeemed) = try await tx.pipeline(
            BatchStatements.clock(), BatchStatements.ranges(holding: keys, brand: brand),
            ScanStatements.redemptions(of: keys, brand: brand))
        let now = try Self.only(clock)
        var redemptions = Dictionary(redeemed.map { ($0.key, $0) }) { first, _ in first }
        var decisions = ScanDecisions(scans, ranges: ranges, redemptions: redemptions, now: now)

        // Only now: a scan that changes nothing admits nobody.
        let unionPersons = try await unionPersons(of: decisions.fresh, now: now)
        let persons = try await means.vault.persons(
            decisions.fresh.map(\.scan.openid), kind: Redeeming.openid, brand: brand, now: now, on: tx)
        for (place, person) in persons.enumerated() { decisions.fresh[place].person = person }

        let new = try await redeem(decisions.wanted(now: now), &redemptions, now: now)
        try await Ledger.post(new.compactMap(\.posting), brand: brand, now: now, on: tx)
        let vouchers = try await vouchers(for: decisions.heldItems(redemptions, new: new), now: now)
        let answers = try decisions.answers(redemptions, new: new, vouchers: vouchers)
        let kept = try await keep(answers, stored, now: now)
        let traces = try means.traces.traces(of: decisions.fresh, new: new, brand: brand)
        if !traces.isEmpty { try await tx.execute(SignalStatements.insert(traces, brand: brand, now: now)) }
        let queues = try await lead(new, unionPersons, now: now)
        return ScansDone(
            results: batch.results(kept, decisions.refusals), queues: queues, hasTraces: !traces.isEmpty)
    }

    /// Redeems what nobody has redeemed; afterwards `redemptions` holds every code that was wanted.
    private func redeem(
        _ wanted: [WantedRedemption], _ redemptions: inout [CodeKey: RedemptionRow], now: Date
    ) async throws -> [WantedRedemption] {
        if wanted.isEmpty { return [] }
        let redeemed = Set(try await tx.run(ScanStatements.redeem(wanted, brand: brand, now: now)))
        let new = wanted.filter { redeemed.contains($0.row.id) }
        for wanted in new { redemptions[wanted.row.key] = wanted.row }
        let lost = wanted.filter { !redeemed.contains($0.row.id) }.map(\.row.key).sorted()
        if !lost.isEmpty {
            // A statement of its own: it sees what the winner committed while the insert waited.
            for row in try await tx.run(ScanStatements.redemptions(of: lost, brand: brand)) {
                redemptions[row.key] = row
            }
        }
        return new
    }

    /// Stores the new answers; a delivery that another process answered at this moment keeps that answer.
    private func keep(
        _ answers: [(Delivery, StoredAnswer)], _ stored: KeptAnswers, now: Date
    ) async throws -> KeptAnswers {
        var kept = stored
        let won = try await means.inbox.store(answers, brand: brand, now: now, on: tx)
        for (delivery, answer) in answers where won.contains(delivery.key) {
            kept[delivery.key] = (delivery.bodyHash, answer)
        }
        let lost = answers.map(\.0).filter { !won.contains($0.key) }
        if lost.isEmpty { return kept }
        let earlier = try await means.inbox.find(lost, brand: brand, on: tx)
        // With another body it may name another code: what was redeemed for it here would stand without an answer.
        guard lost.allSatisfy({ earlier[$0.key]?.bodyHash == $0.bodyHash }) else { throw DeliveryTaken() }
        kept.merge(earlier) { own, _ in own }
        return kept
    }
}

// MARK: - The short way

extension ScanTransaction {
    /// Two flights: the first reads all there is to know, the second writes as if nobody else were there.
    ///
    /// - Throws: ``ShortWayBarred`` where a row that it meant to write was not written: somebody else was faster.
    func takeShortWay(_ batch: ScanBatch) async throws -> ScansDone {
        var indexes: [String: [UInt8]] = [:]
        for scan in batch.scans where indexes[scan.openid] == nil {
            indexes[scan.openid] = means.vault.blindIndex(of: scan.openid, kind: Redeeming.openid, brand: brand)
        }
        let keys = Set(batch.scans.map(\.code.key)).sorted()
        let (answered, clock, ranges, redeemed, known) = try await tx.pipeline(
            means.inbox.finding(Array(batch.firsts.values), brand: brand), BatchStatements.clock(),
            BatchStatements.ranges(holding: keys, brand: brand), ScanStatements.redemptions(of: keys, brand: brand),
            means.vault.finding(Array(indexes.values), kind: Redeeming.openid, brand: brand))
        var kept: KeptAnswers = [:]
        for row in answered { kept[row.key] = (row.bodyHash, row.answer) }
        let scans = batch.unanswered(kept)
        if scans.isEmpty { return ScansDone(results: batch.results(kept, [:]), queues: []) }

        let now = try Self.only(clock)
        var redemptions = Dictionary(redeemed.map { ($0.key, $0) }) { first, _ in first }
        var decisions = ScanDecisions(scans, ranges: ranges, redemptions: redemptions, now: now)
        if decisions.fresh.isEmpty {
            return ScansDone(results: batch.results(kept, decisions.refusals), queues: [])
        }
        let strangers = try meet(&decisions, indexes, Dictionary(known) { first, _ in first })
        let new = decisions.wanted(now: now)
        for wanted in new { redemptions[wanted.row.key] = wanted.row }
        let vouchers = try await vouchers(for: decisions.heldItems(redemptions, new: new), now: now)
        let answers = try decisions.answers(redemptions, new: new, vouchers: vouchers)
        let unionPersons = try await unionPersons(of: decisions.fresh, now: now)
        let traces = try means.traces.traces(of: decisions.fresh, new: new, brand: brand)
        try await write(strangers, new, answers, traces, now: now)
        for (delivery, answer) in answers { kept[delivery.key] = (delivery.bodyHash, answer) }
        let queues = try await lead(new, unionPersons, now: now)
        return ScansDone(
            results: batch.results(kept, decisions.refusals), queues: queues, hasTraces: !traces.isEmpty)
    }

    /// Gives every scan its person; those whom the vault does not know get an id that is theirs once they are admitted.
    private func meet(
        _ decisions: inout ScanDecisions, _ indexes: [String: [UInt8]], _ known: [[UInt8]: ID<Person>]
    ) throws -> [SealedPerson] {
        var known = known
        var strangers: [SealedPerson] = []
        for place in decisions.fresh.indices {
            let openid = decisions.fresh[place].scan.openid
            guard let index = indexes[openid] else { continue }
            if known[index] == nil {
                let stranger = try means.vault.seal(openid, kind: Redeeming.openid, brand: brand)
                strangers.append(stranger)
                known[index] = stranger.id
            }
            decisions.fresh[place].person = known[index]
        }
        return strangers
    }

    private func write(
        _ strangers: [SealedPerson], _ new: [WantedRedemption], _ answers: [(Delivery, StoredAnswer)],
        _ traces: [NewTrace], now: Date
    ) async throws {
        var flight = Flight()
        let admitted =
            strangers.isEmpty
            ? nil
            : flight.add(means.vault.admitting(strangers, kind: Redeeming.openid, brand: brand, now: now))
        let redeemed = new.isEmpty ? nil : flight.add(ScanStatements.redeem(new, brand: brand, now: now))
        let postings = try Ledger.postNew(new.compactMap(\.posting), brand: brand, now: now, in: &flight)
        let stored = flight.add(try means.inbox.storing(answers, brand: brand, now: now))
        if !traces.isEmpty { _ = flight.add(SignalStatements.insert(traces, brand: brand, now: now)) }
        let landing = try await tx.run(flight)
        // The rows that came back are the truth: whoever is missing lost a race.
        guard try landing.rows(admitted).count == strangers.count, try landing.rows(redeemed).count == new.count,
            try postings.areWhole(in: landing), try landing.rows(stored).count == answers.count
        else { throw ShortWayBarred() }
    }
}

// MARK: - What both ways do

extension ScanTransaction {
    /// Admits unionids, where a follower reads them; by openid.
    private func unionPersons(of fresh: [FreshScan], now: Date) async throws -> [String: ID<Person>] {
        guard means.followers.contains(where: \.readsUnionPersons) else { return [:] }
        let scans = fresh.filter { $0.step == .redeem && $0.scan.unionid != nil }.map(\.scan)
        if scans.isEmpty { return [:] }
        let persons = try await means.vault.persons(
            scans.compactMap(\.unionid), kind: Redeeming.unionid, brand: brand, now: now, on: tx)
        return Dictionary(zip(scans.map(\.delivery.key), persons)) { first, _ in first }
    }

    private func vouchers(for items: [HeldPrize], now: Date) async throws -> [ID<Redemption>: ScanVoucher] {
        guard let issuer = means.vouchers, !items.isEmpty else { return [:] }
        return try await issuer.vouchers(of: items, brand: brand, now: now, on: tx)
    }

    /// Tells followers of new redemptions, and asks for points to be paid.
    ///
    /// - Returns: The queues to wake after the commit.
    private func lead(
        _ new: [WantedRedemption], _ unionPersons: [String: ID<Person>], now: Date
    ) async throws -> Set<String> {
        if new.isEmpty { return [] }
        var queues: Set<String> = []
        let told = new.map { $0.told(unionPersons[$0.scan.delivery.key]) }
        for follower in means.followers {
            try await follower.follow(told, brand: brand, now: now, on: tx)
            queues.formUnion(follower.queues)
        }
        let payments = new.filter { $0.prize?.kind == .points }.map { PrizePay(brand: brand, redemption: $0.row.id) }
        if !payments.isEmpty {
            try await means.queue.push(contentsOf: payments, options: JobOptions(brand: brand.rawValue), on: tx)
            queues.insert(PrizePay.jobQueue)
        }
        return queues
    }

    private static func only(_ clock: [Date]) throws(CodesError) -> Date {
        guard let now = clock.first else { throw .clockMissing }
        return now
    }
}
