import TestSupport
import Testing

struct TestSignalTests {
    @Test func wait_afterSends_givesThemInOrder() async throws {
        let signal = TestSignal<Int>()
        signal.send(1)
        signal.send(2)

        let first = try await signal.wait()
        let second = try await signal.wait()

        #expect([first, second] == [1, 2])
    }

    @Test func wait_withoutASend_endsAtItsLimit() async {
        await #expect(throws: TestSupportError.self) {
            try await TestSignal<Void>().wait(limit: .milliseconds(20))
        }
    }

    @Test func eventually_holdsOrEndsAtItsLimit() async throws {
        var asked = 0
        try await eventually(every: .milliseconds(1)) {
            asked += 1
            return asked == 3
        }

        #expect(asked == 3)
        await #expect(throws: TestSupportError.self) {
            try await eventually(within: .milliseconds(20)) { false }
        }
    }
}
