import Foundation
import Gifting
import Kernel
import Policies
import Postgres
import TestSupport
import Testing
import Vault

/// Addresses that are kept for as long as they may be, and no longer.
struct AddressRetentionTests {
    @Test func o08_addressesWhoseTimeIsOver_areErased_andThoseOfOpenGiftsAreKept() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let retention = AddressRetention(queue: bench.queue, vault: bench.vault)
            retention.register()
            try await bench.working {
                let done = try await bench.send("1")
                try await bench.claim(done)
                // The second replaces the first, which nobody needs any more.
                try await bench.fillIn(done)
                try await bench.fillIn(done)
                try await bench.accept(done)
                let address = try await bench.address(of: done)
                try await bench.advance(31 * 86_400)
                let fresh = try await bench.send("2")
                try await bench.claim(fresh)
                try await bench.fillIn(fresh)
                #expect(try await bench.keptAddresses() == 3)

                try await retention.push(brand: bench.brand)
                try await eventually { try await bench.keptAddresses() == 1 }

                await #expect(throws: VaultError.addressErased(address)) {
                    try await bench.vault.revealAddress(address, brand: bench.brand, on: bench.pool)
                }
                let still = try await bench.address(of: fresh)
                #expect(
                    try await bench.vault.revealAddress(still, brand: bench.brand, on: bench.pool).name == "Li Lei")
                // The gift is shown as before; its person is still known.
                _ = try await bench.pool.transaction { tx in
                    try await bench.gifts.show(done.id, to: done.recipient, on: tx)
                }

                // A brand may decide for less; what is open is kept however long that takes.
                try await bench.pool(as: .operator).transaction { tx in
                    _ = try await Policies.set(
                        "privacy.address_retention", to: "{\"seconds\": 3600}", brand: bench.brand, author: "Li",
                        reason: "less is more", on: tx)
                }
                try await bench.advance(7_200)
                #expect(try await bench.eraseOnce(retention) == 0)
                try await bench.accept(fresh)
                #expect(try await bench.eraseOnce(retention) == 0)
                try await bench.advance(3_601)
                #expect(try await bench.eraseOnce(retention) == 1)
                #expect(try await bench.eraseOnce(retention) == 0)
                #expect(try await bench.keptAddresses() == 0)
            }
        }
    }
}

extension GiftBench {
    fileprivate func address(of pair: Pair) async throws -> ID<Address> {
        let (brand, id) = (brand, pair.id)
        return try await db.owner.one(
            Statement("SELECT address_id FROM gifting.gift WHERE brand_id = \(brand) AND gift_id = \(id)") {
                row throws(PostgresError) in try row.next()
            })
    }

    fileprivate func keptAddresses() async throws -> Int {
        try await number("SELECT count(*) FROM vault.address WHERE sealed_value IS NOT NULL")
    }

    fileprivate func pool(as role: TestRole) -> Pool { db.pool(as: role, connectionsMax: 1) }

    fileprivate func eraseOnce(_ retention: AddressRetention) async throws -> Int {
        let brand = brand
        return try await pool.transaction { tx in try await retention.erase(brand: brand, on: tx) }
    }
}
