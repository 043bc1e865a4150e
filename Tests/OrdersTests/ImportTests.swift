import Accounting
import Foundation
import JobTesting
import Jobs
import Kernel
import Logging
import Postgres
import TestSupport
import Testing
import Vault

@testable import Orders

struct ImportTests {
    private static let header = "order_no,customer,placed_at,quantity,amount,status,updated_at\n"

    private func line(
        _ number: String, customer: String = "c1", day: Int = 1, quantity: Int = 1, yuan: String = "10.00",
        status: String = "paid", updated: Int = 1
    ) -> String {
        "\(number),\(customer),2026-03-0\(day)T12:00:00+08:00,\(quantity),\(yuan),\(status),2026-03-0\(updated)T12:00:00+08:00\n"
    }

    private func cdnow() throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: Repository.path("Tests/Data/cdnow_master.txt"))))
    }

    private func expectAllOfCDNOW(_ bundle: OrdersBundle) async throws {
        let brand = bundle.brand
        #expect(
            try await bundle.number("SELECT count(*) FROM orders.customer_order WHERE brand_id = \(brand)") == 69_659)
        #expect(
            try await bundle.number(
                "SELECT count(DISTINCT person_id) FROM orders.customer_order WHERE brand_id = \(brand)")
                == 23_570)
        #expect(
            try await bundle.number(
                "SELECT sum(amount_fen)::bigint FROM orders.customer_order WHERE brand_id = \(brand)")
                == 250_031_563)
        #expect(
            try await bundle.number(
                """
                SELECT count(*) FROM (SELECT person_id FROM orders.customer_order WHERE brand_id = \(brand)
                    GROUP BY person_id HAVING count(*) >= 2) AS again
                """) == 11_662)
        #expect(
            try await bundle.number(
                """
                SELECT count(*) FROM orders.customer_order o WHERE o.brand_id = \(brand) AND o.amount_fen = 0
                    AND NOT EXISTS (SELECT FROM orders.payment p WHERE p.brand_id = o.brand_id AND p.order_id = o.order_id)
                """) == 80)
        let totals = try await Ledger.totals(
            brand: brand, from: Date(timeIntervalSince1970: 0), to: .now, on: bundle.pool)
        #expect(totals == [LedgerTotal(kind: .orderPaid, transfers: 69_579, amount: Money(fen: 250_031_563))])
        #expect(try await Ledger.check(brand: brand, on: bundle.pool).isBalanced)
        #expect(try await bundle.number("SELECT count(*) FROM vault.person WHERE brand_id = \(brand)") == 23_570)
    }

    @Test func i02_cdnowFileTwice_loadsEverythingAndThenNothing() async throws {
        let file = try cdnow()
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)

            let first = try await bundle.load(file, bundle.request(.cdnow))
            let second = try await bundle.load(file, bundle.request(.cdnow), chunk: 999)

            #expect(first.state == .loaded && first.lines == 69_659 && first.added == 69_659 && first.refused == 0)
            #expect(second.state == .loaded && second.added == 0 && second.changed == 0 && second.unchanged == 69_659)
            try await expectAllOfCDNOW(bundle)
            #expect(try await bundle.number("SELECT count(*) FROM orders.import_line") == 0)
            #expect(try await bundle.number("SELECT count(*) FROM orders.import_customer") == 0)
        }
    }

    @Test func i02_loadKilledInTheMiddle_resumesToTheSameCounts() async throws {
        struct Kill: Error {}
        let file = try cdnow()
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)
            let accepted = try await bundle.imports.accept(
                bundle.request(.cdnow), body: Chunks(file, of: 65_536))

            // The beginning and every chunk are done once in vain: all of it, up to the commit that never comes.
            let job = ImportLoad(brand: bundle.brand, importID: accepted.id)
            await #expect(throws: Kill.self) {
                try await bundle.pool.transaction { tx in
                    _ = try await bundle.loader.admitCustomers(after: 0, of: job, on: tx)
                    throw Kill()
                }
            }
            await #expect(throws: Kill.self) {
                try await bundle.pool.transaction { tx in
                    _ = try await bundle.loader.begin(job, on: tx)
                    throw Kill()
                }
            }
            for chunk in try await bundle.begin(accepted).shuffled() {
                await #expect(throws: Kill.self) {
                    try await bundle.pool.transaction { tx in
                        try await bundle.loader.load(chunk, on: tx)
                        throw Kill()
                    }
                }
                let before = try await bundle.current(accepted)
                try await bundle.load(chunk)
                #expect(try await bundle.current(accepted).checkpointLine > before.checkpointLine)
            }

            #expect(try await bundle.current(accepted).added == 69_659)
            try await expectAllOfCDNOW(bundle)
        }
    }

    @Test func i02_chunksSideBySide_loadEveryLineOnce() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db, chunk: 40)
            let known = Self.header + (0..<30).map { line("K\($0)", customer: "c\($0)") }.joined()
            try await bundle.load(known, bundle.request(.csv))
            let file = Self.header + (0..<600).map { line("N\($0)", customer: "c\($0 % 70)") }.joined()
            let accepted = try await bundle.imports.accept(
                bundle.request(.csv), body: Chunks(Array(file.utf8), of: 4_096))

            let chunks = try await bundle.begin(accepted)
            try await withThrowingTaskGroup { group in
                for chunk in chunks.reversed() { group.addTask { try await bundle.load(chunk) } }
                try await group.waitForAll()
            }

            let record = try await bundle.current(accepted)
            #expect(record.state == .loaded && record.added == 600 && record.unchanged == 0)
            #expect(try await bundle.number("SELECT count(*) FROM vault.person") == 70)
            #expect(
                try await bundle.number(
                    """
                    SELECT count(*) FROM orders.customer_order o WHERE NOT EXISTS
                        (SELECT FROM vault.person p WHERE p.brand_id = o.brand_id AND p.person_id = o.person_id)
                    """) == 0)
            #expect(try await bundle.number("SELECT count(*) FROM orders.import_line") == 0)
            try await expectLedgerOfDays(bundle)
        }
    }

    @Test func i02_twoFilesOfTheSameOrdersAtOnce_loadThemOnce() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db, chunk: 50)
            let file = Self.header + (0..<400).map { line("N\($0)", customer: "c\($0 % 90)") }.joined()

            let records = try await withThrowingTaskGroup { group in
                for _ in 0..<3 { group.addTask { try await bundle.load(file, bundle.request(.csv)) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(records.map(\.added).reduce(0, +) == 400)
            #expect(records.map(\.unchanged).reduce(0, +) == 800)
            #expect(try await Ledger.check(brand: bundle.brand, on: bundle.pool).transfers == 400)
            #expect(try await bundle.number("SELECT count(*) FROM vault.person") == 90)
        }
    }

    @Test func i02_lateChange_becomesANewVersionAndTheOldIsKept() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)
            let request = bundle.request(.csv)
            try await bundle.load(
                Self.header + line("A") + line("B", yuan: "20.00") + line("C") + line("D") + line("E", yuan: "0"),
                request)

            let changed = try await bundle.load(
                Self.header + line("A", yuan: "7.50", updated: 2)
                    + line("B", yuan: "20.00", status: "cancelled", updated: 2)
                    + line("C", status: "completed", updated: 2) + line("D", day: 2, updated: 2)
                    + line("E", yuan: "3.00", updated: 2), request)
            let stale = try await bundle.load(
                Self.header + line("A", yuan: "99.00", updated: 1) + line("B", yuan: "20.00", updated: 1), request)

            #expect(changed.added == 0 && changed.changed == 5)
            #expect(stale.changed == 0 && stale.unchanged == 2)
            #expect(try await bundle.number("SELECT count(*) FROM orders.customer_order WHERE version = 2") == 5)
            #expect(
                try await bundle.number(
                    "SELECT count(*) FROM orders.order_version WHERE version = 1 AND status = 'paid'") == 5)
            #expect(try await bundle.number("SELECT max(amount_fen) FROM orders.order_version") == 2_000)
            try await expectLedgerOfDays(bundle)
            // A 7.50, C 10.00, D 10.00 on another day, E 3.00; B is called off.
            #expect(
                try await Ledger.balance(
                    of: bundle.pool.transaction { tx in
                        try await Ledger.account(.sales(of: bundle.shop), brand: bundle.brand, now: .now, on: tx)
                    }, brand: bundle.brand, on: bundle.pool) == Money(fen: 3_050))
        }
    }

    /// For every day: what the ledger says was sold is the sum of its orders, and of their payments.
    private func expectLedgerOfDays(_ bundle: OrdersBundle) async throws {
        let differences = try await bundle.number(
            """
            SELECT count(*) FROM (SELECT at FROM (
                SELECT placed_at AS at, amount_fen AS fen FROM orders.customer_order WHERE status <> 'cancelled' AND amount_fen > 0
                UNION ALL
                SELECT occurred_at, CASE kind WHEN 'order.paid' THEN -amount_fen ELSE amount_fen END FROM accounting.transfer
            ) AS entry GROUP BY at HAVING sum(fen) <> 0) AS difference
            """)
        #expect(differences == 0)
        #expect(
            try await bundle.number(
                """
                SELECT count(*) FROM orders.customer_order o WHERE
                    (SELECT COALESCE(sum(p.amount_fen), 0) FROM orders.payment p
                        WHERE p.brand_id = o.brand_id AND p.order_id = o.order_id AND p.status = 'paid')
                    <> CASE o.status WHEN 'cancelled' THEN 0 ELSE o.amount_fen END
                """) == 0)
    }

    @Test func i02_sameAgainLater_keepsOlderNewsOut() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)
            let request = bundle.request(.csv)
            try await bundle.load(Self.header + line("A", updated: 1), request)

            let same = try await bundle.load(Self.header + line("A", updated: 5), request)
            let older = try await bundle.load(Self.header + line("A", yuan: "1.00", updated: 3), request)

            #expect(same.unchanged == 1 && older.unchanged == 1)
            #expect(try await bundle.number("SELECT version FROM orders.customer_order") == 1)
        }
    }

    @Test func i02_randomHistories_keepOrdersPaymentsAndLedgerEqual() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db, chunk: 7)
            var generator = SystemRandomNumberGenerator()
            var newest: [String: (updated: Int, yuan: Int, status: String)] = [:]

            for _ in 0..<12 {
                var text = Self.header
                for number in (0..<20).shuffled(using: &generator).prefix(12) {
                    let yuan = Int.random(in: 0...3, using: &generator)
                    let status = ["paid", "completed", "cancelled"].randomElement(using: &generator) ?? "paid"
                    let updated = Int.random(in: 1...9, using: &generator)
                    text += line(
                        "N\(number)", customer: "c\(number % 3)", day: 1 + yuan, yuan: "\(yuan)", status: status,
                        updated: updated)
                    if updated > newest["N\(number)"]?.updated ?? 0 {
                        newest["N\(number)"] = (updated, yuan, status)
                    }
                }
                try await bundle.load(text, bundle.request(.csv))
            }

            let sold = newest.values.reduce(0) { $0 + ($1.status == "cancelled" ? 0 : $1.yuan * 100) }
            #expect(
                try await bundle.number(
                    "SELECT COALESCE(sum(amount_fen), 0)::bigint FROM orders.customer_order WHERE status <> 'cancelled'"
                ) == sold)
            try await expectLedgerOfDays(bundle)
            #expect(try await Ledger.check(brand: bundle.brand, on: bundle.pool).isBalanced)
        }
    }

    @Test func i02_threeBadLines_areRefusedByNumberAndNothingIsLoaded() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)
            let file = Self.header + line("A") + "bad\n" + line("B") + line("C", yuan: "x") + line("A")

            let nothing = try await bundle.load(file, bundle.request(.csv))
            let refusals = try await bundle.imports.refusals(of: nothing.id, brand: bundle.brand)
            var csv: [UInt8] = []
            try await bundle.imports.writeRefusals(of: nothing.id, brand: bundle.brand) { csv += $0 }

            #expect(nothing.state == .refused && nothing.lines == 5 && nothing.refused == 3)
            #expect(refusals.map(\.line) == [3, 5, 6])
            #expect(refusals.map(\.reason) == [.columns, .amount, .repeated])
            #expect(String(decoding: csv, as: UTF8.self).split(separator: "\r\n").count == 4)
            for table in [
                "orders.customer_order", "orders.payment", "orders.import_line", "orders.import_customer",
                "vault.person",
            ] {
                #expect(try await bundle.number("SELECT count(*) FROM \(unsafeRaw: table)") == 0, "\(table)")
            }

            let rest = try await bundle.load(file, bundle.request(.csv, .skipBad))
            #expect(rest.state == .loaded && rest.added == 2 && rest.refused == 3)
        }
    }

    @Test func i02_dryRun_countsAndLoadsNothing() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)
            try await bundle.load(Self.header + line("A") + line("B"), bundle.request(.csv))

            let check = try await bundle.load(
                Self.header + line("A") + line("B", yuan: "1", updated: 2) + line("C", customer: "new") + "bad\n",
                bundle.request(.csv, isDryRun: true))

            #expect(check.state == .checked)
            #expect(check.added == 1 && check.changed == 1 && check.unchanged == 1 && check.refused == 1)
            #expect(try await bundle.number("SELECT count(*) FROM orders.customer_order") == 2)
            #expect(try await bundle.number("SELECT count(*) FROM vault.person") == 1)
        }
    }

    @Test func i02_dryRun_waitsForNobodyWhoLoads() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)
            try await bundle.load(Self.header + line("A"), bundle.request(.csv))

            let brand = bundle.brand
            let check = try await db.owner.transaction { tx in
                // As somebody who loads later news of the order, and has not committed yet.
                try await tx.execute(
                    Statement("UPDATE orders.customer_order SET quantity = quantity + 1 WHERE brand_id = \(brand)"))
                return try await bundle.load(
                    Self.header + line("A", yuan: "1", updated: 2), bundle.request(.csv, isDryRun: true))
            }

            #expect(check.state == .checked && check.changed == 1)
        }
    }

    @Test func accept_fileThatBreaksOff_leavesNothing() async throws {
        struct Cut: Error {}
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)
            let (stream, continuation) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
            continuation.yield(Array((Self.header + line("A")).utf8))
            continuation.finish(throwing: Cut())

            await #expect(throws: Cut.self) { try await bundle.imports.accept(bundle.request(.csv), body: stream) }

            #expect(try await bundle.number("SELECT count(*) FROM orders.import") == 0)
            #expect(try await bundle.number("SELECT count(*) FROM orders.import_line") == 0)
        }
    }

    @Test func accept_fileOfAnotherBrandsShop_isNotFound() async throws {
        try await withTestDatabase { db in
            let (bundle, other) = (try await OrdersBundle(db), try await OrdersBundle(db))
            var request = bundle.request(.csv)
            request.shop = other.shop

            let problem = await #expect(throws: Problem.self) { try await bundle.load(Self.header, request) }
            #expect(problem?.status == 404)
        }
    }

    @Test func load_emptyFile_isLoadedAtOnce() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)

            let record = try await bundle.load(Self.header, bundle.request(.csv))

            #expect(record.state == .loaded && record.lines == 0 && record.progress == 1)
        }
    }

    @Test func load_everyChunk_tellsReportingWhichDaysChanged() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db, chunk: 2)
            let file = Self.header + line("A", day: 1) + line("B", day: 2) + line("C", day: 2)

            try await bundle.load(file, bundle.request(.csv))
            try await bundle.load(file, bundle.request(.csv))

            // The header and A; B and C. The second time nothing changed.
            let queue = JobQueue(pool: bundle.db.pool(as: .ingest), logger: .silent)
            let told = try await JobTester(queue).pushed(OrdersChanged.self).map(\.parameters.days)
            #expect(told == [["2026-03-01"], ["2026-03-02"]])
        }
    }

    @Test func staging_ofCustomers_holdsNothingInClear() async throws {
        try await withTestDatabase { db in
            let bundle = try await OrdersBundle(db)
            _ = try await bundle.imports.accept(
                bundle.request(.csv),
                body: Chunks(Array((Self.header + line("A", customer: "13800000000")).utf8), of: 64))

            let rows = try await bundle.db.owner.run(
                Statement("SELECT sealed_value || wrapped_key || blind_index FROM orders.import_customer") {
                    row throws(PostgresError) in try row.next([UInt8].self)
                })
            #expect(rows.count == 1)
            #expect(rows.allSatisfy { !String(decoding: $0, as: UTF8.self).contains("138") })
        }
    }

    @Test(arguments: [
        "DELETE FROM orders.customer_order", "UPDATE orders.customer_order SET external_key = ''",
        "UPDATE orders.order_version SET amount_fen = 0", "DELETE FROM orders.order_version",
        "UPDATE orders.payment SET amount_fen = 1", "DELETE FROM orders.payment", "DELETE FROM vault.person",
    ])
    func grants_ofIngest_refuseRewritingHistory(text: String) async throws {
        try await withTestDatabase { db in
            let error = await #expect(throws: PostgresError.self) {
                try await db.pool(as: .ingest).execute(Statement(SQL(stringLiteral: text)))
            }
            #expect(error?.sqlState == .insufficientPrivilege)
        }
    }
}
