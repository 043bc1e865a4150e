import Accounting
import ArgumentParser
import Foundation
import Kernel
import Postgres
import TestSupport
import Testing

@testable import Operator

/// `siyu doctor invariants`: what is wrong is found, and nothing else is said.
struct InvariantTests {
    private struct Undo: Error {}

    private func withWorld(_ body: (TestDatabase) async throws -> Void) async throws {
        try await withTestDatabase { db in
            try await db.superuser.execute(Statement<Void>("\(unsafeRaw: InvariantWorld.rows)"))
            try await body(db)
        }
    }

    @Test func everyInvariant_brokenInARow_isReportedByItsNameAlone() async throws {
        try await withWorld { db in
            for (rule, change) in InvariantWorld.plants {
                var found: [InvariantRound.Finding] = []
                await #expect(throws: Undo.self, "\(rule)") {
                    try await db.superuser.transaction { tx in
                        try await tx.execute(Statement<Void>("\(unsafeRaw: InvariantWorld.block(change))"))
                        found = try await InvariantRound.take(on: tx, books: nil).broken
                        throw Undo()
                    }
                }
                #expect(found.map(\.rule) == [rule])
                #expect(found.allSatisfy { !$0.rows.isEmpty && $0.rows.count <= 10 })
            }
            let planted = Set(InvariantWorld.plants.map(\.rule))
            #expect(Set(AllInvariants.rules.map(\.name)).subtracting(planted) == [AllInvariants.seals.name])
            #expect(planted.count == InvariantWorld.plants.count)
        }
    }

    @Test func doctor_ofAWorldInOrder_findsNothingWithTheGrantsOfTheOperator() async throws {
        try await withWorld { db in
            let pool = db.pool(as: .operator)

            let round = try await InvariantRound.take(on: pool, books: pool)

            #expect(round.broken.map(\.rule) == [] && round.unanswered.isEmpty)
            #expect(round.findings.count == AllInvariants.rules.count)
            try round.requireFine()
        }
    }

    @Test func doctor_afterASealedTransferWasChanged_namesTheTransferAndExits70() async throws {
        try await withWorld { db in
            let brand = try #require(ID<Brand>(InvariantWorld.brand))
            _ = try await Ledger.sealAll(brand: brand, on: db.pool(as: .ingest))
            try await db.superuser.execute(
                Statement<Void>(
                    "UPDATE accounting.transfer SET kind = 'x' WHERE transfer_id = \(unsafeRaw: "'\(InvariantWorld.id(106))'")"
                ))
            let pool = db.pool(as: .operator)

            let round = try await InvariantRound.take(on: pool, books: pool)

            #expect(round.broken.map(\.rule) == [AllInvariants.seals.name])
            #expect(round.broken.first?.rows.first?.key.contains(InvariantWorld.id(106)) == true)
            let failure = #expect(throws: Failure.self) { try round.requireFine() }
            #expect(failure?.code == 70)
            #expect(
                round.exposition(at: Date()).contains(
                    #"{rule="books.transfers_are_as_they_were_sealed",promise="B3"} 1"#))
        }
    }

    @Test func doctor_thatIsNotAnsweredInTime_saysSoAndExits69() async throws {
        try await withWorld { db in
            let config = ConnectionConfiguration(
                url: db.conninfoOfSuperuser, applicationName: "siyu", statementTimeout: .milliseconds(300))
            let pool = Pool(PoolConfiguration(connection: config, connectionsMax: 2), logger: .silent)
            let held = TestSignal<Void>()
            let asked = TestSignal<Void>()

            async let blocking: Void = db.superuser.transaction { tx in
                try await tx.execute(Statement<Void>("LOCK TABLE orders.stock IN ACCESS EXCLUSIVE MODE"))
                held.send()
                try await asked.wait()
            }
            try await held.wait()
            let round = try await InvariantRound.take(on: pool, books: nil)
            asked.send()
            try await blocking
            await pool.shutdown()

            #expect(round.unanswered.map(\.rule) == ["stock.is_the_sum_of_its_movements", "stock.is_not_oversold"])
            #expect(round.broken.map(\.rule) == [])
            let failure = #expect(throws: Failure.self) { try round.requireFine() }
            #expect(failure?.code == 69)
        }
    }

    @Test func doctor_continuous_writesMetricsUntilTermAndExits70IfARoundFoundSomething() async throws {
        try await withWorld { db in
            let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let metrics = folder.appending(path: "siyu.prom")
            let rule = "stock.is_the_sum_of_its_movements"
            func says(_ count: Int) -> Bool {
                (try? String(contentsOf: metrics, encoding: .utf8))?.contains(
                    "{rule=\"\(rule)\",promise=\"B6\"} \(count)\n")
                    ?? false
            }
            let process = Process()
            process.executableURL = URL(filePath: CommandLine.arguments[0])
                .deletingLastPathComponent().appending(path: "siyu")
            process.arguments = [
                "doctor", "invariants", "--continuous", "--interval", "1s", "--rule", rule, "--metrics-file",
                metrics.path,
                "--json",
            ]
            process.environment = db.environment(as: .operator)
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

            try await eventually { says(0) }
            try await db.superuser.execute(Statement<Void>("UPDATE orders.stock SET available = available + 1"))
            try await eventually { says(1) }
            process.terminate()
            try await eventually { !process.isRunning }

            #expect(process.terminationStatus == 70)
        }
    }

    @Test func doctor_askedAboutARuleThatIsNone_refusesTheCommandLine() {
        #expect(throws: (any Error).self) {
            try Siyu.parseAsRoot(["doctor", "invariants", "--rule", "gifts.are_nice"])
        }
    }
}
