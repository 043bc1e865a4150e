import ArgumentParser
import Foundation
import Gifting
import Hooks
import Kernel
import Keys
import Postgres
import Synchronization
import TestSupport
import Testing
import Vault

@testable import Operator

/// Master keys that are exchanged while everybody goes on working.
struct MasterKeyRotationTests {
    /// Somebody who admits people and reads them back until it is over; a value that cannot be read fails the test.
    private final class Load: Sendable {
        private let bench: Bench
        private let pool: Pool
        private let service: Vault
        private let state = Mutex<(admitted: [(value: String, person: ID<Person>)], isDone: Bool)>(([], false))

        init(bench: Bench, pool: Pool, service: Vault) {
            self.bench = bench
            self.pool = pool
            self.service = service
        }

        var admitted: [(value: String, person: ID<Person>)] { state.withLock { $0.admitted } }

        func end() { state.withLock { $0.isDone = true } }

        func work(_ worker: Int) async throws {
            var number = 0
            while !state.withLock({ $0.isDone }) {
                let values = (0..<5).map { "\(worker)-\(number)-\($0)" }
                number += 1
                let persons = try await bench.admit(values, service, pool)
                state.withLock { state in
                    for (value, person) in zip(values, persons) { state.admitted.append((value, person)) }
                }
                guard let one = admitted.randomElement() else { continue }
                let revealed = try await service.reveal(one.person, brand: bench.brand, on: pool)
                #expect(revealed == one.value)
            }
        }
    }

    /// A brand, and a folder of keys that services and operators share.
    private struct Bench: Sendable {
        let db: TestDatabase
        let folder: String
        let brand = ID<Brand>.mint()

        /// A ring of its own for each process.
        func ring() throws -> KeyRing { try KeyRing.load(folder: folder) }

        func admit(_ values: [String], _ vault: Vault, _ pool: Pool) async throws -> [ID<Person>] {
            let brand = brand
            return try await pool.transaction { tx in
                try await vault.persons(
                    values, kind: "phone", brand: brand, now: Date(timeIntervalSince1970: 1_780_000_000), on: tx)
            }
        }

        func run(_ arguments: String...) async throws {
            let options = ["--keys", folder, "--database-url", db.conninfo(as: .operator), "--json"]
            var command = try #require(try Siyu.parseAsRoot(arguments + options) as? any AsyncParsableCommand)
            try await command.run()
        }
    }

    private func withBench(_ body: (Bench) async throws -> Void) async throws {
        try await withTestDatabase { db in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("siyu-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            _ = try KeyRing.create(folder: folder)
            let bench = Bench(db: db, folder: folder)
            let brand = bench.brand
            try await db.owner.execute(
                Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
            try await body(bench)
        }
    }

    @Test func o08_masterKeyRotatedUnderLoad_everythingStaysReadable_andTheOldKeyGoes() async throws {
        try await withBench { bench in
            let pool = bench.db.pool(as: .gifts)
            let load = Load(bench: bench, pool: pool, service: Vault(keys: try bench.ring()))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<2 { group.addTask { try await load.work(worker) } }
                try await eventually { load.admitted.count > 100 }
                try await bench.run("keys", "rotate")
                try await bench.run("keys", "rotate")
                try await bench.run("keys", "rewrap")
                // The service has noticed by now, without a restart.
                try await lettingPass(.milliseconds(1_100))
                let operators = bench.db.pool(as: .operator)
                try await eventually { try await Rewrapping.uses(of: 2, on: operators).count > 0 }
                load.end()
                try await group.waitForAll()
            }
            try await bench.run("keys", "rewrap")
            try await bench.run("keys", "retire", "1")

            #expect(try bench.ring().masterKeyIDs == [2])
            let fresh = Vault(keys: try bench.ring())
            for one in load.admitted {
                #expect(try await fresh.reveal(one.person, brand: bench.brand, on: pool) == one.value)
            }
            // Found by the same index as before.
            let known = try await bench.admit(["0-0-0"], fresh, pool)
            #expect(known == load.admitted.filter { $0.value == "0-0-0" }.map(\.person))
        }
    }

    @Test func o08_keyThatSealsSomething_isNotRetired() async throws {
        try await withBench { bench in
            _ = try await bench.admit(["a"], Vault(keys: try bench.ring()), bench.db.pool(as: .gifts))
            await #expect(throws: Failure.self) { try await bench.run("keys", "retire", "1") }
            try await bench.run("keys", "rotate")
            try await bench.run("keys", "rotate")

            let refusal = await #expect(throws: Failure.self) { try await bench.run("keys", "retire", "1") }

            #expect(refusal?.sentence.contains("1 in vault.person.wrapped_key") == true)
            #expect(refusal?.sentence.contains("siyu keys rewrap") == true)
            #expect(try bench.ring().masterKeyIDs == [2, 1])
            await #expect(throws: Failure.self) { try await bench.run("keys", "retire", "7") }
        }
    }

    @Test func o08_rewrapEndedInTheMiddle_isGoneOnWith_andBreaksNothing() async throws {
        try await withBench { bench in
            let pool = bench.db.pool(as: .operator)
            let persons = try await bench.admit((0..<20).map { "\($0)" }, Vault(keys: try bench.ring()), pool)
            _ = try KeyRing.stage(folder: bench.folder)
            _ = try KeyRing.promote(folder: bench.folder)
            let rewrapping = Rewrapping(pool: pool, keys: try bench.ring(), slice: 3)

            let killed = Task {
                try await rewrapping.run { count in
                    if count >= 6 { withUnsafeCurrentTask { $0?.cancel() } }
                }
            }
            await #expect(throws: (any Error).self) { try await killed.value }
            let left = try await Rewrapping.uses(of: 1, on: pool).map(\.count).reduce(0, +)
            #expect(left > 0 && left < 20)
            let vault = Vault(keys: try bench.ring())
            for (number, person) in persons.enumerated() {
                #expect(try await vault.reveal(person, brand: bench.brand, on: pool) == "\(number)")
            }

            let outcomes = try await rewrapping.run()
            #expect(outcomes.map(\.resealed).reduce(0, +) == left)
            #expect(try await Rewrapping.uses(of: 1, on: pool).isEmpty)
            #expect(try await rewrapping.run().allSatisfy { $0.resealed == 0 && $0.unreadable == 0 })
        }
    }

    @Test func o08_personErasedWhileTheirKeyIsWrappedAnew_staysErased() async throws {
        try await withBench { bench in
            let (pool, brand) = (bench.db.pool(as: .operator), bench.brand)
            let keys = try bench.ring()
            let vault = Vault(keys: keys)
            let persons = try await bench.admit(["a", "b"], vault, pool)
            let column = SealedColumn.all[0]
            let read = try await pool.run(
                RewrapStatements.first(column, notUnder: [0, 0, 0, 9], brand: brand, limit: 10))
            #expect(read.count == 2)

            try await pool.transaction { tx in
                _ = try await vault.erase(persons[0], brand: brand, now: Date(timeIntervalSince1970: 0), on: tx)
            }
            let exchanged = try await pool.run(
                RewrapStatements.exchange(column, read.map { ($0, $0.sealed) }, brand: brand))

            #expect(exchanged.count == 1)
            await #expect(throws: VaultError.personErased(persons[0])) {
                try await vault.reveal(persons[0], brand: brand, on: pool)
            }
        }
    }

    @Test func o08_valuesOfEveryShape_areSealedAgain_andForeignOnesAreLeft() async throws {
        try await withBench { bench in
            let (pool, brand) = (bench.db.pool(as: .operator), bench.brand)
            let keys = try bench.ring()
            _ = try #require(try await HookSources.create("scans", brand: brand, purposes: [], keys: keys, on: pool))
            let app = WebApp(appid: "wx1", secret: "quiet", pageBase: "https://gifts.example")
            try await pool.transaction { tx in try await WebApps.set(app, brand: brand, keys: keys, on: tx) }
            _ = try await bench.admit(["a"], Vault(keys: .ephemeral()), pool)
            let seed = try keys.wrapRaw([UInt8](repeating: 7, count: 32), for: .init("draw-seed"))
            _ = try KeyRing.stage(folder: bench.folder)
            _ = try KeyRing.promote(folder: bench.folder)
            let renewed = try bench.ring()

            let outcomes = try await Rewrapping(pool: pool, keys: renewed).run()

            let changed = outcomes.filter { $0.resealed + $0.unreadable > 0 }
            #expect(
                changed.map(\.column) == [
                    "vault.person.wrapped_key", "hooks.source_secret.sealed_secret", "gifting.web_app.sealed_secret",
                ])
            #expect(changed.map(\.unreadable) == [1, 0, 0] && changed.map(\.resealed) == [0, 1, 1])
            #expect(try await WebApps.of(brand, keys: renewed, on: pool) == app)
            let stored = try await pool.one(
                Statement("SELECT sealed_secret, source_id FROM hooks.source_secret") { row throws(PostgresError) in
                    (sealed: try row.next([UInt8].self), source: try row.next(ID<HookSource>.self))
                })
            let context =
                withUnsafeBytes(of: (brand.rawValue.uuid, stored.source.rawValue.uuid)) { Array($0) } + [0, 0, 0, 1]
            #expect(stored.sealed[4] == 2)
            #expect(try renewed.open(stored.sealed, for: .hookSecret, context: context).count > 16)
            #expect(try renewed.rewrappedRaw(seed, for: .init("draw-seed"))?[4] == 2)
        }
    }

    /// Whoever seals something new has to say so here, or it would be lost with an old key.
    @Test func sealedColumns_areAllThatTheDatabaseHas() async throws {
        try await withTestDatabase { db in
            let columns = try await db.owner.run(
                Statement(
                    """
                    SELECT format('%s.%s.%s', table_schema, table_name, column_name)
                    FROM information_schema.columns
                    WHERE data_type = 'bytea' AND (column_name LIKE 'sealed%' OR column_name LIKE 'wrapped%')
                    """
                ) { row throws(PostgresError) in try row.next(String.self) })
            // Under the data key of a person, which is wrapped by a master key.
            let underDataKeys: Set = [
                "vault.person.sealed_value", "vault.address.sealed_value", "orders.import_customer.sealed_value",
            ]

            #expect(Set(columns) == underDataKeys.union(SealedColumn.all.map(\.name)))
            #expect(columns.count > 10)
        }
    }
}
