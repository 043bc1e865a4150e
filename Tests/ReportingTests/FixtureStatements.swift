import FoundationEssentials
import Kernel
import Postgres
import Reporting

/// The SQL of fixtures, and of recomputations that owe nothing to the rollups.
enum FixtureStatements {
    static func addBrand(_ brand: ID<Brand>, name: String) -> Statement<Void> {
        Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), \(name), now())")
    }

    static func addShop(_ shop: ID<Shop>, code: String, name: String, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.shop (brand_id, shop_id, code, name, created_at)
            VALUES (\(brand), \(shop), \(code), \(name), now())
            """)
    }

    static func addAccount(_ account: ID<Account>, kind: String, shop: ID<Shop>, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO accounting.account (brand_id, account_id, kind, subject_id, floor_fen, created_at)
            VALUES (\(brand), \(account), \(kind), \(shop), NULL, now())
            """)
    }

    /// Inserts orders, or changes them to what they are now.
    static func putOrders(_ orders: [FixtureOrder], brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.customer_order (brand_id, order_id, shop_id, person_id, source, external_key, version, status,
                placed_at, quantity, amount_fen, changed_at, created_at, updated_at)
            SELECT \(brand), o.order_id, o.shop_id, o.person_id, 'fixture', o.order_id::text::bytea, o.version, o.status,
                o.placed_at, 1, o.amount_fen, now(), now(), now()
            FROM unnest(\(orders.map(\.id)), \(orders.map(\.shop)), \(orders.map(\.person)), \(orders.map(\.version)),
                \(orders.map(\.status)), \(orders.map(\.placedAt)), \(orders.map(\.amount)))
                AS o (order_id, shop_id, person_id, version, status, placed_at, amount_fen)
            ON CONFLICT (brand_id, order_id) DO UPDATE
            SET person_id = excluded.person_id, version = excluded.version, status = excluded.status,
                placed_at = excluded.placed_at, amount_fen = excluded.amount_fen
            """)
    }

    static func postTransfers(_ transfers: [FixtureTransfer], brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind,
                subject_id, occurred_at, posted_at)
            SELECT \(brand), t.transfer_id, t.debit, t.credit, t.amount_fen, t.kind, t.transfer_id, t.occurred_at, now()
            FROM unnest(\(transfers.map(\.id)), \(transfers.map(\.debit)), \(transfers.map(\.credit)),
                \(transfers.map(\.amount)), \(transfers.map(\.kind)), \(transfers.map(\.occurredAt)))
                AS t (transfer_id, debit, credit, amount_fen, kind, occurred_at)
            """)
    }

    /// The figures of any days, from the orders alone: sets of people compared with sets of people.
    ///
    /// EXCEPT and INTERSECT, because they hash or sort even where the tables were never analysed; NOT IN would compare
    /// everybody with everybody then, and a test of seconds takes minutes.
    static func recomputed(_ range: DayRun, shop: ID<Shop>?, brand: ID<Brand>) -> Statement<Figures> {
        Statement(
            """
            WITH sale AS (
                SELECT o.person_id, o.amount_fen, (o.placed_at + INTERVAL '8 hours') AT TIME ZONE 'UTC' AS local
                FROM orders.customer_order o
                WHERE o.brand_id = \(brand) AND o.status IN ('paid', 'completed')
                    AND (\(shop) IS NULL OR o.shop_id = \(shop))
            ), inside AS (
                SELECT * FROM sale WHERE local::date >= \(range.from) AND local::date <= \(range.to)
            ), before AS (
                SELECT person_id FROM sale WHERE local::date < \(range.from)
            ), person AS (
                SELECT person_id, count(*) AS orders FROM inside GROUP BY person_id
            )
            SELECT
                (SELECT COALESCE(sum(amount_fen), 0)::bigint FROM inside),
                (SELECT count(*) FROM inside),
                (SELECT count(*) FROM inside WHERE amount_fen = 0),
                (SELECT count(DISTINCT person_id) FROM inside),
                (SELECT count(*) FROM (SELECT person_id FROM person EXCEPT SELECT person_id FROM before) AS new),
                (SELECT count(*) FROM (SELECT person_id FROM person INTERSECT SELECT person_id FROM before) AS back),
                (SELECT count(*) FROM person WHERE orders = 1),
                (SELECT count(*) FROM person WHERE orders >= 2)
            """
        ) { row throws(PostgresError) in
            Figures(
                gmv: try row.next(), orders: try row.next(), zeroOrders: try row.next(), payers: try row.next(),
                newMembers: try row.next(), returningMembers: try row.next(), singleMembers: try row.next(),
                repeatMembers: try row.next())
        }
    }

    /// All that is rolled up of a brand, as text, in order.
    static func rollupDump(brand: ID<Brand>) -> Statement<String> {
        Statement(
            """
            SELECT 'member ' || concat_ws(' ', scope_id, person_id, day, orders, zero_orders, gmv_fen, input_hash,
                COALESCE(prev_day::text, '-'), COALESCE(next_day::text, '-')) AS line
            FROM reporting.member_day WHERE brand_id = \(brand)
            UNION ALL
            SELECT 'period ' || concat_ws(' ', scope_id, grain, starts_on, gmv_fen, orders, zero_orders, payers, new_members,
                returning_members, single_members, repeat_members, input_hash)
            FROM reporting.period_figure WHERE brand_id = \(brand)
            UNION ALL
            SELECT 'mark ' || day FROM reporting.dirty_day WHERE brand_id = \(brand)
            ORDER BY line
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What siyu-reports has no business with.
    static func writesOfOtherRooms(brand: ID<Brand>) -> [Statement<Void>] {
        [
            Statement("UPDATE orders.customer_order SET amount_fen = 0 WHERE brand_id = \(brand)"),
            Statement("DELETE FROM orders.customer_order WHERE brand_id = \(brand)"),
            Statement("DELETE FROM accounting.transfer WHERE brand_id = \(brand)"),
            Statement("UPDATE accounting.transfer SET amount_fen = 1 WHERE brand_id = \(brand)"),
            Statement("SELECT sealed_value FROM vault.person WHERE brand_id = \(brand)"),
        ]
    }

    static func forgetRollups(brand: ID<Brand>) -> [Statement<Void>] {
        [
            Statement("DELETE FROM reporting.member_day WHERE brand_id = \(brand)"),
            Statement("DELETE FROM reporting.period_figure WHERE brand_id = \(brand)"),
            Statement("DELETE FROM reporting.dirty_day WHERE brand_id = \(brand)"),
        ]
    }
}
