import Foundation
import Hosting
import Kernel
import TestSupport
import Testing
import WeChat

@testable import Sandbox

/// What the book remembers, whenever its process dies.
struct JournalTests {
    private func read(_ path: String) throws -> [String] {
        var lines: [String] = []
        _ = try Journal.open(path) { lines.append(String(decoding: $0, as: UTF8.self)) }
        return lines
    }

    @Test func journal_cutAtAnyByte_keepsEveryWholeLine() async throws {
        let folder = ScratchFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let lines = ["first", "second with 中文", "{\"a\":\"\\n\"}", ""]
        let bytes = lines.flatMap { Journal.line(Array($0.utf8)) }
        var ends = [0]
        for line in lines { ends.append((ends.last ?? 0) + Journal.line(Array(line.utf8)).count) }
        let path = folder.path + "/book"
        for cut in 0...bytes.count {
            try Data(bytes.prefix(cut)).write(to: URL(filePath: path))
            let whole = ends.lastIndex { $0 <= cut } ?? 0
            #expect(try read(path) == Array(lines.prefix(whole)))

            let (journal, count, _) = try Journal.open(path) { _ in }
            #expect(count == whole)
            journal.append(Array("after".utf8))
            try await journal.flush()
            #expect(try read(path) == lines.prefix(whole) + ["after"])
        }
    }

    @Test func journal_damagedInTheMiddle_isRefused() throws {
        let folder = ScratchFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let path = folder.path + "/book"
        let bytes = ["first", "second", "third"].flatMap { Journal.line(Array($0.utf8)) }
        for place in 0..<Journal.line(Array("first".utf8)).count {
            var damaged = bytes
            damaged[place] ^= 1
            try Data(damaged).write(to: URL(filePath: path))
            #expect(throws: JournalError.self) { try read(path) }
        }
    }

    @Test func journal_ofManyWriters_holdsWhatEachWasTold() async throws {
        let folder = ScratchFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let path = folder.path + "/book"
        let (journal, _, _) = try Journal.open(path) { _ in }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask {
                    journal.append(Array("line \(index)".utf8))
                    try await journal.flush()
                }
            }
            try await group.waitForAll()
        }
        #expect(try Set(read(path)) == Set((0..<200).map { "line \($0)" }))
    }

    @Test func sandbox_startedAgain_remembersEverythingAndItsKeys() async throws {
        let folder = ScratchFolder()
        let before = try await SandboxServer.serve(folder) { server in
            try await server.paid("again-1")
            _ = try await server.client.refund(server.refund("again-1"))
            try await server.setFaults(["server_error": 0.25])
            return server.credentials
        }
        try await SandboxServer.serve(folder) { server in
            #expect(server.credentials.privateKeyPEM == before.privateKeyPEM)
            #expect(server.credentials.platformKeys == before.platformKeys)
            let rates = try await server.send("GET", "/sandbox/faults").json["rates"] as? [String: Double]
            #expect(rates?["server_error"] == 0.25)
            try await server.setFaults([:])
            #expect(try await server.client.payment(outTradeNo: "again-1").paid != nil)
            try await eventually { try await server.book()["payouts"] == 1 }
        }
    }

    @Test func sandbox_onAFolderInUse_isRefused() async throws {
        let folder = ScratchFolder()
        try await SandboxServer.serve(folder) { _ in
            let failure = await #expect(throws: StartupFailure.self) { try await SandboxServer.serve(folder) { _ in } }
            #expect(failure?.exit == .unavailable)
        }
    }

    @Test func sandbox_withKeysOthersCanRead_isRefused() async throws {
        let folder = ScratchFolder()
        try await SandboxServer.serve(folder) { _ in }
        for name in ["keys.json", "merchant.json", "book.jsonl"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        }
        chmod(folder.path + "/keys.json", 0o644)
        let failure = await #expect(throws: StartupFailure.self) { try await SandboxServer.serve(folder) { _ in } }
        #expect(failure?.exit == .noPermission)
    }
}
