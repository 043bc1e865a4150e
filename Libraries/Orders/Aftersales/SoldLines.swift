package import FoundationEssentials
package import Kernel
package import Postgres

/// One thing among several that an order is made of.
package struct SoldLine: Hashable, Sendable {
    /// Its place in the order, from 1.
    package let number: Int
    /// What it is.
    package let variant: ID<Variant>
    /// How many.
    package let quantity: Int
    /// What all of them cost together.
    package let amount: Money

    /// A line in its parts.
    package init(number: Int, variant: ID<Variant>, quantity: Int, amount: Money) {
        self.number = number
        self.variant = variant
        self.quantity = quantity
        self.amount = amount
    }
}

/// What orders are made of, where they are more than one thing.
package enum SoldLines {
    /// Says what a payment will buy, in the transaction that asks for the money.
    ///
    /// - Throws: ``Problem`` 422 unless the lines make up the payment.
    package static func add(
        _ lines: [SoldLine], for intent: PaymentIntent, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        var sum = Money.zero
        for line in lines { sum = try sum + line.amount }
        guard sum == intent.amount, lines.map(\.number) == Array(1...max(1, lines.count)),
            lines.allSatisfy({ $0.quantity > 0 && $0.amount >= .zero })
        else {
            throw Problem.invalid(
                "The lines of an order are counted from 1 and add up to what is paid.", code: "order_lines_malformed")
        }
        try await tx.execute(AftersaleStatements.addLines(lines, of: intent.order, brand: brand, now: now))
    }
}
