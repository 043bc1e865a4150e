import AsyncHTTPClient
import Foundation
import Keys
import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing

/// The built executables, from the outside: exit codes, one sentence, drain.
struct ExecutableTests {
    private static let services = ["siyu-ingest", "siyu-reports"]
    private static let freePorts = ["--port=0", "--admin-port=0"]

    // MARK: - Refusals

    @Test(arguments: services)
    func o04_wrongConfiguration_exitsWithAReasonBeforeTouchingData(name: String) async throws {
        let keys = try KeyFolder()
        let exposed = try KeyFolder()
        chmod(exposed.path + "/master.key", 0o644)
        let cases: [([String], Int32, String)] = [
            (["--nonsense"], 64, "--nonsense is not a flag of this service: see --help."),
            (["--port", "many"], 78, "--port: port must be a number from 0 to 64535."),
            (["--env", "test"], 78, "--env: env must be one of development, production."),
            ([], 78, "SIYU_KEYS is not set: it names the folder that holds master.key."),
            (
                ["--keys", "/nonexistent"], 78,
                "/nonexistent does not exist: SIYU_KEYS must name the folder that holds master.key."
            ),
            (
                ["--keys", exposed.path], 77,
                "\(exposed.path)/master.key has mode 0644, so others may read the keys: "
                    + "run chmod 0600 \(exposed.path)/master.key."
            ),
        ]
        for (arguments, exit, sentence) in cases {
            for mode in [[], ["--check"]] {
                let result = try await ServiceProcess.run(name, arguments + mode)
                #expect(result.exit == exit)
                #expect(result.errors == "\(name): \(sentence)\n")
                #expect(result.output.isEmpty)
            }
        }

        let dead = ["--keys", keys.path, "--database-url", "postgres://siyu:hunter2@127.0.0.1:1/siyu"]
        for mode in [[], ["--check"]] {
            let result = try await ServiceProcess.run(name, dead + mode)
            #expect(result.exit == 69)
            #expect(result.errors.hasPrefix("\(name): database is not ready: "))
            #expect(result.errors.hasSuffix("(database: postgres://siyu:****@127.0.0.1:1/siyu).\n"))
            #expect(result.errors.count { $0.isNewline } == 1)
        }
        withExtendedLifetime((keys, exposed)) {}
    }

    @Test(arguments: services)
    func o04_databaseThatDoesNotFit_exitsWithAReason(name: String) async throws {
        try await withEmptyDatabase { db in
            let keys = try KeyFolder()
            let result = try await ServiceProcess.run(
                name, ["--keys", keys.path, "--database-url", db.conninfo(as: .owner)])

            #expect(result.exit == 78)
            #expect(result.errors.hasPrefix("\(name): schema is not ready: The database is empty"))
            #expect(result.errors.count { $0.isNewline } == 1)
            withExtendedLifetime(keys) {}
        }
        try await withService(name) { settings in
            let result = try await ServiceProcess.run(name, settings.filter { !$0.hasPrefix("--env") } + ["--check"])

            #expect(result.exit == 78)
            #expect(result.errors.contains("SIYU_ENV is production, the database was made for development"))
        }
    }

    @Test(arguments: services)
    func o01_portTaken_isOneSentence(name: String) async throws {
        let taken = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(taken.localAddress?.port)
        try await withService(name) { settings in
            for ports in [["--port=\(port)", "--admin-port=0"], ["--port=0", "--admin-port=\(port)"]] {
                let result = try await ServiceProcess.run(name, settings + ports)

                #expect(result.exit == 69)
                #expect(result.errors == "\(name): 127.0.0.1:\(port) is in use by another process.\n")
            }
        }
        try await taken.close()
    }

    // MARK: - Life

    @Test(arguments: services)
    func o04_check_ofAGoodConfiguration_exitsZero(name: String) async throws {
        try await withService(name) { settings in
            let result = try await ServiceProcess.run(name, settings + Self.freePorts + ["--check"])

            #expect(result.exit == 0)
            #expect(result.errors.isEmpty)
            #expect(result.output == "\(name): configuration, keys, database and schema are in order.\n")
        }
    }

    @Test func printConfig_showsSourcesAndNoPassword() async throws {
        let result = try await ServiceProcess.run(
            "siyu-reports", ["--print-config", "--log-format", "json"],
            environment: ["DATABASE_URL": "postgres://siyu:hunter2@db/siyu", "SIYU_ENV": "development"])

        #expect(result.exit == 0)
        #expect(!result.output.contains("hunter2"))
        let lines = result.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.contains(["database-url", "postgres://siyu:****@db/siyu", "DATABASE_URL"]))
        #expect(lines.contains(["log-format", "json", "--log-format"]))
        #expect(lines.contains(["port", "8104", "default"]))
        #expect(lines.contains(["admin-port", "9104", "default"]))
        #expect(lines.contains(["env", "development", "SIYU_ENV"]))
    }

    @Test(arguments: services, [SIGTERM, SIGINT])
    func o01_service_startsReportsHealthAndStopsAlone(name: String, stop: Int32) async throws {
        try await withService(name) { settings in
            let service = try ServiceProcess.start(name, settings + Self.freePorts)
            let ports = try await service.ports()

            #expect(try await status("http://127.0.0.1:\(ports.admin)/healthz") == 200)
            #expect(try await status("http://127.0.0.1:\(ports.admin)/readyz") == 200)
            #expect(try await status("http://127.0.0.1:\(ports.admin)/metrics") == 200)
            #expect(try await status("http://127.0.0.1:\(ports.api)/openapi.json") == 200)
            #expect(try await status("http://127.0.0.1:\(ports.api)/nothing") == 404)

            service.signal(stop)
            #expect(await service.exit() == 0)
            for line in service.log.split(separator: "\n") {
                #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
            }
            #expect(service.log.contains(#""message":"Drained.""#))
        }
    }

    @Test func o01_drain_doesNotWaitForAPeerThatNeverFinishes() async throws {
        try await withService("siyu-ingest") { settings in
            let service = try ServiceProcess.start("siyu-ingest", settings + Self.freePorts + ["--drain-seconds", "1"])
            let ports = try await service.ports()
            let half = try await RawConnection.open(port: ports.api)
            try await half.send("POST /v1/imports HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc")
            let header = try await RawConnection.open(port: ports.api)
            try await header.send("GET / HTTP/1.1\r\nX-Half: ")
            try await lettingPass(.milliseconds(200))
            let start = ContinuousClock.now

            service.signal(SIGTERM)

            #expect(await service.exit() == 0)
            #expect(start.duration(to: .now) < soon)
        }
    }

    // MARK: - Support

    private func status(_ url: String) async throws -> Int {
        let response = try await HTTPClient.shared.get(url: url).get()
        return Int(response.status.code)
    }

    /// Flags of a service with a database and keys of its own, on free ports, with JSON logs.
    private func withService(_ name: String, _ body: ([String]) async throws -> Void) async throws {
        try await withTestDatabase { db in
            let keys = try KeyFolder()
            let role: TestRole = name == "siyu-ingest" ? .ingest : .reports
            try await body([
                "--database-url=\(db.conninfo(as: role))", "--database-direct-url=\(db.directConninfo(as: role))",
                "--db-pooled=\(db.isPooled ? 1 : 0)", "--keys=\(keys.path)", "--env=development", "--log-format=json",
            ])
            withExtendedLifetime(keys) {}
        }
    }
}

/// A folder of development keys that goes away with the test.
private final class KeyFolder {
    let path = NSTemporaryDirectory() + "siyu-keys-\(UUID().uuidString.lowercased())"

    init() throws { _ = try KeyRing.create(folder: path) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
