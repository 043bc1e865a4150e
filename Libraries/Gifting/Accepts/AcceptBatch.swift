import Accounting
import FoundationEssentials
import Hooks
import Kernel
import Orders
import Policies
import Postgres
import Vault

/// Acceptances of one brand that go through one transaction: looked up in two flights, written in a statement for each kind of row.
///
/// It waits for nobody but at the accounts, which are locked in the order of their keys: a gift that somebody holds is left to its own
/// caller, so that neither two batches nor a batch and a sweep wait for each other in a circle.
struct AcceptBatch: Sendable {
    /// What became of a wish that was not refused.
    enum Outcome: Sendable {
        /// This is the answer, stored in the same commit or before.
        case answered(StoredAnswer)
        /// It needs a transaction of its own.
        case alone
    }

    /// What becomes of a wish: an answer, a refusal that stores nothing, or another try.
    typealias Decision = Result<Outcome, Problem>

    let wishes: [AcceptWish]
    let brand: ID<Brand>
    let gifts: Gifts
    let answer: AcceptDesk.Answer
    /// A request that came twice within the batch is worked once.
    private let firsts: [IdempotentRequest: AcceptWish]

    init(_ wishes: [AcceptWish], brand: ID<Brand>, gifts: Gifts, answer: @escaping AcceptDesk.Answer) {
        self.wishes = wishes
        self.brand = brand
        self.gifts = gifts
        self.answer = answer
        firsts = Dictionary(wishes.map { ($0.request, $0) }) { first, _ in first }
    }

    /// Accepts what can be accepted.
    ///
    /// - Returns: What became of each wish, in their order.
    /// - Throws: Whatever kept all of them from being carried out together.
    func run(on tx: Transaction) async throws -> [Decision] {
        let found = try await look(on: tx)
        let (own, decided) = own(found)
        var work = AcceptWork(records: found.gifts, decisions: decided)
        if !own.isEmpty {
            let ground = try await ground(of: own, found, on: tx)
            try decide(own, on: ground, &work)
            try await write(work, now: found.now, on: tx)
        }
        return try wishes.map { wish in try decision(about: wish, found, work) }
    }

    // MARK: What there is to know

    private struct Found {
        let standings: [IdempotentRequest: IdempotencyStanding]
        let persons: [[UInt8]: ID<Person>]
        /// The gifts that nobody else holds, locked.
        let gifts: [ID<Gift>: GiftRecord]
        let now: Date
    }

    /// The clock is read after the gifts are locked.
    private func look(on tx: Transaction) async throws -> Found {
        var flight = Flight()
        let search = Idempotency.search(Array(firsts.keys), brand: brand, in: &flight)
        let people = flight.add(
            gifts.vault.finding(Array(Set(wishes.map(\.index))), kind: Gifts.openID, brand: brand))
        let locked = flight.add(AcceptStatements.lockFree(Set(wishes.map(\.gift)).sorted(), brand: brand))
        let clock = flight.add(GiftStatements.clock())
        let landing = try await tx.run(flight)
        guard let now = try landing.rows(clock).first else { throw GiftingError.clockMissing }
        return Found(
            standings: try search.standings(in: landing),
            persons: Dictionary(try landing.rows(people)) { first, _ in first },
            gifts: Dictionary(try landing.rows(locked).map { ($0.id, $0) }) { first, _ in first }, now: now)
    }

    /// The wishes that are to be decided here, in the order in which they came, and what is clear about the others.
    private func own(_ found: Found) -> (own: [AcceptWish], decided: [IdempotentRequest: Decision]) {
        var own: [AcceptWish] = []
        var decided: [IdempotentRequest: Decision] = [:]
        var isTaken: Set<IdempotentRequest> = []
        for wish in wishes where found.standings[wish.request] == .new && isTaken.insert(wish.request).inserted {
            // The instants of a gift never go back: one that changed later than now is for itself.
            guard let gift = found.gifts[wish.gift], gift.updatedAt <= found.now else {
                decided[wish.request] = .success(.alone)
                continue
            }
            do throws(Problem) {
                _ = try Gifts.part(of: found.persons[wish.index], in: gift, for: wish.shopper, as: .recipient)
                own.append(wish)
            } catch {
                decided[wish.request] = .failure(error)
            }
        }
        return (own, decided)
    }

    private struct Ground {
        let lock: Seconds
        let now: Date
        let accounts: [AccountKey: ID<Account>]
        let titles: [ID<Variant>: String]
        let covers: [String: CoverRecord]
    }

    /// Everything that deciding and answering needs beside the gifts, in one flight.
    private func ground(of own: [AcceptWish], _ found: Found, on tx: Transaction) async throws -> Ground {
        let gifts = Set(own.map(\.gift)).compactMap { found.gifts[$0] }
        let escrows = Set(gifts.compactMap(\.payment)).map { AccountKey.escrow(of: $0) }
        let sales = Set(gifts.map(\.shop)).map { AccountKey.sales(of: $0) }
        let codes = Set(gifts.compactMap(\.cover))
        var flight = Flight()
        let policies = flight.add(
            Policies.reading([PolicyKey<PolicyDuration>.lockWindow.name], brand: brand, at: found.now))
        let open = flight.add(Ledger.finding(escrows + sales, brand: brand))
        let titles = flight.add(Catalogue.titles(of: Array(Set(gifts.map(\.variant))), brand: brand))
        let covers = codes.isEmpty ? nil : flight.add(WishStatements.covers(Array(codes), brand: brand))
        let landing = try await tx.run(flight)
        var accounts: [AccountKey: ID<Account>] = [:]
        for (place, id, floor) in try landing.rows(open) {
            let isEscrow = place <= escrows.count
            let key = isEscrow ? escrows[place - 1] : sales[place - 1 - escrows.count]
            if floor == (isEscrow ? .zero : nil) { accounts[key] = id }
        }
        return Ground(
            lock: try PolicySheet(try landing.rows(policies)).value(.lockWindow).asSeconds, now: found.now,
            accounts: accounts,
            titles: Dictionary(try landing.rows(titles).map { ($0.variant, $0.title) }) { first, _ in first },
            covers: Dictionary(try landing.rows(covers).map { ($0.code, $0) }) { first, _ in first })
    }

    // MARK: Deciding

    /// One after the other, in the order in which they came: of two wishes for a gift the second finds it accepted.
    private func decide(_ own: [AcceptWish], on ground: Ground, _ work: inout AcceptWork) throws {
        for wish in own {
            guard let gift = work.records[wish.gift] else { continue }
            switch GiftLife.decide(gift, .accept(lock: ground.lock), now: ground.now) {
            case .refused(let problem): work.decisions[wish.request] = .failure(problem)
            case .notYet: work.decisions[wish.request] = .success(.alone)
            case .unchanged: try answer(wish, with: gift, ground, &work)
            case .changed(let next, let effects):
                guard let posting = try posting(of: next, effects, ground) else {
                    work.decisions[wish.request] = .success(.alone)
                    continue
                }
                work.records[next.id] = next
                work.accepted.append((next, posting))
                try answer(wish, with: next, ground, &work)
            }
        }
    }

    /// The posting that accepting a gift comes to; nil where there is more to be done, or an account is still to be opened.
    private func posting(of gift: GiftRecord, _ effects: [GiftEffect], _ ground: Ground) throws -> Posting? {
        var earned: (payment: ID<Payment>, price: Money)?
        for effect in effects {
            switch effect {
            case .earn(let payment, let price) where earned == nil: earned = (payment, price)
            case .end(.accepted): break
            default: return nil
            }
        }
        guard let (payment, price) = earned, let escrow = ground.accounts[.escrow(of: payment)],
            let sales = ground.accounts[.sales(of: gift.shop)]
        else { return nil }
        return try Gifts.earning(price, of: gift, from: escrow, to: sales)
    }

    private func answer(
        _ wish: AcceptWish, with gift: GiftRecord, _ ground: Ground, _ work: inout AcceptWork
    ) throws {
        let cover = gift.cover.flatMap { ground.covers[$0] }.flatMap { $0.isLicensed(at: ground.now) ? $0 : nil }
        let view = RecipientView(
            .init(gift), variantTitle: ground.titles[gift.variant] ?? "", choices: [], cover: cover)
        let answer = try answer(view)
        work.answers.append(AnsweredRequest(wish.request, bodyHash: wish.bodyHash, answer))
        work.decisions[wish.request] = .success(.answered(answer))
    }

    /// Who repeats a request within the batch is answered as its first one; with another body, as if the first one were a moment older.
    private func decision(about wish: AcceptWish, _ found: Found, _ work: AcceptWork) throws -> Decision {
        switch found.standings[wish.request] {
        case .inProgress: return .failure(Idempotency.inProgress)
        case .answered(let hash, let answer): return repeated(answer, hash, by: wish)
        case .new, nil: break
        }
        guard let decision = work.decisions[wish.request], let first = firsts[wish.request] else {
            throw GiftingError.stateMoved
        }
        if wish.bodyHash == first.bodyHash { return decision }
        guard case .success(.answered(let answer)) = decision else { return .failure(Idempotency.inProgress) }
        return repeated(answer, first.bodyHash, by: wish)
    }

    private func repeated(_ answer: StoredAnswer, _ hash: [UInt8], by wish: AcceptWish) -> Decision {
        do throws(Problem) {
            try Idempotency.requireSame(wish.bodyHash, hash)
            return .success(.answered(answer))
        } catch {
            return .failure(error)
        }
    }

    // MARK: Writing

    /// The order is that of one gift by itself: the accounts, the gifts with their ends, who is told, and last the answers.
    private func write(_ work: AcceptWork, now: Date, on tx: Transaction) async throws {
        let accepted = work.accepted.map(\.gift)
        if !accepted.isEmpty {
            try await Ledger.post(work.accepted.map(\.posting), brand: brand, now: now, on: tx)
            let (saved, _) = try await tx.pipeline(
                AcceptStatements.save(accepted, brand: brand),
                GiftStatements.addOutcomes(accepted.map { ($0, .accepted) }, brand: brand))
            guard saved.count == accepted.count else { throw GiftingError.stateMoved }
            try await gifts.tell(groups: Set(accepted.compactMap(\.group)), brand: brand, on: tx)
            if let hooks = gifts.hooks {
                // All of them were claimed: the end is what is new.
                let events = accepted.compactMap { GiftEvents.event(of: $0, from: .claimed) }
                _ = try await hooks.emit(events, brand: brand, now: now, on: tx)
            }
        }
        if !work.answers.isEmpty { try await tx.execute(Idempotency.storing(work.answers, brand: brand)) }
    }
}

/// What was decided in a batch so far.
private struct AcceptWork {
    /// The gifts as they are now.
    var records: [ID<Gift>: GiftRecord]
    var decisions: [IdempotentRequest: AcceptBatch.Decision]
    var accepted: [(gift: GiftRecord, posting: Posting)] = []
    var answers: [AnsweredRequest] = []

    init(records: [ID<Gift>: GiftRecord], decisions: [IdempotentRequest: AcceptBatch.Decision]) {
        self.records = records
        self.decisions = decisions
    }
}
