package import Postgres

/// Neighbouring days, both ends included.
package struct DayRun: Hashable, Sendable {
    /// The first day.
    package let from: CalendarDate
    /// The last day, not before the first.
    package let to: CalendarDate

    /// The days from one to another.
    package init(from: CalendarDate, to: CalendarDate) {
        precondition(from <= to, "a run of days ends where it begins or later")
        self.from = from
        self.to = to
    }

    /// How many days there are.
    package var count: Int { Int(to.daysSinceEpoch) - Int(from.daysSinceEpoch) + 1 }

    /// Every day, in order.
    package var days: [CalendarDate] { (0..<count).map { from.adding(days: $0) } }

    /// Joins days, in any order and with repetitions, into the fewest runs.
    package static func runs(of days: some Sequence<CalendarDate>) -> [DayRun] {
        var runs: [DayRun] = []
        for day in Set(days).sorted() {
            if let last = runs.last, last.to.adding(days: 1) == day {
                runs[runs.count - 1] = DayRun(from: last.from, to: day)
            } else {
                runs.append(DayRun(from: day, to: day))
            }
        }
        return runs
    }

    /// Joins days into at most `countMax` runs, by taking in the shortest gaps between them.
    package static func runs(of days: some Sequence<CalendarDate>, atMost countMax: Int) -> [DayRun] {
        let runs = runs(of: days)
        guard runs.count > countMax else { return runs }
        let gaps = zip(runs, runs.dropFirst()).map { $1.from.daysSinceEpoch - $0.to.daysSinceEpoch }
        let kept = Set(gaps.indices.sorted { (gaps[$0], $0) > (gaps[$1], $1) }.prefix(max(0, countMax - 1)))
        var joined = [runs[0]]
        for (index, run) in runs.dropFirst().enumerated() {
            if kept.contains(index) {
                joined.append(run)
            } else {
                joined[joined.count - 1] = DayRun(from: joined[joined.count - 1].from, to: run.to)
            }
        }
        return joined
    }

    /// The whole months that hold the days of `runs`, as runs of days.
    package static func months(around runs: [DayRun]) -> [DayRun] {
        var months: [DayRun] = []
        for run in runs.sorted(by: { $0.from < $1.from }) {
            let whole = DayRun(from: run.from.firstOfMonth, to: run.to.lastOfMonth)
            if let last = months.last, whole.from <= last.to.adding(days: 1) {
                months[months.count - 1] = DayRun(from: last.from, to: max(last.to, whole.to))
            } else {
                months.append(whole)
            }
        }
        return months
    }

    /// The run cut into calendar months; the first and the last may be parts of one.
    package var months: [DayRun] {
        var months: [DayRun] = []
        var start = from
        while start <= to {
            let end = min(to, start.lastOfMonth)
            months.append(DayRun(from: start, to: end))
            start = end.adding(days: 1)
        }
        return months
    }

    /// Whether the run is exactly one calendar month.
    package var isWholeMonth: Bool { from == from.firstOfMonth && to == from.lastOfMonth }
}

extension CalendarDate {
    /// The first day of this day's month.
    package var firstOfMonth: CalendarDate { adding(days: 1 - components.day) }

    /// The last day of this day's month.
    package var lastOfMonth: CalendarDate { firstOfMonth.adding(days: 31).firstOfMonth.adding(days: -1) }
}

/// The length of a stored period.
package enum Grain: String, Hashable, Sendable {
    /// A business day, in Asia/Shanghai.
    case day
    /// A calendar month.
    case month
}
