import FoundationEssentials
import Hooks
import Kernel
import Postgres

/// What this room tells those who listen, so that they can tell giver and recipient.
///
/// Ids and instants alone: who may see more asks for the gift, and is shown what is theirs. Nothing in a message follows from a price.
package enum GiftEvents {
    /// It was paid for, and waits for its recipient.
    static let sent = "gift.sent"
    /// Its recipient opened it.
    static let claimed = "gift.claimed"
    /// Its recipient took it: it can be packed.
    static let accepted = "gift.accepted"
    /// Its recipient did not want it.
    static let declined = "gift.declined"
    /// Nobody took it in time.
    static let expired = "gift.expired"
    /// Its shop took it back, though it was accepted.
    static let withdrawn = "gift.withdrawn"
    /// The giver has their money back.
    static let refunded = "gift.refunded"

    /// All of them, as endpoints name them.
    package static let types: Set<String> = [sent, claimed, accepted, declined, expired, withdrawn, refunded]

    /// What is to be told of a gift that has just changed; nil for what is nobody's business.
    static func event(of gift: GiftRecord, from state: GiftState) -> OutgoingEvent? {
        guard let type = type(of: gift, from: state) else { return nil }
        return OutgoingEvent(
            type, subject: gift.id.rawValue, lane: gift.id.description, at: gift.updatedAt,
            data: [
                "gift_id": .string(gift.id.description), "shop_id": .string(gift.shop.description),
                "product_id": .string(gift.product.description), "variant_id": .string(gift.variant.description),
            ])
    }

    private static func type(of gift: GiftRecord, from state: GiftState) -> String? {
        if gift.state == state {
            if gift.refundedAt == gift.updatedAt { return refunded }
            return gift.withdrawnAt == gift.updatedAt ? withdrawn : nil
        }
        switch gift.state {
        case .sent: return sent
        case .claimed: return claimed
        case .accepted: return accepted
        case .declined: return declined
        case .expired: return expired
        case .draft, .quoted, .paying, .scheduled, .cancelled: return nil
        }
    }
}
