package import FoundationEssentials
import Jobs
package import Kernel
package import Orders
package import Postgres

/// The job that starts the clock of what a shop guarantees for a gift; due when the gift must have been accepted.
package struct GiftGuarantee: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "gift.guarantee"
    /// The queue of siyu-gifts.
    package static let jobQueue = "gifts"

    /// Whose gift.
    package let brand: ID<Brand>
    /// Which one.
    package let gift: ID<Gift>

    /// Asks for the guarantee of a gift.
    package init(brand: ID<Brand>, gift: ID<Gift>) {
        self.brand = brand
        self.gift = gift
    }
}

/// What a shop guarantees for a gift, with all that is known of it: money and numbers, neither people nor address.
package struct GiftGuaranteeView: Encodable, Hashable, Sendable {
    /// One line of the trail.
    struct Entry: Encodable, Hashable, Sendable {
        let fact: String
        let happenedAt: Date
        let evidence: String?
        let recordedAt: Date
    }

    let giftID: ID<Gift>
    let orderID: ID<Order>
    let shopID: ID<Shop>
    let amountFen: Int64
    let compensationFen: Int64
    let shipBy: Date
    let shippedAt: Date?
    let refundAskedAt: Date?
    let refundBy: Date?
    let refundedAt: Date?
    let compensatedAt: Date?
    let trail: [Entry]

    init(_ gift: ID<Gift>, _ record: GuaranteeRecord, _ trail: [GuaranteeEntry]) {
        giftID = gift
        orderID = record.order
        shopID = record.shop
        amountFen = record.amount.fen
        compensationFen = record.compensation.fen
        shipBy = record.shipBy
        shippedAt = record.shippedAt
        refundAskedAt = record.refundAskedAt
        refundBy = record.refundBy
        refundedAt = record.refundedAt
        compensatedAt = record.compensatedAt
        self.trail = trail.map {
            Entry(
                fact: $0.fact.rawValue, happenedAt: $0.happenedAt, evidence: $0.evidence, recordedAt: $0.recordedAt)
        }
    }
}

/// What whoever ships is told: no price.
package struct ShippedGift: Encodable, Hashable, Sendable {
    let giftID: ID<Gift>
    let shippedAt: Date?
    let shipBy: Date
    let isInTime: Bool

    init(_ gift: ID<Gift>, _ record: GuaranteeRecord) {
        giftID = gift
        shippedAt = record.shippedAt
        shipBy = record.shipBy
        isInTime = record.shippedAt.map { $0 <= record.shipBy } ?? false
    }
}

extension Gifts {
    private var guarantees: Guarantees { Guarantees(queue: queue) }

    /// Pushes the job of a gift that was paid for, in the same commit, where its shop guarantees what it sells.
    ///
    /// Nothing is to be shipped before the gift is accepted; who accepts finds no one more thing to do. Pieces of a group are parcels of
    /// one order, of which a guarantee knows only one.
    func promise(
        _ gift: GiftRecord, by shops: GuaranteeShops, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        guard gift.group == nil, shops.contains(gift.shop) else { return }
        try await schedule(
            GiftGuarantee(brand: brand, gift: gift.id), after: gift.acceptUntil ?? gift.sendAt ?? now, brand: brand,
            now: now, on: tx)
    }

    /// Starts the clock of a gift that was accepted; asks again later while it still may be.
    package func guarantee(_ id: ID<Gift>, brand: ID<Brand>, on tx: Transaction) async throws {
        guard let (gift, now) = try await lock(id, brand: brand, on: tx) else { throw JobFailure.giftUnknown }
        switch gift.state {
        case .accepted: try await openGuarantee(of: gift, brand: brand, on: tx)
        case .draft, .quoted, .paying, .scheduled, .sent, .claimed:
            // A gift that was paid for ahead is sent later; one whose end is being written is there in a moment.
            let instant = max(gift.acceptUntil ?? gift.sendAt ?? now, now.addingTimeInterval(Self.lookAgain.value))
            try await schedule(GiftGuarantee(brand: brand, gift: id), after: instant, brand: brand, now: now, on: tx)
        case .expired, .declined, .cancelled: return
        }
    }

    private static let lookAgain = Limit<TimeInterval>(
        60, reason: "A gift whose time is over ends within seconds; until then nobody need look more often.")

    /// The time to ship begins when nothing about the gift may be changed any more.
    private func openGuarantee(of gift: GiftRecord, brand: ID<Brand>, on tx: Transaction) async throws {
        guard gift.withdrawnAt == nil, let order = gift.order, let price = gift.price, let since = gift.acceptedAt,
            let paid = try await Payments.intent(of: order, brand: brand, on: tx), paid.refundReserved < paid.paid
        else { return }
        try await guarantees.open(
            order, of: gift.shop, payer: gift.sender, amount: price * gift.quantity, since: since,
            shipFrom: gift.lockedUntil ?? since, brand: brand, on: tx)
    }

    /// The shop has shipped a gift; again changes nothing.
    ///
    /// - Parameter shop: The only shop whose gifts are the sender's business; nil for all of the brand.
    /// - Throws: ``Problem`` 404 for a gift that nothing is guaranteed for, and for one of another shop; 409 for one that is not to be packed.
    package func noteShipment(
        _ parcel: AftersaleParcel, of id: ID<Gift>, at instant: Date, shop: ID<Shop>?, brand: ID<Brand>,
        on tx: Transaction
    ) async throws -> ShippedGift {
        guard let (gift, _) = try await lock(id, brand: brand, on: tx), shop == nil || shop == gift.shop else {
            throw Problem.guaranteeUnknown
        }
        guard gift.state == .accepted, gift.withdrawnAt == nil, let order = gift.order, let since = gift.sentAt else {
            throw Problem.slipNothingToPack
        }
        // Whoever is quicker than the job starts the clock themselves.
        if gift.group == nil, try await Guarantees.isGiven(by: gift.shop, brand: brand, at: since, on: tx) {
            try await openGuarantee(of: gift, brand: brand, on: tx)
        }
        let record = try await guarantees.shipped(
            order, at: instant, evidence: "\(parcel.carrier) \(parcel.waybill)", brand: brand, on: tx)
        return ShippedGift(id, record)
    }

    /// The shop takes an accepted gift back: the money is to be back in time.
    func noteWithdrawal(of gift: GiftRecord, brand: ID<Brand>, on tx: Transaction) async throws {
        guard let order = gift.order else { return }
        try await guarantees.noteRefundAsked(order, evidence: "\(gift.id)", brand: brand, on: tx)
    }

    /// What is guaranteed for a gift.
    ///
    /// - Parameter shop: The only shop whose gifts are the caller's business; nil for all of the brand.
    /// - Throws: ``Problem`` 404.
    package func guarantee(
        of id: ID<Gift>, shop: ID<Shop>?, brand: ID<Brand>, on tx: Transaction
    ) async throws -> GiftGuaranteeView {
        guard let gift = try await tx.first(GiftStatements.gift(id, brand: brand)), shop == nil || shop == gift.shop,
            gift.group == nil, let order = gift.order,
            let record = try await Guarantees.guarantee(of: order, brand: brand, on: tx)
        else { throw Problem.guaranteeUnknown }
        return GiftGuaranteeView(id, record, try await Guarantees.trail(of: order, brand: brand, on: tx))
    }
}
