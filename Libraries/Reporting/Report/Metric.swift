/// The metric dictionary: what every figure means, in one place, for every role and every renderer.
///
/// A definition that changes gets a new ``definitionVersion``, because a figure without its definition is a rumour.
package enum Metric: String, Hashable, Sendable, CaseIterable {
    /// Money of orders.
    case gmv
    /// Orders.
    case orders
    /// Members who ordered.
    case payers
    /// Members who ordered for the first time.
    case newMembers = "new_members"
    /// Members who had ordered before.
    case returningMembers = "returning_members"
    /// Members who ordered twice or more.
    case repeatMembers = "repeat_members"
    /// Money per order.
    case averageOrder = "average_order"

    /// The version of all definitions together; it travels with every report.
    package static let definitionVersion = 1

    /// What it is counted in.
    package var unit: MetricUnit {
        switch self {
        case .gmv, .averageOrder: .fen
        case .orders: .orders
        case .payers, .newMembers, .returningMembers, .repeatMembers: .members
        }
    }

    /// Its key in JSON and CSV: money says that it is fen.
    package var key: String { unit == .fen ? "\(rawValue)_fen" : rawValue }

    /// The identities that must hold for the figure to be believed.
    package var identities: [Identity] {
        switch self {
        case .gmv: [.gmvIsLedger, .gmvIsSumOfDays, .gmvIsSumOfShops]
        case .orders: [.ordersAreLedger, .ordersAreSumOfDays, .ordersAreSumOfShops]
        case .payers: [.payersAreNewAndReturning, .payersAreSingleAndRepeat]
        case .newMembers: [.payersAreNewAndReturning, .newMembersAreSumOfDays]
        case .returningMembers: [.payersAreNewAndReturning]
        case .repeatMembers: [.payersAreSingleAndRepeat]
        case .averageOrder: [.gmvIsLedger, .ordersAreLedger, .averageIsRounded]
        }
    }

    /// Its name for people.
    package func name(in language: Language) -> String {
        switch (self, language) {
        case (.gmv, .chinese): "成交额"
        case (.gmv, .english): "GMV"
        case (.orders, .chinese): "订单数"
        case (.orders, .english): "Orders"
        case (.payers, .chinese): "支付会员"
        case (.payers, .english): "Payers"
        case (.newMembers, .chinese): "新会员"
        case (.newMembers, .english): "New members"
        case (.returningMembers, .chinese): "老会员"
        case (.returningMembers, .english): "Returning members"
        case (.repeatMembers, .chinese): "复购会员"
        case (.repeatMembers, .english): "Repeat members"
        case (.averageOrder, .chinese): "笔单价"
        case (.averageOrder, .english): "Average order"
        }
    }

    /// What it means, in a sentence or two.
    package func definition(in language: Language) -> String {
        switch (self, language) {
        case (.gmv, .chinese): "期间内下单且未取消的订单金额之和，按下单日（上海时间）归属。"
        case (.gmv, .english):
            "The amounts of all orders placed in the period and not cancelled, by the day they were placed (Shanghai time)."
        case (.orders, .chinese): "期间内下单且未取消的订单笔数，含零元订单。"
        case (.orders, .english): "Orders placed in the period and not cancelled, orders of ¥0.00 included."
        case (.payers, .chinese): "期间内至少有一笔订单的会员数，同一会员只计一次。"
        case (.payers, .english): "Members with at least one order in the period, each counted once."
        case (.newMembers, .chinese): "支付会员中，首笔订单落在期间内者；按所看范围（全品牌或单店）判断首笔。"
        case (.newMembers, .english):
            "Payers whose first order ever falls in the period; first within what is shown, the whole brand or one shop."
        case (.returningMembers, .chinese): "支付会员中，期间开始之前已有订单者。"
        case (.returningMembers, .english): "Payers who had ordered before the period began."
        case (.repeatMembers, .chinese): "期间内有两笔或以上订单的会员数。"
        case (.repeatMembers, .english): "Members with two orders or more in the period."
        case (.averageOrder, .chinese): "成交额除以订单数，四舍五入到分；没有订单时无此数。"
        case (.averageOrder, .english): "GMV over orders, to the nearest fen, halves upwards; none without orders."
        }
    }
}

/// What figures are counted in.
package enum MetricUnit: String, Hashable, Sendable {
    /// Hundredths of a yuan.
    case fen
    /// Orders.
    case orders
    /// Members.
    case members
}

/// The languages that people may choose.
package enum Language: String, Hashable, Sendable, CaseIterable {
    /// Simplified Chinese.
    case chinese = "zh"
    /// English.
    case english = "en"
}

extension Language {
    /// The language that was asked for by name; else the first that the reader's software prefers; else Chinese.
    ///
    /// - Parameter accepted: An `Accept-Language` header, as in `en-GB,en;q=0.9,zh;q=0.5`.
    package init(asked: String?, accepted: String?) {
        if let asked, let language = Language(rawValue: asked) {
            self = language
            return
        }
        var best: (language: Language, quality: Double)?
        for part in (accepted ?? "").split(separator: ",").prefix(20) {
            let fields = part.split(separator: ";").map { $0.filter { $0 != " " } }
            guard let tag = fields.first, let language = Language(rawValue: tag.prefix(2).lowercased()) else {
                continue
            }
            let quality = fields.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if quality > best?.quality ?? 0 { best = (language, quality) }
        }
        self = best?.language ?? .chinese
    }
}
