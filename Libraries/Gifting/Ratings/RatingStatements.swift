import FoundationEssentials
import Kernel
import Postgres

/// The SQL of what recipients think of their gifts.
enum RatingStatements {
    static func add(_ rating: GiftRating, of gift: GiftRecord, brand: ID<Brand>) -> Statement<ID<Gift>> {
        Statement(
            """
            INSERT INTO gifting.rating (brand_id, gift_id, shop_id, product_id, person_id, stars, rated_at)
            VALUES (\(brand), \(gift.id), \(gift.shop), \(gift.product), \(rating.rater), \(Int32(clamping: rating.stars)), \(rating.ratedAt))
            ON CONFLICT (brand_id, gift_id) DO NOTHING
            RETURNING gift_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func rating(of gift: ID<Gift>, brand: ID<Brand>) -> Statement<GiftRating> {
        Statement(
            """
            SELECT gift_id, product_id, person_id, stars, rated_at
            FROM gifting.rating
            WHERE brand_id = \(brand) AND gift_id = \(gift)
            """
        ) { row throws(PostgresError) in
            GiftRating(
                gift: try row.next(), product: try row.next(), rater: try row.next(),
                stars: Int(try row.next(Int32.self)),
                ratedAt: try row.next())
        }
    }

    static func visit(_ gift: ID<Gift>, by person: ID<Person>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.rating_visit (brand_id, gift_id, person_id, visited_at)
            VALUES (\(brand), \(gift), \(person), \(now))
            ON CONFLICT (brand_id, gift_id, person_id) DO NOTHING
            """)
    }
}
