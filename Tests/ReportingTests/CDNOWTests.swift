import Foundation
import Jobs
import Kernel
import Keys
import Logging
import Orders
import Postgres
import Reporting
import TestSupport
import Testing
import Vault

/// The whole way: a file is taken in, jobs load it, jobs roll it up, and the report says what is known of it.
@Suite struct CDNOWTests {
    @Test func r01_cdnowPurchases_areTheKnownTotals() async throws {
        try await withTestDatabase { db in
            let (ingest, reports) = (db.pool(as: .ingest), db.pool(as: .reports))
            let brand = ID<Brand>.mint()
            try await db.owner.execute(FixtureStatements.addBrand(brand, name: "CDNOW"))
            let shop = try await Catalogue.createShop(code: "cdnow", name: "CDNOW", brand: brand, on: ingest).shop.id
            let vault = Vault(keys: .ephemeral())
            let (orders, figures) = (JobQueue(pool: ingest, logger: .silent), JobQueue(pool: reports, logger: .silent))
            ImportLoader.register(on: orders, vault: vault)
            ReportingJobs.register(on: figures, pool: reports)
            let file = [UInt8](try Data(contentsOf: URL(filePath: Repository.path("Tests/Data/cdnow_master.txt"))))

            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await orders.processor(queues: [ImportLoad.jobQueue], options: .init(concurrency: 2)).run()
                }
                group.addTask { try await figures.processor(queues: [ReportingJobs.queueName]).run() }
                _ = try await OrderImports(pool: ingest, queue: orders, vault: vault)
                    .accept(ImportRequest(brand: brand, shop: shop, format: .cdnow), body: Once(bytes: file))
                try await eventually(within: .seconds(120), every: .milliseconds(200)) {
                    let report = try await Report.load(ReportQuery(brand: brand), from: reports)
                    return report.total.figures.orders == 69_659 && report.pendingDays == 0
                }
                group.cancelAll()
            }
            let whole = try await Report.load(ReportQuery(brand: brand), from: reports)
            let alone = try await Report.load(ReportQuery(brand: brand, scope: .shop(shop)), from: reports)

            let known = Figures(
                gmv: Money(fen: 250_031_563), orders: 69_659, zeroOrders: 80, payers: 23_570, newMembers: 23_570,
                returningMembers: 0, singleMembers: 11_908, repeatMembers: 11_662)
            #expect(whole.total.figures == known)
            #expect(whole.total.ledger == LedgerSum(amount: Money(fen: 250_031_563), payments: 69_579))
            #expect(alone.total.figures == known)
            #expect(whole.isBalanced)
            #expect(whole.range == DayRun(from: ReportFixture.day("1997-01-01"), to: ReportFixture.day("1998-06-30")))
            for section in [whole.total] + whole.months {
                let expected = try await db.owner.one(
                    FixtureStatements.recomputed(section.range, shop: nil, brand: brand))
                #expect(section.figures == expected, "\(section.range)")
            }
        }
    }
}

/// A body that arrives in one piece.
private struct Once: AsyncSequence, Sendable {
    let bytes: [UInt8]

    struct AsyncIterator: AsyncIteratorProtocol {
        var bytes: [UInt8]?

        mutating func next() async throws -> [UInt8]? {
            defer { bytes = nil }
            return bytes
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(bytes: bytes) }
}
