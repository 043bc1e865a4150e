import AsyncHTTPClient
import Foundation
import Hooks
import Hosting
import Kernel
import Orders
import Postgres

/// The walk through Siyu on real data: 69,659 purchases go in over HTTP, and what comes out is read back.
///
/// Everything has fixed ids, so a second tour finds the first one's rows and prints the same counts.
struct Tour {
    /// The brand of the tour.
    static let brand = ID<Brand>("01900000-0000-7000-8000-000000000001")
    /// Its shop.
    static let shopID = ID<Shop>("01900000-0000-7000-8000-000000000002")
    static let shopCode = "cdnow"

    /// What the file holds, as its publishers count it.
    ///
    /// Source: CDNOW master data set, Fader & Hardie; orders, members, members with two orders or more, fen.
    static let expected = TourStatements.Orders(
        orders: 69_659, members: 23_570, repeatMembers: 11_662, gmvFen: 250_031_563, zeroOrders: 80)
    private static let from = "1997-01-01"
    private static let to = "1998-06-30"

    let pool: Pool
    let file: Data
    let ingest: String
    let reports: String

    /// The last line of the tour.
    struct Summary: Encodable {
        let tour: String
        let orders: Int
        let members: Int
        let repeatMembers: Int
        let gmvFen: Int64
        let zeroOrders: Int
        let ledgerTransfers: Int
        let ledgerFen: Int64
    }

    /// Walks through, and says each step.
    ///
    /// - Returns: The counts, and the key with which a person may look at the board.
    func run() async throws -> (summary: Summary, token: String) {
        guard let brand = Self.brand, let shopID = Self.shopID else {
            throw Failure("The tour's ids are not ids.", .software)
        }
        let token = try await prepare(brand: brand, shop: shopID)
        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let client = TourClient(ingest: ingest, reports: reports, token: token, http: http)
        do {
            try await load(brand: brand, shop: shopID, client)
            try await awaitReport(brand: brand, client)
            let summary = try await readBack(brand: brand)
            try await http.shutdown()
            return (summary, token)
        } catch {
            try? await http.shutdown()  // the first error is the one to tell
            throw error
        }
    }

    private func prepare(brand: ID<Brand>, shop: ID<Shop>) async throws -> String {
        _ = try await Brands.create(brand, name: "CDNOW 唱片行", on: pool)
        _ = try await Catalogue.createShop(shop, code: Self.shopCode, name: "CDNOW.com", brand: brand, on: pool)
        // Tokens are not kept anywhere, so each tour has a key of its own and ends those of earlier ones.
        for key in try await APIKeys.list(brand: brand, on: pool) where key.label == "tour" && key.revokedAt == nil {
            _ = try await APIKeys.revoke(key.id, brand: brand, on: pool)
        }
        guard let made = try await APIKeys.create(brand: brand, role: .staff, label: "tour", on: pool) else {
            throw Failure("The tour's brand is gone.", .software)
        }
        Terminal.say("✓ a brand, a shop and an API key")
        return made.token.revealed
    }

    private func load(brand: ID<Brand>, shop: ID<Shop>, _ client: TourClient) async throws {
        let start = ContinuousClock.now
        var status = try await client.post(file: file, brand: brand, shop: shop, idempotencyKey: "tour-cdnow-master")
        let accepted = ContinuousClock.now - start
        let deadline = ContinuousClock.now + .seconds(300)
        while !status.isFinished {
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    "The import was not worked off within five minutes: is siyu-ingest running?", .unavailable)
            }
            Terminal.progress("importing: \(status.added + status.unchanged) of \(status.lines)")
            try await Task.sleep(for: .milliseconds(200))
            status = try await client.importStatus(status.importID)
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

    private func awaitReport(brand: ID<Brand>, _ client: TourClient) async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        var last: Overview
        repeat {
            last = try await client.report("overview", brand: brand, from: Self.from, to: Self.to)
            if last.matches(Self.expected) {
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

    private func readBack(brand: ID<Brand>) async throws -> Summary {
        let orders = try await pool.one(TourStatements.orders(brand: brand))
        guard orders == Self.expected else { throw Failure("The tables hold \(orders), the file \(Self.expected).") }
        let ledger = try await pool.one(TourStatements.ledger(brand: brand))
        guard ledger.fen == orders.gmvFen, ledger.transfers == orders.orders - orders.zeroOrders else {
            throw Failure("The ledger holds \(ledger.transfers) transfers of \(ledger.fen) fen.")
        }
        let jobs = try await pool.one(TourStatements.jobs())
        guard jobs.discarded == 0 else { throw Failure("\(jobs.discarded) jobs were given up: siyu jobs discarded.") }
        Terminal.say("✓ orders, members and ledger read back, each by a query of its own")
        return Summary(
            tour: "ok", orders: orders.orders, members: orders.members, repeatMembers: orders.repeatMembers,
            gmvFen: orders.gmvFen, zeroOrders: orders.zeroOrders, ledgerTransfers: ledger.transfers,
            ledgerFen: ledger.fen)
    }
}
