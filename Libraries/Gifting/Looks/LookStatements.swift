import FoundationEssentials
import Kernel
import Postgres

/// The SQL of what people look at and search for.
enum LookStatements {
    static func add(
        _ look: ID<GiftLook>, at product: ID<Product>, in shop: ID<Shop>, by person: ID<Person>, entry: String?,
        cohort: Int32, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.look (brand_id, look_id, shop_id, product_id, person_id, entry_code, cohort, looked_at)
            VALUES (\(brand), \(look), \(shop), \(product), \(person), \(entry), \(cohort), \(now))
            """)
    }

    static func count(_ keyword: String, in shop: ID<Shop>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.search (brand_id, shop_id, day, keyword, searches)
            VALUES (\(brand), \(shop), (\(now) AT TIME ZONE 'Asia/Shanghai')::date, \(keyword), 1)
            ON CONFLICT (brand_id, shop_id, day, keyword) DO UPDATE SET searches = search.searches + 1
            """)
    }
}
