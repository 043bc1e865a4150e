import Codes
import Foundation
import Kernel
import Postgres
import Synchronization
import TestSupport
import Testing
import Vault

struct RedemptionFollowerTests {
    /// Notes what it is told; fails if it is asked to.
    private final class Note: RedemptionFollower {
        struct Refusal: Error {}
        let told = Mutex<[[NewlyRedeemed]]>([])
        let fails: Bool
        var queues: [String] { ["prizes"] }

        init(fails: Bool = false) { self.fails = fails }

        func follow(_ new: [NewlyRedeemed], brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
            told.withLock { $0.append(new) }
            if fails { throw Refusal() }
        }
    }

    private func redeeming(_ factory: Factory, _ followers: [any RedemptionFollower]) -> Redeeming {
        Redeeming(pool: factory.redeem, queue: factory.queue, keys: factory.keys, followers: followers)
    }

    private func scan(
        _ factory: Factory, _ batch: OpenBatch, _ index: Int64, by openid: String, _ unionid: String?
    ) -> Scan {
        let plain = factory.scan(batch, index, by: openid)
        return Scan(
            delivery: plain.delivery, code: plain.code, openid: openid, unionid: unionid,
            place: ScanBody.Location(lat: 23, lon: 113), device: "phone")
    }

    @Test func follower_isToldOnceOfWhatIsNew_winsOrNot() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let note = Note()
            let redeeming = redeeming(factory, [note])
            let scans = (0..<40).map { scan(factory, batch, Int64($0 / 2), by: "p\($0)", "u\($0)") }

            _ = try await redeeming.redeem(scans, brand: factory.brand)
            _ = try await redeeming.redeem(scans, brand: factory.brand)
            _ = try await redeeming.redeem([scan(factory, batch, 3, by: "other", nil)], brand: factory.brand)

            let told = note.told.withLock { $0 }
            #expect(told.count == 1 && told.first?.count == 20)
            let new = try #require(told.first)
            #expect(Set(new.map(\.index)) == Set(0..<20) && Set(new.map(\.redemption)).count == 20)
            #expect(new.allSatisfy { $0.prize == batch.prize(of: $0.index) && $0.batch.id == batch.record.id })
            #expect(new.allSatisfy { $0.place?.lat == 23 && $0.device == "phone" && $0.source == factory.source })
        }
    }

    @Test func followerThatFails_leavesNothingBehind() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let scan = scan(factory, batch, 1, by: "p", nil)

            await #expect(throws: Note.Refusal.self) {
                try await redeeming(factory, [Note(), Note(fails: true)]).redeem([scan], brand: factory.brand)
            }

            for table in ["codes.redemption", "hooks.inbox", "vault.person", "accounting.transfer", "jobs.hot"] {
                #expect(try await factory.count(table) == 0, "\(table)")
            }
            #expect(try await factory.answers([scan])[0].outcome != nil)
        }
    }

    @Test func voucher_isToldToTheWinnerAlone() async throws {
        struct Issuer: VoucherIssuer {
            func vouchers(
                of prizes: [HeldPrize], brand: ID<Brand>, now: Date, on tx: Transaction
            ) async throws -> [ID<Redemption>: ScanVoucher] {
                Dictionary(
                    uniqueKeysWithValues: prizes.map { held in
                        (held.redemption, ScanVoucher(token: "T-\(held.isNew)", expiresAt: held.redeemedAt + 60))
                    })
            }
        }
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let item = try #require((0..<Factory.count).first { batch.prize(of: $0)?.kind == .item })
            let points = try #require((0..<Factory.count).first { batch.prize(of: $0)?.kind == .points })
            let redeeming = Redeeming(
                pool: factory.redeem, queue: factory.queue, keys: factory.keys, vouchers: Issuer())
            func prize(_ index: Int64, by openid: String) async throws -> [String: Any]? {
                let results = try await redeeming.redeem(
                    [factory.scan(batch, index, by: openid)], brand: factory.brand)
                return results[0].json["prize"] as? [String: Any]
            }

            let first = try await prize(item, by: "p")?["voucher"] as? [String: String]
            let again = try await prize(item, by: "p")?["voucher"] as? [String: String]

            #expect(first?["token"] == "T-true" && again?["token"] == "T-false")
            #expect(first?["expires_at"] != nil && first?["expires_at"] == again?["expires_at"])
            #expect(try await prize(item, by: "other") == nil)
            let won = try await prize(points, by: "p")
            #expect(won != nil && won?["voucher"] == nil)
        }
    }
}
