import Accounting
import FoundationEssentials
import Kernel
import Postgres

/// The SQL of what sales give.
enum SaleEffectStatements {
    /// What is due for an order, which nobody changes until the transaction ends.
    static func lockOrder(_ id: ID<Order>, brand: ID<Brand>) -> Statement<Sale> {
        Statement(
            """
            SELECT shop_id, CASE WHEN status = 'cancelled' THEN 0 ELSE amount_fen END
            FROM orders.customer_order
            WHERE brand_id = \(brand) AND order_id = \(id)
            FOR UPDATE
            """
        ) { row throws(PostgresError) in Sale(shop: try row.next(), due: try row.next()) }
    }

    /// Whether all of what an order gave as a kind is back; no row where it gave nothing.
    static func isReturned(_ kind: TransferKind, by order: ID<Order>, brand: ID<Brand>) -> Statement<Bool> {
        Statement(
            """
            SELECT returned_fen = sale_fen
            FROM orders.sale_effect
            WHERE brand_id = \(brand) AND order_id = \(order) AND kind = \(kind.rawValue)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// The kinds that are new.
    static func add(
        _ grants: [SaleGrant], for order: ID<Order>, sale: Money, brand: ID<Brand>, now: Date
    ) -> Statement<String> {
        Statement(
            """
            INSERT INTO orders.sale_effect (brand_id, order_id, kind, back_kind, debit_account_id, credit_account_id, amount_fen,
                sale_fen, returned_fen, owner_queue, created_at, updated_at)
            SELECT b.brand_id, \(order), x.kind, x.back_kind, x.debit_account_id, x.credit_account_id, x.amount_fen, \(sale), 0,
                x.owner_queue, \(now), \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(grants.map(\.kind.rawValue)), \(grants.map(\.effect.backKind.rawValue)),
                \(grants.map(\.effect.debit)), \(grants.map(\.effect.credit)), \(grants.map(\.effect.amount)),
                \(grants.map(\.ownerQueue)))
                AS x (kind, back_kind, debit_account_id, credit_account_id, amount_fen, owner_queue)
            WHERE b.brand_id = \(brand)
            ORDER BY x.kind
            ON CONFLICT (brand_id, order_id, kind) DO NOTHING
            RETURNING kind
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func effects(of orders: [ID<Order>], brand: ID<Brand>) -> Statement<GivenEffect> {
        Statement(
            """
            SELECT x.order_id, e.kind, e.back_kind, e.debit_account_id, e.credit_account_id, e.amount_fen, e.sale_fen, e.returned_fen,
                e.owner_queue
            FROM unnest(\(orders)) AS x (order_id)
            CROSS JOIN LATERAL (
                SELECT kind, back_kind, debit_account_id, credit_account_id, amount_fen, sale_fen, returned_fen,
                    owner_queue
                FROM orders.sale_effect
                WHERE brand_id = \(brand) AND order_id = x.order_id
                ORDER BY kind
                LIMIT 1000
            ) e
            """
        ) { row throws(PostgresError) in
            let order = try row.next(ID<Order>.self)
            let kind = TransferKind(rawValue: try row.next())
            let back = TransferKind(rawValue: try row.next())
            return GivenEffect(
                order: order, kind: kind,
                effect: SaleEffect(
                    debit: try row.next(), credit: try row.next(), amount: try row.next(), backKind: back),
                sale: try row.next(), returned: try row.next(), ownerQueue: try row.next(String?.self))
        }
    }

    static func setReturned(
        _ returned: Money, of order: ID<Order>, kind: TransferKind, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.sale_effect
            SET returned_fen = \(returned), updated_at = \(now)
            WHERE brand_id = \(brand) AND order_id = \(order) AND kind = \(kind.rawValue)
            """)
    }
}
