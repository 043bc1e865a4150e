import Codes
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

    @Test func rightCode_clearsTheCount() {
        let limit = WrongCodes()
        for _ in 0..<4 { limit.wrong(by: "a", brand: brand, at: start) }
        limit.right(by: "a", brand: brand)
        for _ in 0..<4 { limit.wrong(by: "a", brand: brand, at: start) }

        #expect(limit.pause(of: "a", brand: brand, at: start) == nil)
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
