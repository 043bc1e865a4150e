import FoundationEssentials
import Kernel
import Postgres

/// The SQL of the switches of shops.
enum ShopSwitchStatements {
    /// No row where nothing was said until then.
    static func value(_ shop: ID<Shop>, at instant: Date, brand: ID<Brand>) -> Statement<Bool> {
        Statement(
            """
            SELECT is_on
            FROM gifting.shop_switch
            WHERE brand_id = \(brand) AND shop_id = \(shop) AND valid_from <= \(instant)
            ORDER BY valid_from DESC
            LIMIT 1
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func set(_ record: ShopSwitchRecord, brand: ID<Brand>, now: Date) -> Statement<ID<Shop>> {
        Statement(
            """
            INSERT INTO gifting.shop_switch (brand_id, shop_id, valid_from, is_on, author, reason, created_at)
            VALUES (\(brand), \(record.shop), \(record.validFrom), \(record.isOn), \(record.author), \(record.reason), \(now))
            ON CONFLICT (brand_id, shop_id, valid_from) DO NOTHING
            RETURNING shop_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func history(of shop: ID<Shop>, brand: ID<Brand>) -> Statement<ShopSwitchRecord> {
        Statement(
            """
            SELECT shop_id, is_on, valid_from, author, reason
            FROM gifting.shop_switch
            WHERE brand_id = \(brand) AND shop_id = \(shop)
            ORDER BY valid_from DESC
            """
        ) { row throws(PostgresError) in
            ShopSwitchRecord(
                shop: try row.next(), isOn: try row.next(), validFrom: try row.next(), author: try row.next(),
                reason: try row.next())
        }
    }
}
