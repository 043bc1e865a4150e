import Foundation
import Logging
import Synchronization
import TestSupport

@testable import Postgres

/// A connection to the cluster, in the superuser's database: tests leave nothing in it.
struct Bundle {
    let url: String
    let isPooled: Bool

    init() throws {
        guard let url = ProcessInfo.processInfo.environment["SIYU_TEST_CLUSTER"], !url.isEmpty else {
            throw TestSupportError.clusterUnknown
        }
        // The run's pooler takes the superuser to the same database.
        let pooler = ProcessInfo.processInfo.environment["SIYU_TEST_POOLER"]
        isPooled = pooler != nil
        self.url = pooler.map { "\($0) user=postgres dbname=postgres" } ?? url
    }

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    func configuration(named: Bool = true, timeout: Duration = .seconds(20)) -> ConnectionConfiguration {
        var configuration = ConnectionConfiguration(
            url: url, applicationName: "siyu-postgres-tests", usesNamedStatements: named && !isPooled,
            statementTimeout: timeout)
        configuration.cancelGrace = .seconds(3)
        return configuration
    }

    func connect(named: Bool = true, timeout: Duration = .seconds(20)) async throws -> Connection {
        try await Connection.connect(configuration(named: named, timeout: timeout), logger: Self.logger)
    }

    func pool(
        connectionsMax: Int = 4, waitersMax: Int = 1000, waitTimeout: Duration = .seconds(10),
        lifetime: Duration = .seconds(1800)
    ) -> Pool {
        Pool(
            PoolConfiguration(
                connection: configuration(), connectionsMax: connectionsMax, waitersMax: waitersMax,
                waitTimeout: waitTimeout, lifetime: lifetime), logger: Self.logger)
    }
}

/// Reads one column.
func column<Value: PostgresDecodable>(_ sql: SQL, _: Value.Type = Value.self) -> Statement<Value> {
    Statement(sql) { row throws(PostgresError) in try row.next() }
}

/// A statement without rows.
func command(_ text: String) -> Statement<Void> {
    Statement("\(unsafeRaw: text)")
}

/// The code of the error that `body` ends with; nil where it ends well.
func code(_ body: () async throws -> some Any) async throws -> PostgresError.Code? {
    do {
        _ = try await body()
        return nil
    } catch let error as PostgresError {
        return error.code
    }
}

/// Whether the connection still answers right.
func answers(_ connection: Connection) async throws -> Bool {
    let number = Int64.random(in: .min ... .max)
    return try await connection.one(column("SELECT \(number)", Int64.self)) == number
}

/// Fails when `body` takes longer: a hang must not hang the suite.
func within<Value: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let signal = TestSignal<Result<Value, any Error>>()
    let task = Task {
        do { signal.send(.success(try await body())) } catch { signal.send(.failure(error)) }
    }
    defer { task.cancel() }
    return try await signal.wait(limit: limit).get()
}

/// A count that several tasks share.
final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
}
