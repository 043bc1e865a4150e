import CrashWorker
import Foundation
import Glibc
import Jobs
import TestSupport

/// A crash worker that runs as a process of its own.
final class CrashProcess: @unchecked Sendable {
    // Unchecked: Process is used by one test at a time, and only for its pid and whether it runs.
    private let process = Process()
    private let mark: URL

    /// What the worker does to itself, and where.
    struct Strike: Sendable {
        enum Kind: String, Sendable, CaseIterable {
            /// SIGKILL.
            case kill
            /// The server ends the connection that the statement runs on.
            case cut
            /// The server ends all connections of the process at once.
            case sever
            /// SIGSTOP.
            case stop
        }
        let kind: Kind
        let boundary: JobBoundary
        var nth = 1
    }

    init(_ conninfo: String, lease: Double, strike: Strike? = nil) throws {
        mark = FileManager.default.temporaryDirectory.appending(path: "siyu-crash-\(UUID().uuidString)")
        let products = URL(filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        process.executableURL = products.deletingLastPathComponent().appending(path: "CrashWorker")
        var environment = ProcessInfo.processInfo.environment
        environment["CRASH_DATABASE"] = conninfo
        environment["CRASH_LEASE"] = "\(lease)"
        environment["CRASH_MARK"] = mark.path(percentEncoded: false)
        if let strike {
            environment["CRASH_BOUNDARY"] = strike.boundary.description
            environment["CRASH_KIND"] = strike.kind.rawValue
            environment["CRASH_NTH"] = "\(strike.nth)"
        }
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: mark)
    }

    var hasStruck: Bool { FileManager.default.fileExists(atPath: mark.path(percentEncoded: false)) }
    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    func signal(_ number: Int32) { Glibc.kill(process.processIdentifier, number) }

    /// Waits until the worker has struck itself.
    func struck(within limit: Duration = .seconds(20)) async throws {
        try await eventually(within: limit, every: .milliseconds(5)) { hasStruck }
    }

    func ended(within limit: Duration = .seconds(20)) async throws {
        try await eventually(within: limit, every: .milliseconds(5)) { !process.isRunning }
    }

    /// Ends the worker as an operator would; false if it did not exit with 0.
    func shutDown() async throws -> Bool {
        signal(SIGTERM)
        try await ended()
        return process.terminationReason == .exit && process.terminationStatus == 0
    }
}
