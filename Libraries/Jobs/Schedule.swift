import Foundation
public import FoundationEssentials

/// When a job runs again and again: by the calendar of a time zone, or every so often.
///
/// A pure value: ``next(after:)`` is all there is to it.
///
/// Where a zone moves its clocks, a time that does not exist counts as the first instant after the gap, and one that
/// exists twice counts once. A rule for every hour follows the time that passes instead: it fires in both of two equal
/// hours, and has nothing to make up for after a gap.
public struct Schedule: Sendable, Hashable, CustomStringConvertible {
    private enum Rule: Hashable {
        case calendar(CronFields, TimeZone)
        case every(microseconds: Int64)
    }
    private let rule: Rule

    /// The days of the week, as crontab counts them.
    public enum Weekday: Int, Sendable, CaseIterable {
        case sunday, monday, tuesday, wednesday, thursday, friday, saturday
    }

    /// The five fields of a crontab line: minute, hour, day of month, month, day of week.
    ///
    /// Fields hold `*`, numbers, names (`jan`, `sun`), ranges (`mon-fri`), steps (`*/15`, `8-18/2`), and lists of these. Where
    /// neither day field begins with `*`, a day that fits one of them is enough; otherwise it must fit both. `@hourly`,
    /// `@daily`, `@weekly`, `@monthly` and `@yearly` are understood.
    ///
    /// - Throws: ``ScheduleError``, which says what is wrong.
    public static func crontab(_ text: String, timeZone: TimeZone = .gmt) throws(ScheduleError) -> Schedule {
        Schedule(rule: .calendar(try CronFields(text), timeZone))
    }

    /// Once an hour.
    public static func hourly(minute: Int = 0) -> Schedule {
        Schedule(rule: .calendar(CronFields(minute: minute), .gmt))
    }

    /// Once a day.
    public static func daily(hour: Int, minute: Int = 0, timeZone: TimeZone = .gmt) -> Schedule {
        Schedule(rule: .calendar(CronFields(minute: minute, hour: hour), timeZone))
    }

    /// Once a week.
    public static func weekly(
        day: Weekday, hour: Int, minute: Int = 0, timeZone: TimeZone = .gmt
    ) -> Schedule {
        Schedule(rule: .calendar(CronFields(minute: minute, hour: hour, weekday: day), timeZone))
    }

    /// At the multiples of `duration` since 1970, so that all processes mean the same instants.
    public static func every(_ duration: Duration) -> Schedule {
        precondition(duration >= .seconds(1), "a schedule that fires more than once a second is a loop, not a schedule")
        let (seconds, attoseconds) = duration.components
        return Schedule(rule: .every(microseconds: seconds * 1_000_000 + attoseconds / 1_000_000_000_000))
    }

    /// The rule in words that people and other processes can compare: `0 4 * * 0 Europe/Berlin`, `every 90.0 s`.
    public var description: String {
        switch rule {
        case .calendar(let fields, let zone): "\(fields) \(zone.identifier)"
        case .every(let microseconds): "every \(Double(microseconds) / 1_000_000) s"
        }
    }

    /// The first fire after an instant; nil if there is none, because no such day exists.
    public func next(after instant: Date) -> Date? {
        let seconds = instant.timeIntervalSince1970
        // Beyond lies no calendar that anybody has agreed on.
        guard abs(seconds) < 100_000_000_000 else { return nil }
        switch rule {
        case .every(let step):
            let passed = Int64((seconds * 1_000_000).rounded())
            let due = (passed.flooredQuotient(by: step) + 1) * step
            return Date(timeIntervalSince1970: Double(due) / 1_000_000)
        case .calendar(let fields, let zone):
            let now = Int(seconds.rounded(.down))
            let next = fields.isEveryHour ? fields.passing(after: now, in: zone) : fields.named(after: now, in: zone)
            return next.map { Date(timeIntervalSince1970: Double($0)) }
        }
    }

    /// The newest fires after one instant and up to another, oldest first.
    ///
    /// Looks back from the end in growing steps, so that a long absence costs no more than a short one.
    func fires(after start: Date, through end: Date, newest count: Int) -> [Date] {
        guard count > 0, start < end else { return [] }
        var window: TimeInterval = 3_600
        while true {
            let from = max(start, end - window)
            var found: [Date] = []
            var instant = from
            while let next = next(after: instant), next <= end {
                found.append(next)
                instant = next
            }
            if found.count >= count || from == start { return Array(found.suffix(count)) }
            window *= 4
        }
    }
}

/// What is wrong with the text of a crontab.
public struct ScheduleError: Error, Hashable, CustomStringConvertible {
    /// A field of a crontab line.
    public enum Field: String, Sendable, CaseIterable {
        case minute, hour
        case dayOfMonth = "day of month"
        case month
        case dayOfWeek = "day of week"

        var range: ClosedRange<Int> {
            switch self {
            case .minute: 0...59
            case .hour: 0...23
            case .dayOfMonth: 1...31
            case .month: 1...12
            case .dayOfWeek: 0...7
            }
        }
    }

    /// What can be wrong.
    public enum Problem: Sendable, Hashable {
        /// There are not five fields.
        case fieldCount(Int)
        /// Neither a number nor a name of this field.
        case unreadable(String)
        /// A number that this field does not know.
        case outOfRange(Int)
        /// A range that ends before it begins.
        case descending(String)
        /// A step that is no positive number, or has no range before it.
        case step(String)
    }

    /// Where; nil if it concerns the whole line.
    public let field: Field?
    /// What.
    public let problem: Problem

    /// A sentence that says where and what.
    public var description: String {
        let place = field.map { "\($0.rawValue): " } ?? ""
        let range = field.map { "\($0.range.lowerBound) to \($0.range.upperBound)" } ?? ""
        return switch problem {
        case .fieldCount(let count):
            "a crontab has 5 fields (minute, hour, day of month, month, day of week), not \(count)"
        case .unreadable(let text): "\(place)“\(text)” is neither a number nor a name of this field"
        case .outOfRange(let number): "\(place)\(number) is not within \(range)"
        case .descending(let text): "\(place)the range “\(text)” ends before it begins"
        case .step(let text): "\(place)“\(text)”: a step is a positive number after * or a range, as in */15"
        }
    }
}

extension Int64 {
    func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
