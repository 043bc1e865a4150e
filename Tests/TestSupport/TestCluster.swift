import Foundation
package import Logging
import Postgres
import Schema
import Synchronization

/// What keeps a test from getting a database.
package enum TestSupportError: Error, CustomStringConvertible {
    /// `SIYU_TEST_CLUSTER` is not set.
    case clusterUnknown
    /// `SIYU_TEST_CLUSTER` is not of the form `host=/folder user=name dbname=postgres`.
    case clusterUnreadable(String)
    /// A call of the operating system failed.
    case system(call: String, errno: Int32)
    /// Something awaited did not come about in time.
    case timedOut(after: Duration)

    package var description: String {
        switch self {
        case .clusterUnknown:
            "No PostgreSQL for tests: SIYU_TEST_CLUSTER is not set. Use `make test`, which starts one and sets it."
        case .clusterUnreadable(let value):
            "SIYU_TEST_CLUSTER must read like `host=/folder user=postgres dbname=postgres`, not `\(value)`."
        case .system(let call, let errno): "\(call): errno \(errno)"
        case .timedOut(let duration): "Nothing came within \(duration)."
        }
    }
}

/// The cluster that tests run on, and the databases made and dropped in it.
///
/// The files are applied once, to a template whose name carries their checksums; each test gets a clone of it, which takes
/// tens of milliseconds. An advisory lock keeps processes that run at the same time from building the same template twice.
actor TestCluster {
    /// Clones that may exist at a time in one process: each may hold several connections, and the server has a limit.
    private static let clonesMax = 8
    static let shared = TestCluster()

    private var prepared: Task<Prepared, any Error>?
    private var clones = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var number = 0

    private struct Prepared: Sendable {
        let admin: Pool
        let template: String
        /// Seconds of the server's clock when this process began: part of the name of a clone, for the sweep.
        let since: Int64
    }

    /// Makes a database: a clone of the migrated template, or an empty one.
    func create(migrated: Bool) async throws -> String {
        let prepared = try await prepare()
        await enter()
        number += 1
        let name = "siyu_test_\(prepared.since)_\(ProcessInfo.processInfo.processIdentifier)_\(number)"
        let template = migrated ? prepared.template : "template0"
        do {
            try await prepared.admin.execute(Self.raw("CREATE DATABASE \(name) TEMPLATE \(template) OWNER siyu_owner"))
        } catch {
            leave()
            throw error
        }
        return name
    }

    /// Drops a database of ``create(migrated:)`` with whoever is still connected.
    ///
    /// What cannot be dropped is swept later.
    func drop(_ name: String) async {
        if let prepared = try? await prepare() {
            _ = try? await prepared.admin.execute(Self.raw("DROP DATABASE IF EXISTS \(name) WITH (FORCE)"))
        }
        leave()
    }

    private func enter() async {
        if clones < Self.clonesMax {
            clones += 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func leave() {
        if waiting.isEmpty {
            clones -= 1
        } else {
            waiting.removeFirst().resume()
        }
    }

    private func prepare() async throws -> Prepared {
        if let prepared { return try await prepared.value }
        let task = Task { try await Self.makeTemplate() }
        prepared = task
        return try await task.value
    }

    private static func makeTemplate() async throws -> Prepared {
        let endpoint = try ClusterEndpoint.fromEnvironment()
        let admin = makePool(endpoint.conninfo(user: endpoint.user, database: endpoint.database), connectionsMax: 4)
        let checksum = Migration.all.map(\.checksum).joined().hashedShort
        let template = "siyu_template_\(checksum)"
        let since = try await admin.withConnection { connection in
            try await connection.execute(raw("SELECT pg_advisory_lock(7311986)"))
            let now = try await connection.one(
                Statement<Int64>("SELECT extract(epoch FROM clock_timestamp())::bigint") {
                    row throws(PostgresError) in try row.next()
                })
            let roles = try String(contentsOfFile: Repository.path("deploy/postgres/roles.sql"), encoding: .utf8)
            try await connection.execute(raw(roles))
            if try await !exists(template, on: connection) {
                try await connection.execute(raw("DROP DATABASE IF EXISTS \(template) WITH (FORCE)"))
                try await connection.execute(raw("CREATE DATABASE \(template) TEMPLATE template0 OWNER siyu_owner"))
                let owner = makePool(endpoint.conninfo(user: "siyu_owner", database: template), connectionsMax: 1)
                do {
                    try await Migrator(pool: owner, logger: .silent).migrate(environment: .development)
                } catch {
                    await owner.shutdown()
                    throw error
                }
                await owner.shutdown()
                // From here on nobody can connect, so that every clone is a clone of exactly this.
                try await connection.execute(raw("COMMENT ON DATABASE \(template) IS '\(now)'"))
                try await connection.execute(
                    raw("ALTER DATABASE \(template) WITH IS_TEMPLATE true ALLOW_CONNECTIONS false"))
            }
            try await sweep(keeping: template, now: now, on: connection)
            try await connection.execute(raw("SELECT pg_advisory_unlock(7311986)"))
            return now
        }
        return Prepared(admin: admin, template: template, since: since)
    }

    private static func exists(_ template: String, on connection: Connection) async throws -> Bool {
        try await connection.first(
            Statement<Int>("SELECT 1 FROM pg_database WHERE datname = \(template) AND datistemplate") {
                row throws(PostgresError) in try row.next()
            }) != nil
    }

    /// Drops what runs that died left behind: clones older than an hour, templates of other files older than a day.
    private static func sweep(keeping template: String, now: Int64, on connection: Connection) async throws {
        let leftovers = try await connection.run(
            Statement<String>(
                """
                SELECT datname::text
                FROM pg_database
                WHERE CASE
                    WHEN datname LIKE 'siyu\\_test\\_%' THEN split_part(datname, '_', 3)::bigint < \(now) - 3600
                    WHEN datname LIKE 'siyu\\_template\\_%' AND datistemplate THEN datname <> \(template)
                        AND shobj_description(oid, 'pg_database')::bigint < \(now) - 86400
                END
                """
            ) { row throws(PostgresError) in try row.next() })
        for name in leftovers {
            _ = try? await connection.execute(raw("ALTER DATABASE \(name) WITH IS_TEMPLATE false"))
            _ = try? await connection.execute(raw("DROP DATABASE IF EXISTS \(name) WITH (FORCE)"))
        }
    }

    static func makePool(_ conninfo: String, connectionsMax: Int, isPooled: Bool = false) -> Pool {
        Pool(
            PoolConfiguration(
                connection: ConnectionConfiguration(
                    url: conninfo, applicationName: "siyu-tests", usesNamedStatements: !isPooled),
                connectionsMax: connectionsMax),
            logger: .silent)
    }

    private static func raw(_ sql: String) -> Statement<Void> {
        Statement("\(unsafeRaw: sql)")
    }
}

/// Where the cluster listens; read from `SIYU_TEST_CLUSTER`, and `SIYU_TEST_POOLER` where the run has a pooler.
struct ClusterEndpoint: Sendable {
    /// The folder of the Unix socket.
    let host: String
    let port: Int
    /// A superuser.
    let user: String
    /// Where that superuser may stand while databases are made and dropped.
    let database: String
    /// A pooler in transaction mode in front of the cluster, as in `host=/folder port=6432`; nil if the run has none.
    var pooler: String?

    static func fromEnvironment(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> ClusterEndpoint {
        guard let value = environment["SIYU_TEST_CLUSTER"], !value.isEmpty else {
            throw TestSupportError.clusterUnknown
        }
        var words: [String: String] = [:]
        for word in value.split(separator: " ") {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { throw TestSupportError.clusterUnreadable(value) }
            words[String(parts[0])] = String(parts[1])
        }
        guard let host = words["host"], host.hasPrefix("/"), let user = words["user"] else {
            throw TestSupportError.clusterUnreadable(value)
        }
        return ClusterEndpoint(
            host: host, port: words["port"].flatMap { Int($0) } ?? 5432, user: user,
            database: words["dbname"] ?? "postgres", pooler: environment["SIYU_TEST_POOLER"])
    }

    func conninfo(user: String, database: String) -> String {
        "host=\(host) port=\(port) user=\(user) dbname=\(database)"
    }

    /// The socket itself, for the proxy.
    var socketPath: String { "\(host)/.s.PGSQL.\(port)" }
}

extension String {
    /// Sixteen hex digits that tell two texts apart (FNV-1a); names of databases are short.
    fileprivate var hashedShort: String {
        let hash = utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        return String(hash, radix: 16)
    }
}

extension Logger {
    /// A logger that says nothing: a failing test tells enough.
    package static let silent = Logger(label: "siyu.tests") { _ in SwiftLogNoOpLogHandler() }
}
