import Foundation
package import Kernel

/// A code that was used.
struct RedemptionRow: Hashable, Sendable {
    let key: CodeKey
    let id: ID<Redemption>
    let person: ID<Person>
    let tier: Int32?
    let redeemedAt: Date
}

/// What is to be done about a scan of a minted code, given what is known of the code.
enum ScanStep: Hashable, Sendable {
    /// It may be redeemed: whoever comes first.
    case redeem
    /// It was redeemed before.
    case tell(RedemptionRow)
    /// Nothing happens to it, and nothing is said about it but this.
    case refuse(Problem)

    /// Decides.
    ///
    /// A code that was redeemed stays redeemed when its time is over; void and frozen come before that.
    static func decide(_ standing: CodeStanding, redemption: RedemptionRow?) -> ScanStep {
        switch (standing, redemption) {
        case (.void, _): .refuse(.codeUnknown)
        case (.frozen, _): .refuse(.codeNotActive)
        case (_, .some(let redemption)): .tell(redemption)
        case (.active, nil): .redeem
        case (.notActive, nil): .refuse(.codeNotActive)
        }
    }
}

extension Problem {
    /// 404: no such code, or none that this caller may know of; the same words for all of them.
    package static let codeUnknown = Problem.notFound("There is no such code.")

    static let codeNotActive = Problem.conflict(
        "The code is not active: nothing was redeemed. Try again when the pack is on sale.", code: "not_active")
}

/// The answer to a scan, as JSON.
struct ScanAnswer: Encodable, Sendable {
    enum Outcome: String, Encodable {
        case won
        case noPrize = "no_prize"
        case redeemedByYou = "redeemed_by_you"
        case alreadyRedeemed = "already_redeemed"
    }

    struct Prize: Encodable {
        let tier: Int32
        let name: String
        let kind: PrizeKind
        /// For prizes of points alone.
        let points: Int32?
        /// What to show at a store; for items alone.
        let voucher: ScanVoucher?
    }

    struct Product: Encodable {
        let batch: String
        let label: String
        let productID: ID<Kernel.Product>?
        let shopID: ID<Shop>?

        private enum CodingKeys: String, CodingKey {
            case batch, label
            case productID = "product_id"
            case shopID = "shop_id"
        }
    }

    let outcome: Outcome
    let prize: Prize?
    let product: Product
    let redeemedAt: Date
    let rulesHash: String

    private enum CodingKeys: String, CodingKey {
        case outcome, prize, product
        case redeemedAt = "redeemed_at"
        case rulesHash = "rules_hash"
    }

    /// What `person` is told about a redemption.
    ///
    /// - Parameter isNew: Whether it is this scan that redeemed.
    init(
        _ redemption: RedemptionRow, isNew: Bool, to person: ID<Person>, of batch: CodeBatchRecord,
        voucher: ScanVoucher? = nil
    ) {
        let isTheirs = redemption.person == person
        let won = redemption.tier.flatMap { batch.prizes.prize(tier: $0) }
        outcome =
            switch (isNew, isTheirs) {
            case (true, _): won == nil ? .noPrize : .won
            case (false, true): .redeemedByYou
            case (false, false): .alreadyRedeemed
            }
        prize =
            isTheirs
            ? won.map {
                Prize(
                    tier: $0.tier, name: $0.name, kind: $0.kind, points: $0.kind == .points ? $0.points : nil,
                    voucher: voucher)
            } : nil
        product = Product(
            batch: batch.handle.description, label: batch.label, productID: batch.product, shopID: batch.shop)
        redeemedAt = redemption.redeemedAt
        rulesHash = batch.rulesHash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    var json: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.dateEncodingStrategy = .iso8601
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(self))
        }
    }
}
