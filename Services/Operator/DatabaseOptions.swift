import ArgumentParser
import Foundation
import Hosting
import Kernel
import Logging
import Postgres
import Schema

/// Where the database is: `--database-url`, else DATABASE_URL, else libpq's own variables.
struct DatabaseOptions: ParsableArguments {
    @Option(name: .customLong("database-url"), help: "The database; DATABASE_URL if not given.")
    var givenURL: String?

    /// The database that statements go to.
    var url: String { givenURL ?? Self.variable("DATABASE_URL") ?? "" }

    /// The database without a pooler, for migrations.
    var directURL: String { givenURL ?? Self.variable("DATABASE_DIRECT_URL") ?? url }

    /// An environment variable; an empty one counts as missing.
    static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The environment that the operator means, production unless SIYU_ENV says otherwise.
    static func environment() throws -> Schema.Environment {
        let name = variable("SIYU_ENV") ?? Schema.Environment.production.rawValue
        guard let environment = Schema.Environment(rawValue: name) else {
            throw Failure("SIYU_ENV is \(name): it is development or production.", .config)
        }
        return environment
    }

    /// Lends a pool to `body` and closes it afterwards.
    func withPool<Value>(
        direct: Bool = false, connectionsMax: Int = 4, statementTimeout: Duration = .seconds(900),
        _ body: (Pool) async throws -> Value
    ) async throws -> Value {
        let connection = ConnectionConfiguration(
            url: direct ? directURL : url, applicationName: "siyu",
            usesNamedStatements: Self.variable("SIYU_DB_POOLED") != "1", statementTimeout: statementTimeout)
        let pool = Pool(
            PoolConfiguration(connection: connection, connectionsMax: connectionsMax), logger: Logger(label: "siyu"))
        do {
            let value = try await body(pool)
            await pool.shutdown()
            return value
        } catch {
            await pool.shutdown()
            throw error
        }
    }
}

/// An option that takes an id.
struct IDArgument<Entity>: ExpressibleByArgument {
    let id: ID<Entity>

    init?(argument: String) {
        guard let id = ID<Entity>(argument) else { return nil }
        self.id = id
    }
}

/// `--json`, everywhere a person or a script may read the answer.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Answer with JSON.")
    var json = false

    /// Shows rows as a table, or values as JSON.
    func show(_ values: some Encodable, header: [String], rows: [[String]]) throws {
        Terminal.say(json ? try Terminal.json(values) : Terminal.table(header, rows))
    }
}
