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
        "The code is not active: nothing was redeemed. Try again when the pack is on sale.",
        code: "not_active")
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
        /// The draw that a right is for; for rights alone.
        let campaign: String?

        init(_ won: PrizeTier, voucher: ScanVoucher? = nil) {
            tier = won.tier
            name = won.name
            kind = won.kind
            points = won.kind == .points ? won.points : nil
            self.voucher = voucher
            campaign = won.draw?.code
        }
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

        init(_ record: CodeBatchRecord) {
            batch = record.handle.description
            label = record.label
            productID = record.product
            shopID = record.shop
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
            isTheirs ? won.map { Prize($0, voucher: voucher) } : nil
        product = Product(batch)
        redeemedAt = redemption.redeemedAt
        rulesHash = batch.rulesHash.hex
    }

    var json: [UInt8] { get throws { try Self.json(self) } }

    /// The same bytes as ``json``, from what is the same in all answers of a batch; the encoder writes it once.
    ///
    /// - Parameter instant: ``redeemedAt`` as text.
    func json(_ parts: ScanAnswerParts, instant: String) throws -> [UInt8] {
        if prize?.voucher != nil { return try json }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parts.common.count + 200)
        bytes += #"{"outcome":""#.utf8
        bytes += outcome.rawValue.utf8
        bytes += #"","#.utf8
        if let prize {
            guard let written = parts.prizes[prize.tier] else { return try json }
            bytes += #""prize":"#.utf8
            bytes += written
            bytes += ",".utf8
        }
        bytes += parts.common
        bytes += instant.utf8
        bytes += parts.end
        return bytes
    }

    fileprivate static func json(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}

/// What the answers of a batch have in common, as JSON.
struct ScanAnswerParts: Sendable {
    /// From the product to the instant.
    let common: [UInt8]
    /// Behind the instant.
    let end: [UInt8]
    /// By tier, without a voucher.
    let prizes: [Int32: [UInt8]]

    init(_ batch: CodeBatchRecord) throws {
        common =
            Array(#""product":"#.utf8) + (try ScanAnswer.json(ScanAnswer.Product(batch)))
            + Array(#","redeemed_at":""#.utf8)
        end = Array(#"","rules_hash":"\#(batch.rulesHash.hex)"}"#.utf8)
        prizes = try Dictionary(
            uniqueKeysWithValues: batch.prizes.tiers.map {
                ($0.tier, try ScanAnswer.json(ScanAnswer.Prize($0)))
            })
    }
}

extension [UInt8] {
    fileprivate var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
