import Foundation
import Hosting

/// PostgreSQL's own load generator, run as a process: the raw figure beside ours.
struct PgBench {
    private let folder: String
    private let connection: String

    /// Finds `pgbench` on the path or where Debian puts it.
    init(connection: String) throws {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let folders =
            (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
            + versions.sorted().reversed().map { "/usr/lib/postgresql/\($0)/bin" }
        guard let folder = folders.first(where: { FileManager.default.isExecutableFile(atPath: "\($0)/pgbench") })
        else {
            throw Failure("pgbench is not installed: apt-get install postgresql", .unavailable)
        }
        self.folder = folder
        self.connection = connection
    }

    /// Makes the four standard tables.
    func initialise(scale: Int) throws {
        _ = try run(["-i", "-q", "-s", "\(scale)"])
    }

    /// Transactions per second of a script, or of the built-in SELECT where there is none.
    ///
    /// - Parameters:
    ///   - transactions: How many each client runs. A number rather than a time: pgbench ends a time by SIGALRM, which
    ///     processes started from here have blocked.
    ///   - clients: How many connections run them at once.
    ///   - variables: What the script finds set at its first run.
    func transactionsPerSecond(
        script: String? = nil, transactions: Int, clients: Int = 1, variables: [String: String] = [:]
    ) throws -> Double {
        var arguments = [
            "-n", "-M", "prepared", "-c", "\(clients)", "-j", "\(min(clients, 2))", "-t", "\(transactions)",
        ]
        arguments += variables.flatMap { ["-D", "\($0.key)=\($0.value)"] }
        var file: URL?
        if let script {
            let path = FileManager.default.temporaryDirectory.appendingPathComponent(
                "siyu-bench-\(UUID().uuidString).sql")
            try Data(script.utf8).write(to: path)
            file = path
            arguments += ["-f", path.path]
        } else {
            arguments.append("-S")
        }
        defer { if let file { try? FileManager.default.removeItem(at: file) } }
        let output = try run(arguments)
        guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("tps = ") }),
            let figure = line.split(separator: " ").dropFirst(2).first, let tps = Double(figure)
        else { throw Failure("pgbench gave no figure: \(output.suffix(300))", .software) }
        return tps
    }

    /// Runs a command of `psql`, which lies beside pgbench.
    func psql(_ command: String) throws {
        _ = try run(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", command], program: "psql")
    }

    private func run(_ arguments: [String], program: String = "pgbench") throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(folder)/\(program)")
        process.arguments = arguments + [connection]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure("\(program) failed: \(text.suffix(300))", .software) }
        return text
    }
}
