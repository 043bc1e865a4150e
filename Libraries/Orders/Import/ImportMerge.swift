import Accounting
import FoundationEssentials
import Kernel
import Postgres
import Vault

/// Merges a chunk of staged lines into persons, orders, payments and the ledger.
///
/// It works in sets: the number of statements does not depend on the number of lines.
struct ImportMerge {
    let record: ImportRecord
    let lines: ClosedRange<Int32>
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

    func run(on tx: Transaction) async throws -> Outcome {
        try await admitCustomers(on: tx)
        let staged = try await tx.one(ImportLoadStatements.count(of: lines, in: record))
        let placed = try await tx.run(ImportLoadStatements.addOrders(lines, of: record, now: now))
        var payments = try await tx.run(ImportLoadStatements.addPayments(lines, of: record, now: now))
        var reversed: [PaymentRow] = []
        var instants = Set(placed)
        var changed = 0
        // Orders without a number are what they say: they cannot change, only be others.
        if record.request.format != .cdnow, placed.count < staged {
            let news = try await tx.run(ImportLoadStatements.laterNews(of: lines, in: record))
            let changes = news.filter(\.isChange)
            changed = changes.count
            instants.formUnion(changes.flatMap { [$0.before.placedAt, $0.after.placedAt] })
            try await apply(news, on: tx)
            let moved = changes.filter(\.movesMoney).map(\.order)
            reversed = try await tx.run(ImportLoadStatements.reversePayments(of: moved, brand: brand, now: now))
            payments += try await tx.run(
                ImportLoadStatements.renewPayments(of: moved, lines, of: record, now: now))
        }
        try await post(payments, reversed: reversed, on: tx)
        try await tx.execute(ImportLoadStatements.forget(lines, of: record))
        return Outcome(
            added: placed.count, changed: changed, unchanged: staged - placed.count - changed,
            days: try await tx.run(ImportLoadStatements.days(of: Array(instants))))
    }

    /// Admits the customers whose first line lies in this chunk; those that the vault knows keep the id they have.
    private func admitCustomers(on tx: Transaction) async throws {
        let customers = try await tx.run(ImportLoadStatements.customers(firstIn: lines, of: record))
        let ids = try await vault.admit(
            customers.map(\.person), kind: PersonKind(customerOf: shop), brand: brand, now: now, on: tx)
        let known = zip(customers, ids).filter { $0.person.id != $1 }.map { ($0.number, $1) }
        if known.isEmpty { return }
        try await tx.execute(ImportLoadStatements.setPersons(known, of: record))
    }

    /// For a dry run: the customers that the vault knows get the id they have, nobody is admitted.
    func recognizeCustomers(on tx: Transaction) async throws {
        let customers = try await tx.run(ImportLoadStatements.customers(firstIn: lines, of: record))
        let ids = try await vault.known(
            customers.map(\.person.blindIndex), kind: PersonKind(customerOf: shop), brand: brand, on: tx)
        let known = customers.compactMap { customer in ids[customer.person.blindIndex].map { (customer.number, $0) } }
        if known.isEmpty { return }
        try await tx.execute(ImportLoadStatements.setPersons(known, of: record))
    }

    /// Keeps the versions that are replaced, and replaces them.
    private func apply(_ news: [OrderNews], on tx: Transaction) async throws {
        let changed = news.filter(\.isChange).map(\.order)
        if !changed.isEmpty {
            try await tx.execute(ImportLoadStatements.keepVersions(of: changed, brand: brand, now: now))
            try await tx.execute(ImportLoadStatements.applyVersions(of: changed, lines, of: record, now: now))
        }
        let confirmed = news.filter { !$0.isChange }.map(\.order)
        if !confirmed.isEmpty {
            try await tx.execute(ImportLoadStatements.confirmVersions(of: confirmed, lines, of: record))
        }
    }

    /// Both kinds count for the instant at which the order was placed, so that the ledger's sales of a day are its orders' amounts.
    private func post(_ payments: [PaymentRow], reversed: [PaymentRow], on tx: Transaction) async throws {
        if payments.isEmpty, reversed.isEmpty { return }
        let clearing = try await Ledger.account(.clearing(of: shop), brand: brand, now: now, on: tx)
        let sales = try await Ledger.account(.sales(of: shop), brand: brand, now: now, on: tx)
        let taken = payments.map { payment in
            Posting(
                debit: clearing, credit: sales, amount: payment.amount, kind: .orderPaid, subject: payment.id.rawValue,
                occurredAt: payment.paidAt)
        }
        let givenBack = reversed.map { payment in
            Posting(
                debit: sales, credit: clearing, amount: payment.amount, kind: .orderReversed,
                subject: payment.id.rawValue, occurredAt: payment.paidAt)
        }
        try await Ledger.post(taken + givenBack, brand: brand, now: now, on: tx)
    }
}

/// A version of an order as far as its money and its day go.
struct OrderVersion: Equatable {
    var status: OrderStatus
    var placedAt: Date
    var amount: Money

    /// What the customer owes for it.
    var due: Money { status == .cancelled ? .zero : amount }
}

/// What a file says about an order that is known in an earlier version.
struct OrderNews {
    let order: ID<Order>
    let before: OrderVersion
    let after: OrderVersion
    /// Whether anything is different, the customer and the quantity included.
    let isChange: Bool

    /// Whether its payment is to be reversed and made anew: another amount, or another day for the same.
    var movesMoney: Bool {
        before.due != after.due || (after.due > .zero && before.placedAt != after.placedAt)
    }
}

/// Money taken for an order.
struct PaymentRow {
    let id: ID<Payment>
    let amount: Money
    let paidAt: Date
}
