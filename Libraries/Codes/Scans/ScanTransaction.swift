import Accounting
import FoundationEssentials
import Hooks
import Jobs
import Kernel
import Members
import Postgres
import Vault

/// One transaction of scans; lives as long as it does.
///
/// Both ways touch the tables in the same order, each sorted by its key, so that no two transactions wait for each other in a circle:
/// persons by unionid, persons by openid, redemptions, ledger, inbox, traces, jobs, what followers add.
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
        let answers = try decisions.answers(redemptions, new: new, vouchers: vouchers, links: means.links?())
        let kept = try await keep(answers, stored, now: now)
        let traces = try means.traces.traces(of: decisions.fresh, new: new, brand: brand)
        var flight = Flight()
        if !traces.isEmpty { _ = flight.add(SignalStatements.insert(traces, brand: brand, now: now)) }
        for push in try await pushes(for: new, unionPersons, now: now) { _ = flight.add(push) }
        _ = try await tx.run(flight)
        let queues = try await lead(new, now: now)
        return ScansDone(
            results: batch.results(kept, decisions.refusals), queues: queues, hasTraces: !traces.isEmpty)
    }

    /// Admits unionids of scans that want to redeem; by delivery.
    private func unionPersons(of fresh: [FreshScan], now: Date) async throws -> [String: ID<Person>] {
        let scans = fresh.filter { $0.step == .redeem && $0.scan.unionid != nil }.map(\.scan)
        if scans.isEmpty { return [:] }
        let persons = try await means.vault.persons(
            scans.compactMap(\.unionid), kind: Redeeming.unionid, brand: brand, now: now, on: tx)
        return Dictionary(zip(scans.map(\.delivery.key), persons)) { first, _ in first }
    }

    /// Redeems what nobody has redeemed; afterwards `redemptions` holds every code that was wanted.
    private func redeem(
        _ wanted: [WantedRedemption], _ redemptions: inout [CodeKey: RedemptionRow], now: Date
    ) async throws -> [WantedRedemption] {
        if wanted.isEmpty { return [] }
        let redeemed = Set(try await tx.run(ScanStatements.redeem(wanted, .doNothing, brand: brand, now: now)))
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
        var openids = ScanPersons(batch.scans.map(\.openid), kind: Redeeming.openid, means.vault, brand)
        var unionids = ScanPersons(batch.scans.compactMap(\.unionid), kind: Redeeming.unionid, means.vault, brand)
        let keys = Set(batch.scans.map(\.code.key)).sorted()
        var flight = Flight()
        let answered = flight.add(means.inbox.finding(Array(batch.firsts.values), brand: brand))
        let clock = flight.add(BatchStatements.clock())
        let ranges = flight.add(BatchStatements.ranges(holding: keys, brand: brand))
        let redeemed = flight.add(ScanStatements.redemptions(of: keys, brand: brand))
        let known = (openids.find(in: &flight), unionids.find(in: &flight))
        let landing = try await tx.run(flight)
        var kept: KeptAnswers = [:]
        for row in try landing.rows(answered) { kept[row.key] = (row.bodyHash, row.answer) }
        let scans = batch.unanswered(kept)
        if scans.isEmpty { return ScansDone(results: batch.results(kept, [:]), queues: []) }

        let now = try Self.only(try landing.rows(clock))
        var redemptions = Dictionary(try landing.rows(redeemed).map { ($0.key, $0) }) { first, _ in first }
        var decisions = ScanDecisions(
            scans, ranges: try landing.rows(ranges), redemptions: redemptions, now: now)
        if decisions.fresh.isEmpty {
            return ScansDone(results: batch.results(kept, decisions.refusals), queues: [])
        }
        openids.learn(try landing.rows(known.0))
        unionids.learn(try landing.rows(known.1))
        for place in decisions.fresh.indices {
            decisions.fresh[place].person = try openids.person(of: decisions.fresh[place].scan.openid)
        }
        let new = decisions.wanted(now: now)
        var unionPersons: [String: ID<Person>] = [:]
        for wanted in new {
            guard let unionid = wanted.scan.unionid else { continue }
            unionPersons[wanted.scan.delivery.key] = try unionids.person(of: unionid)
        }
        for wanted in new { redemptions[wanted.row.key] = wanted.row }
        let vouchers = try await vouchers(for: decisions.heldItems(redemptions, new: new), now: now)
        let answers = try decisions.answers(redemptions, new: new, vouchers: vouchers, links: means.links?())
        let traces = try means.traces.traces(of: decisions.fresh, new: new, brand: brand)
        let pushes = try await pushes(for: new, unionPersons, now: now)
        try await write([unionids, openids], new, answers, traces, pushes, now: now)
        for (delivery, answer) in answers { kept[delivery.key] = (delivery.bodyHash, answer) }
        let queues = try await lead(new, now: now)
        return ScansDone(
            results: batch.results(kept, decisions.refusals), queues: queues, hasTraces: !traces.isEmpty)
    }

    /// Runs a flight whose rows must all be new.
    private func land(_ flight: Flight) async throws -> Landing {
        let error: PostgresError
        do throws(PostgresError) {
            return try await tx.run(flight)
        } catch let fault {
            error = fault
        }
        throw error.isUniqueViolation ? ShortWayBarred() as any Error : error
    }

    private func write(
        _ persons: [ScanPersons], _ new: [WantedRedemption], _ answers: [(Delivery, StoredAnswer)],
        _ traces: [NewTrace], _ pushes: [Statement<UUID>], now: Date
    ) async throws {
        var flight = Flight()
        let admitted = persons.map { $0.admit(in: &flight, now: now) }
        let redeemed = new.isEmpty ? nil : flight.add(ScanStatements.redeem(new, .fail, brand: brand, now: now))
        let postings = try Ledger.postNew(new.compactMap(\.posting), brand: brand, now: now, in: &flight)
        let stored = flight.add(try means.inbox.storing(answers, .fail, brand: brand, now: now))
        if !traces.isEmpty { _ = flight.add(SignalStatements.insert(traces, brand: brand, now: now)) }
        for push in pushes { _ = flight.add(push) }
        let landing = try await land(flight)
        // The rows that came back are the truth: whoever is missing lost a race.
        for (persons, ticket) in zip(persons, admitted)
        where try landing.rows(ticket).count != persons.strangers.count {
            throw ShortWayBarred()
        }
        guard try landing.rows(redeemed).count == new.count,
            try postings.areWhole(in: landing), try landing.rows(stored).count == answers.count
        else { throw ShortWayBarred() }
    }
}

// MARK: - What both ways do

extension ScanTransaction {
    private func vouchers(for items: [HeldPrize], now: Date) async throws -> [ID<Redemption>: ScanVoucher] {
        guard let issuer = means.vouchers, !items.isEmpty else { return [:] }
        return try await issuer.vouchers(of: items, brand: brand, now: now, on: tx)
    }

    /// What new redemptions ask of jobs: one that makes members of those who redeemed, whatever their number, and one for each prize of points or cash.
    private func pushes(
        for new: [WantedRedemption], _ unionPersons: [String: ID<Person>], now: Date
    ) async throws -> [Statement<UUID>] {
        if new.isEmpty { return [] }
        let packs = new.map { $0.pack(unionPersons[$0.scan.delivery.key]) }
        var pushes = [
            try await means.queue.pushing(
                [TouchRecord(brand: brand, at: now, packs: packs)],
                options: JobOptions(priority: .lower, brand: brand.rawValue))
        ]
        let payments = new.filter { $0.prize?.kind.isPaid == true }.map {
            PrizePay(brand: brand, redemption: $0.row.id)
        }
        if !payments.isEmpty {
            pushes.append(try await means.queue.pushing(payments, options: JobOptions(brand: brand.rawValue)))
        }
        return pushes
    }

    /// Tells followers of new redemptions.
    ///
    /// - Returns: The queues to wake after the commit. Nobody waits for members: polling finds their job within a second.
    private func lead(_ new: [WantedRedemption], now: Date) async throws -> Set<String> {
        if new.isEmpty { return [] }
        var queues: Set<String> = []
        let told = new.map(\.told)
        for follower in means.followers {
            try await follower.follow(told, brand: brand, now: now, on: tx)
            queues.formUnion(follower.queues)
        }
        if new.contains(where: { $0.prize?.kind.isPaid == true }) { queues.insert(PrizePay.jobQueue) }
        return queues
    }

    private static func only(_ clock: [Date]) throws(CodesError) -> Date {
        guard let now = clock.first else { throw .clockMissing }
        return now
    }
}
