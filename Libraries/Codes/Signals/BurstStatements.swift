import FoundationEssentials
import Kernel
import Postgres

/// The SQL of redemptions by minute, and of minutes that stand out.
enum BurstStatements {
    struct NewBurst: Sendable {
        let batch: ID<CodeBatch>
        let redeemed: Int64
        let usual: Int64
    }

    /// Adds what one process saw of a minute; the sums as they are then.
    static func add(
        _ counts: [BatchMinutes.Count], at minute: Date, brand: ID<Brand>
    ) -> Statement<(batch: ID<CodeBatch>, redeemed: Int64)> {
        Statement(
            """
            INSERT INTO codes.batch_minute AS m (brand_id, batch_id, minute, redeemed)
            SELECT b.brand_id, x.batch_id, \(minute), x.redeemed
            FROM siyu.brand b
            CROSS JOIN unnest(\(counts.map(\.batch)), \(counts.map(\.redeemed))) AS x (batch_id, redeemed)
            WHERE b.brand_id = \(brand)
            ORDER BY x.batch_id
            ON CONFLICT (brand_id, batch_id, minute) DO UPDATE SET redeemed = m.redeemed + excluded.redeemed
            RETURNING batch_id, redeemed
            """
        ) { row throws(PostgresError) in (batch: try row.next(), redeemed: try row.next()) }
    }

    /// What is much for a minute of each batch, of those minutes in which any code was redeemed; none where no minute is known.
    static func usual(
        of batches: [ID<CodeBatch>], since start: Date, until end: Date, brand: ID<Brand>
    ) -> Statement<(batch: ID<CodeBatch>, usual: Int64, minutes: Int64)> {
        Statement(
            """
            SELECT x.batch_id, u.usual, u.minutes
            FROM unnest(\(batches)) AS x (batch_id)
            CROSS JOIN LATERAL (
                SELECT percentile_disc(0.99) WITHIN GROUP (ORDER BY m.redeemed) AS usual, count(*) AS minutes
                FROM codes.batch_minute m
                WHERE m.brand_id = \(brand) AND m.batch_id = x.batch_id AND m.minute >= \(start) AND m.minute < \(end)
            ) u
            WHERE u.minutes > 0
            """
        ) { row throws(PostgresError) in (batch: try row.next(), usual: try row.next(), minutes: try row.next()) }
    }

    /// True for each that is new; one that was known before grows.
    static func insert(_ bursts: [NewBurst], at minute: Date, brand: ID<Brand>) -> Statement<Bool> {
        Statement(
            """
            INSERT INTO codes.batch_burst AS o (brand_id, batch_id, minute, redeemed, usual)
            SELECT b.brand_id, x.batch_id, \(minute), x.redeemed, x.usual
            FROM siyu.brand b
            CROSS JOIN unnest(\(bursts.map(\.batch)), \(bursts.map(\.redeemed)), \(bursts.map(\.usual)))
                AS x (batch_id, redeemed, usual)
            WHERE b.brand_id = \(brand)
            ORDER BY x.batch_id
            ON CONFLICT (brand_id, batch_id, minute) DO UPDATE SET redeemed = excluded.redeemed
            RETURNING o.xmax = 0
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func forget(of batches: [ID<CodeBatch>], before instant: Date, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            DELETE FROM codes.batch_minute
            WHERE brand_id = \(brand) AND batch_id = ANY (\(batches)) AND minute < \(instant)
            """)
    }

    static func list(since instant: Date?, limit: Int, brand: ID<Brand>) -> Statement<BatchBurst> {
        Statement(
            """
            SELECT h.handle, o.minute, o.redeemed, o.usual
            FROM codes.batch_burst o
            JOIN codes.handle h ON h.brand_id = o.brand_id AND h.batch_id = o.batch_id
            WHERE o.brand_id = \(brand) AND (\(instant)::timestamptz IS NULL OR o.minute >= \(instant))
            ORDER BY o.minute DESC, h.handle
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            BatchBurst(batch: try row.next(), minute: try row.next(), redeemed: try row.next(), usual: try row.next())
        }
    }
}
