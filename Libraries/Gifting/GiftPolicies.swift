import FoundationEssentials
import Kernel
import Policies

// The numbers of this room; their standard values stand in 000013_gifting.sql.

extension PolicyKey where Value == PolicyDuration {
    /// How long a recipient may take to accept.
    static var acceptWindow: Self { Self("gift.accept_window") }
    /// How long after accepting neither side may change anything.
    static var lockWindow: Self { Self("gift.lock_window") }
    /// How long a gift waits for its giver's next step, and for the money.
    static var paymentWindow: Self { Self("gift.payment_window") }
}

extension PolicyKey where Value == PriceCeiling {
    /// The most that may be given.
    static var priceCeiling: Self { Self("gift.price_ceiling") }
}

extension PolicyDuration {
    var asSeconds: Seconds { Seconds(rawValue: seconds) }
}
