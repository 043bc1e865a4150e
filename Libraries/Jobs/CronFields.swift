import Foundation

/// The five fields of a crontab line as sets of numbers, and the search for the next minute that fits them.
struct CronFields: Hashable, Sendable, CustomStringConvertible {
    /// The numbers of one field: all of them fit into 64 bits.
    struct Numbers: Hashable, Sendable {
        private var bits: UInt64 = 0

        init(_ numbers: some Sequence<Int>) { for number in numbers { insert(number) } }

        mutating func insert(_ number: Int) { bits |= 1 << number }
        mutating func remove(_ number: Int) { bits &= ~(1 << number) }
        func contains(_ number: Int) -> Bool { bits & (1 << number) != 0 }

        /// The smallest number from `number` on.
        func first(from number: Int) -> Int? {
            let rest = number > 63 ? 0 : bits & (~0 << number)
            return rest == 0 ? nil : rest.trailingZeroBitCount
        }
    }

    private let minutes: Numbers
    private let hours: Numbers
    private let days: Numbers
    private let months: Numbers
    private let weekdays: Numbers
    /// Whether a day must fit both day fields: one of them begins with a star.
    private let needsBothDays: Bool
    /// The line, in one spelling.
    let description: String

    /// Whether it follows the time that passes, and not what the clock on the wall calls it.
    var isEveryHour: Bool { hours == Numbers(0...23) }

    // MARK: Make

    init(minute: Int, hour: Int? = nil, weekday: Schedule.Weekday? = nil) {
        precondition(0...59 ~= minute && 0...23 ~= hour ?? 0, "a time of day lies between 0:00 and 23:59")
        minutes = Numbers([minute])
        hours = hour.map { Numbers([$0]) } ?? Numbers(0...23)
        days = Numbers(1...31)
        months = Numbers(1...12)
        weekdays = weekday.map { Numbers([$0.rawValue]) } ?? Numbers(0...6)
        needsBothDays = true
        description = "\(minute) \(hour.map(String.init) ?? "*") * * \(weekday.map { "\($0.rawValue)" } ?? "*")"
    }

    init(_ text: String) throws(ScheduleError) {
        let spelled = Self.abbreviations[text.lowercased()] ?? text.lowercased()
        let texts = spelled.split(whereSeparator: \.isWhitespace)
        guard texts.count == 5 else { throw ScheduleError(field: nil, problem: .fieldCount(texts.count)) }
        minutes = try Self.numbers(texts[0], .minute)
        hours = try Self.numbers(texts[1], .hour)
        days = try Self.numbers(texts[2], .dayOfMonth)
        months = try Self.numbers(texts[3], .month)
        var weekdays = try Self.numbers(texts[4], .dayOfWeek)
        if weekdays.contains(7) {
            weekdays.remove(7)
            weekdays.insert(0)
        }
        self.weekdays = weekdays
        needsBothDays = texts[2].hasPrefix("*") || texts[4].hasPrefix("*")
        description = texts.joined(separator: " ")
    }

    private static let abbreviations = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]
    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    private static func numbers(_ text: Substring, _ field: ScheduleError.Field) throws(ScheduleError) -> Numbers {
        var numbers = Numbers([])
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            for number in try Self.item(item, field) { numbers.insert(number) }
        }
        return numbers
    }

    private static func item(
        _ text: Substring, _ field: ScheduleError.Field
    ) throws(ScheduleError) -> StrideThrough<Int> {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        var step = 1
        if parts.count > 1 {
            guard parts.count == 2, let given = Int(parts[1]), given > 0, parts[0] == "*" || ends.count > 1 else {
                throw ScheduleError(field: field, problem: .step(String(text)))
            }
            step = given
        }
        // A week has seven days, although its field knows two numbers for Sunday.
        if parts[0] == "*" {
            return stride(
                from: field.range.lowerBound, through: field == .dayOfWeek ? 6 : field.range.upperBound, by: step)
        }
        guard ends.count <= 2 else { throw ScheduleError(field: field, problem: .unreadable(String(parts[0]))) }
        let first = try number(ends[0], field)
        var last = ends.count == 2 ? try number(ends[1], field) : first
        if field == .dayOfWeek, last == 0, first > 0 { last = 7 }
        guard first <= last else { throw ScheduleError(field: field, problem: .descending(String(parts[0]))) }
        return stride(from: first, through: last, by: step)
    }

    private static func number(_ text: Substring, _ field: ScheduleError.Field) throws(ScheduleError) -> Int {
        if field == .month, let index = monthNames.firstIndex(of: String(text)) { return index + 1 }
        if field == .dayOfWeek, let index = weekdayNames.firstIndex(of: String(text)) { return index }
        guard !text.isEmpty, text.allSatisfy(\.isASCII), text.allSatisfy(\.isNumber), let number = Int(text) else {
            throw ScheduleError(field: field, problem: .unreadable(String(text)))
        }
        guard field.range.contains(number) else { throw ScheduleError(field: field, problem: .outOfRange(number)) }
        return number
    }

    // MARK: Search

    private static let minutesOfDay = 1_440
    /// From one 29 February on a given weekday to the next lie forty years at most.
    private static let daysAhead = 41 * 366

    /// The first minute on the wall that fits, from `minute` on; both count from 1970 as if the zone were Greenwich's.
    private func minute(from minute: Int) -> Int? {
        var day = minute.floored(by: Self.minutesOfDay)
        var minuteOfDay = minute - day * Self.minutesOfDay
        let lastDay = day + Self.daysAhead
        while day <= lastDay {
            let date = CivilDate(day: day)
            if !months.contains(date.month) {
                day += date.daysLeftInMonth + 1
            } else {
                if fits(date, day), let time = time(from: minuteOfDay) { return day * Self.minutesOfDay + time }
                day += 1
            }
            minuteOfDay = 0
        }
        return nil
    }

    private func fits(_ date: CivilDate, _ day: Int) -> Bool {
        // 1 January 1970 was a Thursday.
        let weekday = (day + 4) - (day + 4).floored(by: 7) * 7
        let (fitsDay, fitsWeekday) = (days.contains(date.day), weekdays.contains(weekday))
        return needsBothDays ? fitsDay && fitsWeekday : fitsDay || fitsWeekday
    }

    private func time(from minuteOfDay: Int) -> Int? {
        var hour = minuteOfDay / 60
        var minute = minuteOfDay % 60
        while let next = hours.first(from: hour) {
            if next > hour { minute = 0 }
            if let minute = minutes.first(from: minute) { return next * 60 + minute }
            hour = next + 1
            minute = 0
        }
        return nil
    }

    // MARK: Zones

    /// The next fire of a rule for named hours, in seconds since 1970.
    ///
    /// Every minute on the wall that fits fires once: at its first occurrence, or, where the clocks jump over it, when they
    /// have jumped.
    func named(after instant: Int, in zone: TimeZone) -> Int? {
        var wall = (instant + zone.offset(at: instant)).floored(by: 60) + 1
        while let next = minute(from: wall) {
            let fire = Self.occurrence(of: next * 60, in: zone)
            if fire > instant { return fire }
            // The second time around: it has fired an hour ago.
            wall = next + 1
        }
        return nil
    }

    /// The next fire of a rule for every hour, in seconds since 1970.
    func passing(after instant: Int, in zone: TimeZone) -> Int? {
        var from = instant
        var wall = (instant + zone.offset(at: instant)).floored(by: 60) + 1
        while let next = minute(from: wall) {
            let offset = zone.offset(at: from)
            let fire = next * 60 - offset
            guard let change = zone.nextChange(after: from), change <= fire else { return fire }
            from = change
            wall = (change + zone.offset(at: change) + 59).floored(by: 60)
        }
        return nil
    }

    /// The first instant at which the wall shows a time, or, if it never does, the first after it should have.
    private static func occurrence(of wall: Int, in zone: TimeZone) -> Int {
        // No zone is more than fourteen hours away from Greenwich.
        var from = wall - 15 * 3_600
        while true {
            let fire = wall - zone.offset(at: from)
            guard let change = zone.nextChange(after: from), change <= fire else { return max(fire, from) }
            from = change
        }
    }
}

/// A date of the Gregorian calendar, by arithmetic: the search looks at thousands of days.
private struct CivilDate {
    let month: Int
    let day: Int
    private let isLeapYear: Bool

    /// The date of a day counted from 1 January 1970.
    init(day number: Int) {
        // Years are counted from March, so that the leap day comes last; eras have 400 of them.
        let shifted = number + 719_468
        let era = shifted.floored(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        isLeapYear = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    var daysLeftInMonth: Int {
        let length =
            switch month {
            case 2: isLeapYear ? 29 : 28
            case 4, 6, 9, 11: 30
            default: 31
            }
        return length - day
    }
}

extension TimeZone {
    /// Seconds east of Greenwich at an instant.
    fileprivate func offset(at instant: Int) -> Int {
        secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant)))
    }

    /// When the clocks are next moved.
    fileprivate func nextChange(after instant: Int) -> Int? {
        nextDaylightSavingTimeTransition(after: Date(timeIntervalSince1970: Double(instant)))
            .map { Int($0.timeIntervalSince1970.rounded()) }
            .flatMap { $0 > instant ? $0 : nil }
    }
}

extension Int {
    fileprivate func floored(by divisor: Int) -> Int {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
