import Foundation
import Kernel
import TestSupport
import Testing
import WeChat

/// The executable, killed at any moment: what it answered stands.
struct KillTests {
    /// siyu-sandbox as an operator would start it, until it is killed.
    private final class Victim {
        private let process = Process()
        let server: SandboxServer

        init(_ folder: ScratchFolder) async throws {
            process.executableURL = URL(filePath: CommandLine.arguments[0])
                .deletingLastPathComponent().appending(path: "siyu-sandbox")
            process.arguments = ["--port=0", "--admin-port=0", "--env=development", "--sandbox-state=\(folder.path)"]
            process.environment = [:]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            let merchant = folder.path + "/merchant.json"
            try? FileManager.default.removeItem(atPath: merchant)
            try process.run()
            try await eventually { FileManager.default.fileExists(atPath: merchant) }
            server = try SandboxServer(folder: folder.path, timeout: .seconds(10))
        }

        func killNow() {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    @Test func sandbox_killedAtRandomMoments_forgetsNothingItAnswered() async throws {
        let folder = ScratchFolder()
        var random = SystemRandomNumberGenerator()
        var answered: Set<String> = []
        for round in 0..<8 {
            let victim = try await Victim(folder)
            let server = victim.server
            let delay = Duration.milliseconds(Int(random.next() % 400))
            let work = Task {
                await withTaskGroup(of: [String].self) { group in
                    for lane in 0..<4 {
                        group.addTask {
                            var done: [String] = []
                            for index in 0..<100 {
                                let number = "kill-\(round)-\(lane)-\(index)"
                                do {
                                    try await server.paid(number)
                                    _ = try await server.client.refund(server.refund(number))
                                    done.append(number)
                                } catch {
                                    break
                                }
                            }
                            return done
                        }
                    }
                    return await group.reduce(into: Set<String>()) { $0.formUnion($1) }
                }
            }
            try await lettingPass(delay)
            victim.killNow()
            answered.formUnion(await work.value)
        }

        let victim = try await Victim(folder)
        defer { victim.killNow() }
        for number in answered {
            #expect(try await victim.server.client.refund(outRefundNo: "RF-\(number)-1").refund == Money(fen: 12_800))
        }
        try await eventually {
            let book = try await victim.server.book()
            return book["payouts"] == book["refunds"]
        }
        let book = try await victim.server.book()
        #expect(!answered.isEmpty)
        #expect(book["refunds"] >= answered.count)
        #expect(book["payouts_per_payment_max"] <= 1)
    }

    @Test func sandbox_wronglyConfigured_exitsWithASentence() async throws {
        for (arguments, exit, words) in [
            (["--check"], Int32(78), "never runs in production"),
            (["--check", "--env=development"], 78, "SIYU_SANDBOX_STATE is not set"),
        ] {
            let process = Process()
            process.executableURL = URL(filePath: CommandLine.arguments[0])
                .deletingLastPathComponent().appending(path: "siyu-sandbox")
            process.arguments = arguments
            process.environment = [:]
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == exit)
            #expect(said.contains(words))
            #expect(said.count { $0.isNewline } == 1)
        }
    }
}
