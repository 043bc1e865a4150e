import FoundationEssentials
import Kernel
import Postgres

/// The SQL of stock.
enum StockStatements {
    static func open(_ variant: ID<Variant>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.stock (brand_id, variant_id, available, updated_at)
            VALUES (\(brand), \(variant), 0, \(now))
            """)
    }

    /// Locks in variant order until the transaction ends.
    static func lock(
        _ variants: [ID<Variant>], brand: ID<Brand>
    ) -> Statement<(ID<Variant>, Int)> {
        Statement(
            """
            SELECT variant_id, available
            FROM orders.stock
            WHERE brand_id = \(brand) AND variant_id = ANY(\(variants))
            ORDER BY variant_id
            FOR UPDATE
            """
        ) { row throws(PostgresError) in (try row.next(), try row.next()) }
    }

    /// Which of some movements were made before.
    static func recorded(_ moves: [StockMove], brand: ID<Brand>) -> Statement<StockMove> {
        Statement(
            """
            SELECT m.variant_id, m.quantity, m.kind, m.subject_id
            FROM unnest(\(moves.map(\.variant)), \(moves.map(\.kind)), \(moves.map(\.subject))) AS x (variant_id, kind, subject_id)
            CROSS JOIN LATERAL (
                SELECT variant_id, quantity, kind, subject_id
                FROM orders.stock_movement
                WHERE brand_id = \(brand) AND variant_id = x.variant_id AND kind = x.kind AND subject_id = x.subject_id
                LIMIT 1
            ) m
            """
        ) { row throws(PostgresError) in
            StockMove(
                variant: try row.next(), quantity: try row.next(), kind: try row.next(), subject: try row.next())
        }
    }

    /// The rows of the shelves are locked; a conflict is a fault and fails the transaction.
    static func record(_ moves: [StockMove], brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.stock_movement (brand_id, movement_id, variant_id, quantity, kind, subject_id, occurred_at)
            SELECT b.brand_id, x.movement_id, x.variant_id, x.quantity, x.kind, x.subject_id, \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(moves.map { _ in ID<StockMove>.mint() }), \(moves.map(\.variant)), \(moves.map(\.quantity)),
                \(moves.map(\.kind)), \(moves.map(\.subject)))
                AS x (movement_id, variant_id, quantity, kind, subject_id)
            WHERE b.brand_id = \(brand)
            ORDER BY x.variant_id, x.kind, x.subject_id
            """)
    }

    /// The CHECK stays as the second lock on the door.
    static func setAvailable(
        _ shelves: [(variant: ID<Variant>, available: Int)], brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.stock s
            SET available = x.available, updated_at = \(now)
            FROM unnest(\(shelves.map(\.variant)), \(shelves.map(\.available))) AS x (variant_id, available)
            WHERE s.brand_id = \(brand) AND s.variant_id = x.variant_id
            """)
    }
}
