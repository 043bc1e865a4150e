import FoundationEssentials
import Kernel
import Postgres

/// What holds of what others asked of us.
enum HookInvariantStatements {
    static let looks: [InvariantLook] = [
        InvariantLook(
            [
                Invariant("hooks.a_delivery_is_answered_once", "B13"),
                Invariant("hooks.a_request_is_answered_once", "B13"),
            ], ofBrand: answers)
    ]

    /// Keys of others are not repeated: they may be anything.
    private static func answers(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'hooks.a_delivery_is_answered_once', source_id || ' ' || md5(delivery_id) FROM hooks.inbox
            WHERE brand_id = \(brand)
            GROUP BY source_id, delivery_id HAVING count(*) > 1 ORDER BY source_id, delivery_id LIMIT 11)
            UNION ALL
            (SELECT 'hooks.a_request_is_answered_once', caller || ' ' || md5(route || ' ' || key) FROM hooks.idempotency
            WHERE brand_id = \(brand)
            GROUP BY caller, route, key HAVING count(*) > 1 ORDER BY caller, route, key LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }
}
