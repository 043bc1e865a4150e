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
struct ScanAnswer: Sendable {
    enum Outcome: String {
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
        /// For coupons alone.
        let coupon: WonCoupon?

        init(_ won: PrizeTier, voucher: ScanVoucher? = nil, coupon: WonCoupon? = nil) {
            tier = won.tier
            name = won.name
            kind = won.kind
            points = won.kind == .points ? won.points : nil
            self.voucher = voucher
            campaign = won.draw?.code
            self.coupon = coupon
        }
    }

    struct Product: Encodable {
        let batch: String
        let label: String
        let title: String?
        let gtin: String?
        let lot: String?
        let madeOn: String?
        let bestBefore: String?
        /// When the code was redeemed: no scan before that one counted.
        let firstScannedAt: Date
        let productID: ID<Kernel.Product>?
        let shopID: ID<Shop>?

        enum CodingKeys: String, CodingKey {
            case batch, label, title, gtin, lot
            case madeOn = "made_on"
            case bestBefore = "best_before"
            case firstScannedAt = "first_scanned_at"
            case productID = "product_id"
            case shopID = "shop_id"
        }

        init(_ record: CodeBatchRecord, firstScannedAt: Date) {
            batch = record.handle.description
            label = record.label
            title = record.productTitle
            gtin = record.facts.gtin
            lot = record.facts.lot
            madeOn = record.facts.madeOn.map { "\($0)" }
            bestBefore = record.facts.bestBefore.map { "\($0)" }
            self.firstScannedAt = firstScannedAt
            productID = record.product
            shopID = record.shop
        }
    }

    let outcome: Outcome
    /// Where a winner sees the prize, for a quarter of an hour; for winners alone.
    let page: String?
    let prize: PrizeTier?
    let voucher: ScanVoucher?
    let coupon: WonCoupon?

    /// What `person` is told about a redemption.
    ///
    /// - Parameters:
    ///   - isNew: Whether it is this scan that redeemed.
    ///   - links: Makes the address of a winner's page.
    init(
        _ redemption: RedemptionRow, isNew: Bool, to person: ID<Person>, of code: GenuineCode,
        voucher: ScanVoucher? = nil, links: PageLinks? = nil
    ) {
        let isTheirs = redemption.person == person
        let won = redemption.tier.flatMap { code.batch.record.prizes.prize(tier: $0) }
        outcome =
            switch (isNew, isTheirs) {
            case (true, _): won == nil ? .noPrize : .won
            case (false, true): .redeemedByYou
            case (false, false): .alreadyRedeemed
            }
        prize = isTheirs ? won : nil
        self.voucher = prize == nil ? nil : voucher
        coupon = prize.flatMap { prize in
            prize.coupon.map {
                WonCoupon($0, off: prize.cost, wonBy: redemption.id.rawValue, at: redemption.redeemedAt)
            }
        }
        page = prize == nil ? nil : links?.path(code, of: redemption.id, to: person)
    }

    /// The bytes that an encoder with sorted keys would write, from what is the same in all answers of a batch.
    ///
    /// - Parameter instant: When the code was redeemed, as text.
    func json(_ parts: ScanAnswerParts, instant: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parts.product.count + parts.rest.count + 300)
        bytes += #"{"outcome":""#.utf8
        bytes += outcome.rawValue.utf8
        bytes += #"","#.utf8
        if let page {
            // Of characters alone that JSON takes as they are: see ``PageLinks``.
            bytes += #""page":""#.utf8
            bytes += page.utf8
            bytes += #"","#.utf8
        }
        if let prize {
            let written = voucher == nil && coupon == nil ? parts.prizes[prize.tier] : nil
            bytes += #""prize":"#.utf8
            bytes += try written ?? ScanAnswerParts.json(Prize(prize, voucher: voucher, coupon: coupon))
            bytes += ",".utf8
        }
        bytes += parts.product
        bytes += instant.utf8
        bytes += parts.rest
        bytes += instant.utf8
        bytes += parts.end
        return bytes
    }
}

/// What the answers of a batch have in common, as JSON.
struct ScanAnswerParts: Sendable {
    /// From the product to the instant of its first scan.
    let product: [UInt8]
    /// Behind that, up to the instant of the redemption, which is the same.
    let rest: [UInt8]
    /// Behind the second instant.
    let end: [UInt8]
    /// By tier, without a voucher and without a coupon.
    let prizes: [Int32: [UInt8]]

    init(_ batch: CodeBatchRecord) throws {
        let instant = Date(timeIntervalSince1970: 0)
        let json = String(
            decoding: try Self.json(ScanAnswer.Product(batch, firstScannedAt: instant)), as: UTF8.self)
        // Whatever a brand wrote stands behind it: keys are sorted, and those before it are of our own making.
        let key = #""\#(ScanAnswer.Product.CodingKeys.firstScannedAt.rawValue)":""#
        guard let place = json.firstRange(of: key), let close = json[place.upperBound...].firstIndex(of: "\"") else {
            preconditionFailure("the encoder writes every key that has a value")
        }
        product = Array(#""product":\#(json[..<place.upperBound])"#.utf8)
        rest = Array(#"\#(json[close...]),"redeemed_at":""#.utf8)
        end = Array(#"","rules_hash":"\#(batch.rulesHash.hex)"}"#.utf8)
        prizes = try Dictionary(
            uniqueKeysWithValues: batch.prizes.tiers.map { ($0.tier, try Self.json(ScanAnswer.Prize($0))) })
    }

    static func json(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}

extension [UInt8] {
    fileprivate var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
