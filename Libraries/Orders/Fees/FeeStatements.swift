import Accounting
import FoundationEssentials
import Kernel
import Postgres

/// The SQL of technical fees.
enum FeeStatements {
    /// What a shop sold while a rate held, net.
    struct Volume: Sendable {
        let shop: ID<Shop>
        let from: Date
        let volume: Money
    }

    /// Nothing where it is there already.
    static func addCursor(brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.fee_cursor (brand_id, last_xid, last_transfer_id, updated_at)
            SELECT b.brand_id, \(LedgerPlace.start.xid), \(LedgerPlace.start.id), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id) DO NOTHING
            """)
    }

    static func lockCursor(brand: ID<Brand>) -> Statement<LedgerPlace> {
        Statement(
            """
            SELECT last_xid, last_transfer_id
            FROM orders.fee_cursor
            WHERE brand_id = \(brand)
            FOR UPDATE
            """
        ) { row throws(PostgresError) in LedgerPlace(xid: try row.next(), id: try row.next()) }
    }

    static func moveCursor(to place: LedgerPlace, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.fee_cursor
            SET last_xid = \(place.xid), last_transfer_id = \(place.id), updated_at = \(now)
            WHERE brand_id = \(brand)
            """)
    }

    static func meters(of shops: [ID<Shop>], brand: ID<Brand>) -> Statement<Volume> {
        Statement(
            """
            SELECT m.shop_id, m.valid_from, m.volume_fen
            FROM unnest(\(shops)) AS x (shop_id)
            CROSS JOIN LATERAL (
                SELECT shop_id, valid_from, volume_fen
                FROM orders.fee_meter
                WHERE brand_id = \(brand) AND shop_id = x.shop_id
                ORDER BY valid_from
                LIMIT 1000
            ) m
            """
        ) { row throws(PostgresError) in Volume(shop: try row.next(), from: try row.next(), volume: try row.next()) }
    }

    /// The cursor is locked by the caller.
    static func setMeters(_ volumes: [Volume], brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.fee_meter (brand_id, shop_id, valid_from, volume_fen, updated_at)
            SELECT b.brand_id, x.shop_id, x.valid_from, x.volume_fen, \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(volumes.map(\.shop)), \(volumes.map(\.from)), \(volumes.map(\.volume)))
                AS x (shop_id, valid_from, volume_fen)
            WHERE b.brand_id = \(brand)
            ORDER BY x.shop_id, x.valid_from
            ON CONFLICT (brand_id, shop_id, valid_from)
            DO UPDATE SET volume_fen = excluded.volume_fen, updated_at = excluded.updated_at
            """)
    }

    static func clock() -> Statement<Date> {
        Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() }
    }
}
