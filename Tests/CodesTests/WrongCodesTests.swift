import Codes
import Hooks
import Kernel
import Testing

struct WrongCodesTests {
    private let brand = ID<Brand>.mint()
    private let start = ContinuousClock.now

    @Test func fiveWrongCodes_bringAPauseThatDoubles() {
        let limit = WrongCodes()
        for _ in 0..<4 { limit.wrong(by: "a", brand: brand, at: start) }
        #expect(limit.pause(of: "a", brand: brand, at: start) == nil)

        limit.wrong(by: "a", brand: brand, at: start)
        #expect(limit.pause(of: "a", brand: brand, at: start) == .seconds(1_800))
        #expect(limit.pause(of: "b", brand: brand, at: start) == nil)
        #expect(limit.pause(of: "a", brand: .mint(), at: start) == nil)

        let later = start + .seconds(1_800)
        #expect(limit.pause(of: "a", brand: brand, at: later) == nil)
        for _ in 0..<5 { limit.wrong(by: "a", brand: brand, at: later) }
        #expect(limit.pause(of: "a", brand: brand, at: later) == .seconds(3_600))
    }

    @Test func wrongCodes_farApart_bringNoPause() {
        let limit = WrongCodes()
        for round in 0..<50 {
            limit.wrong(by: "a", brand: brand, at: start + .seconds(601 * round))
        }
        #expect(limit.pause(of: "a", brand: brand, at: start + .seconds(601 * 50)) == nil)
    }

    @Test func hundredWrongCodesInARow_bringADayEach() {
        let limit = WrongCodes()
        for round in 0..<100 { limit.wrong(by: "a", brand: brand, at: start + .seconds(601 * round)) }

        #expect(limit.pause(of: "a", brand: brand, at: start + .seconds(601 * 99)) == .seconds(86_400))
    }

    @Test func rightCode_endsTheRow_notTheWindow() {
        let limit = WrongCodes()
        for round in 0..<99 { limit.wrong(by: "a", brand: brand, at: start + .seconds(601 * round)) }
        let end = start + .seconds(601 * 98)
        limit.right(by: "a", brand: brand, at: end)
        for _ in 0..<3 { limit.wrong(by: "a", brand: brand, at: end) }
        limit.right(by: "a", brand: brand, at: end)
        #expect(limit.pause(of: "a", brand: brand, at: end) == nil)

        // The fifth within ten minutes, however often a right one came in between.
        limit.wrong(by: "a", brand: brand, at: end)
        #expect(limit.pause(of: "a", brand: brand, at: end) == .seconds(1_800))
    }

    @Test func rightCode_afterTheWindow_forgivesPauses() {
        let limit = WrongCodes()
        for _ in 0..<5 { limit.wrong(by: "a", brand: brand, at: start) }
        let later = start + .seconds(1_800)
        limit.right(by: "a", brand: brand, at: later)
        for _ in 0..<5 { limit.wrong(by: "a", brand: brand, at: later) }

        #expect(limit.pause(of: "a", brand: brand, at: later) == .seconds(1_800))
    }

    @Test func deliveryThatIsRepeated_countsOnce() {
        let limit = WrongCodes()
        let source = ID<HookSource>.mint()
        func tell(_ id: String, _ body: String) {
            limit.wrong(
                by: "a", brand: brand,
                delivery: Delivery(source: source, brand: brand, id: id, body: Array(body.utf8)), at: start)
        }
        for _ in 0..<50 {
            for number in 0..<4 { tell("\(number)", "typo") }
        }
        #expect(limit.pause(of: "a", brand: brand, at: start) == nil)

        // The same id with another body is another try.
        tell("0", "guess")
        #expect(limit.pause(of: "a", brand: brand, at: start) == .seconds(1_800))
    }

    @Test func memory_isBounded() {
        let limit = WrongCodes(peopleMax: 10)
        for _ in 0..<5 { limit.wrong(by: "a", brand: brand, at: start) }
        for number in 0..<9 { limit.wrong(by: "x\(number)", brand: brand, at: start) }
        #expect(limit.pause(of: "a", brand: brand, at: start) != nil)

        for number in 0..<10 { limit.wrong(by: "y\(number)", brand: brand, at: start) }
        #expect(limit.pause(of: "a", brand: brand, at: start) == nil)
    }
}
