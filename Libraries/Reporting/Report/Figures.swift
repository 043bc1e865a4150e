package import Kernel

/// What was counted in one period of one scope.
package struct Figures: Hashable, Sendable {
    /// The sum of the orders' amounts.
    package var gmv: Money
    /// How many orders.
    package var orders: Int64
    /// How many of them cost nothing, and so left no trace in the ledger.
    package var zeroOrders: Int64
    /// How many different members ordered.
    package var payers: Int64
    /// How many of them had never ordered before.
    package var newMembers: Int64
    /// How many of them had ordered before the period.
    package var returningMembers: Int64
    /// How many of them ordered exactly once in the period.
    package var singleMembers: Int64
    /// How many of them ordered at least twice in the period.
    package var repeatMembers: Int64

    /// Figures as they were counted.
    package init(
        gmv: Money, orders: Int64, zeroOrders: Int64, payers: Int64, newMembers: Int64, returningMembers: Int64,
        singleMembers: Int64, repeatMembers: Int64
    ) {
        self.gmv = gmv
        self.orders = orders
        self.zeroOrders = zeroOrders
        self.payers = payers
        self.newMembers = newMembers
        self.returningMembers = returningMembers
        self.singleMembers = singleMembers
        self.repeatMembers = repeatMembers
    }

    /// A period without orders.
    package static let none = Figures(
        gmv: .zero, orders: 0, zeroOrders: 0, payers: 0, newMembers: 0, returningMembers: 0, singleMembers: 0,
        repeatMembers: 0)

    /// GMV over orders, to the nearest fen, halves upwards; nil without orders.
    package var averageOrder: Money? {
        guard orders > 0 else { return nil }
        let (quotient, remainder) = gmv.fen.quotientAndRemainder(dividingBy: orders)
        return Money(fen: quotient + (remainder >= orders - remainder ? 1 : 0))
    }

    /// The figure that a metric names; nil where it has none, as the average of no orders.
    package func value(of metric: Metric) -> Int64? {
        switch metric {
        case .gmv: gmv.fen
        case .orders: orders
        case .payers: payers
        case .newMembers: newMembers
        case .returningMembers: returningMembers
        case .repeatMembers: repeatMembers
        case .averageOrder: averageOrder?.fen
        }
    }
}

/// What the ledger holds for one period of one scope: money taken less money given back.
package struct LedgerSum: Hashable, Sendable {
    /// The money.
    package var amount: Money
    /// Payments posted less payments reversed.
    package var payments: Int64

    /// A sum of the ledger.
    package init(amount: Money, payments: Int64) {
        self.amount = amount
        self.payments = payments
    }

    /// Nothing posted.
    package static let none = LedgerSum(amount: .zero, payments: 0)

    /// Adds another sum to this one.
    mutating func add(_ other: LedgerSum) throws(MoneyError) {
        amount = try amount + other.amount
        payments += other.payments
    }
}
