import Hooks
import Kernel
import Testing

struct LimitRulesTests {
    /// What happens, when, and how long the pause is afterwards; times in seconds.
    struct Course: CustomTestStringConvertible {
        let testDescription: String
        let scope: LimitScope
        let steps: [(at: Int64, event: LimitEvent, pause: Int64?)]

        init(_ what: String, _ scope: LimitScope, _ steps: [(at: Int64, event: LimitEvent, pause: Int64?)]) {
            testDescription = what
            self.scope = scope
            self.steps = steps
        }
    }

    static let courses = [
        Course(
            "five within ten minutes, and twice as long the next time", .member,
            [
                (0, .wrong(4), nil), (600, .wrong(1), 1_800), (2_399, .right, 1), (2_400, .wrong(4), nil),
                (2_400, .wrong(1), 3_600),
            ]),
        Course("five in more than ten minutes", .member, [(0, .wrong(4), nil), (601, .wrong(4), nil)]),
        Course("a sum that is more than five is one pause", .member, [(0, .wrong(9), 1_800)]),
        Course(
            "wrong ones during a pause bring no second", .member,
            [(0, .wrong(5), 1_800), (1, .wrong(5), 1_799), (1_800, .wrong(4), nil), (1_800, .wrong(1), 3_600)]),
        Course(
            "a right one ends no pause, and does not empty the window", .member,
            [(0, .wrong(4), nil), (1, .right, nil), (2, .wrong(1), 1_800), (3, .right, 1_799)]),
        Course(
            "a right one after the pause and the window forgives", .member,
            [(0, .wrong(5), 1_800), (1_800, .right, nil), (1_800, .wrong(5), 1_800)]),
        Course(
            "doubling ends with a day", .member,
            [
                (0, .wrong(5), 1_800), (10_000, .wrong(5), 3_600), (20_000, .wrong(5), 7_200),
                (30_000, .wrong(5), 14_400), (50_000, .wrong(5), 28_800), (90_000, .wrong(5), 57_600),
                (150_000, .wrong(5), 86_400), (300_000, .wrong(5), 86_400),
            ]),
        Course(
            "a hundred in a row bring a day each, be it in a pause", .member,
            (0..<99).map { ($0 * 601, .wrong(1), nil) }
                + [(99 * 601, .wrong(1), 86_400), (99 * 601 + 10, .wrong(1), 86_400)]),
        Course(
            "a right one ends the row", .member,
            (0..<99).map { ($0 * 601, .wrong(1), nil) } + [(99 * 601, .right, nil), (99 * 601, .wrong(1), nil)]),
        Course(
            "thirty redemptions until the day is over", .member,
            [(0, .used(25), nil), (3_600, .used(5), 82_800), (86_400, .used(25), nil)]),
        Course("thirty in more than a day", .member, [(0, .used(29), nil), (86_401, .used(29), nil)]),
        Course(
            "ten wrong ones of a device in an hour, never doubled", .device,
            [(0, .wrong(9), nil), (3_600, .wrong(1), 3_600), (9_000, .wrong(10), 3_600), (9_000, .used(900), 3_600)]),
        Course(
            "thirty wrong ones of a network in a minute", .network,
            [(0, .wrong(29), nil), (60, .wrong(1), 60), (121, .wrong(29), nil)]),
        Course(
            "six hundred requests of a network in a minute", .network,
            [(0, .used(599), nil), (20, .used(1), 40), (61, .used(599), nil)]),
        Course(
            "twenty wrong vouchers of a store in ten minutes", .store,
            [(0, .wrong(19), nil), (600, .wrong(1), 1_800), (3_000, .wrong(20), 1_800)]),
        Course("counts do not overflow", .device, [(0, .wrong(.max), 3_600), (1, .wrong(.max), 3_599)]),
    ]

    @Test(arguments: courses)
    func course_bringsThesePauses(course: Course) {
        var record = LimitRecord(at: .zero)
        for step in course.steps {
            let now = Duration.seconds(step.at)
            record = LimitRules.decide(record, step.event, by: course.scope.limit.value, at: now)
            #expect(record.pause(at: now) == step.pause.map { .seconds($0) }, "at \(step.at), \(step.event)")
        }
    }
}
