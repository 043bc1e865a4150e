import AsyncHTTPClient
import Foundation
import Hooks
import Hosting
import Kernel
import Keys
import Orders
import Postgres

/// The walk through Siyu on real data, over HTTP as everybody else does it: purchases go in, codes are scanned, gifts are given,
/// accepted, left and refunded; and what came of it is read back.
///
/// Everything has fixed ids or is found again, so a second tour finds the first one's rows and prints the same counts.
struct Tour {
    /// The brand of the tour.
    static let brand = ID<Brand>("01900000-0000-7000-8000-000000000001")
    /// The shop whose orders are imported.
    static let shopID = ID<Shop>("01900000-0000-7000-8000-000000000002")
    /// The shop that gives gifts away and prints codes on its packs.
    static let giftShopID = ID<Shop>("01900000-0000-7000-8000-000000000003")

    /// What the file holds, as its publishers count it.
    ///
    /// Source: CDNOW master data set, Fader & Hardie; orders, members, members with two orders or more, fen.
    static let expected = TourStatements.Orders(
        orders: 69_659, members: 23_570, repeatMembers: 11_662, gmvFen: 250_031_563, zeroOrders: 80)

    let pool: Pool
    let keys: KeyRing
    let file: Data
    let merchant: Data
    let addresses: TourAddresses

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
        let codes: Int
        let redemptions: Int
        let gifts: Int
        let accepted: Int
        let swapped: Int
        let expired: Int
        let refunds: Int
        let refundedFen: Int64
        let groupEntries: Int
        let groupWins: Int
        let groupDeclined: Int
        let groupRefundedFen: Int64
        let sentBack: Int
        let bills: Int
    }

    /// Walks through, and says each step.
    ///
    /// - Returns: The counts, and the key with which a person may look at the board.
    func run() async throws -> (summary: Summary, token: String) {
        guard let brand = Self.brand, let shop = Self.shopID, let giftShop = Self.giftShopID else {
            throw Failure("The tour's ids are not ids.", .software)
        }
        try await prepare(brand: brand, shop: shop, giftShop: giftShop)
        let (partner, staff) = (try await token(for: .partner, of: brand), try await token(for: .staff, of: brand))
        Terminal.say("✓ a brand, two shops and API keys")
        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let client = TourClient(addresses: addresses, token: partner, http: http)
        do {
            try await TourImport(brand: brand, shop: shop, file: file, client: client).run()
            try await TourCodes(brand: brand, shop: giftShop, pool: pool, keys: keys, client: client).run()
            try await TourGifts(
                brand: brand, shop: giftShop, pool: pool, keys: keys, merchant: merchant, client: client
            ).run()
            try await TourGroups(brand: brand, shop: giftShop, pool: pool, keys: keys, client: client).run()
            try await TourAftersales(brand: brand, pool: pool, keys: keys, merchant: merchant, client: client).run()
            let summary = try await TourReadBack(brand: brand, shop: shop, pool: pool, client: client).run()
            try await http.shutdown()
            return (summary, staff)
        } catch {
            try? await http.shutdown()  // the first error is the one to tell
            throw error
        }
    }

    private func prepare(brand: ID<Brand>, shop: ID<Shop>, giftShop: ID<Shop>) async throws {
        _ = try await Brands.create(brand, name: "CDNOW 唱片行", on: pool)
        _ = try await Catalogue.createShop(shop, code: "cdnow", name: "CDNOW.com", brand: brand, on: pool)
        _ = try await Catalogue.createShop(giftShop, code: "gifts", name: "送禮小店", brand: brand, on: pool)
    }

    /// Tokens are not kept anywhere, so each tour has keys of its own and ends those of earlier ones.
    private func token(for role: Role, of brand: ID<Brand>) async throws -> String {
        let label = "tour-\(role.rawValue)"
        for key in try await APIKeys.list(brand: brand, on: pool) where key.label == label && key.revokedAt == nil {
            _ = try await APIKeys.revoke(key.id, brand: brand, on: pool)
        }
        guard let made = try await APIKeys.create(brand: brand, role: role, label: label, on: pool) else {
            throw Failure("The tour's brand is gone.", .software)
        }
        return made.token.revealed
    }
}
