/// A sentence of arithmetic that must be true of a figure: two ways to the same number.
package enum Identity: String, Hashable, Sendable, CaseIterable {
    /// GMV is what the ledger took for orders.
    case gmvIsLedger = "gmv = ledger order payments"
    /// Every order is a payment in the ledger, or cost nothing.
    case ordersAreLedger = "orders = ledger payments + zero orders"
    /// Every payer is new or had ordered before.
    case payersAreNewAndReturning = "payers = new members + returning members"
    /// Every payer ordered once or more often.
    case payersAreSingleAndRepeat = "payers = members with one order + repeat members"
    /// A period's GMV is that of its days.
    case gmvIsSumOfDays = "gmv = sum of days"
    /// A period's orders are those of its days.
    case ordersAreSumOfDays = "orders = sum of days"
    /// A period's new members are those of its days.
    case newMembersAreSumOfDays = "new members = sum of days"
    /// The brand's GMV is that of its shops.
    case gmvIsSumOfShops = "gmv = sum of shops"
    /// The brand's orders are those of its shops.
    case ordersAreSumOfShops = "orders = sum of shops"
    /// The average, multiplied back, misses GMV by rounding at most.
    case averageIsRounded = "2 × |average × orders − gmv| ≤ orders"

    /// The sentence for people.
    package func sentence(in language: Language) -> String {
        switch (self, language) {
        case (.gmvIsLedger, .chinese): "成交额 = 账本中的订单收款"
        case (.gmvIsLedger, .english): "GMV = order payments in the ledger"
        case (.ordersAreLedger, .chinese): "订单数 = 账本收款笔数 + 零元订单"
        case (.ordersAreLedger, .english): "Orders = payments in the ledger + orders of ¥0.00"
        case (.payersAreNewAndReturning, .chinese): "支付会员 = 新会员 + 老会员"
        case (.payersAreNewAndReturning, .english): "Payers = new + returning members"
        case (.payersAreSingleAndRepeat, .chinese): "支付会员 = 只下一单的会员 + 复购会员"
        case (.payersAreSingleAndRepeat, .english): "Payers = members with one order + repeat members"
        case (.gmvIsSumOfDays, .chinese): "成交额 = 各日之和"
        case (.gmvIsSumOfDays, .english): "GMV = sum of its days"
        case (.ordersAreSumOfDays, .chinese): "订单数 = 各日之和"
        case (.ordersAreSumOfDays, .english): "Orders = sum of their days"
        case (.newMembersAreSumOfDays, .chinese): "新会员 = 各日之和"
        case (.newMembersAreSumOfDays, .english): "New members = sum of their days"
        case (.gmvIsSumOfShops, .chinese): "成交额 = 各店之和"
        case (.gmvIsSumOfShops, .english): "GMV = sum of the shops"
        case (.ordersAreSumOfShops, .chinese): "订单数 = 各店之和"
        case (.ordersAreSumOfShops, .english): "Orders = sum of the shops"
        case (.averageIsRounded, .chinese): "笔单价 × 订单数 = 成交额（舍入误差之内）"
        case (.averageIsRounded, .english): "Average × orders = GMV, but for rounding"
        }
    }

    /// Whether its two sides are money.
    package var isMoney: Bool {
        switch self {
        case .gmvIsLedger, .gmvIsSumOfDays, .gmvIsSumOfShops, .averageIsRounded: true
        case .ordersAreLedger, .payersAreNewAndReturning, .payersAreSingleAndRepeat, .ordersAreSumOfDays,
            .newMembersAreSumOfDays, .ordersAreSumOfShops:
            false
        }
    }
}

/// An identity with its two sides as they were found.
package struct Balance: Hashable, Sendable {
    /// What must hold.
    package let identity: Identity
    /// The figure's side.
    package let left: Int64
    /// The other side.
    package let right: Int64
    /// How far the sides may differ: nothing, except for rounding.
    package let tolerance: Int64

    /// An identity with its two sides.
    package init(_ identity: Identity, left: Int64, right: Int64, tolerance: Int64 = 0) {
        self.identity = identity
        self.left = left
        self.right = right
        self.tolerance = tolerance
    }

    /// The figure's side less the other.
    package var difference: Int64 { left.subtractingReportingOverflow(right).partialValue }

    /// Whether it holds.
    package var holds: Bool { difference.magnitude <= tolerance.magnitude }
}
