import Hooks
import Kernel
import Keys
import Testing

struct LimitBookTests {
    private let brand = ID<Brand>.mint()
    private let start = ContinuousClock.now
    private let keys = KeyRing.ephemeral()

    private func book(subjectsMax: Int = 1_000) -> LimitBook {
        LimitBook(keys: keys, isAlone: true, subjectsMax: subjectsMax, origin: start)
    }

    private func member(_ openid: String, _ brand: ID<Brand>? = nil) -> LimitSubject {
        LimitSubject(.member, openid, brand: brand ?? self.brand)
    }

    private func network(_ address: String) throws -> LimitSubject {
        LimitSubject(networkOf: try #require(NetworkAddress(address)), brand: brand)
    }

    @Test func fiveWrongCodes_bringAPauseToThatPersonAlone() {
        let book = book()
        for _ in 0..<4 { book.wrong(member("a"), at: start) }
        #expect(book.pause(of: member("a"), at: start) == nil)

        book.wrong(member("a"), at: start)
        #expect(book.pause(of: member("a"), at: start) == .seconds(1_800))
        #expect(book.pause(of: member("b"), at: start) == nil)
        #expect(book.pause(of: member("a", .mint()), at: start) == nil)
        #expect(book.pause(of: LimitSubject(.device, "a", brand: brand), at: start) == nil)
        #expect(book.pause(of: member("a"), at: start + .seconds(1_800)) == nil)
    }

    @Test func rightCode_neverEndsAPause() {
        let book = book()
        for _ in 0..<5 { book.wrong(member("a"), at: start) }
        for second in 0..<1_800 { book.right(member("a"), at: start + .seconds(second)) }

        #expect(book.pause(of: member("a"), at: start + .seconds(1_799)) == .seconds(1))
    }

    @Test func deliveryThatIsRepeated_countsOnce() {
        let book = book()
        let source = ID<HookSource>.mint()
        func tell(_ id: String, _ body: String) {
            book.wrong(
                member("a"), delivery: Delivery(source: source, brand: brand, id: id, body: Array(body.utf8)),
                at: start)
        }
        for _ in 0..<50 {
            for number in 0..<4 { tell("\(number)", "typo") }
        }
        #expect(book.pause(of: member("a"), at: start) == nil)

        // The same id with another body is another try.
        tell("0", "guess")
        #expect(book.pause(of: member("a"), at: start) == .seconds(1_800))
    }

    @Test func neighbours_areCountedTogether() throws {
        let book = book()
        for host in 0..<30 { book.wrong(try network("192.0.2.\(host)"), at: start) }
        for host in 0..<30 { book.wrong(try network("2001:db8:0:aa\(host % 10)\(host / 10)::1"), at: start) }

        #expect(book.pause(of: try network("192.0.2.200"), at: start) == .seconds(60))
        #expect(book.pause(of: try network("::ffff:192.0.2.7"), at: start) == .seconds(60))
        #expect(book.pause(of: try network("192.0.3.1"), at: start) == nil)
        #expect(book.pause(of: try network("2001:db8:0:aaff::2"), at: start) == .seconds(60))
        #expect(book.pause(of: try network("2001:db8:0:ab00::2"), at: start) == nil)
    }

    @Test func uses_bringAPauseFromTheThirtiethOn() {
        let book = book()
        for pack in 0..<29 {
            // Told twice each.
            for _ in 0..<2 { book.used(member("a"), pack + 1, at: start) }
        }
        #expect(book.pause(of: member("a"), at: start) == nil)

        book.used(member("a"), 99, at: start + .seconds(60))
        #expect(book.pause(of: member("a"), at: start + .seconds(60)) == .seconds(86_340))
    }

    @Test func memory_isBounded() {
        let book = book(subjectsMax: 160)
        for _ in 0..<5 { book.wrong(member("a"), at: start) }
        #expect(book.pause(of: member("a"), at: start) != nil)

        for number in 0..<2_000 {
            book.wrong(member("x\(number)"), at: start)
            for pack in 0..<4 { book.used(member("y\(number)"), pack, at: start) }
        }
        #expect(book.pause(of: member("a"), at: start) == nil)
    }

    @Test func bookThatHeardNobody_isStale() throws {
        let book = LimitBook(keys: keys, origin: start)

        #expect(throws: LimitRefusal.unavailable) { try book.requireFresh(at: start) }
        #expect(LimitRefusal.unavailable.problem.status == 503 && LimitRefusal.unavailable.retryAfter == 5)
        try self.book().requireFresh(at: start + .seconds(1_000_000))
    }

    @Test func refusedSource_isToldToWait_beyondTwoHundredASecond() {
        let refused = RefusedSources(origin: start)
        for _ in 0..<200 { #expect(throws: Never.self) { try refused.refuse("a", at: start) } }

        #expect(throws: LimitRefusal.pause(.seconds(1))) { try refused.refuse("a", at: start) }
        #expect(throws: Never.self) { try refused.refuse("b", at: start) }
        #expect(throws: Never.self) { try refused.refuse("a", at: start + .seconds(1)) }
    }

    @Test func retryAfter_isNeverTooEarly() {
        #expect(LimitRefusal.pause(.milliseconds(1)).retryAfter == 1)
        #expect(LimitRefusal.pause(.milliseconds(1_001)).retryAfter == 2)
        #expect(LimitRefusal.pause(.seconds(60)).retryAfter == 60)
    }
}
