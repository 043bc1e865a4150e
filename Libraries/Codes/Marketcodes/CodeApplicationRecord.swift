import Crypto
package import FoundationEssentials
package import Kernel
import Postgres
import WeChat

/// A wish for codes of WeChat.
package struct CodeApplicationRequest: Hashable, Sendable {
    /// What the batch is to be: its count is what WeChat is asked for.
    package var batch: MintRequest

    /// A wish for a batch.
    package init(batch: MintRequest) { self.batch = batch }

    /// What tells two wishes of one name apart.
    var hash: [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("siyu-marketcode-1\n".utf8) + batch.hash)
        return Array(hash.finalize())
    }

    func check() throws(Problem) {
        guard MarketcodeClient.countRange.contains(batch.count), batch.count % MarketcodeClient.countStep == 0 else {
            throw .invalid(
                "WeChat makes 10,000 to 20,000,000 codes, in multiples of 10,000: ask for another number.",
                code: "count_out_of_range")
        }
        try batch.check()
    }
}

/// A wish for codes of WeChat, as it stands.
package struct CodeApplicationRecord: Hashable, Sendable {
    /// Its id, which is its number towards WeChat too.
    package let id: ID<CodeApplication>
    /// The caller's name for it, and for its batch.
    package let requestID: String
    let requestHash: [UInt8]
    let wish: String
    /// How many codes.
    package let count: Int64
    /// The service account that asks.
    package let appid: String
    /// How far it has come.
    package let stage: CodeApplicationStage
    let step: Int64
    /// Calls since the last progress.
    package let attempts: Int
    /// WeChat's number of it.
    package let wechatID: String?
    /// What was heard last, in a few words.
    package let word: String?
    let importID: ID<CodeImport>?
    /// Who wished for it.
    package let author: String
    /// When it was wished for.
    package let createdAt: Date
    /// When the last code was here.
    package let finishedAt: Date?
    /// Since when a person should look.
    package let attentionSince: Date?

    /// Our number of it towards WeChat: 32 hex digits, which were there before the first call.
    var ownID: String { id.description.filter { $0 != "-" } }
}

/// Codes on their way to being activated at WeChat, as they stand.
package struct CodeActivationRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<CodeActivation>
    /// Whose codes.
    package let application: ID<CodeApplication>
    /// Which, by our index.
    package let indexes: Range<Int64>
    /// What for.
    let activityText: String
    /// Where it stands.
    package let stage: CodeActivationStage
    let step: Int64
    /// How many calls were made about it.
    package let attempts: Int
    /// What was heard last, in a few words.
    package let word: String?
    /// When it was asked for.
    package let createdAt: Date
    /// When WeChat took it.
    package let finishedAt: Date?
    /// Since when a person should look.
    package let attentionSince: Date?
}

/// What a batch of WeChat's codes is to be, as it is kept until they are here.
struct StoredWish: Codable {
    struct Prize: Codable {
        let name: String
        let kind: PrizeKind
        let points: Int32
        let cost: Int64
        let count: Int64
        let campaign: String?
        let thresholdFen: Int64?
        let days: Int32?
    }

    let label: String
    let shop: String?
    let product: String?
    let prizes: [Prize]
    let gtin: String?
    let lot: String?
    let madeOn: String?
    let bestBefore: String?
    let linkBase: String?

    init(_ batch: MintRequest) {
        label = batch.label
        shop = batch.shop.map { "\($0)" }
        product = batch.product.map { "\($0)" }
        prizes = batch.prizes.map {
            Prize(
                name: $0.name, kind: $0.kind, points: $0.points, cost: $0.cost.fen, count: $0.count,
                campaign: $0.campaign, thresholdFen: $0.coupon?.threshold.fen, days: $0.coupon?.days)
        }
        gtin = batch.facts.gtin
        lot = batch.facts.lot
        madeOn = batch.facts.madeOn.map { "\($0)" }
        bestBefore = batch.facts.bestBefore.map { "\($0)" }
        linkBase = batch.facts.linkBase
    }

    func batch(of application: CodeApplicationRecord, brand: ID<Brand>) -> MintRequest {
        MintRequest(
            brand: brand, requestID: application.requestID, count: application.count,
            prizes: prizes.map {
                PrizeRequest(
                    name: $0.name, kind: $0.kind, points: $0.points, cost: Money(fen: $0.cost), count: $0.count,
                    campaign: $0.campaign, coupon: CouponTerms(thresholdFen: $0.thresholdFen, days: $0.days))
            }, label: label, shop: shop.flatMap { ID($0) }, product: product.flatMap { ID($0) },
            facts: BatchFacts(
                gtin: gtin, lot: lot, madeOn: madeOn.flatMap { CalendarDate($0) },
                bestBefore: bestBefore.flatMap { CalendarDate($0) }, linkBase: linkBase))
    }
}

extension Encodable {
    /// As text for a column.
    func columnText() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

extension Decodable {
    /// From the text of a column.
    init(columnText: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(columnText.utf8))
    }
}
