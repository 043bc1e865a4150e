import FoundationEssentials
import Kernel
import Members
import Postgres

/// The SQL of coupons.
enum CouponStatements {
    /// A coupon that was granted before returns no row.
    static func add(_ grant: CouponGrant, now: Date) -> Statement<ID<Coupon>> {
        Statement(
            """
            INSERT INTO promotions.coupon (brand_id, coupon_id, origin_id, person_id, name, off_fen, threshold_fen, state, uses,
                expires_at, granted_at, updated_at)
            SELECT b.brand_id, \(grant.cause), \(grant.origin), \(grant.person), \(grant.name), \(grant.off), \(grant.threshold),
                'granted', 0, \(grant.until), \(now), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(grant.brand)
            ON CONFLICT (brand_id, coupon_id) DO NOTHING
            RETURNING coupon_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Locks the coupon until the transaction ends; its last use is read apart.
    static func lock(_ id: ID<Coupon>, brand: ID<Brand>) -> Statement<CouponRecord> {
        Statement(
            """
            SELECT coupon_id, origin_id, person_id, name, off_fen, threshold_fen, state, uses, expires_at, updated_at
            FROM promotions.coupon
            WHERE brand_id = \(brand) AND coupon_id = \(id)
            FOR UPDATE
            """, row: coupon)
    }

    static func lastUse(of id: ID<Coupon>, brand: ID<Brand>) -> Statement<CouponUseRecord> {
        Statement(
            """
            SELECT use_id, number, order_id, shop_id, used_at, given_back_at
            FROM promotions.coupon_use
            WHERE brand_id = \(brand) AND coupon_id = \(id)
            ORDER BY number DESC
            LIMIT 1
            """, row: use)
    }

    /// The coupons that counted for an order at any time.
    static func coupons(of order: ID<Order>, brand: ID<Brand>) -> Statement<ID<Coupon>> {
        Statement(
            """
            SELECT DISTINCT coupon_id
            FROM promotions.coupon_use
            WHERE brand_id = \(brand) AND order_id = \(order)
            ORDER BY coupon_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What a person holds, the last first, from below an id on; with the order that it counts for.
    static func held(
        by person: ID<Person>, before: ID<Coupon>?, limit: Int, brand: ID<Brand>
    ) -> Statement<(coupon: CouponRecord, order: ID<Order>?)> {
        Statement(
            """
            SELECT c.coupon_id, c.origin_id, c.person_id, c.name, c.off_fen, c.threshold_fen, c.state, c.uses, c.expires_at,
                c.updated_at, u.order_id
            FROM promotions.coupon c
            LEFT JOIN promotions.coupon_use u ON u.brand_id = c.brand_id AND u.coupon_id = c.coupon_id
                AND u.given_back_at IS NULL
            WHERE c.brand_id = \(brand) AND c.person_id = \(person)
                AND (CAST(\(before) AS uuid) IS NULL OR c.coupon_id < \(before))
            ORDER BY c.coupon_id DESC
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in (coupon: try coupon(&row), order: try row.next(ID<Order>?.self)) }
    }

    static func save(_ coupon: CouponRecord, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            UPDATE promotions.coupon
            SET state = \(coupon.state), uses = \(coupon.uses), expires_at = \(coupon.expiresAt), updated_at = \(coupon.updatedAt)
            WHERE brand_id = \(brand) AND coupon_id = \(coupon.id)
            """)
    }

    /// No row where another coupon counts for the order.
    static func add(_ use: CouponUseRecord, of coupon: ID<Coupon>, brand: ID<Brand>) -> Statement<ID<CouponUse>> {
        Statement(
            """
            INSERT INTO promotions.coupon_use (brand_id, coupon_id, number, use_id, order_id, shop_id, used_at)
            SELECT b.brand_id, \(coupon), \(use.number), \(use.id), \(use.order), \(use.shop), \(use.usedAt)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id, order_id) WHERE given_back_at IS NULL DO NOTHING
            RETURNING use_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func endUse(_ number: Int32, of coupon: ID<Coupon>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE promotions.coupon_use
            SET given_back_at = \(now)
            WHERE brand_id = \(brand) AND coupon_id = \(coupon) AND number = \(number)
            """)
    }

    @Sendable
    private static func coupon(_ row: inout RowReader) throws(PostgresError) -> CouponRecord {
        let (id, origin) = (try row.next(ID<Coupon>.self), try row.next(UUID.self))
        let (person, name) = (try row.next(ID<Person>.self), try row.next(String.self))
        let (off, threshold) = (try row.next(Money.self), try row.next(Money.self))
        return CouponRecord(
            id: id, origin: origin, person: person, name: name, off: off, threshold: threshold, state: try row.next(),
            uses: try row.next(), expiresAt: try row.next(), updatedAt: try row.next())
    }

    @Sendable
    private static func use(_ row: inout RowReader) throws(PostgresError) -> CouponUseRecord {
        CouponUseRecord(
            id: try row.next(), number: try row.next(), order: try row.next(), shop: try row.next(),
            usedAt: try row.next(), givenBackAt: try row.next(Date?.self))
    }
}
