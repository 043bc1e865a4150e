package import Accounting
package import FoundationEssentials
package import Jobs
package import Kernel
package import Postgres

/// The job that settles a card; due when its time is over.
package struct CardSettle: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "card.settle"
    /// The queue of siyu-gifts.
    package static let jobQueue = "gifts"

    /// The tenant.
    package let brand: ID<Brand>
    /// Which one.
    package let card: ID<BenefitCard>

    /// Asks for a card to be settled.
    package init(brand: ID<Brand>, card: ID<BenefitCard>) {
        self.brand = brand
        self.card = card
    }
}

/// What somebody wants to agree upon.
package struct NewCard: Hashable, Sendable {
    /// The card's id: opening it again changes nothing.
    package var id: ID<BenefitCard>
    /// Whose benefits they are.
    package var shop: ID<Shop>
    /// Who holds it.
    package var person: ID<Person>
    /// What is promised: how often, by name.
    package var goals: [String: Int]
    /// The most that is ever charged back.
    package var cap: Money
    /// The last instant that counts.
    package var endsAt: Date

    /// A wish in its parts.
    package init(
        id: ID<BenefitCard> = .mint(), shop: ID<Shop>, person: ID<Person>, goals: [String: Int], cap: Money,
        endsAt: Date
    ) {
        self.id = id
        self.shop = shop
        self.person = person
        self.goals = goals
        self.cap = cap
        self.endsAt = endsAt
    }
}

extension TransferKind {
    /// Benefits were charged back, since a goal was missed; subject: the card.
    package static let cardCharged: TransferKind = "card.charged"
}

/// Cards: benefits first, goals later, settled when their time is over.
package struct Cards: Sendable {
    private let queue: JobQueue

    /// Cards whose jobs go to `queue`.
    package init(queue: JobQueue) { self.queue = queue }

    /// Says how cards are settled; the process must work the queue `gifts`.
    package func register() {
        queue.registerJob(parameters: CardSettle.self, timeout: .seconds(60)) { job, context in
            try await context.complete { tx in try await settle(job.card, brand: job.brand, on: tx) }
        }
    }

    /// Opens a card; the same id again changes nothing.
    ///
    /// - Throws: ``Problem`` if the terms are none, or there is no such shop.
    package func open(_ wish: NewCard, brand: ID<Brand>, on tx: Transaction) async throws {
        let now = try await tx.one(CardStatements.clock())
        guard (1...10).contains(wish.goals.count), wish.cap >= .zero, wish.endsAt > now,
            wish.goals.allSatisfy({
                (1...40).contains($0.key.count) && (1...CardStep.countMax.value).contains($0.value)
            })
        else { throw Problem.cardTermsMalformed }
        let card = CardRecord(
            id: wish.id, shop: wish.shop, person: wish.person,
            goals: wish.goals.sorted { $0.key < $1.key }.map { CardGoal(name: $0.key, wanted: $0.value) },
            cap: wish.cap,
            endsAt: wish.endsAt, state: .active, used: .zero, charged: .zero, updatedAt: now)
        guard try await tx.first(CardStatements.add(card, brand: brand, now: now)) != nil else {
            if try await lock(wish.id, brand: brand, on: tx) == nil { throw Problem.notFound("There is no such shop.") }
            return
        }
        try await tx.execute(CardStatements.addGoals(card, brand: brand))
        try await schedule(card.id, after: card.endsAt, brand: brand, now: now, on: tx)
    }

    /// Takes news of a card; the same serial number again changes nothing.
    ///
    /// - Parameter shop: The only shop whose cards are the caller's business; nil for all of the brand.
    /// - Returns: The card as it is now.
    /// - Throws: ``Problem`` where a rule refuses it.
    package func tell(
        _ event: CardEvent, of id: ID<BenefitCard>, shop: ID<Shop>? = nil, brand: ID<Brand>, on tx: Transaction
    ) async throws -> CardRecord {
        guard let (card, now) = try await lock(id, brand: brand, on: tx), shop == nil || shop == card.shop else {
            throw Problem.cardUnknown
        }
        let known = try await tx.first(CardStatements.event(event.serial, of: id, brand: brand))
        switch CardStep.decide(card, .tell(event, known: known), now: now) {
        case .refused(let problem): throw problem
        case .unchanged, .notYet: return card
        case .changed(let next, _):
            try await tx.execute(CardStatements.add(event, of: id, brand: brand, now: now))
            try await save(next, after: card, brand: brand, on: tx)
            return next
        }
    }

    /// Undoes what an order counted for, since its money went back; again, and after the settlement, it changes nothing.
    ///
    /// - Parameter shop: The only shop whose cards are the caller's business; nil for all of the brand.
    /// - Returns: The cards that are not settled yet, as they are now, each once.
    @discardableResult
    package func refunded(
        _ order: ID<Order>, shop: ID<Shop>? = nil, brand: ID<Brand>, on tx: Transaction
    ) async throws -> [CardRecord] {
        var changed: [CardRecord] = []
        for (card, event) in try await tx.run(CardStatements.events(of: order, shop: shop, brand: brand)) {
            guard let undone = event.undone else { continue }
            do throws(any Error) {
                let record = try await tell(undone, of: card, brand: brand, on: tx)
                if changed.last?.id == card { changed.removeLast() }
                changed.append(record)
            } catch let problem as Problem where problem == .cardOver {
                continue
            }
        }
        return changed
    }

    /// A card as it stands.
    ///
    /// - Parameter shop: The only shop whose cards are the caller's business; nil for all of the brand.
    /// - Throws: ``Problem`` 404.
    package static func card(
        _ id: ID<BenefitCard>, shop: ID<Shop>?, brand: ID<Brand>, on tx: Transaction
    ) async throws -> CardRecord {
        let (cards, goals) = try await tx.pipeline(
            CardStatements.card(id, brand: brand), CardStatements.goals(of: id, brand: brand))
        guard var card = cards.first, shop == nil || shop == card.shop else { throw Problem.cardUnknown }
        card.goals = goals
        return card
    }

    /// The instant of the business.
    package static func clock(on tx: Transaction) async throws -> Date { try await tx.one(CardStatements.clock()) }

    /// Settles a card whose time is over: benefits are kept, or charged back up to the cap, once.
    package func settle(_ id: ID<BenefitCard>, brand: ID<Brand>, on tx: Transaction) async throws {
        guard let (card, now) = try await lock(id, brand: brand, on: tx) else {
            throw JobFailure.permanent("there is no such card")
        }
        switch CardStep.decide(card, .settle, now: now) {
        case .unchanged, .refused: return
        case .notYet(let instant): try await schedule(id, after: instant, brand: brand, now: now, on: tx)
        case .changed(let next, let charge):
            try await save(next, after: card, brand: brand, on: tx)
            guard charge > .zero else { return }
            let due = try await Ledger.account(
                AccountKey("card_due", of: card.person.rawValue), brand: brand, now: now, on: tx)
            let charges = try await Ledger.account(
                AccountKey("card_charges", of: card.shop.rawValue), brand: brand, now: now, on: tx)
            let posting = Posting(
                debit: due, credit: charges, amount: charge, kind: .cardCharged, subject: id.rawValue, occurredAt: now)
            try await Ledger.post([posting], brand: brand, now: now, on: tx)
        }
    }

    // MARK: Rows

    /// Locks a card, and reads the clock only then.
    private func lock(
        _ id: ID<BenefitCard>, brand: ID<Brand>, on tx: Transaction
    ) async throws -> (card: CardRecord, now: Date)? {
        guard var card = try await tx.first(CardStatements.lock(id, brand: brand)) else { return nil }
        let (clock, goals) = try await tx.pipeline(
            CardStatements.clock(), CardStatements.goals(of: id, brand: brand))
        card.goals = goals
        return (card, max(clock.first ?? card.updatedAt, card.updatedAt))
    }

    private func save(_ next: CardRecord, after card: CardRecord, brand: ID<Brand>, on tx: Transaction) async throws {
        try await tx.execute(CardStatements.save(next, brand: brand))
        for (goal, before) in zip(next.goals, card.goals) where goal != before {
            try await tx.execute(CardStatements.save(goal, of: next.id, brand: brand))
        }
    }

    /// A look just after an instant; at most a year ahead, and then again.
    private func schedule(
        _ id: ID<BenefitCard>, after instant: Date, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        let seconds = min(max(0, instant.timeIntervalSince(now)), 366 * 86_400)
        let delay = Duration.microseconds(Int64((seconds * 1_000_000).rounded(.up)) + 1)
        try await queue.push(
            CardSettle(brand: brand, card: id), options: JobOptions(delay: delay, brand: brand.rawValue), on: tx)
    }
}
