import Logging
import Postgres

/// Round trips and pipelined statements of one connection, beside `pgbench` asking the same.
enum PostgresBench {
    private static let scale = 10
    private static let accounts = scale * 100_000
    private static let pipelineLength = 100
    private static let questions = 20_000
    private static let pipelines = 1_000

    static func run(url: String, pairs: Int) async throws -> [Measurement] {
        try await ScratchDatabase.with(url) { scratch in
            let pgbench = try PgBench(connection: scratch.url)
            try pgbench.initialise(scale: scale)
            let connection = try await Connection.connect(
                ConnectionConfiguration(url: scratch.url), logger: Logger(label: "siyu.bench"))
            let script = BenchStatements.pipelineScript(accounts: accounts, count: pipelineLength)
            let figures = [
                try await Measurement.pairs(
                    "round trips, 1 connection", unit: "/s", rawName: "pgbench -S -M prepared -c 1", pairs: pairs,
                    ours: { try await roundTrips(connection) },
                    raw: { try pgbench.transactionsPerSecond(transactions: questions) }),
                try await Measurement.pairs(
                    "statements in pipelines of \(pipelineLength)", unit: "/s",
                    rawName: "pgbench, the same in \\startpipeline", pairs: pairs,
                    ours: { try await pipelined(connection) },
                    raw: {
                        try pgbench.transactionsPerSecond(script: script, transactions: pipelines)
                            * Double(pipelineLength)
                    }),
            ]
            await connection.close()
            return figures
        }
    }

    private static func roundTrips(_ connection: Connection) async throws -> Double {
        try await rate(questions) {
            for _ in 0..<questions {
                _ = try await connection.one(BenchStatements.balance(Int32.random(in: 1...Int32(accounts))))
            }
        }
    }

    private static func pipelined(_ connection: Connection) async throws -> Double {
        try await rate(pipelines * pipelineLength) {
            for _ in 0..<pipelines {
                let account = Int32.random(in: 1...Int32(accounts))
                let statements = (0..<pipelineLength).map { _ in BenchStatements.balance(account) }
                _ = try await connection.pipeline(statements)
            }
        }
    }
}
