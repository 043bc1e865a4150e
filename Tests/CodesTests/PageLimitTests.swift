import Codes
import Foundation
import Hooks
import Kernel
import TestSupport
import Testing

/// One process of siyu-redeem, as far as pages go.
private struct PageProcess {
    let book: LimitBook
    let exchange: LimitExchange
    let pages: CodePages

    init(_ factory: Factory) {
        book = LimitBook(keys: factory.keys)
        exchange = LimitExchange(book: book, pool: factory.redeem, logger: .silent)
        pages = CodePages(directory: factory.directory, pool: factory.redeem, keys: factory.keys, limits: book)
    }

    func open(_ text: String, from address: String?) async throws -> Int {
        do {
            return try await pages.page(
                of: text, in: .chinese, visitor: address.flatMap { NetworkAddress($0) }, arrived: .now, now: Date()
            ).status
        } catch let refusal as LimitRefusal {
            return refusal.problem.status
        }
    }

    /// Opens pages of codes that there are not, many at once, which wait for the floor together.
    func guess(_ texts: [String], from address: String?) async throws -> [Int] {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for text in texts { group.addTask { try await open(text, from: address) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}

struct PageLimitTests {
    @Test func c12_wrongCodesOpenedAsPages_makeTheirNetworkPauseAtEveryProcess() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let processes = [PageProcess(factory), PageProcess(factory)]
            let right = batch.cipher.code(at: 0).description
            let wrong = (0..<15).map { "\(batch.record.handle)" + String(repeating: "0", count: 14) + "\(10 + $0)" }
            for process in processes {
                #expect(try await process.guess(wrong, from: "101.32.5.7").allSatisfy { $0 == 404 })
                // Nobody is counted where nobody is known, and a proxy of ours is nobody.
                #expect(try await process.guess(wrong + wrong, from: nil).allSatisfy { $0 == 404 })
                #expect(try await process.guess(wrong + wrong, from: "10.0.0.1").allSatisfy { $0 == 404 })
            }
            for process in processes + processes { try await process.exchange.exchange() }

            for process in processes {
                #expect(try await process.open(right, from: "101.32.5.99") == 429)
                #expect(try await process.open(wrong[0], from: "101.32.5.7") == 429)
                #expect(try await process.open(right, from: "101.32.6.1") == 200)
                let link = try DigitalLink(path: "/01/06901234567892/21/\(right)")
                await #expect(throws: LimitRefusal.self) {
                    try await process.pages.target(
                        of: link, visitor: NetworkAddress("101.32.5.1"), arrived: .now, now: Date())
                }
                // Whoever opens pages holds up nobody's scans.
                let scanner = LimitSubject(networkOf: try #require(NetworkAddress("101.32.5.7")), brand: factory.brand)
                #expect(process.book.pause(of: scanner, at: .now) == nil)
            }
        }
    }

    @Test func c12_pagesOfRightCodes_areSixHundredAMinuteForANetwork_andOpenWhileNobodyIsHeard() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            // It has heard of nobody: redemption is refused, pages are not.
            let process = PageProcess(factory)
            let right = batch.cipher.code(at: 0).description
            for _ in 0..<600 { #expect(try await process.open(right, from: "240e:38a:8c21:1200::1") == 200) }
            #expect(try await process.open(right, from: "240e:38a:8c21:12ff::2") == 429)
            #expect(try await process.open(right, from: "240e:38a:8c21:1300::1") == 200)
        }
    }

    @Test func c12_textsThatLookLikeNobodysCodes_areCountedApart() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let process = PageProcess(factory)
            let texts = (0..<30).map { "no-code-\($0)" }
            #expect(try await process.guess(texts, from: "101.32.5.7").allSatisfy { $0 == 404 })
            #expect(try await process.open("no-code", from: "101.32.5.7") == 429)
            #expect(try await process.open(batch.cipher.code(at: 0).description, from: "101.32.5.7") == 200)
            try await process.exchange.exchange()
            #expect(try await factory.count("hooks.limit_count") == 0)
        }
    }
}
