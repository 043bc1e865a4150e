import FoundationEssentials
import Kernel
import Postgres

/// What holds of what people have told us.
enum PrivacyInvariantStatements {
    static let looks: [InvariantLook] = [
        InvariantLook([Invariant("privacy.what_is_erased_is_gone", "B16")], ofBrand: erased),
        InvariantLook([Invariant("privacy.addresses_are_read_by_few", "B14")], ofAll: grants),
        InvariantLook([Invariant("privacy.no_phone_number_in_an_error", "B15")], ofAll: errors),
    ]

    private static func erased(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'privacy.what_is_erased_is_gone', 'person ' || person_id FROM vault.person
            WHERE brand_id = \(brand) AND erased_at IS NOT NULL
                AND num_nonnulls(blind_index, sealed_value, wrapped_key) > 0
            ORDER BY person_id LIMIT 6)
            UNION ALL
            (SELECT 'privacy.what_is_erased_is_gone', 'address ' || address_id FROM vault.address
            WHERE brand_id = \(brand) AND erased_at IS NOT NULL AND sealed_value IS NOT NULL
            ORDER BY address_id LIMIT 5)
            """, row: BookInvariantStatements.broken)
    }

    /// Who makes reports, and who redeems codes, has no part in gifts.
    private static func grants(now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            SELECT 'privacy.addresses_are_read_by_few', r.name || ' ' || c.table_name || '.' || a.attname
            FROM unnest(ARRAY['siyu_redeem', 'siyu_reports']) AS r (name)
            CROSS JOIN (
                VALUES ('vault.address', 'sealed_value'), ('gifting.gift', 'address_id'), ('gifting.gift', 'greeting')
            ) AS c (table_name, column_name)
            JOIN pg_catalog.pg_attribute a
                ON a.attrelid = to_regclass(c.table_name) AND a.attname = c.column_name AND NOT a.attisdropped
            WHERE has_column_privilege(r.name, a.attrelid, a.attnum, 'SELECT')
            ORDER BY r.name, c.table_name, a.attname
            LIMIT 11
            """, row: BookInvariantStatements.broken)
    }

    /// A mainland mobile number by itself: within longer numbers it is the number of something else.
    private static func errors(now: Date) -> Statement<BrokenRow> {
        Statement(
            #"""
            SELECT 'privacy.no_phone_number_in_an_error', e.place || ' ' || e.key
            FROM (
                SELECT 'attempt' AS place, id::text AS key, error AS words FROM jobs.attempt
                UNION ALL SELECT 'discarded', id::text, last_error FROM jobs.discarded
                UNION ALL SELECT 'refund', refund_id::text, provider_word FROM orders.refund
                UNION ALL SELECT 'payout', payout_id::text, provider_word FROM orders.payout
            ) e
            WHERE e.words ~ '\m1[3-9][0-9]{9}\M'
            ORDER BY e.place, e.key
            LIMIT 11
            """#, row: BookInvariantStatements.broken)
    }
}
