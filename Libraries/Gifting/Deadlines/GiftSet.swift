import FoundationEssentials
import Kernel
import Orders

/// Gifts of one brand that end in one commit, with what follows from that gathered by kind, so that each kind is one statement.
struct GiftSet: Sendable {
    /// One gift as it is from now on, apart from its refund.
    struct Member: Sendable {
        let gift: GiftRecord
        let end: GiftEnd
        let payment: ID<Payment>
        let amount: Money
    }

    /// The gifts that end, in the order in which they were found.
    private(set) var members: [Member] = []
    /// What goes back on the shelves.
    private(set) var releases: [StockMove] = []

    var isEmpty: Bool { members.isEmpty }

    /// The money that goes back.
    var refunds: [RefundWish] {
        members.map { RefundWish(payment: $0.payment, amount: $0.amount, reason: $0.gift.refundReason) }
    }

    /// Takes in what was decided about a gift.
    ///
    /// - Returns: Whether the set can carry it out: an end with one piece that goes back and money that is refunded, and nothing else.
    mutating func add(_ gift: GiftRecord, _ effects: [GiftEffect]) -> Bool {
        var (variant, refund, end): (ID<Variant>?, (ID<Payment>, Money)?, GiftEnd?)
        for effect in effects {
            switch effect {
            case .release(let released) where variant == nil: variant = released
            case .refund(let payment, let amount) where refund == nil: refund = (payment, amount)
            case .end(let decided) where end == nil: end = decided
            default: return false
            }
        }
        guard let variant, let (payment, amount) = refund, let end else { return false }
        members.append(Member(gift: gift, end: end, payment: payment, amount: amount))
        releases.append(
            StockMove(variant: variant, quantity: gift.quantity, kind: .giftRelease, subject: gift.id.rawValue))
        return true
    }
}
