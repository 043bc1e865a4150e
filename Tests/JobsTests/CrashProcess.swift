import CrashWorker
import Foundation
import Glibc
import Jobs
import TestSupport
import Testing

/// A crash worker that runs as a process of its own.
final class CrashProcess: @unchecked Sendable {
    // Unchecked: Process is used by one test at a time, and only for its pid and whether it runs.
    private let process = Process()
    private let mark: URL
    private let clock: URL

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

    /// - Parameter skew: Seconds by which the process takes the wall clock to be ahead; needs ``fakeTime``.
    init(_ conninfo: String, lease: Double, strike: Strike? = nil, skew: Int? = nil) throws {
        let folder = FileManager.default.temporaryDirectory
        mark = folder.appending(path: "siyu-crash-\(UUID().uuidString)")
        clock = folder.appending(path: "siyu-clock-\(UUID().uuidString)")
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
        environment["CRASH_CLOCK"] = clock.path(percentEncoded: false)
        if let skew {
            let library = try #require(Self.fakeTime, "libfaketime is missing")
            environment["LD_PRELOAD"] = library
            environment["FAKETIME"] = skew < 0 ? "\(skew)s" : "+\(skew)s"
            // Only the wall clock lies: the other one counts up from the machine's start, and nobody sets it.
            environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
            environment["DONT_FAKE_MONOTONIC"] = "1"
        }
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: mark)
        try? FileManager.default.removeItem(at: clock)
    }

    /// The library that shifts a process's clock, where Debian's `faketime` is installed.
    static let fakeTime: String? = [
        "/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
    ]
    .map { "\($0)/faketime/libfaketime.so.1" }.first { FileManager.default.fileExists(atPath: $0) }

    /// By how many seconds the process took the wall clock to be ahead when it began.
    func seenSkew() async throws -> Int {
        try await eventually(within: .seconds(20)) {
            FileManager.default.fileExists(atPath: clock.path(percentEncoded: false))
        }
        let text = try String(contentsOf: clock, encoding: .utf8)
        return try #require(Int(text)) - time(nil)
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
