import ArgumentParser
import Codes
import Foundation
import Hooks
import Hosting
import Hummingbird
import Kernel
import Keys
import Logging
import Members
import NIOCore
import Orders
import Postgres
import Schema
import Vault

/// Scans per second of the real siyu-redeem over HTTP on this machine, signatures and all, beside what carries it: the database doing the
/// same by `pgbench`, and the same server answering a bare POST.
enum ScansBench {
    private static let port = 18_202
    private static let barePort = 18_203
    private static let source = "bench"
    private static let clients = [8, 16, 32]
    private static let rawTransactions = 16_000
    private static let forgedConnections = 1_000
    /// Coprime to any count that is used: so codes come in no order, and none twice.
    private static let stride: Int64 = 7_368_787

    /// What is measured.
    enum Part: String, CaseIterable, Sendable {
        case scans, statements, forged, half, alone
    }

    static func run(
        url: String, pairs: Int, only parts: [Part], count: Int64, connections: Int
    ) async throws -> [Measurement] {
        try await ScratchDatabase.with(url) { scratch in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
                "siyu-bench-\(UUID().uuidString)"
            ).path
            let keys = try KeyRing.create(folder: folder)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let pool = Pool(
                PoolConfiguration(connection: ConnectionConfiguration(url: scratch.url), connectionsMax: 2),
                logger: Logger(label: "siyu.bench"))
            try await Migrator(pool: pool, logger: Logger(label: "siyu.bench")).migrate(environment: .development)
            let bench = try await Bench.prepare(pool, keys: keys, url: scratch.url, count: count)
            let redeem = try await BenchService.start("siyu-redeem", [], port: port, url: scratch.url, keys: folder)
            defer { redeem.stop() }
            let bare = try await BenchService.start(
                "siyu", ["bench-bare", "--port", "\(barePort)"], port: barePort, url: scratch.url, keys: folder)
            defer { bare.stop() }
            let figures = try await bench.measure(
                Set(parts.isEmpty ? Part.allCases : parts), pairs: pairs, connections: connections,
                redeem: redeem.process)
            await pool.shutdown()
            return figures
        }
    }

    /// What the figures are taken with; codes and openids are used up as it goes.
    private final class Bench {
        let pool: Pool
        let url: String
        let brand: ID<Brand>
        let sourceID: ID<HookSource>
        let secret: HookSecret
        let batch: OpenBatch
        let bytesPerCode: Double
        private var used: Int64 = 0

        init(
            pool: Pool, url: String, brand: ID<Brand>, sourceID: ID<HookSource>, secret: HookSecret, batch: OpenBatch,
            bytesPerCode: Double
        ) {
            self.pool = pool
            self.url = url
            self.brand = brand
            self.sourceID = sourceID
            self.secret = secret
            self.batch = batch
            self.bytesPerCode = bytesPerCode
        }

        static func prepare(_ pool: Pool, keys: KeyRing, url: String, count: Int64) async throws -> Bench {
            let brand = try await Brands.create(.mint(), name: "bench", on: pool).brand
            guard
                let made = try await HookSources.create(
                    source, brand: brand, purposes: [.scans], keys: keys, on: pool)
            else {
                throw Failure("The brand of the benchmark is gone.", .software)
            }
            let prizes = [
                PrizeRequest(name: "再來一瓶", kind: .item, cost: Money(fen: 500), count: count / 100),
                PrizeRequest(name: "10 points", kind: .points, points: 10, cost: Money(fen: 10), count: count / 100),
            ]
            let request = MintRequest(brand: brand, requestID: "bench", count: count, prizes: prizes, label: "bench")
            let before = try await pool.one(BenchStatements.databaseSize())
            let record = try await Minting.mint(request, author: "bench", keys: keys, on: pool).batch
            let command = RangeCommand(kind: .activate, indexes: 0..<count)
            _ = try await Ranges.decide(command, batch: record.id, brand: brand, author: "bench", on: pool)
            let after = try await pool.one(BenchStatements.databaseSize())
            try await admitKnown(Vault(keys: keys), brand: brand, on: pool)
            return Bench(
                pool: pool, url: url, brand: brand, sourceID: made.record.id, secret: made.secret,
                batch: try OpenBatch(record, keys: keys), bytesPerCode: Double(after - before) / Double(count))
        }

        /// Two of three scans are by people who were here before: a shop that has customers.
        private static func admitKnown(_ vault: Vault, brand: ID<Brand>, on pool: Pool) async throws {
            let openids = (0..<known).map(knownOpenid)
            for start in Swift.stride(from: 0, to: openids.count, by: 1_000) {
                try await pool.transaction { tx in
                    let now = Date()
                    let persons = try await vault.persons(
                        Array(openids[start..<min(start + 1_000, openids.count)]), kind: Redeeming.openid, brand: brand,
                        now: now, on: tx)
                    let contacts = persons.map { Contact(openid: $0, unionid: nil, source: .pack(.mint()), at: now) }
                    _ = try await MemberLinks.link(contacts, brand: brand, on: tx)
                }
            }
        }

        private static let known: Int64 = 50_000
        private static func knownOpenid(_ number: Int64) -> String { "known-\(number % known)" }

        func measure(
            _ parts: Set<Part>, pairs: Int, connections: Int, redeem: Process
        ) async throws -> [Measurement] {
            var scans: [(ours: Double, raw: Double)] = []
            var single: [(ours: Double, raw: Double)] = []
            var whole: [(ours: Double, raw: Double)] = []
            var forged: [(ours: Double, raw: Double)] = []
            let scansThemselves = !parts.isDisjoint(with: [.scans, .statements, .half])
            for pair in 1...pairs {
                Terminal.progress("scans: pair \(pair) of \(pairs)")
                if scansThemselves {
                    let ours = try await driver(connections).run(scanRequests(Self.supply)).rate(of: 200)
                    scans.append((ours, try await bareRate(connections)))
                    if parts.contains(.statements) {
                        single.append((ours, try rawRate(BenchStatements.scanScript)))
                        whole.append((ours, try rawRate(BenchStatements.scanStatementScript)))
                    }
                }
                if parts.contains(.forged) {
                    let guesses = try await driver(Self.forgers).run(forgedRequests(Self.supply)).rate(of: 404)
                    forged.append((guesses, try await bareRate(Self.forgers)))
                }
            }
            let half = parts.contains(.half) ? try await half(of: Spread(scans.map(\.ours)).median, connections) : nil
            let alone = parts.contains(.alone) ? try await alone() : nil
            Terminal.endProgress()
            let name = "scans, \(connections) connections"
            var figures: [Measurement] = []
            if scansThemselves {
                figures.append(.together(name, unit: "/s", rawName: "a bare POST of the same server", samples: scans))
            }
            if parts.contains(.statements) {
                figures += [
                    .together(
                        name, unit: "/s", rawName: "pgbench, statement by statement, best of \(clients)",
                        samples: single),
                    .together(
                        name, unit: "/s", rawName: "pgbench, as one statement, best of \(clients)", samples: whole),
                ]
            }
            if parts.contains(.forged) {
                figures.append(
                    .together(
                        "forged codes, \(Self.forgers) connections, waiting 20 ms each", unit: "/s",
                        rawName: "a bare POST of the same server", samples: forged))
            }
            if let half {
                figures += [
                    .alone("a scan at half of that rate: median", unit: "ms", samples: [half.milliseconds(0.5)]),
                    .alone("a scan at half of that rate: p99", unit: "ms", samples: [half.milliseconds(0.99)]),
                ]
            }
            if let alone {
                figures.append(
                    .together(
                        "one caller alone: median", unit: "ms", rawName: "INSERT of one row, one connection",
                        samples: [alone]))
            }
            return figures + [
                .alone("siyu-redeem: peak of resident memory", unit: "MiB", samples: [try Self.peak(redeem)]),
                .alone("database bytes per minted code", unit: "B", samples: [bytesPerCode]),
            ]
        }

        /// Requests of a run: more than it can use.
        private static let supply = 200_000
        private static let forgers = forgedConnections

        private func driver(_ connections: Int) -> ScanDriver { ScanDriver(port: port, connections: connections) }

        private func bareRate(_ connections: Int) async throws -> Double {
            let request = try Self.post(
                "/bench/bare", "bare-0", scanBody(code: "\(batch.cipher.code(at: 0))", "bare"), secret)
            let driver = ScanDriver(port: barePort, connections: connections, duration: .seconds(3))
            return try await driver.run(Array(repeating: request, count: 1_000_000)).rate(of: 200)
        }

        /// The best of a few numbers of clients.
        private func rawRate(_ script: String) throws -> Double {
            let pgbench = try PgBench(connection: url)
            return try clients.map { clients in
                try pgbench.transactionsPerSecond(
                    script: script, transactions: rawTransactions / clients, clients: clients,
                    variables: [
                        "brand": "\(brand)", "source": "\(sourceID)", "batch": "\(batch.record.id)",
                        "count": "\(batch.record.count)",
                    ])
            }.max() ?? 0
        }

        private func half(of rate: Double, _ connections: Int) async throws -> DriverResult {
            var driver = driver(connections)
            driver.pace = rate / 2
            return try await driver.run(scanRequests(Int(rate / 2 * 7)))
        }

        private func alone() async throws -> (ours: Double, raw: Double) {
            var driver = driver(1)
            driver.duration = .seconds(3)
            let ours = try await driver.run(scanRequests(10_000)).milliseconds(0.5)
            try await pool.execute(BenchStatements.makeRowTable())
            var raw: [Double] = []
            for _ in 0..<500 {
                let took = try await ContinuousClock().measure { try await pool.execute(BenchStatements.insertRow()) }
                raw.append(took.inSeconds * 1_000)
            }
            return (ours, Spread(raw).median)
        }

        private static func peak(_ process: Process) throws -> Double {
            let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
            guard let kibibytes = line.flatMap({ Double($0.filter(\.isNumber)) }) else {
                throw Failure("/proc tells no memory of siyu-redeem.", .software)
            }
            return kibibytes / 1_024
        }

        // MARK: Requests

        /// Scans of codes that nobody has scanned, every third by somebody who was never seen.
        private func scanRequests(_ count: Int) throws -> [[UInt8]] {
            try (0..<count).map { _ in
                used += 1
                let code = batch.cipher.code(at: used * stride % batch.record.count)
                let openid = used % 3 == 0 ? "new-\(used)" : Self.knownOpenid(used)
                return try Self.post(
                    "/v1/hooks/\(source)/scans", "d-\(used)", scanBody(code: "\(code)", openid), secret)
            }
        }

        /// Codes of the batch's form that it does not have, each guessed by somebody else.
        private func forgedRequests(_ count: Int) throws -> [[UInt8]] {
            try (0..<count).map { _ in
                used += 1
                let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
                let guess = String((0..<16).map { _ in digits.randomElement() ?? "0" })
                return try Self.post(
                    "/v1/hooks/\(source)/scans", "f-\(used)",
                    scanBody(code: "\(batch.record.handle)\(guess)", "guess-\(used)"), secret)
            }
        }

        private func scanBody(code: String, _ openid: String) -> [UInt8] {
            Array(#"{"code":"\#(code)","openid":"\#(openid)"}"#.utf8)
        }

        private static func post(_ path: String, _ id: String, _ body: [UInt8], _ secret: HookSecret) throws -> [UInt8]
        {
            let timestamp = Int(Date().timeIntervalSince1970)
            let signature = StandardWebhook.sign(id: id, timestamp: timestamp, body: body, secret: secret)
            let head = """
                POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
                webhook-id: \(id)\r\nwebhook-timestamp: \(timestamp)\r\nwebhook-signature: \(signature)\r\n\
                Content-Length: \(body.count)\r\n\r\n
                """
            return Array(head.utf8) + body
        }
    }
}

/// A server that reads a body and answers as many bytes as a scan is answered: what the framework alone costs.
struct BenchBareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-bare", abstract: "A bare POST route for `siyu bench scans`.", shouldDisplay: false)

    @Option(help: "The port.") var port: Int

    func run() async throws {
        let logger = Logger(label: "siyu.bench") { _ in SwiftLogNoOpLogHandler() }
        let answer = ByteBuffer(string: String(repeating: "x", count: 300))
        let settings = ServiceSettings(name: "bench-bare", port: port)
        let application = ServiceApplication(withoutDatabase: settings, logger: logger, openAPI: "{}") { router in
            router.post("bench/bare") { request, _ in
                _ = try await request.body.collect(upTo: 65_536)
                return Response(
                    status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: answer))
            }
        }
        try await ServiceRunner(application: application, registry: PrometheusRegistry(), logger: logger)
            .run(handlesSignals: true)
    }
}
