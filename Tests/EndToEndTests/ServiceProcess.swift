import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport

#if canImport(Glibc)
import Glibc
#endif

/// A built executable running as a process of its own, as operations would run it.
final class ServiceProcess {
    let name: String
    let port: Int
    let adminPort: Int
    private let process: Process
    private let log: FileHandle
    let logPath: String

    /// The folder of the built executables: the one that the test bundle stands in.
    static var folder: URL {
        get throws {
            let candidates = CommandLine.arguments.prefix(1) + ProcessInfo.processInfo.arguments.prefix(1)
            for start in candidates {
                var folder = URL(fileURLWithPath: start).deletingLastPathComponent()
                for _ in 0..<4 {
                    if FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent("siyu").path) {
                        return folder
                    }
                    folder.deleteLastPathComponent()
                }
            }
            throw EndToEndError("the built executables are not beside the tests")
        }
    }

    init(
        _ name: String, environment: [String: String], ports: (api: Int, admin: Int)? = nil
    ) throws {
        self.name = name
        (port, adminPort) = try ports ?? (try Self.freePort(), try Self.freePort())
        logPath = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString).log").path
        guard FileManager.default.createFile(atPath: logPath, contents: nil),
            let log = FileHandle(forWritingAtPath: logPath)
        else { throw EndToEndError("no log file") }
        self.log = log
        process = Process()
        process.executableURL = try Self.folder.appendingPathComponent(name)
        process.environment = ProcessInfo.processInfo.environment
            .merging(environment) { $1 }
            .merging(["SIYU_PORT": "\(port)", "SIYU_ADMIN_PORT": "\(adminPort)"]) { $1 }
        process.standardError = log
        process.standardOutput = log
        try process.run()
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// Waits until the service says that it is ready.
    func awaitReady() async throws {
        do {
            try await eventually(within: .seconds(30), every: .milliseconds(50)) {
                guard process.isRunning else { throw EndToEndError("it ended") }
                let answer = try? await HTTPClient.shared.execute(
                    HTTPClientRequest(url: "http://127.0.0.1:\(adminPort)/readyz"), timeout: .seconds(2))
                return answer?.status == .ok
            }
        } catch {
            throw EndToEndError("\(name) did not become ready (\(error)): \(output.suffix(2_000))")
        }
    }

    /// What the service wrote.
    var output: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    /// Ends the service as a power cut would.
    func kill() {
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Ends the service as operations would.
    ///
    /// - Returns: Its exit code.
    func terminate() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    deinit {
        if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(atPath: logPath)
    }

    /// A port that was free a moment ago, below those that the system gives out by itself: while a killed service is started again on
    /// its port, no connection of another test may have got it.
    private static func freePort() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 20_000..<32_000)
            if isFree(UInt16(port)) { return port }
        }
        throw EndToEndError("no free port")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { Glibc.close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

struct EndToEndError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Runs a command of the operator to its end.
func siyu(_ arguments: [String], environment: [String: String]) throws -> (exit: Int32, output: String, errors: String)
{
    let process = Process()
    process.executableURL = try ServiceProcess.folder.appendingPathComponent("siyu")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let words = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text, words)
}
