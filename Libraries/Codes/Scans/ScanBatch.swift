import Accounting
import FoundationEssentials
import Hooks
import Kernel
import Members

/// Answers by ``Delivery/key``.
typealias KeptAnswers = [String: (bodyHash: [UInt8], answer: StoredAnswer)]

/// A scan whose delivery is new, with what was decided about it.
struct FreshScan {
    let scan: Scan
    let step: ScanStep
    var person: ID<Person>?
}

/// A code that is to be redeemed, with the scan that does it.
struct WantedRedemption {
    let row: RedemptionRow
    let scan: Scan
}

/// Scans that go through one transaction, and what both of its ways decide in memory.
struct ScanBatch: Sendable {
    let scans: [Scan]
    /// A delivery that came twice within the batch is worked once.
    let firsts: [String: Delivery]

    init(_ scans: [Scan]) {
        self.scans = scans
        firsts = Dictionary(scans.map { ($0.delivery.key, $0.delivery) }) { first, _ in first }
    }

    /// The scans that no answer is known for, one for each delivery.
    func unanswered(_ stored: KeptAnswers) -> [Scan] {
        var isTaken: Set<String> = []
        return scans.filter { scan in
            stored[scan.delivery.key] == nil && isTaken.insert(scan.delivery.key).inserted
        }
    }

    /// The results in the order of the scans.
    func results(_ kept: KeptAnswers, _ refusals: [String: Problem]) -> [ScanResult] {
        scans.map { scan -> ScanResult in
            let key = scan.delivery.key
            if let (hash, answer) = kept[key] {
                do throws(Problem) { try scan.delivery.requireSame(hash) } catch { return .failure(error) }
                return .success(answer)
            }
            if let first = firsts[key] {
                do throws(Problem) { try scan.delivery.requireSame(first.bodyHash) } catch {
                    return .failure(error)
                }
            }
            return .failure(refusals[key] ?? .unavailable())
        }
    }
}

/// What was decided about new deliveries: which of them go on, and what the others are refused for.
struct ScanDecisions {
    var fresh: [FreshScan] = []
    var refusals: [String: Problem] = [:]

    /// Decides about scans by what the database says of their codes at `now`.
    init(
        _ scans: [Scan], ranges: [(batch: ID<CodeBatch>, range: CodeRange)],
        redemptions: [CodeKey: RedemptionRow],
        now: Date
    ) {
        let rangesOf = Dictionary(grouping: ranges, by: \.batch).mapValues { $0.map(\.range) }
        for scan in scans {
            let standing = CodeStanding.of(
                scan.code.index, in: rangesOf[scan.code.batch.record.id] ?? [], at: now)
            let step = ScanStep.decide(standing, redemption: redemptions[scan.code.key])
            if case .refuse(let problem) = step {
                refusals[scan.delivery.key] = problem
            } else {
                fresh.append(FreshScan(scan: scan, step: step))
            }
        }
    }

    /// The redemptions that the scans ask for: of several scans of a code the first one's.
    func wanted(now: Date) -> [WantedRedemption] {
        var codes: Set<CodeKey> = []
        return fresh.compactMap { fresh in
            guard fresh.step == .redeem, let person = fresh.person,
                codes.insert(fresh.scan.code.key).inserted
            else {
                return nil
            }
            let row = RedemptionRow(
                key: fresh.scan.code.key, id: .mint(), person: person, tier: fresh.scan.tier,
                redeemedAt: now)
            return WantedRedemption(row: row, scan: fresh.scan)
        }
    }

    /// What every scan that goes on is answered, given who redeemed its code in the end.
    ///
    /// - Parameter new: The redemptions that were made for these scans.
    func answers(
        _ redemptions: [CodeKey: RedemptionRow], new: [WantedRedemption],
        vouchers: [ID<Redemption>: ScanVoucher], links: PageLinks?
    ) throws -> [(Delivery, StoredAnswer)] {
        // Of several scans of a new redemption the first one made it.
        var untold = Set(new.map(\.row.id))
        // Most of them are redeemed at the transaction's instant.
        var instants: [Date: String] = [:]
        return try fresh.map { fresh in
            let open = fresh.scan.code.batch
            let batch = open.record
            guard let redemption = redemptions[fresh.scan.code.key], let person = fresh.person else {
                throw CodesError.redemptionMissing(batch.id)
            }
            let isNew = untold.remove(redemption.id) != nil
            let answer = ScanAnswer(
                redemption, isNew: isNew, to: person, of: fresh.scan.code, voucher: vouchers[redemption.id],
                links: links)
            let instant = instants[redemption.redeemedAt] ?? redemption.redeemedAt.formatted(.iso8601)
            instants[redemption.redeemedAt] = instant
            let body = try answer.json(open.answerParts, instant: instant)
            return (fresh.scan.delivery, StoredAnswer(status: 200, body: body))
        }
    }

    /// The items among what the scans' own persons won.
    func heldItems(_ redemptions: [CodeKey: RedemptionRow], new: [WantedRedemption]) -> [HeldPrize] {
        let newIDs = Set(new.map(\.row.id))
        var told: Set<ID<Redemption>> = []
        return fresh.compactMap { fresh in
            let batch = fresh.scan.code.batch.record
            guard let redemption = redemptions[fresh.scan.code.key], redemption.person == fresh.person,
                let prize = redemption.tier.flatMap({ batch.prizes.prize(tier: $0) }), prize.kind == .item,
                told.insert(redemption.id).inserted
            else { return nil }
            return HeldPrize(
                redemption: redemption.id, redeemedAt: redemption.redeemedAt, prize: prize, batch: batch,
                isNew: newIDs.contains(redemption.id))
        }
    }
}

extension WantedRedemption {
    var batch: CodeBatchRecord { scan.code.batch.record }
    var prize: PrizeTier? { row.tier.flatMap { batch.prizes.prize(tier: $0) } }

    /// The posting of what was won: Dr prize_cost, Cr prize_owed; nil where nothing is to be owed.
    var posting: Posting? {
        guard let prize, prize.cost > .zero else { return nil }
        return Posting(
            debit: batch.costAccount, credit: batch.owedAccount, amount: prize.cost, kind: .prizeOwed,
            subject: row.id.rawValue, occurredAt: row.redeemedAt)
    }

    var told: NewlyRedeemed {
        NewlyRedeemed(
            redemption: row.id, person: row.person, batch: batch, index: row.key.index, prize: prize,
            source: scan.delivery.source, place: scan.place, device: scan.device)
    }

    func pack(_ unionPerson: ID<Person>?) -> TouchRecord.Pack {
        TouchRecord.Pack(
            person: row.person, unionPerson: unionPerson, redemption: row.id, batch: batch.id, product: batch.product,
            shop: batch.shop)
    }
}
