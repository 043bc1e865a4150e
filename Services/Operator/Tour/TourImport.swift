import Foundation
import Hosting
import Kernel

/// The first part of the tour: a file of orders goes in, and a report that balances comes out.
struct TourImport {
    private static let from = "1997-01-01"
    private static let to = "1998-06-30"

    let brand: ID<Brand>
    let shop: ID<Shop>
    let file: Data
    let client: TourClient

    func run() async throws {
        try await load()
        try await awaitReport()
    }

    private func load() async throws {
        let start = ContinuousClock.now
        let imports = "\(client.addresses.ingest)/v1/imports"
        let url = "\(imports)?brand=\(brand)&shop=\(shop)&format=cdnow&mode=all_or_nothing"
        var status: Import = try client.expect(
            try await client.post(file: file, to: url, key: "tour-cdnow-master"), "The import")
        let accepted = ContinuousClock.now - start
        let deadline = ContinuousClock.now + .seconds(300)
        while !status.isFinished {
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    "The import was not worked off within five minutes: is siyu-ingest running?", .unavailable)
            }
            Terminal.progress("importing: \(status.added + status.unchanged) of \(status.lines)")
            try await Task.sleep(for: .milliseconds(200))
            status = try client.expect(try await client.get("\(imports)/\(status.importID)"), "The import")
        }
        Terminal.endProgress()
        guard status.state == "loaded", status.refused == 0, status.added + status.unchanged == status.lines else {
            throw Failure("The import ended as \(status.state) with \(status.refused) lines refused.")
        }
        let seconds = (ContinuousClock.now - start).inSeconds
        Terminal.say(
            String(
                format: "✓ %d lines accepted in %.1f s and worked off after %.1f s: %d new, %d known",
                status.lines, accepted.inSeconds, seconds, status.added, status.unchanged))
    }

    /// What siyu-ingest answers about an import.
    private struct Import: Decodable {
        let importID: String
        let state: String
        let lines: Int
        let added: Int
        let unchanged: Int
        let refused: Int

        private enum CodingKeys: String, CodingKey {
            // As the decoder spells import_id.
            case importID = "importId"
            case state, lines, added, unchanged, refused
        }

        var isFinished: Bool { ["loaded", "refused", "checked"].contains(state) }
    }

    /// The part of the report that the tour compares.
    private struct Overview: Decodable {
        let figures: [String: Figure]
        let balanced: Bool

        struct Figure: Decodable {
            let value: Int?
            let valueFen: Int64?
        }

        /// The figures as the tables' counterpart.
        func matches(_ expected: TourStatements.Orders) -> Bool {
            balanced && figures["orders"]?.value == expected.orders && figures["gmv"]?.valueFen == expected.gmvFen
                && figures["payers"]?.value == expected.members
                && figures["repeat_members"]?.value == expected.repeatMembers
        }
    }

    private func awaitReport() async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        var last: Overview
        repeat {
            let url = "\(client.addresses.reports)/v1/reports/overview?brand=\(brand)&from=\(Self.from)&to=\(Self.to)"
            last = try client.expect(try await client.get(url + "&format=json"), "The report")
            if last.matches(Tour.expected) {
                Terminal.say("✓ the report of siyu-reports has it all, and balances with the ledger")
                return
            }
            Terminal.progress("waiting for the report: \(last.figures["orders"]?.value ?? 0) orders")
            try await Task.sleep(for: .milliseconds(250))
        } while ContinuousClock.now < deadline
        Terminal.endProgress()
        throw Failure(
            "The report says \(last.figures["orders"]?.value ?? 0) orders, \(last.figures["gmv"]?.valueFen ?? 0) fen, "
                + "\(last.figures["payers"]?.value ?? 0) payers, balanced: \(last.balanced); is siyu-reports running?")
    }
}
