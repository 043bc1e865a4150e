import Accounting
import FoundationEssentials
import Jobs
import Kernel
import Postgres
import Vault

/// Merges staged customers into the vault, and chunks of staged lines into orders, payments and the ledger.
///
/// It works in sets: the number of statements does not depend on the number of lines.
struct ImportMerge {
    let record: ImportRecord
    let now: Date
    let vault: Vault

    /// What a chunk came to.
    struct Outcome {
        var added = 0
        var changed = 0
        var unchanged = 0
        /// The days on which the added and changed orders were placed, before and after.
        var days: [CalendarDate] = []
    }

    private var brand: ID<Brand> { record.request.brand }
    private var shop: ID<Shop> { record.request.shop }

    /// Loads a chunk of lines whose customers are admitted.
    ///
    /// - Parameter queue: Takes what follows from later versions.
    func run(_ lines: ClosedRange<Int32>, queue: JobQueue, on tx: Transaction) async throws -> Outcome {
        let staged = try await tx.one(ImportLoadStatements.count(of: lines, in: record))
        let added = try await tx.run(ImportLoadStatements.addOrders(lines, of: record, now: now))
        var payments = added.compactMap(\.payment)
        var reversed: [PaymentRow] = []
        var changes: [OrderNews] = []
        // Orders without a number are what they say: they cannot change, only be others.
        if record.request.format != .cdnow, added.count < staged {
            let news = try await findNews(in: lines, locking: true, on: tx).later
            changes = news.filter(\.isChange)
            try await apply(changes, confirming: news.filter { !$0.isChange }, on: tx)
            reversed = try await reversePayments(of: changes, on: tx)
            payments += changes.compactMap(\.payment)
            try await SaleEffects.follow(changes, brand: brand, now: now, queue: queue, on: tx)
        }
        if !payments.isEmpty {
            try await tx.execute(OrderVersionStatements.addPayments(payments, brand: brand, now: now))
        }
        try await post(payments, reversed: reversed, on: tx)
        try await tx.execute(ImportLoadStatements.forget(lines, of: record))
        let instants = Set(added.map(\.placedAt) + changes.flatMap { [$0.before.placedAt, $0.after.placedAt] })
        return Outcome(
            added: added.count, changed: changes.count, unchanged: staged - added.count - changes.count,
            days: try await tx.run(ImportLoadStatements.days(of: Array(instants), brand: brand)))
    }

    /// For a dry run: what would come of it.
    ///
    /// Nothing is locked: it looks at the whole file in one transaction, and whoever loads orders meanwhile need not wait for it.
    func preview(_ lines: ClosedRange<Int32>, on tx: Transaction) async throws -> Outcome {
        try await recognizeCustomers(firstIn: lines, on: tx)
        let (staged, known, news) = try await findNews(in: lines, locking: false, on: tx)
        let changed = news.count(where: \.isChange)
        return Outcome(added: staged - known, changed: changed, unchanged: known - changed)
    }

    /// The known orders that the lines have later news of; the match is made here, where no plan can go wrong.
    private func findNews(
        in lines: ClosedRange<Int32>, locking isLocking: Bool, on tx: Transaction
    ) async throws -> (staged: Int, known: Int, later: [OrderNews]) {
        let staged = try await tx.run(ImportLoadStatements.contents(of: lines, in: record))
        let contents = Dictionary(staged.map { ($0.key, $0.content) }) { first, _ in first }
        let (keys, source) = (staged.map(\.key), record.request.format.rawValue)
        let known = try await tx.run(
            isLocking
                ? OrderVersionStatements.lock(keys, source: source, shop: shop, brand: brand)
                : OrderVersionStatements.look(at: keys, source: source, shop: shop, brand: brand))
        let later = known.compactMap { order -> OrderNews? in
            guard let after = contents[order.key], after.changedAt > order.content.changedAt else { return nil }
            return OrderNews(order: order.id, version: order.version, before: order.content, after: after)
        }
        return (staged.count, known.count, later)
    }

    // MARK: Persons

    /// Admits customers; those that the vault knows keep the id they have.
    func admit(_ customers: [StagedCustomer], on tx: Transaction) async throws {
        let ids = try await vault.admit(
            customers.map(\.person), kind: PersonKind(customerOf: shop), brand: brand, now: now, on: tx)
        try await set(zip(customers, ids).map { $0.known(as: $1) }, in: customers, on: tx)
    }

    /// For a dry run: the customers that the vault knows get the id they have, nobody is admitted.
    private func recognizeCustomers(firstIn lines: ClosedRange<Int32>, on tx: Transaction) async throws {
        let customers = try await tx.run(ImportLoadStatements.customers(firstIn: lines, of: record))
        let ids = try await vault.known(
            customers.map(\.person.blindIndex), kind: PersonKind(customerOf: shop), brand: brand, on: tx)
        try await set(customers.map { $0.known(as: ids[$0.person.blindIndex] ?? $0.person.id) }, in: customers, on: tx)
    }

    private func set(_ recognized: [StagedCustomer], in staged: [StagedCustomer], on tx: Transaction) async throws {
        let differing = zip(recognized, staged).filter { $0.person.id != $1.person.id }.map(\.0)
        if !differing.isEmpty { try await tx.execute(ImportLoadStatements.setPersons(differing, of: record)) }
    }

    // MARK: Later versions

    /// Keeps the versions that are replaced, and replaces them.
    private func apply(_ changes: [OrderNews], confirming same: [OrderNews], on tx: Transaction) async throws {
        if !changes.isEmpty {
            try await tx.execute(OrderVersionStatements.keep(changes.map(\.order), brand: brand, now: now))
            try await tx.execute(OrderVersionStatements.replace(changes, brand: brand, now: now))
        }
        if !same.isEmpty { try await tx.execute(OrderVersionStatements.confirm(same, brand: brand)) }
    }

    private func reversePayments(of changes: [OrderNews], on tx: Transaction) async throws -> [PaymentRow] {
        let orders = changes.filter(\.movesMoney).map(\.order)
        if orders.isEmpty { return [] }
        return try await tx.run(OrderVersionStatements.reversePayments(of: orders, brand: brand, now: now))
    }

    // MARK: Money

    /// Both kinds count for the instant at which the order was placed, so that the ledger's sales of a day are its orders' amounts.
    private func post(_ payments: [NewPayment], reversed: [PaymentRow], on tx: Transaction) async throws {
        if payments.isEmpty, reversed.isEmpty { return }
        let accounts = try await OrderAccounts.open(of: shop, brand: brand, now: now, on: tx)
        let taken = payments.map { payment in
            Posting(
                debit: accounts.clearing, credit: accounts.sales, amount: payment.amount, kind: .orderPaid,
                subject: payment.id.rawValue,
                occurredAt: payment.paidAt)
        }
        let givenBack = reversed.map { payment in
            Posting(
                debit: accounts.sales, credit: accounts.clearing, amount: payment.amount, kind: .orderReversed,
                subject: payment.id.rawValue, occurredAt: payment.paidAt)
        }
        try await Ledger.post(taken + givenBack, brand: brand, now: now, on: tx)
    }
}

/// A customer of a file.
struct StagedCustomer {
    let firstLine: Int32
    var person: SealedPerson

    func known(as id: ID<Person>) -> StagedCustomer {
        var customer = self
        customer.person.id = id
        return customer
    }
}
