import FoundationEssentials
import Kernel
import Policies

// The numbers of this room; their standard values stand in 000013_gifting.sql, 000035_giftable.sql and 000045_gift_wishes.sql.

extension PolicyKey where Value == PolicyDuration {
    /// How long a recipient may take to accept.
    static var acceptWindow: Self { Self("gift.accept_window") }
    /// How long after accepting neither side may change anything.
    static var lockWindow: Self { Self("gift.lock_window") }
    /// How long before it is sent a gift may be paid for.
    static var sendAhead: Self { Self("gift.send_ahead") }
    /// How long a gift waits for its giver's next step, and for the money.
    static var paymentWindow: Self { Self("gift.payment_window") }
}

extension PolicyKey where Value == PriceCeiling {
    /// The most that may be given.
    static var priceCeiling: Self { Self("gift.price_ceiling") }
}

/// What becomes of a greeting that nobody looked at in time.
struct GreetingScreening: Codable, Hashable, Sendable {
    let admitWhenUnavailable: Bool

    private enum CodingKeys: String, CodingKey {
        case admitWhenUnavailable = "admit_when_unavailable"
    }
}

extension PolicyKey where Value == GreetingScreening {
    /// What becomes of a greeting that nobody looked at in time.
    static var greetingScreening: Self { Self("gift.greeting_screening") }
}

/// What may not be given, by the codes of categories; what stands below them may not either.
struct ExcludedCategories: Codable, Hashable, Sendable {
    let codes: [String]
}

extension PolicyKey where Value == ExcludedCategories {
    /// What may not be given.
    static var excludedCategories: Self { Self("gift.excluded_categories") }
}

extension PolicyKey where Value == Rollout {
    /// For how many of a brand's people gifts are released.
    static var rollout: Self { Self("gift.rollout") }
}

extension PolicyDuration {
    var asSeconds: Seconds { Seconds(rawValue: seconds) }
}
