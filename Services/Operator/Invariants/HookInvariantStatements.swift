import FoundationEssentials
import Hooks
import Kernel
import Postgres

/// What holds of what others asked of us.
enum HookInvariantStatements {
    static let looks: [InvariantLook] = [
        InvariantLook(
            [
                Invariant("hooks.a_delivery_is_answered_once", "B13"),
                Invariant("hooks.a_request_is_answered_once", "B13"),
            ], ofBrand: answers),
        InvariantLook(
            [
                Invariant("hooks.a_source_is_of_a_shop_of_its_brand", "B13"),
                Invariant("hooks.a_source_of_one_shop_does_what_is_the_shops", "B13"),
            ], ofBrand: sources),
    ]

    /// A source of one shop decides about money of that shop: what it may do is as narrow as the purposes say.
    private static func sources(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'hooks.a_source_is_of_a_shop_of_its_brand', s.name FROM hooks.source s
            WHERE s.brand_id = \(brand) AND s.shop_id IS NOT NULL
              AND NOT EXISTS (SELECT FROM orders.shop o WHERE o.brand_id = s.brand_id AND o.shop_id = s.shop_id)
            ORDER BY s.name LIMIT 11)
            UNION ALL
            (SELECT 'hooks.a_source_of_one_shop_does_what_is_the_shops', name FROM hooks.source
            WHERE brand_id = \(brand) AND shop_id IS NOT NULL AND NOT purposes <@ \(HookPurpose.ofOneShop.map(\.rawValue))
            ORDER BY name LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }

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
