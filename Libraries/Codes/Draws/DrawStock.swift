import Accounting
import FoundationEssentials
import Kernel
import Postgres

/// What is left of the prizes of a draw, as the books have it.
///
/// Whoever asks holds the lock of the draw.
struct DrawStock {
    /// One prize that may be given.
    struct Taken {
        /// The account that it comes from.
        let account: ID<Account>
        /// What is to be booked before.
        let postings: [Posting]
    }

    let campaign: CampaignRecord
    let tx: Transaction

    private var brand: ID<Brand> { campaign.brand }

    /// Takes one of a prize; nil if the stock, or the day's share of it, is gone.
    ///
    /// A day's share is put by with the first entry of the day that asks for it: what the day before left goes back, then as much as a
    /// day may give is taken, or all that is left.
    func take(_ tier: DrawTier, now: Date) async throws -> Taken? {
        guard let stock = campaign.stocks[tier.tier]?.account else { throw CodesError.drawMoved(campaign.id) }
        guard let share = tier.dayStock else {
            let left = try await left(in: [stock])[stock] ?? .zero
            return left >= tier.cost ? Taken(account: stock, postings: []) : nil
        }
        let today = CalendarDate.inShanghai(now)
        let last = try await tx.first(DrawStatements.lastDay(of: tier.tier, campaign: campaign.id, brand: brand))
        if let last, last.day >= today {
            let left = try await left(in: [last.account])[last.account] ?? .zero
            return left >= tier.cost ? Taken(account: last.account, postings: []) : nil
        }
        let kept = try await left(in: [stock] + (last.map { [$0.account] } ?? []))
        let rest = last.flatMap { kept[$0.account] } ?? .zero
        let all = try (kept[stock] ?? .zero) + rest
        guard all >= tier.cost else { return nil }
        let given = min(all, try tier.cost * Int(clamping: share))
        let day = try await openDay(today, tier, now: now)
        var postings = [
            Posting(
                debit: stock, credit: day.account, amount: given, kind: .drawDay, subject: day.id.rawValue,
                occurredAt: now)
        ]
        if let last, rest > .zero {
            postings.append(
                Posting(
                    debit: last.account, credit: stock, amount: rest, kind: .drawDayReturned, subject: last.id.rawValue,
                    occurredAt: now))
        }
        return Taken(account: day.account, postings: postings)
    }

    /// What gives back all that was not won.
    func returning(now: Date) async throws -> [Posting] {
        var postings: [Posting] = []
        for tier in campaign.terms.tiers {
            guard let stock = campaign.stocks[tier.tier] else { throw CodesError.drawMoved(campaign.id) }
            let last = try await tx.first(DrawStatements.lastDay(of: tier.tier, campaign: campaign.id, brand: brand))
            let kept = try await left(in: [stock.account] + (last.map { [$0.account] } ?? []))
            let rest = last.flatMap { kept[$0.account] } ?? .zero
            if let last, rest > .zero {
                postings.append(
                    Posting(
                        debit: last.account, credit: stock.account, amount: rest, kind: .drawDayReturned,
                        subject: last.id.rawValue, occurredAt: now))
            }
            let all = try (kept[stock.account] ?? .zero) + rest
            guard all > .zero else { continue }
            postings.append(
                Posting(
                    debit: stock.account, credit: campaign.costAccount, amount: all, kind: .drawReturned,
                    subject: stock.prize.rawValue, occurredAt: now))
        }
        return postings
    }

    private func left(in accounts: [ID<Account>]) async throws -> [ID<Account>: Money] {
        try await Ledger.lockedBalances(of: accounts, brand: brand, on: tx)
    }

    private func openDay(_ date: CalendarDate, _ tier: DrawTier, now: Date) async throws -> DrawStatements.Day {
        let id = ID<DrawDay>.mint()
        let day = DrawStatements.Day(
            day: date, id: id,
            account: try await Ledger.account(
                AccountKey(.prizeToday, of: id.rawValue), floor: .zero, brand: brand, now: now, on: tx))
        try await tx.execute(DrawStatements.insertDay(day, tier: tier.tier, campaign: campaign.id, brand: brand))
        return day
    }
}

extension CalendarDate {
    /// The day of an instant by the clocks of Shanghai, which know no summer time.
    static func inShanghai(_ instant: Date) -> CalendarDate {
        CalendarDate(daysSinceEpoch: Int32(((instant.timeIntervalSince1970 + 28_800) / 86_400).rounded(.down)))
    }
}
