import Codes
import Foundation
import Hooks
import Kernel
import TestSupport
import Testing

/// Clients that others wrote, unchanged; runs where SIYU_MATRIX_PYTHON names a Python that has their packages.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SIYU_MATRIX_PYTHON"] != nil))
struct StrangerTests {
    @Test func c04_scanClientOfStandardWebhooks_isAnsweredAsPromised() async throws {
        let python = try #require(ProcessInfo.processInfo.environment["SIYU_MATRIX_PYTHON"])
        try await RedeemBundle.serve { bundle in
            let file = FileManager.default.temporaryDirectory.appending(path: "siyu-\(ID<CodeBatch>.mint()).csv").path()
            defer { try? FileManager.default.removeItem(atPath: file) }
            var sheet: [UInt8] = []
            try await CodeSheet(bundle.batch).write(workers: 2) { piece, _ in sheet += piece }
            try Data(sheet).write(to: URL(filePath: file))

            let (status, output) = try await run(
                python,
                [
                    Repository.path("Tests/Matrix/standardwebhooks_client.py"), "http://127.0.0.1:\(bundle.port)",
                    RedeemBundle.source, bundle.secret.revealed, file,
                ])

            #expect(status == 0, "\(output)")
        }
    }

    private func run(_ program: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        let ended = TestSignal<Int32>()
        process.terminationHandler = { ended.send($0.terminationStatus) }
        try process.run()
        let status = try await ended.wait()
        return (status, String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self))
    }
}
