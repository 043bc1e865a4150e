import Foundation
import Jobs
import Testing

/// When schedules fire: a pure value, so no database.
struct ScheduleTests {
    // MARK: Calendar

    @Test(arguments: [
        ("0 4 * * *", "2026-11-22T03:59:59Z", ["2026-11-22T04:00:00Z", "2026-11-23T04:00:00Z"]),
        ("0 4 * * *", "2026-11-22T04:00:00Z", ["2026-11-23T04:00:00Z"]),
        ("0 4 * * sun", "2026-11-22T04:00:00Z", ["2026-11-29T04:00:00Z", "2026-12-06T04:00:00Z"]),
        ("*/15 8-9 * * MON-FRI", "2026-11-20T09:31:00Z", ["2026-11-20T09:45:00Z", "2026-11-23T08:00:00Z"]),
        ("5,35 */12 1 jan,jul *", "2026-11-22T00:00:00Z", ["2027-01-01T00:05:00Z", "2027-01-01T00:35:00Z"]),
        ("10-40/15 0 * * *", "2026-11-22T00:00:00Z", ["2026-11-22T00:10:00Z", "2026-11-22T00:25:00Z"]),
        (
            "0 0 31 * *", "2026-11-22T00:00:00Z",
            ["2026-12-31T00:00:00Z", "2027-01-31T00:00:00Z", "2027-03-31T00:00:00Z"]
        ),
        ("0 0 29 2 *", "2096-03-01T00:00:00Z", ["2104-02-29T00:00:00Z"]),
        ("0 0 * * 5-7", "2026-11-21T00:00:00Z", ["2026-11-22T00:00:00Z", "2026-11-27T00:00:00Z"]),
        ("0 0 * * sat-sun", "2026-11-22T00:00:00Z", ["2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"]),
        ("@monthly", "2026-11-22T00:00:00Z", ["2026-12-01T00:00:00Z"]),
        (" 0\t0  1 1 * ", "1969-12-31T23:59:59Z", ["1970-01-01T00:00:00Z"]),
        // A day that fits either field is enough where both are named; where one begins with a star, it must fit both.
        (
            "0 0 13 * fri", "2026-11-01T00:00:00Z",
            ["2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z"]
        ),
        ("0 0 1 12 mon", "2026-11-22T00:00:00Z", ["2026-12-01T00:00:00Z", "2026-12-07T00:00:00Z"]),
        ("0 0 */2 * mon", "2026-11-22T00:00:00Z", ["2026-11-23T00:00:00Z", "2026-12-07T00:00:00Z"]),
        // 29 February on a Sunday: forty years lie between two of them where a century has no leap day.
        ("0 0 29 2 */7", "2088-03-01T00:00:00Z", ["2128-02-29T00:00:00Z"]),
    ])
    func crontab_inGreenwich_firesAt(_ text: String, _ after: String, _ expected: [String]) throws {
        #expect(try fires(of: .crontab(text), after: after, count: expected.count) == expected)
    }

    @Test(arguments: ["0 0 31 2 *", "0 0 30 2 */2", "0 0 31 4,6,9,11 *"])
    func crontab_ofADayThatDoesNotExist_hasNoNextFire(_ text: String) throws {
        #expect(try Schedule.crontab(text).next(after: instant("2026-11-22T00:00:00Z")) == nil)
    }

    @Test(arguments: [
        ("0 4 * *", "a crontab has 5 fields (minute, hour, day of month, month, day of week), not 4"),
        ("60 4 * * *", "minute: 60 is not within 0 to 59"),
        ("0 24 * * *", "hour: 24 is not within 0 to 23"),
        ("0 0 0 * *", "day of month: 0 is not within 1 to 31"),
        ("0 0 * 13 *", "month: 13 is not within 1 to 12"),
        ("0 0 * * 8", "day of week: 8 is not within 0 to 7"),
        ("0 0 * * sunday", "day of week: “sunday” is neither a number nor a name of this field"),
        ("0 mon * * *", "hour: “mon” is neither a number nor a name of this field"),
        ("0 5-2 * * *", "hour: the range “5-2” ends before it begins"),
        ("*/0 * * * *", "minute: “*/0”: a step is a positive number after * or a range, as in */15"),
        ("5/15 * * * *", "minute: “5/15”: a step is a positive number after * or a range, as in */15"),
        ("1,,2 * * * *", "minute: “” is neither a number nor a name of this field"),
        ("-5 * * * *", "minute: “” is neither a number nor a name of this field"),
        ("+5 * * * *", "minute: “+5” is neither a number nor a name of this field"),
        ("٣ * * * *", "minute: “٣” is neither a number nor a name of this field"),
    ])
    func crontab_thatIsWrong_saysWhatIsWrong(_ text: String, _ sentence: String) {
        let error = #expect(throws: ScheduleError.self) { try Schedule.crontab(text) }
        #expect(error?.description == sentence)
    }

    // MARK: Zones

    @Test(arguments: [
        // The clocks go from 2:00 to 3:00 on 29 March, and from 3:00 to 2:00 on 25 October.
        (
            "30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z",
            ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
        ),
        ("0,20,40 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]),
        ("0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
        (
            "0,30 2,3 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
            ["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z", "2026-10-25T02:30:00Z"]
        ),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T01:15:00Z", ["2026-10-26T01:30:00Z"]),
        // 8 March and 1 November.
        ("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]),
        ("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]),
        ("0 */2 * * *", "America/New_York", "2026-03-08T05:00:00Z", ["2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"]),
        // No changes today; the last one was in 1991.
        ("0 0 * * *", "Asia/Shanghai", "2026-03-28T12:00:00Z", ["2026-03-28T16:00:00Z", "2026-03-29T16:00:00Z"]),
        ("0 4 1 1 *", "Asia/Shanghai", "2026-11-22T00:00:00Z", ["2026-12-31T20:00:00Z", "2027-12-31T20:00:00Z"]),
        // Half an hour, forwards on 4 October and back on 5 April.
        (
            "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z",
            ["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"]
        ),
        (
            "45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00Z",
            ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]
        ),
        // A whole day that did not take place: 30 December 2011.
        ("0 12 30 12 *", "Pacific/Apia", "2011-12-29T12:00:00Z", ["2011-12-30T10:00:00Z", "2012-12-29T22:00:00Z"]),
    ])
    func crontab_whereTheClocksAreMoved_firesOnceForEachTime(
        _ text: String, _ zone: String, _ after: String, _ expected: [String]
    ) throws {
        let zone = try #require(TimeZone(identifier: zone))
        #expect(try fires(of: .crontab(text, timeZone: zone), after: after, count: expected.count) == expected)
    }

    @Test(arguments: [
        (
            "*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z",
            ["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"]
        ),
        (
            "*/30 * * * *", "Europe/Berlin", "2026-10-25T00:15:00Z",
            ["2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"]
        ),
        (
            "15 * * * *", "Europe/Berlin", "2026-03-28T23:30:00Z",
            ["2026-03-29T00:15:00Z", "2026-03-29T01:15:00Z", "2026-03-29T02:15:00Z"]
        ),
        ("0 * 25 10 *", "Europe/Berlin", "2026-10-24T12:00:00Z", ["2026-10-24T22:00:00Z", "2026-10-24T23:00:00Z"]),
        ("0 * * * *", "Asia/Kathmandu", "2026-03-29T00:00:00Z", ["2026-03-29T00:15:00Z", "2026-03-29T01:15:00Z"]),
    ])
    func crontab_ofEveryHour_followsTheTimeThatPasses(
        _ text: String, _ zone: String, _ after: String, _ expected: [String]
    ) throws {
        let zone = try #require(TimeZone(identifier: zone))
        #expect(try fires(of: .crontab(text, timeZone: zone), after: after, count: expected.count) == expected)
    }

    /// The arithmetic against the calendar of Foundation.
    @Test(arguments: ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"])
    func crontab_overAYear_firesOnceADayAtThatTime(_ name: String) throws {
        let zone = try #require(TimeZone(identifier: name))
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let schedule = try Schedule.crontab("20 5 * * *", timeZone: zone)
        var instant = self.instant("2026-01-01T00:00:00Z")
        let end = self.instant("2027-01-01T00:00:00Z")
        var count = 0
        while let next = schedule.next(after: instant), next < end {
            let parts = calendar.dateComponents([.hour, .minute, .second], from: next)
            #expect(parts.hour == 5 && parts.minute == 20 && parts.second == 0, "\(next)")
            instant = next
            count += 1
        }
        #expect(count == 365)
    }

    // MARK: The short forms

    @Test func shortForms_meanWhatTheySay() throws {
        let zone = try #require(TimeZone(identifier: "Asia/Shanghai"))
        let after = "2026-11-22T10:17:03Z"

        #expect(
            fires(of: .hourly(minute: 20), after: after, count: 2) == ["2026-11-22T10:20:00Z", "2026-11-22T11:20:00Z"])
        #expect(
            fires(of: .daily(hour: 4, minute: 5, timeZone: zone), after: after, count: 1) == ["2026-11-22T20:05:00Z"])
        #expect(
            fires(of: .weekly(day: .friday, hour: 0, timeZone: zone), after: after, count: 1) == [
                "2026-11-26T16:00:00Z"
            ])
        #expect(
            fires(of: .every(.seconds(90)), after: after, count: 2) == ["2026-11-22T10:18:00Z", "2026-11-22T10:19:30Z"])
        #expect(fires(of: .every(.seconds(60)), after: "1969-12-31T23:58:30Z", count: 1) == ["1969-12-31T23:59:00Z"])
        #expect(Schedule.hourly(minute: 20) == (try .crontab("20 * * * *")))
        #expect(Schedule.weekly(day: .friday, hour: 4, timeZone: zone).description == "0 4 * * 5 Asia/Shanghai")
        #expect(Schedule.every(.milliseconds(1_500)).description == "every 1.5 s")
        #expect(Schedule.hourly().next(after: .distantFuture) != nil)
        #expect(Schedule.hourly().next(after: Date(timeIntervalSince1970: .infinity)) == nil)
    }

    private func fires(of schedule: Schedule, after: String, count: Int) -> [String] {
        var instant = instant(after)
        return (0..<count).map { _ in
            guard let next = schedule.next(after: instant) else { return "never" }
            instant = next
            return next.ISO8601Format()
        }
    }

    private func instant(_ text: String) -> Date {
        // Only this file's own texts come here.
        (try? Date(text, strategy: .iso8601)) ?? .distantPast
    }
}
