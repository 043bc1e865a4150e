import FoundationEssentials
import Kernel
import Postgres

/// The SQL of the vault.
enum VaultStatements {
    /// Anchored on the brand; sorted by the unique key, so that two batches cannot deadlock.
    ///
    /// Rows that conflict are not returned.
    static func admit(
        _ persons: [SealedPerson], _ onConflict: OnConflict, kind: PersonKind, brand: ID<Brand>, now: Date
    ) -> Statement<([UInt8], ID<Person>)> {
        Statement(
            """
            INSERT INTO vault.person (brand_id, person_id, kind, blind_index, sealed_value, wrapped_key, created_at)
            SELECT b.brand_id, x.person_id, \(kind), x.blind_index, x.sealed_value, x.wrapped_key, \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(persons.map(\.id)), \(persons.map(\.blindIndex)), \(persons.map(\.sealedValue)),
                \(persons.map(\.wrappedKey)))
                AS x (person_id, blind_index, sealed_value, wrapped_key)
            WHERE b.brand_id = \(brand)
            ORDER BY x.blind_index
            \(onConflict)
            RETURNING blind_index, person_id
            """
        ) { row throws(PostgresError) in (try row.next(), try row.next()) }
    }

    /// One look at the unique key for each; see Postgres/Decisions/0002.
    static func find(
        _ indexes: [[UInt8]], kind: PersonKind, brand: ID<Brand>
    ) -> Statement<([UInt8], ID<Person>)> {
        Statement(
            """
            SELECT x.blind_index, p.person_id
            FROM unnest(\(indexes)) AS x (blind_index)
            CROSS JOIN LATERAL (
                SELECT person_id
                FROM vault.person
                WHERE brand_id = \(brand) AND kind = \(kind) AND blind_index = x.blind_index
                LIMIT 1
            ) p
            """
        ) { row throws(PostgresError) in (try row.next(), try row.next()) }
    }

    static func person(
        _ person: ID<Person>, brand: ID<Brand>
    ) -> Statement<(sealedValue: [UInt8]?, wrappedKey: [UInt8]?)> {
        Statement(
            """
            SELECT sealed_value, wrapped_key
            FROM vault.person
            WHERE brand_id = \(brand) AND person_id = \(person)
            """
        ) { row throws(PostgresError) in (sealedValue: try row.next(), wrappedKey: try row.next()) }
    }

    /// Destroys a person's key and all that says who they are; no row if there is no such person, or nothing left.
    static func erase(_ person: ID<Person>, brand: ID<Brand>, now: Date) -> Statement<Bool> {
        Statement(
            """
            UPDATE vault.person
            SET blind_index = NULL, sealed_value = NULL, wrapped_key = NULL, erased_at = \(now)
            WHERE brand_id = \(brand) AND person_id = \(person) AND erased_at IS NULL
            RETURNING true
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
