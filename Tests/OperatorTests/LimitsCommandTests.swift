import ArgumentParser
import Foundation
import Hooks
import Kernel
import Keys
import Logging
import Postgres
import TestSupport
import Testing

@testable import Operator

struct LimitsCommandTests {
    private func run(_ arguments: [String]) async throws {
        var command = try #require(try Siyu.parseAsRoot(arguments) as? any AsyncParsableCommand)
        try await command.run()
    }

    @Test func c12_limitsCommand_liftsAPause_andSaysWhoAndWhy() async throws {
        try await withTestDatabase { db in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("siyu-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let keys = try KeyRing.create(folder: folder)
            let brand = try await Brands.create(.mint(), name: "brand", on: db.pool(as: .operator)).brand
            let options = ["--brand", "\(brand)", "--database-url", db.conninfo(as: .operator), "--json"]
            let book = LimitBook(keys: keys)
            let address = try #require(NetworkAddress("101.32.5.1"))
            for (subject, times) in [
                (LimitSubject(.member, "guesser", brand: brand), 5),
                (LimitSubject(networkOf: address, brand: brand, opensPages: true), 30),
            ] {
                for _ in 0..<times { book.wrong(subject, at: .now) }
            }
            try await LimitExchange(
                book: book, pool: db.pool(as: .redeem), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ).exchange()
            func pauses() async throws -> [ListedPause] {
                try await LimitLifts.pauses(brand: brand, limit: 10, on: db.pool(as: .operator))
            }
            #expect(try await pauses().count == 2)
            try await run(["limits", "list"] + options)

            let why = ["--reason", "a mistake", "--author", "Li"]
            let lift = ["limits", "lift", "--keys", folder] + why
            await #expect(throws: Problem.self) { try await run(lift + ["--openid", "nobody"] + options) }
            await #expect(throws: Problem.self) { try await run(lift + ["--address", "101.32.5.9"] + options) }
            await #expect(throws: Failure.self) { try await run(lift + ["--address", "somewhere"] + options) }
            #expect(throws: (any Error).self) {
                try Siyu.parseAsRoot(lift + ["--openid", "a", "--store", "b"] + options)
            }
            #expect(throws: (any Error).self) { try Siyu.parseAsRoot(lift + ["--digest", "00"] + options) }
            try await run(lift + ["--openid", "guesser"] + options)
            let left = try await pauses()
            let digest = try #require(left.first?.digest)
            #expect(left.map(\.scope) == [.visitor])
            // A digest needs no keys.
            try await run(["limits", "lift", "--digest", "\(digest)", "--scope", "visitor"] + why + options)

            #expect(try await pauses().isEmpty)
            let history = try await LimitLifts.history(brand: brand, limit: 10, on: db.pool(as: .operator))
            #expect(history.map(\.scope) == [.visitor, .member])
            #expect(history.allSatisfy { $0.author == "Li" && $0.reason == "a mistake" })
            try await run(["limits", "history"] + options)
        }
    }
}
