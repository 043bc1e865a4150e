import Accounting
import Foundation
import Hosting
import Kernel
import Logging
import Postgres
import Schema

/// The ledger: posting beside what pgbench posts row by row, and the look through everything beside COPY.
struct LedgerBench {
    /// What is measured.
    enum Part: String, CaseIterable {
        case check, post
    }

    /// Accounts with a floor, half of them paying, half of them paid.
    static let accounts = 100_000
    private static let batch = 500
    private static let posters = 4
    private static let batchesEach = 20
    private static let rawClients = [8, 32]
    private static let rawTransactions = 12_000

    private let pool: Pool
    private let pgbench: PgBench
    private let pairs: Int
    private let transfers: Int
    private let brand = ID<Brand>.mint()

    static func run(url: String, pairs: Int, transfers: Int, only: [Part]) async throws -> [Measurement] {
        try await ScratchDatabase.with(url) { scratch in
            let logger = Logger(label: "siyu.bench")
            let connection = ConnectionConfiguration(url: scratch.url, statementTimeout: .seconds(900))
            let pool = Pool(PoolConfiguration(connection: connection, connectionsMax: 8), logger: logger)
            try await Migrator(pool: pool, logger: logger).migrate(environment: .development)
            let bench = LedgerBench(
                pool: pool, pgbench: try PgBench(connection: scratch.url), pairs: pairs, transfers: transfers)
            var figures: [Measurement] = []
            for part in only.isEmpty ? Part.allCases : only {
                switch part {
                case .check: figures.append(try await bench.check())
                case .post: figures.append(try await bench.post())
                }
            }
            await pool.shutdown()
            return figures
        }
    }

    // MARK: The look through everything

    private func check() async throws -> Measurement {
        let brand = ID<Brand>.mint()
        try await pool.execute(LedgerBenchStatements.addBrand(brand))
        try await pool.execute(LedgerBenchStatements.addAccounts(2_000, floor: nil, brand: brand))
        // Many transactions, as in life: the order of the seals is theirs.
        let portion = 10_000
        for start in stride(from: 0, to: transfers, by: portion) {
            Terminal.progress("ledger: \(start) of \(transfers) transfers written")
            try await pool.execute(LedgerBenchStatements.addTransfers(from: start, count: portion, brand: brand))
        }
        try await pool.execute(LedgerBenchStatements.vacuum())
        let written = (transfers + portion - 1) / portion * portion
        let sealed = try await Ledger.sealAll(brand: brand, on: pool)
        guard sealed == written else {
            throw Failure("\(written) transfers were written, \(sealed) sealed.", .software)
        }
        return try await .pairs(
            "siyu ledger check", unit: "transfers/s", rawName: "psql, \\copy of the transfers to /dev/null",
            pairs: pairs,
            ours: {
                try await rate(written) {
                    let books = try await LedgerCommand.examine(brand, on: pool)
                    guard books.isInOrder, books.chain.sealed == written else {
                        throw Failure("The books are not as they were written.", .software)
                    }
                }
            },
            raw: { try await rate(written) { try pgbench.psql(LedgerBenchStatements.copyCommand) } })
    }

    // MARK: Posting

    private func post() async throws -> Measurement {
        try await pool.execute(LedgerBenchStatements.addBrand(brand))
        try await pool.execute(LedgerBenchStatements.addAccounts(Self.accounts, floor: -1_000_000_000, brand: brand))
        try await pool.execute(LedgerBenchStatements.addBalances(brand: brand))
        try await pool.execute(LedgerBenchStatements.vacuum())
        return try await .pairs(
            "transfers between accounts with a floor, \(Self.batch) a transaction", unit: "transfers/s",
            rawName: "pgbench, INSERT and two UPDATEs a transaction, the better of \(Self.rawClients) clients",
            pairs: pairs, ours: { try await posted() },
            raw: {
                try Self.rawClients.map { clients in
                    try pgbench.transactionsPerSecond(
                        script: LedgerBenchStatements.postScript(brand: brand, accounts: Self.accounts),
                        transactions: Self.rawTransactions / clients, clients: clients)
                }.max() ?? 0
            })
    }

    private func posted() async throws -> Double {
        let count = Self.posters * Self.batchesEach * Self.batch
        let perSecond = try await rate(count) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<Self.posters {
                    group.addTask { for _ in 0..<Self.batchesEach { try await postBatch() } }
                }
                try await group.waitForAll()
            }
        }
        let check = try await Ledger.check(brand: brand, on: pool)
        guard check.isBalanced else { throw Failure("The books do not balance: \(check).", .software) }
        return perSecond
    }

    private func postBatch() async throws {
        let now = Date()
        let postings = (0..<Self.batch).map { _ in
            Posting(
                debit: LedgerBenchStatements.account(.random(in: 1...Self.accounts / 2)),
                credit: LedgerBenchStatements.account(.random(in: Self.accounts / 2 + 1...Self.accounts)),
                amount: Money(fen: .random(in: 1...1_000)), kind: "bench.move", subject: ID<Transfer>.mint().rawValue,
                occurredAt: now)
        }
        _ = try await pool.transaction { tx in try await Ledger.post(postings, brand: brand, now: now, on: tx) }
    }
}
