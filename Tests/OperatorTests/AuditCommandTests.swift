import ArgumentParser
import Audit
import Foundation
import Kernel
import Postgres
import TestSupport
import Testing

@testable import Operator

/// What operators do is written down before they do it.
struct AuditCommandTests {
    private func withBrand(
        _ body: (_ brand: ID<Brand>, _ database: [String], _ db: TestDatabase) async throws -> Void
    ) async throws {
        try await withTestDatabase { db in
            let brand = try await Brands.create(.mint(), name: "brand", on: db.pool(as: .operator)).brand
            try await body(
                brand, ["--brand", "\(brand)", "--database-url", db.conninfo(as: .operator), "--json"], db)
        }
    }

    private func trail(_ brand: ID<Brand>, _ db: TestDatabase) async throws -> [ManualAct] {
        try await AuditTrail.list(limit: 50, brand: brand, on: db.pool(as: .operator, connectionsMax: 1)).map(\.act)
    }

    @Test func o09_policyThatIsChanged_isWrittenDown_andLookingIsNot() async throws {
        try await withBrand { brand, options, db in
            let value = "{\"seconds\": 3600}"
            try await Siyu.perform(
                ["policy", "set", "gift.accept_window", value, "--author", "Li", "--reason", "a trial"] + options)
            try await Siyu.perform(["policy", "list"] + options)
            try await Siyu.perform(["policy", "history", "gift.accept_window"] + options)

            #expect(
                try await trail(brand, db) == [
                    ManualAct(
                        author: "Li", act: "siyu policy set", reason: "a trial",
                        details: "gift.accept_window \(value) --json")
                ])
        }
    }

    @Test func o09_actThatFails_isWrittenDownTwice_andWithoutATrailNothingIsDone() async throws {
        try await withBrand { brand, options, db in
            let arguments = ["policy", "set", "no.such", "1", "--author", "Li", "--reason", "a trial"]
            await #expect(throws: Problem.self) { try await Siyu.perform(arguments + options) }

            let acts = try await trail(brand, db)
            #expect(acts.map(\.details) == ["not done: no.such 1 --json", "no.such 1 --json"])

            try await db.owner.execute(Statement<Void>("REVOKE INSERT ON audit.entry FROM siyu_operator"))
            await #expect(throws: PostgresError.self) {
                try await Siyu.perform(
                    ["policy", "set", "gift.accept_window", "{\"seconds\": 5}", "--reason", "unseen"] + options)
            }
            let settings = try await db.owner.one(
                Statement("SELECT count(*) FROM policies.setting") { row throws(PostgresError) in
                    try row.next(Int.self)
                })
            #expect(settings == 0)
        }
    }

    @Test func o09_trailThatWasEdited_failsTheCheckAtThatRow() async throws {
        try await withBrand { brand, options, db in
            for label in ["a", "b", "c"] { try await Siyu.perform(["apikey", "create", label] + options) }
            try await Siyu.perform(["audit", "check"] + options)
            try await Siyu.perform(["audit", "list"] + options)
            try await db.superuser.execute(
                Statement<Void>("UPDATE audit.entry SET author = 'nobody' WHERE number = 2"))

            let failure = await #expect(throws: Failure.self) { try await Siyu.perform(["audit", "check"] + options) }

            #expect(failure?.sentence.hasPrefix("Entry 2 was changed") == true)
            #expect(failure?.code == 1)
            let all = await #expect(throws: Failure.self) {
                try await Siyu.perform(["audit", "check"] + options[2...])
            }
            #expect(all?.sentence == failure?.sentence)
        }
    }

    @Test func details_holdNoSecretAndNobody() {
        let details = Noting.details(
            [
                "limits", "lift", "--openid", "o-canary", "--database-url=postgres://u:canary@h/d", "--device",
                "canary",
                "--scope", "person", "--keys", "/canary", "--brand", "canary", "--url=https://canary", "x",
            ], ["limits", "lift"])

        #expect(details == "--scope person x")
    }

    /// A command is written down unless it is listed among those that only look.
    @Test func commands_thatAreNotKnownToLookOnly_areWrittenDown() {
        let leaves = Siyu.leaves(of: Siyu.self).filter { $0.type.configuration.subcommands.isEmpty }
        let acts = Set(leaves.map(\.path).filter(Noting.changes).map { $0.joined(separator: " ") })

        let known: Set = [
            "policy set", "privacy erase", "keys rotate", "keys rewrap", "keys retire", "apikey create",
            "apikey revoke",
            "brand create", "shop create", "hooks source create", "hooks source change",
            "hooks source rotate", "hooks endpoint redeliver",
            "jobs retry", "jobs cancel", "jobs pause", "refund retry", "payout retry", "limits lift", "merchant add",
            "gifts switch", "codes mint", "codes void", "codes freeze", "draw reveal", "ledger seal", "category move",
        ]
        #expect(known.subtracting(acts) == [])
        for look in ["policy list", "ledger check", "codes verify", "jobs stats", "audit check", "keys list", "report"]
        {
            #expect(!acts.contains(look))
        }
        #expect(Noting.changes(["something", "new"]))
    }
}
