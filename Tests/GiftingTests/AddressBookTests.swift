import Foundation
import Gifting
import Kernel
import Policies
import Postgres
import TestSupport
import Testing
import Vault

/// Addresses that givers fill in, as close friends do.
@Suite struct AddressBookTests {
    private static let known = PostalAddress(
        name: "Han canary", phone: "13900000000", province: "Zhejiang", city: "Hangzhou", district: "Xihu",
        detail: "2 canary Road")

    private func prefill(_ pair: GiftBench.Pair, _ bench: GiftBench) async throws -> SenderView {
        try await bench.pool.transaction { tx in
            try await bench.gifts.prefill(Self.known, for: pair.id, by: pair.sender, on: tx)
        }
    }

    private func consent(_ isGiven: Bool, _ pair: GiftBench.Pair, _ bench: GiftBench) async throws {
        try await bench.pool.transaction { tx in
            try await bench.gifts.consent(isGiven, toGiver: pair.sender.openID, by: pair.recipient, on: tx)
        }
    }

    private func allow(_ isEnabled: Bool, _ bench: GiftBench) async throws {
        try await bench.db.pool(as: .operator).transaction { tx in
            _ = try await Policies.set(
                "gift.address_book", to: "{\"enabled\": \(isEnabled)}", brand: bench.brand, author: "Li",
                reason: "test", on: tx)
        }
    }

    /// Where a gift goes, as whoever prints the label would read it; nil if it goes nowhere yet.
    private func road(_ pair: GiftBench.Pair, _ bench: GiftBench) async throws -> String? {
        let (brand, gift) = (bench.brand, pair.id)
        let id = try await bench.db.owner.one(
            Statement("SELECT address_id FROM gifting.gift WHERE brand_id = \(brand) AND gift_id = \(gift)") {
                row throws(PostgresError) in try row.next(ID<Address>?.self)
            })
        guard let id else { return nil }
        return try await bench.vault.revealAddress(id, brand: brand, on: bench.pool).detail
    }

    @Test func g22_giverFillsIn_onlyIfTheBrandAndTheRecipientLetThem() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let pair = try await bench.begin("1")
            #expect(try await bench.refusal { _ = try await prefill(pair, bench) } == .giftAddressBookOff)
            #expect(try await bench.refusal { try await consent(true, pair, bench) } == .giftAddressBookOff)
            try await allow(true, bench)
            let unasked = try await bench.refusal { _ = try await prefill(pair, bench) }
            #expect(unasked == .giftAddressNotConsented && unasked?.status == 403)
            // Consent is to one giver, from one recipient.
            try await consent(true, try await bench.begin("2"), bench)
            #expect(try await bench.refusal { _ = try await prefill(pair, bench) } == .giftAddressNotConsented)
            try await consent(true, pair, bench)
            let seen = try await prefill(pair, bench)
            let text = String(decoding: try JSONSerialization.data(withJSONObject: seen.json), as: UTF8.self)
            #expect(!text.contains("canary") && !text.contains("1390000") && !text.contains("address"))
            #expect(
                try await bench.number(
                    "SELECT count(*) FROM vault.address t WHERE t::text LIKE '%canary%' OR t::text LIKE '%63616e617279%'"
                )
                    == 0)
        }
    }

    @Test func g22_whatTheGiverFilledIn_isUsedOrReplacedByTheRecipient() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            try await allow(true, bench)
            try await bench.working {
                let (used, replaced) = (try await bench.send("1"), try await bench.send("2"))
                for pair in [used, replaced] {
                    try await consent(true, pair, bench)
                    _ = try await prefill(pair, bench)
                    #expect(try await road(pair, bench) == nil, "nobody has opened it")
                    try await bench.claim(pair)
                    #expect(try await bench.refusal { _ = try await prefill(pair, bench) } == .giftSent)
                }
                try await bench.fillIn(replaced)
                for pair in [used, replaced] { try await bench.accept(pair) }
                #expect(try await road(used, bench) == "2 canary Road")
                #expect(try await road(replaced, bench) == "1 Lake Road")
            }
        }
    }

    @Test func g22_consentTakenBack_orTheBrandsOwn_leavesTheAddressToTheRecipient() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            try await allow(true, bench)
            try await bench.working {
                let (revoked, switched) = (try await bench.send("1"), try await bench.send("2"))
                for pair in [revoked, switched] {
                    try await consent(true, pair, bench)
                    _ = try await prefill(pair, bench)
                }
                try await consent(false, revoked, bench)
                try await bench.claim(revoked)
                try await allow(false, bench)
                // Taking it back is never refused.
                try await consent(false, revoked, bench)
                try await bench.claim(switched)
                for pair in [revoked, switched] {
                    #expect(try await road(pair, bench) == nil)
                    #expect(try await bench.refusal { try await bench.accept(pair) } == .giftNeedsAddress)
                }
            }
        }
    }
}
