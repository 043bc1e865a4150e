package import FoundationEssentials
import Jobs
package import Kernel
package import Postgres

extension Vouchers: RedemptionFollower {
    /// None: the ends of vouchers are days away.
    package var queues: [String] { [] }

    /// Looks up the kind of the job that ends vouchers.
    package func prepare() async throws { try await queue.prepare(VoucherExpire.self) }

    /// Issues a voucher for each thing that was won.
    package func follow(_ new: [NewlyRedeemed], brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        let won = new.compactMap { redeemed in
            redeemed.prize.flatMap { prize in
                prize.kind == .item
                    ? WonItem(
                        redemption: redeemed.redemption, person: redeemed.person, batch: redeemed.batch.id,
                        index: redeemed.index, prize: prize) : nil
            }
        }
        try await issue(won, brand: brand, now: now, on: tx)
    }
}

extension Vouchers: VoucherIssuer {
    /// The vouchers that a store would take now; of those that are issued in this transaction, as they will be.
    package func vouchers(
        of prizes: [HeldPrize], brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> [ID<Redemption>: ScanVoucher] {
        let held = Dictionary(prizes.map { (ID<Voucher>(rawValue: $0.redemption.rawValue), $0) }) { first, _ in first }
        let ids = held.keys.sorted()
        let rows = try await tx.run(
            VoucherStatements.terms(of: ids, batches: ids.compactMap { held[$0]?.batch.id }, brand: brand))
        var told: [ID<Redemption>: ScanVoucher] = [:]
        for row in rows {
            guard let prize = held[row.id], let end = Self.end(of: prize, row), now <= end else { continue }
            told[prize.redemption] = ScanVoucher(token: token(of: row.id, brand: brand).text, expiresAt: end)
        }
        return told
    }

    private static func end(of prize: HeldPrize, _ row: VoucherStatements.Terms) -> Date? {
        if prize.isNew { return row.claimDays.map { end(from: prize.redeemedAt, days: $0) } }
        return row.state == .open ? row.expiresAt : nil
    }
}
