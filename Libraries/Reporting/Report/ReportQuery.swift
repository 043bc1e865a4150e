package import Kernel
package import Postgres

/// What somebody wants to know: a report's name, whose figures, of which days.
package struct ReportQuery: Hashable, Sendable {
    /// The reports there are.
    package enum Name: String, Hashable, Sendable, CaseIterable {
        /// Money, orders and members by day, month and shop.
        case overview
        /// Codes and their prizes by batch, product and day.
        case prizes
        /// Gifts and what became of them by product and day.
        case gifts
        /// What stores handed over and are owed, by store and day.
        case settlement
        /// Whom packs brought, by batch, product, region and day.
        case packs
        /// Entries in draws and what they won, by draw and day.
        case draws
        /// How far people go from seeing that they may give, by entry, cohort and day.
        case funnel
        /// What was given and what went back, by the day it was given and by the day it went back.
        case returns
        /// Who gives how much, by segment.
        case givers
        /// What may be given, by category and by what people search for.
        case supply
        /// What people think of gifts and of what they bought, by product, shop and day.
        case ratings
    }

    /// How many days a report may cover.
    package static let daysMax = Limit(
        1_100, reason: "three years and a little: a series that can still be drawn, and an answer of bounded size")

    /// Which report.
    package var name: Name
    /// Whose.
    package var brand: ID<Brand>
    /// All of the brand, or one shop.
    package var scope: ReportScope
    /// The first day; nil for the first day with an order.
    package var from: CalendarDate?
    /// The last day; nil for the last day with an order.
    package var to: CalendarDate?

    /// A query of values known to be right.
    package init(
        name: Name = .overview, brand: ID<Brand>, scope: ReportScope = .brand, from: CalendarDate? = nil,
        to: CalendarDate? = nil
    ) {
        self.name = name
        self.brand = brand
        self.scope = scope
        self.from = from
        self.to = to
    }
}

extension ReportQuery {
    /// Reads a query as it arrives from outside: on the command line or in a URL.
    ///
    /// An empty text counts as missing.
    ///
    /// - Throws: A problem in order of precedence: 404 for an unknown report, 422 for a shop that is no id, for a day that is no
    ///   day, for days in the wrong order, for too many days, for an instant to look back from.
    package init(
        name: String, brand: ID<Brand>, from: String? = nil, to: String? = nil, shop: String? = nil, asOf: String? = nil
    ) throws(Problem) {
        guard let name = Name(rawValue: name) else {
            let names = Name.allCases.map(\.rawValue).joined(separator: ", ")
            throw .notFound("There is no report of this name. There are: \(names).")
        }
        var scope = ReportScope.brand
        if let shop = shop.nonEmpty {
            guard let id = ID<Shop>(shop) else {
                throw .invalid("`shop` must be the id of a shop, a UUID such as 01910000-0000-7000-8000-000000000000.")
            }
            scope = .shop(id)
        }
        self.init(
            name: name, brand: brand, scope: scope, from: try Self.day(from, called: "from"),
            to: try Self.day(to, called: "to"))
        if let from = self.from, let to = self.to { _ = try Self.checked(from: from, to: to) }
        if asOf.nonEmpty != nil {
            throw .invalid(
                "`as_of` cannot be given yet: a report is always as of the instant it is asked for, and says which that was.",
                code: "as_of_not_kept")
        }
    }

    /// The days from one to another, if a report may cover them.
    package static func checked(from: CalendarDate, to: CalendarDate) throws(Problem) -> DayRun {
        guard from <= to else {
            throw .invalid("`from` (\(from)) must not be after `to` (\(to)).", code: "range_reversed")
        }
        let range = DayRun(from: from, to: to)
        guard range.count <= daysMax.value else {
            throw .invalid(
                "A report covers at most \(daysMax.value) days; \(from) to \(to) are \(range.count).",
                code: "range_too_long")
        }
        return range
    }

    private static func day(_ text: String?, called name: String) throws(Problem) -> CalendarDate? {
        guard let text = text.nonEmpty else { return nil }
        guard let day = CalendarDate(text) else {
            throw .invalid("`\(name)` must be a day of the calendar, as in 1997-12-31.", code: "not_a_day")
        }
        return day
    }
}

extension String? {
    /// The text, or nil if it is empty: forms send empty fields.
    fileprivate var nonEmpty: String? { self.flatMap { $0.isEmpty ? nil : $0 } }
}
