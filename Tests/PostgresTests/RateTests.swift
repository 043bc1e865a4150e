import Foundation
import Testing

@testable import Postgres

/// Figures, not a test: statements per second of one connection, to be read beside `pgbench -S`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SIYU_RATES"] != nil), .serialized)
struct RateTests {
    private func rate(_ name: String, _ count: Int, _ body: () async throws -> Void) async throws {
        let taken = try await ContinuousClock().measure(body)
        let perSecond = Double(count) / (taken / .seconds(1))
        FileHandle.standardError.write(Data("\(name): \(Int(perSecond)) per second\n".utf8))
    }

    @Test func statements_perSecond() async throws {
        let connection = try await Bundle().connect()
        let statement = column("SELECT 1", Int.self)
        let bound = { (number: Int64) in column("SELECT \(number)", Int64.self) }
        for _ in 0..<1000 { _ = try await connection.run(statement) }
        try await rate("round trips", 40_000) {
            for _ in 0..<40_000 { _ = try await connection.run(statement) }
        }
        try await rate("round trips with a parameter", 40_000) {
            for number in 0..<40_000 { _ = try await connection.run(bound(Int64(number))) }
        }
        try await rate("pipelined", 200_000) {
            for _ in 0..<2000 { _ = try await connection.pipeline([Statement<Int>](repeating: statement, count: 100)) }
        }
        await connection.close()
        let unnamed = try await Bundle().connect(named: false)
        try await rate("round trips without names", 20_000) {
            for _ in 0..<20_000 { _ = try await unnamed.run(statement) }
        }
        await unnamed.close()
        let pool = try Bundle().pool(connectionsMax: 8)
        try await rate("pool, one caller", 40_000) {
            for _ in 0..<40_000 { _ = try await pool.run(statement) }
        }
        try await rate("pool, eight callers", 80_000) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { for _ in 0..<10_000 { _ = try await pool.run(statement) } }
                }
                try await group.waitForAll()
            }
        }
        try await rate("transactions of one statement", 10_000) {
            for _ in 0..<10_000 { _ = try await pool.transaction { try await $0.run(statement) } }
        }
        await pool.shutdown()
    }
}
