import FoundationEssentials
import Kernel
import Postgres

/// The SQL of who lets whom fill in their address.
enum AddressBookStatements {
    /// The newest word counts; the first instant of a consent that lasts is kept.
    static func consent(
        _ isGiven: Bool, of recipient: ID<Person>, to sender: ID<Person>, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        let revokedAt = isGiven ? nil : now
        return Statement(
            """
            INSERT INTO gifting.address_consent (brand_id, recipient_id, sender_id, granted_at, revoked_at)
            VALUES (\(brand), \(recipient), \(sender), \(now), \(revokedAt))
            ON CONFLICT (brand_id, recipient_id, sender_id) DO UPDATE
            SET granted_at = CASE WHEN address_consent.revoked_at IS NULL THEN address_consent.granted_at
                    ELSE excluded.granted_at END,
                revoked_at = excluded.revoked_at
            """)
    }

    static func consented(_ recipient: ID<Person>, to sender: ID<Person>, brand: ID<Brand>) -> Statement<Date> {
        Statement(
            """
            SELECT granted_at
            FROM gifting.address_consent
            WHERE brand_id = \(brand) AND recipient_id = \(recipient) AND sender_id = \(sender) AND revoked_at IS NULL
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
