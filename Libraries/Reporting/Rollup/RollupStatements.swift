import FoundationEssentials
import Kernel
import Postgres

/// The SQL that keeps the rollups.
///
/// All of it runs under the brand's lock, on whole days, and can be run again at will. It must stay linear when nothing
/// has been analysed yet, as in the middle of a first import: then the planner expects one row everywhere and joins by
/// comparing all with all. So no statement joins two large sets: differences are taken by EXCEPT, members are passed as
/// arrays, and single rows are found by ON CONFLICT (Decisions/0004). Days come as a few runs (`from`, `to`).
enum RollupStatements {
    // MARK: Marks

    /// Anchored on the brand; a job that runs again marks again, which is harmless.
    static func markDays(
        _ days: [CalendarDate], shop: ID<Shop>, mark: UUID, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO reporting.dirty_day (brand_id, day, shop_id, mark_id)
            SELECT b.brand_id, x.day, \(shop), \(mark)
            FROM siyu.brand b
            CROSS JOIN unnest(\(days)) AS x (day)
            WHERE b.brand_id = \(brand)
            ON CONFLICT DO NOTHING
            """)
    }

    /// Every day that has an order or a figure.
    static func markEveryDay(mark: UUID, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO reporting.dirty_day (brand_id, day, shop_id, mark_id)
            SELECT o.brand_id, (o.placed_at AT TIME ZONE 'Asia/Shanghai')::date AS day, o.shop_id, \(mark)
            FROM orders.customer_order o
            WHERE o.brand_id = \(brand)
            GROUP BY o.brand_id, o.shop_id, 2
            UNION
            SELECT m.brand_id, m.day, m.scope_id, \(mark)
            FROM reporting.member_day m
            WHERE m.brand_id = \(brand) AND m.scope_id <> \(ReportScope.wholeBrandID)
            ON CONFLICT DO NOTHING
            """)
    }

    /// For the length of the transaction: every statement is planned for the days it is given, and from indexes.
    ///
    /// A plan kept from the time when the tables were empty, or made before the first statistics, would read all of a
    /// table for each member; JIT would cost more than it saves.
    static var planning: Statement<Void> {
        Statement(
            """
            SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true),
                set_config('jit', 'off', true)
            """)
    }

    static var readClock: Statement<Date> {
        Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() }
    }

    /// NOT EXISTS comes first because ON CONFLICT alone would wait for whoever is rolling up: the row is being updated.
    static func openRollup(brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO reporting.rollup (brand_id)
            SELECT b.brand_id
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
                AND NOT EXISTS (SELECT FROM reporting.rollup r WHERE r.brand_id = \(brand))
            ON CONFLICT DO NOTHING
            """)
    }

    /// Locks the brand's rollups, or returns nothing if somebody else holds them: waiting would cost a connection, and
    /// whoever holds them looks for marks once more after committing.
    static func lockRollup(brand: ID<Brand>) -> Statement<Int64> {
        Statement(
            """
            SELECT turns + 1
            FROM reporting.rollup
            WHERE brand_id = \(brand)
            FOR UPDATE SKIP LOCKED
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Takes the marks of the oldest `daysMax` days.
    ///
    /// The orders that a mark speaks of were committed before it, so every later statement of this transaction sees
    /// them.
    static func takeMarks(daysMax: Int, brand: ID<Brand>) -> Statement<(shop: ID<Shop>, day: CalendarDate)> {
        Statement(
            """
            DELETE FROM reporting.dirty_day
            WHERE brand_id = \(brand) AND day <= (
                SELECT max(oldest.day)
                FROM (
                    SELECT DISTINCT day
                    FROM reporting.dirty_day
                    WHERE brand_id = \(brand)
                    ORDER BY day
                    LIMIT \(daysMax)
                ) oldest
            )
            RETURNING shop_id, day
            """
        ) { row throws(PostgresError) in (shop: try row.next(), day: try row.next()) }
    }

    static func countMarks(brand: ID<Brand>) -> Statement<Int64> {
        Statement(
            """
            SELECT count(*)
            FROM reporting.dirty_day
            WHERE brand_id = \(brand)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func closeRollup(now: Date, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            UPDATE reporting.rollup
            SET turns = turns + 1, rolled_at = \(now)
            WHERE brand_id = \(brand)
            """)
    }

    // MARK: Members' days

    /// The days on which a member has a row and no longer an order in the shop.
    static func vanishedShopDays(_ runs: [DayRun], shop: ID<Shop>, brand: ID<Brand>) -> Statement<MemberDay> {
        Statement(
            """
            SELECT m.person_id, m.day
            FROM unnest(\(runs.map(\.from)), \(runs.map(\.to))) AS r (from_day, to_day)
            JOIN reporting.member_day m ON m.day BETWEEN r.from_day AND r.to_day
            WHERE m.brand_id = \(brand) AND m.scope_id = \(shop)
            EXCEPT
            SELECT o.person_id, (o.placed_at AT TIME ZONE 'Asia/Shanghai')::date
            FROM unnest(\(runs.map(\.from)), \(runs.map(\.to))) AS r (from_day, to_day)
            JOIN orders.customer_order o
                ON o.placed_at >= r.from_day::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND o.placed_at < (r.to_day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
            WHERE o.brand_id = \(brand) AND o.shop_id = \(shop) AND o.status <> 'cancelled'
            """
        ) { row throws(PostgresError) in MemberDay(person: try row.next(), day: try row.next()) }
    }

    /// As ``vanishedShopDays(_:shop:brand:)``, for the whole brand.
    static func vanishedBrandDays(_ runs: [DayRun], brand: ID<Brand>) -> Statement<MemberDay> {
        Statement(
            """
            SELECT m.person_id, m.day
            FROM unnest(\(runs.map(\.from)), \(runs.map(\.to))) AS r (from_day, to_day)
            JOIN reporting.member_day m ON m.day BETWEEN r.from_day AND r.to_day
            WHERE m.brand_id = \(brand) AND m.scope_id = \(ReportScope.wholeBrandID)
            EXCEPT
            SELECT m.person_id, m.day
            FROM unnest(\(runs.map(\.from)), \(runs.map(\.to))) AS r (from_day, to_day)
            JOIN reporting.member_day m ON m.day BETWEEN r.from_day AND r.to_day
            WHERE m.brand_id = \(brand) AND m.scope_id <> \(ReportScope.wholeBrandID)
            """
        ) { row throws(PostgresError) in MemberDay(person: try row.next(), day: try row.next()) }
    }

    /// Empties rows that exist.
    ///
    /// They go away in ``removeEmptyDays(_:turn:scope:brand:)``, after their neighbours were linked to each other.
    static func emptyDays(_ days: [MemberDay], turn: Int64, scope: UUID, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO reporting.member_day (brand_id, scope_id, person_id, day, orders, zero_orders, gmv_fen, input_hash, turn)
            SELECT b.brand_id, \(scope), x.person_id, x.day, 0, 0, 0, 0, \(turn)
            FROM siyu.brand b
            CROSS JOIN unnest(\(days.map(\.person)), \(days.map(\.day))) AS x (person_id, day)
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id, scope_id, person_id, day) DO UPDATE
            SET orders = 0, zero_orders = 0, gmv_fen = 0, input_hash = 0, turn = excluded.turn
            """)
    }

    /// Folds the shop's orders into one row per member and day; writes only rows that differ.
    ///
    /// The hash of a day is the sum of the hashes of its orders, so that it does not depend on their order. New rows are
    /// linked among themselves at once, which spares a first import from writing every row twice.
    static func foldShopDays(_ runs: [DayRun], turn: Int64, shop: ID<Shop>, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO reporting.member_day AS m (brand_id, scope_id, person_id, day, orders, zero_orders, gmv_fen,
                input_hash, prev_day, next_day, turn)
            SELECT f.brand_id, \(shop), f.person_id, f.day, f.orders, f.zero_orders, f.gmv_fen, f.input_hash,
                lag(f.day) OVER by_day, lead(f.day) OVER by_day, \(turn)
            FROM (
                SELECT o.brand_id, o.person_id, (o.placed_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
                    count(*) AS orders,
                    count(*) FILTER (WHERE o.amount_fen = 0) AS zero_orders,
                    sum(o.amount_fen)::bigint AS gmv_fen,
                    (sum(hashtextextended(
                        concat_ws('|', o.order_id, o.version, o.status, extract(epoch FROM o.placed_at), o.amount_fen), 0
                    )::numeric) % 9223372036854775807)::bigint AS input_hash
                FROM unnest(\(runs.map(\.from)), \(runs.map(\.to))) AS r (from_day, to_day)
                JOIN orders.customer_order o
                    ON o.placed_at >= r.from_day::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND o.placed_at < (r.to_day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                WHERE o.brand_id = \(brand) AND o.shop_id = \(shop) AND o.status <> 'cancelled'
                GROUP BY o.brand_id, o.person_id, 3
            ) f
            WINDOW by_day AS (PARTITION BY f.person_id ORDER BY f.day)
            ON CONFLICT (brand_id, scope_id, person_id, day) DO UPDATE
            SET orders = excluded.orders, zero_orders = excluded.zero_orders, gmv_fen = excluded.gmv_fen,
                input_hash = excluded.input_hash
            WHERE (m.orders, m.zero_orders, m.gmv_fen, m.input_hash)
                IS DISTINCT FROM (excluded.orders, excluded.zero_orders, excluded.gmv_fen, excluded.input_hash)
            """)
    }

    /// The brand's members' days are those of its shops, added up: what a member bought in two shops is one member.
    static func foldBrandDays(_ runs: [DayRun], turn: Int64, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO reporting.member_day AS m (brand_id, scope_id, person_id, day, orders, zero_orders, gmv_fen,
                input_hash, prev_day, next_day, turn)
            SELECT f.brand_id, \(ReportScope.wholeBrandID), f.person_id, f.day, f.orders, f.zero_orders, f.gmv_fen,
                f.input_hash, lag(f.day) OVER by_day, lead(f.day) OVER by_day, \(turn)
            FROM (
                SELECT d.brand_id, d.person_id, d.day, sum(d.orders) AS orders, sum(d.zero_orders) AS zero_orders,
                    sum(d.gmv_fen)::bigint AS gmv_fen, (sum(d.input_hash) % 9223372036854775807)::bigint AS input_hash
                FROM orders.shop s
                CROSS JOIN unnest(\(runs.map(\.from)), \(runs.map(\.to))) AS r (from_day, to_day)
                JOIN reporting.member_day d
                    ON d.brand_id = s.brand_id AND d.scope_id = s.shop_id AND d.day BETWEEN r.from_day AND r.to_day
                WHERE s.brand_id = \(brand) AND d.brand_id = \(brand)
                GROUP BY d.brand_id, d.person_id, d.day
            ) f
            WINDOW by_day AS (PARTITION BY f.person_id ORDER BY f.day)
            ON CONFLICT (brand_id, scope_id, person_id, day) DO UPDATE
            SET orders = excluded.orders, zero_orders = excluded.zero_orders, gmv_fen = excluded.gmv_fen,
                input_hash = excluded.input_hash
            WHERE (m.orders, m.zero_orders, m.gmv_fen, m.input_hash)
                IS DISTINCT FROM (excluded.orders, excluded.zero_orders, excluded.gmv_fen, excluded.input_hash)
            """)
    }

    /// The members who gained or lost a day in this turn.
    static func changedMembers(_ runs: [DayRun], turn: Int64, scope: UUID, brand: ID<Brand>) -> Statement<ID<Person>> {
        Statement(
            """
            SELECT DISTINCT m.person_id
            FROM unnest(\(runs.map(\.from)), \(runs.map(\.to))) AS r (from_day, to_day)
            JOIN reporting.member_day m ON m.day BETWEEN r.from_day AND r.to_day
            WHERE m.brand_id = \(brand) AND m.scope_id = \(scope) AND m.turn = \(turn)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// The rows of members whose links are not what they should be, with what they should be.
    static func wrongLinks(of members: [ID<Person>], scope: UUID, brand: ID<Brand>) -> Statement<MemberDay> {
        Statement(
            """
            SELECT w.person_id, w.day, w.prev_day, w.next_day
            FROM (
                SELECT d.person_id, d.day,
                    lag(d.day) OVER by_day AS prev_day,
                    lead(d.day) OVER by_day AS next_day,
                    d.prev_day AS old_prev_day,
                    d.next_day AS old_next_day
                FROM reporting.member_day d
                WHERE d.brand_id = \(brand) AND d.scope_id = \(scope) AND d.orders > 0 AND d.person_id = ANY(\(members))
                WINDOW by_day AS (PARTITION BY d.person_id ORDER BY d.day)
            ) w
            WHERE (w.old_prev_day, w.old_next_day) IS DISTINCT FROM (w.prev_day, w.next_day)
            """
        ) { row throws(PostgresError) in
            MemberDay(person: try row.next(), day: try row.next(), previous: try row.next(), next: try row.next())
        }
    }

    /// Links rows that exist.
    static func linkDays(_ days: [MemberDay], turn: Int64, scope: UUID, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO reporting.member_day (brand_id, scope_id, person_id, day, orders, zero_orders, gmv_fen, input_hash,
                prev_day, next_day, turn)
            SELECT b.brand_id, \(scope), x.person_id, x.day, 0, 0, 0, 0, x.prev_day, x.next_day, \(turn)
            FROM siyu.brand b
            CROSS JOIN unnest(\(days.map(\.person)), \(days.map(\.day)), \(days.map(\.previous)), \(days.map(\.next)))
                AS x (person_id, day, prev_day, next_day)
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id, scope_id, person_id, day) DO UPDATE
            SET prev_day = excluded.prev_day, next_day = excluded.next_day
            """)
    }

    static func removeEmptyDays(_ runs: [DayRun], turn: Int64, scope: UUID, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            DELETE FROM reporting.member_day m
            USING unnest(\(runs.map(\.from)), \(runs.map(\.to))) AS r (from_day, to_day)
            WHERE m.brand_id = \(brand) AND m.scope_id = \(scope) AND m.day BETWEEN r.from_day AND r.to_day
                AND m.orders = 0 AND m.turn = \(turn)
            """)
    }

    // MARK: Periods

    /// Computes the figures of every period of `grain` inside the runs; the runs of months begin and end with a month.
    static func foldPeriods(_ runs: [DayRun], grain: Grain, scope: UUID, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO reporting.period_figure AS f (brand_id, scope_id, grain, starts_on, gmv_fen, orders, zero_orders, payers,
                new_members, returning_members, single_members, repeat_members, input_hash)
            SELECT m.brand_id, \(scope), \(grain), p.starts_on,
                sum(m.gmv_fen)::bigint, sum(m.orders), sum(m.zero_orders),
                count(*) FILTER (WHERE m.next_day IS NULL OR m.next_day > p.ends_on),
                count(*) FILTER (WHERE m.prev_day IS NULL),
                count(*) FILTER (WHERE m.prev_day < p.starts_on),
                count(*) FILTER (WHERE m.orders = 1 AND (m.prev_day IS NULL OR m.prev_day < p.starts_on)
                    AND (m.next_day IS NULL OR m.next_day > p.ends_on)),
                count(*) FILTER (WHERE (m.orders > 1 OR m.prev_day >= p.starts_on)
                    AND (m.next_day IS NULL OR m.next_day > p.ends_on)),
                (sum(m.input_hash) % 9223372036854775807)::bigint
            FROM unnest(\(runs.map(\.from)), \(runs.map(\.to))) AS r (from_day, to_day)
            JOIN reporting.member_day m ON m.day BETWEEN r.from_day AND r.to_day
            CROSS JOIN LATERAL (
                SELECT date_trunc(\(grain), m.day::timestamp)::date AS starts_on,
                    (date_trunc(\(grain), m.day::timestamp) + ('1 ' || \(grain))::interval)::date - 1 AS ends_on
            ) p
            WHERE m.brand_id = \(brand) AND m.scope_id = \(scope)
            GROUP BY m.brand_id, p.starts_on
            ON CONFLICT (brand_id, scope_id, grain, starts_on) DO UPDATE
            SET gmv_fen = excluded.gmv_fen, orders = excluded.orders, zero_orders = excluded.zero_orders,
                payers = excluded.payers, new_members = excluded.new_members,
                returning_members = excluded.returning_members, single_members = excluded.single_members,
                repeat_members = excluded.repeat_members, input_hash = excluded.input_hash
            WHERE (f.gmv_fen, f.orders, f.zero_orders, f.payers, f.new_members, f.returning_members, f.single_members,
                f.repeat_members, f.input_hash)
                IS DISTINCT FROM (excluded.gmv_fen, excluded.orders, excluded.zero_orders, excluded.payers,
                excluded.new_members, excluded.returning_members, excluded.single_members, excluded.repeat_members,
                excluded.input_hash)
            """)
    }

    /// Removes the figures of periods that have no order any more.
    static func removeEmptyPeriods(_ runs: [DayRun], grain: Grain, scope: UUID, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            DELETE FROM reporting.period_figure f
            USING unnest(\(runs.map(\.from)), \(runs.map(\.to))) AS r (from_day, to_day)
            WHERE f.brand_id = \(brand) AND f.scope_id = \(scope) AND f.grain = \(grain)
                AND f.starts_on BETWEEN r.from_day AND r.to_day
                AND f.starts_on NOT IN (
                    SELECT DISTINCT date_trunc(\(grain), m.day::timestamp)::date
                    FROM unnest(\(runs.map(\.from)), \(runs.map(\.to))) AS q (from_day, to_day)
                    JOIN reporting.member_day m ON m.day BETWEEN q.from_day AND q.to_day
                    WHERE m.brand_id = \(brand) AND m.scope_id = \(scope)
                )
            """)
    }
}

/// A member's day, with its neighbours where they are known.
struct MemberDay: Hashable, Sendable {
    var person: ID<Person>
    var day: CalendarDate
    var previous: CalendarDate?
    var next: CalendarDate?
}
