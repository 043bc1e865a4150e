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

    /// - Parameter skew: Seconds by which the process takes the wall clock to be ahead; needs ``wrongClock``.
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
            let library = try #require(Self.wrongClock, "there is no C compiler")
            environment["LD_PRELOAD"] = library
            environment["WRONG_CLOCK"] = "\(skew)"
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

    /// A library that makes a process's wall clock wrong; nil where there is no C compiler to make it.
    static let wrongClock: String? = {
        let library = FileManager.default.temporaryDirectory.appending(path: "siyu-wrong-clock-\(getpid()).so")
            .path(percentEncoded: false)
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/usr/bin/env")
        compiler.arguments = [
            "clang", "-shared", "-fPIC", "-o", library, Repository.path("Tests/Data/wrong_clock.c"), "-ldl",
        ]
        compiler.standardError = FileHandle.nullDevice
        guard (try? compiler.run()) != nil else { return nil }
        compiler.waitUntilExit()
        return compiler.terminationStatus == 0 ? library : nil
    }()

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
