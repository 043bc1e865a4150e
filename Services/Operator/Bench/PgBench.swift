import Foundation
import Hosting

/// PostgreSQL's own load generator, run as a process: the raw figure beside ours.
struct PgBench {
    private let executable: String
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
        executable = "\(folder)/pgbench"
        self.connection = connection
    }

    /// Makes the four standard tables.
    func initialise(scale: Int) throws {
        _ = try run(["-i", "-q", "-s", "\(scale)"])
    }

    /// Transactions per second of a script, or of the built-in SELECT where there is none.
    ///
    /// - Parameters:
    ///   - transactions: How many to run. A number rather than a time: pgbench ends a time by SIGALRM, which processes
    ///     started from here have blocked.
    ///   - variables: What the script finds set at its first run.
    func transactionsPerSecond(
        script: String? = nil, transactions: Int, variables: [String: String] = [:]
    ) throws -> Double {
        var arguments = ["-n", "-M", "prepared", "-c", "1", "-j", "1", "-t", "\(transactions)"]
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

    private func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments + [connection]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure("pgbench failed: \(text.suffix(300))", .software) }
        return text
    }
}
