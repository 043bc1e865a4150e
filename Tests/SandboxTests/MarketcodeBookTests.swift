import Foundation
import Testing
import WeChat

@testable import Sandbox

/// WeChat's codes in the stand-in's book, at instants that a test names.
struct MarketcodeBookTests {
    private let noon = Date(timeIntervalSince1970: 1_780_000_000)
    private let activity = MarketcodeActivity(
        name: "a", brand: "b", title: "t", ean: "6901234567892", appid: "wx", path: "p")

    /// The book after what a decision gave.
    private func applied(_ events: [BookEvent], to book: Book, at instant: Date) throws -> Book {
        var book = book
        for event in events { try book.apply(BookEntry(at: instant, event: event)) }
        return book
    }

    @Test func codes_areNineCharacters_andNoneIsThereTwice() {
        var codes: Set<String> = []
        for number in [MarketcodeShelf.firstNumber, MarketcodeShelf.firstNumber + 1] {
            for index in Int64(0)..<50_000 { codes.insert(MarketcodeText.code(index, of: number)) }
        }
        #expect(codes.count == 100_000 && codes.allSatisfy { $0.utf8.count == 9 })
        #expect(MarketcodeText.link("044GZ*J10").utf8.count == 28)
        // No rule is to be seen: neighbours share no beginning.
        #expect(
            Set((Int64(0)..<41).map { MarketcodeText.code($0, of: MarketcodeShelf.firstNumber).prefix(1) }).count > 5)
    }

    @Test func application_isMadeAfterItsTime_andOneForItsNumber() throws {
        var book = Book()
        book = try applied(try book.codes.accept(ownID: "own", count: 20_000), to: book, at: noon)
        #expect(try book.codes.accept(ownID: "own", count: 20_000).isEmpty)
        #expect(throws: PayRefusal.self) { try book.codes.accept(ownID: "own", count: 10_000) }
        for count in [Int64(0), 9_999, 15_000, 20_010_000] {
            #expect(throws: PayRefusal.self) { try book.codes.accept(ownID: "x\(count)", count: count) }
        }
        let application = try #require(book.codes.applications["own"])
        func packages(_ seconds: Double) -> [MarketcodeChunk] {
            book.codes.packages(of: application, codes: 15_000, after: 60, now: noon + seconds)
        }
        #expect(packages(59.9).isEmpty)
        #expect(
            packages(60) == [MarketcodeChunk(first: 0, last: 14_999), MarketcodeChunk(first: 15_000, last: 19_999)])
    }

    @Test func activation_isOnce_andTicketsAreForWhoeverScanned() throws {
        var book = Book()
        book = try applied(try book.codes.accept(ownID: "own", count: 10_000), to: book, at: noon)
        let number = MarketcodeShelf.firstNumber
        let codes = ActivatedCodes(number: number, first: 0, last: 99, activity: activity)
        #expect(throws: PayRefusal.self) { try book.codes.activate(codes, after: 60, now: noon) }
        book = try applied(try book.codes.activate(codes, after: 60, now: noon + 60), to: book, at: noon + 60)
        for again in [(Int64(0), Int64(99)), (99, 100), (9_999, 10_000), (200, 100)] {
            #expect(throws: PayRefusal.self) {
                try book.codes.activate(
                    ActivatedCodes(number: number, first: again.0, last: again.1, activity: activity), after: 60,
                    now: noon + 60)
            }
        }
        #expect(throws: PayRefusal.self) { try book.codes.scan(number, 100, openID: "o") }
        book = try applied(try book.codes.scan(number, 99, openID: "o"), to: book, at: noon + 100)
        let ticket = try #require(book.codes.tickets.keys.first)
        #expect(try book.codes.exchange(ticket, openID: "o", now: noon + 399).index == 99)
        for (ticket, openid, seconds) in [(ticket, "p", 101.0), ("t", "o", 101), (ticket, "o", 400)] {
            #expect(throws: PayRefusal.self) {
                try book.codes.exchange(ticket, openID: openid, now: noon + seconds)
            }
        }
        // A journal that speaks of what was never applied for is damaged.
        #expect(throws: BookDamage.self) { try applied([.codesActivated(codes)], to: Book(), at: noon) }
    }
}
