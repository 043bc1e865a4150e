import FoundationEssentials
import Kernel
import Postgres

/// The SQL of addresses.
enum AddressStatements {
    static func insert(
        _ address: ID<Address>, of person: ID<Person>, sealed: [UInt8], brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO vault.address (brand_id, address_id, person_id, sealed_value, created_at)
            VALUES (\(brand), \(address), \(person), \(sealed), \(now))
            """)
    }

    static func address(
        _ address: ID<Address>, brand: ID<Brand>
    ) -> Statement<(person: ID<Person>, sealedValue: [UInt8]?)> {
        Statement(
            """
            SELECT person_id, sealed_value
            FROM vault.address
            WHERE brand_id = \(brand) AND address_id = \(address)
            """
        ) { row throws(PostgresError) in (person: try row.next(), sealedValue: try row.next()) }
    }

    static func erase(of person: ID<Person>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE vault.address
            SET sealed_value = NULL, erased_at = \(now)
            WHERE brand_id = \(brand) AND person_id = \(person) AND erased_at IS NULL
            """)
    }

    /// Each by its key; those that were erased before bring no row.
    static func erase(_ addresses: [ID<Address>], brand: ID<Brand>, now: Date) -> Statement<ID<Address>> {
        Statement(
            """
            UPDATE vault.address a
            SET sealed_value = NULL, erased_at = \(now)
            FROM unnest(\(addresses)) AS x (address_id)
            WHERE a.brand_id = \(brand) AND a.address_id = x.address_id AND a.erased_at IS NULL
            RETURNING a.address_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
