import Foundation
import Synchronization
import TestSupport
import Testing

/// One of our executables, started as an operator would start it.
///
/// The executables lie beside the test bundle, whatever the build's folder is called.
final class ServiceProcess: Sendable {
    private let process: Process
    private let output: Collected
    private let errors: Collected
    private let ended: AsyncStream<Int32>

    private init(process: Process, output: Collected, errors: Collected, ended: AsyncStream<Int32>) {
        self.process = process
        self.output = output
        self.errors = errors
        self.ended = ended
    }

    static func start(
        _ name: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> ServiceProcess {
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0])
            .deletingLastPathComponent().appending(path: name)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let output = try Collected()
        let errors = try Collected()
        process.standardOutput = output.handle
        process.standardError = errors.handle
        let (ended, continuation) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { process in
            // A signal counts as its number plus 128, as shells do.
            continuation.yield(process.terminationStatus + (process.terminationReason == .exit ? 0 : 128))
            continuation.finish()
        }
        try process.run()
        return ServiceProcess(process: process, output: output, errors: errors, ended: ended)
    }

    /// Runs to the end: exit code, stdout, stderr.
    static func run(
        _ name: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> (exit: Int32, output: String, errors: String) {
        let process = try start(name, arguments, environment: environment)
        let exit = await process.exit()
        return (exit, process.output.text, process.errors.text)
    }

    /// Waits for the end; a process that does not end in thirty seconds is killed.
    func exit() async -> Int32 {
        let watchdog = Task { [pid = process.processIdentifier] in
            try await lettingPass(.seconds(30))
            kill(pid, SIGKILL)
        }
        defer { watchdog.cancel() }
        return await ended.first { _ in true } ?? -1
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// What it has written to stderr so far.
    var log: String { errors.text }

    /// The ports of a service started with `--log-format json`, from its record "Serving.".
    func ports() async throws -> (api: Int, admin: Int) {
        for _ in 0..<3_000 {
            for line in log.split(separator: "\n") where line.contains(#""message":"Serving.""#) {
                let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                let ports = ["port", "admin_port"].compactMap { (record?[$0] as? String).flatMap { Int($0) } }
                if ports.count == 2 { return (ports[0], ports[1]) }
            }
            guard process.isRunning else { break }
            try await lettingPass(.milliseconds(10))
        }
        Issue.record("It did not start: \(log)")
        throw CancellationError()
    }

    /// A file that a process writes to: unlike a pipe it has no end that another process could hold open.
    private final class Collected: Sendable {
        private let path = NSTemporaryDirectory() + "siyu-\(UUID().uuidString.lowercased()).log"
        let handle: FileHandle

        init() throws {
            guard FileManager.default.createFile(atPath: path, contents: nil),
                let handle = FileHandle(forWritingAtPath: path)
            else { throw CocoaError(.fileWriteUnknown) }
            self.handle = handle
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        var text: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
    }
}
