import Foundation
import Kernel

/// What the sender of an entry tells, as JSON.
struct DrawBody: Sendable {
    /// Who draws, within one app.
    let openid: String
    /// With what, if the sender tells: unknown rights count for it.
    let device: String?
    /// The person's address, if the sender tells: unknown rights and requests count for its network.
    let ip: String?
    private let rightText: String?

    /// The right that they use up; nil for whatever they have.
    ///
    /// - Throws: ``Problem`` 404 for one that cannot be one.
    var right: ID<DrawRight>? {
        get throws(Problem) {
            guard let rightText else { return nil }
            guard let id = ID<DrawRight>(rightText) else { throw .rightUnknown }
            return id
        }
    }

    /// Reads a body.
    ///
    /// - Throws: ``Problem`` 400 for what is no JSON object of this shape, 422 for an `openid` that cannot be one.
    static func read(_ body: [UInt8]) throws(Problem) -> DrawBody {
        // What was wrong with it is said in one sentence, whatever the decoder found.
        guard let read = try? JSONDecoder().decode(Form.self, from: Data(body)) else {
            throw .badRequest(
                "The body must be a JSON object with the string `openid`, and perhaps the strings `right`, `device` and `ip`."
            )
        }
        try ScanBody.checkOpenid(read.openid)
        return DrawBody(openid: read.openid, device: read.device, ip: read.ip, rightText: read.right)
    }

    private struct Form: Decodable {
        let openid: String
        let right: String?
        let device: String?
        let ip: String?
    }
}

/// The answer to an entry, as JSON.
struct DrawAnswer: Codable, Sendable {
    enum Outcome: String, Codable {
        case won
        case noPrize = "no_prize"
    }

    struct Prize: Codable {
        let tier: Int32
        let name: String
        let kind: PrizeKind
        /// For prizes of points alone.
        let points: Int32?
        /// What to show at a store; for items alone.
        let voucher: ScanVoucher?
        /// For coupons alone.
        let coupon: WonCoupon?
    }

    let campaign: String
    let outcome: Outcome
    let entryID: ID<DrawEntry>
    let ordinal: Int64
    let prize: Prize?
    /// The right to one more draw that was won.
    let right: ID<DrawRight>?
    let rulesHash: String
    let drawnAt: Date

    private enum CodingKeys: String, CodingKey {
        case campaign, outcome, ordinal, prize, right
        case entryID = "entry_id"
        case rulesHash = "rules_hash"
        case drawnAt = "drawn_at"
    }

    init(_ entry: DrawnEntry, of campaign: CampaignRecord, voucher: ScanVoucher?) {
        self.campaign = campaign.terms.code
        outcome = entry.won == nil ? .noPrize : .won
        entryID = entry.id
        ordinal = entry.ordinal
        prize = entry.won.map { won in
            Prize(
                tier: won.tier, name: won.name, kind: won.kind, points: won.kind == .points ? won.points : nil,
                voucher: voucher,
                coupon: won.coupon.map {
                    WonCoupon($0, off: won.cost, wonBy: entry.id.rawValue, at: entry.drawnAt)
                })
        }
        right = entry.won?.kind == .redraw ? entry.right : nil
        rulesHash = campaign.rulesHash.drawHex
        drawnAt = entry.drawnAt
    }
}

extension [UInt8] {
    /// The bytes as small hex digits.
    var drawHex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
