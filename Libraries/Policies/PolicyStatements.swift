import Foundation
import Kernel
import Postgres

/// The SQL of policies.
enum PolicyStatements {
    /// The value that counts as of an instant: the brand's own before the standard, in each the newest.
    static func value(_ name: String, brand: ID<Brand>, at instant: Date) -> Statement<String> {
        Statement(
            """
            SELECT v.value
            FROM (
                (SELECT 1 AS rank, s.value FROM policies.setting s
                WHERE s.brand_id = \(brand) AND s.name = \(name) AND s.valid_from <= \(instant)
                ORDER BY s.valid_from DESC LIMIT 1)
                UNION ALL
                (SELECT 2, d.value FROM policies.standard d
                WHERE d.name = \(name) AND d.valid_from <= \(instant)
                ORDER BY d.valid_from DESC LIMIT 1)
            ) v
            ORDER BY v.rank
            LIMIT 1
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
