import Foundation
import Kernel
import Members
import Synchronization
import Testing

@testable import Touch

struct TouchDeskTests {
    private struct Refused: Error {}

    /// What was recorded together.
    private final class Book: Sendable {
        let batches = Mutex<[[TouchRecord]]>([])

        func note(_ jobs: [TouchRecord]) { batches.withLock { $0.append(jobs) } }
        var sizes: [Int] { batches.withLock { $0.map(\.count).sorted() } }
    }

    private let brand = ID<Brand>.mint()

    private func job(_ brand: ID<Brand>) -> TouchRecord {
        TouchRecord(brand: brand, at: Date(timeIntervalSince1970: 1_735_776_000), packs: [])
    }

    private func tell(_ jobs: [TouchRecord], to desk: TouchDesk) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for job in jobs { group.addTask { try await desk.record(job) } }
            try await group.waitForAll()
        }
    }

    @Test func jobsThatComeTogether_areRecordedInOneTransaction() async throws {
        let book = Book()
        let desk = TouchDesk(patience: .seconds(60)) { book.note($0) }

        try await tell((0..<2 * TouchDesk.jobsMax.value).map { _ in job(brand) }, to: desk)

        #expect(book.sizes == [TouchDesk.jobsMax.value, TouchDesk.jobsMax.value])
    }

    @Test func jobAlone_isRecordedWhenItHasWaited() async throws {
        let book = Book()
        let desk = TouchDesk(patience: .milliseconds(10)) { book.note($0) }

        for _ in 0..<3 { try await desk.record(job(brand)) }

        #expect(book.sizes == [1, 1, 1])
    }

    @Test func brands_areNotMixed() async throws {
        let book = Book()
        let desk = TouchDesk(patience: .milliseconds(50)) { book.note($0) }
        let other = ID<Brand>.mint()

        try await tell([job(brand), job(other), job(brand), job(other)], to: desk)

        #expect(book.batches.withLock { $0.allSatisfy { Set($0.map(\.brand)).count == 1 } })
        #expect(book.sizes.reduce(0, +) == 4)
    }

    @Test func jobThatCannotBeRecorded_failsAlone() async throws {
        let (book, bad) = (Book(), ID<Redemption>.mint())
        let desk = TouchDesk(patience: .seconds(60)) { jobs in
            guard !jobs.contains(where: { $0.packs.first?.redemption == bad }) else { throw Refused() }
            book.note(jobs)
        }
        let poisoned = TouchRecord(
            brand: brand, at: Date(timeIntervalSince1970: 1_735_776_000),
            packs: [
                .init(person: .mint(), unionPerson: nil, redemption: bad, batch: .mint(), product: nil, shop: nil)
            ])
        let honest = (1..<TouchDesk.jobsMax.value).map { _ in job(brand) }

        let refused = Task { try await desk.record(poisoned) }
        try await tell(honest, to: desk)

        await #expect(throws: Refused.self) { try await refused.value }
        #expect(book.sizes == honest.map { _ in 1 })
    }
}
