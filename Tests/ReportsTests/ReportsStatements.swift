import Kernel
import Postgres

/// The SQL of the fixture.
enum ReportsStatements {
    static func addBrand(_ brand: ID<Brand>, name: String) -> Statement<Void> {
        Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), \(name), now())")
    }

    static func addShop(_ shop: ID<Shop>, code: String, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.shop (brand_id, shop_id, code, name, created_at)
            VALUES (\(brand), \(shop), \(code), \(code), now())
            """)
    }

    /// One order at noon, and its payment in the ledger.
    static func sell(shop: ID<Shop>, day: CalendarDate, fen: Int64, brand: ID<Brand>) -> [Statement<Void>] {
        let (order, person) = (ID<Order>.mint(), ID<Person>.mint())
        let (clearing, sales) = (ID<Account>.mint(), ID<Account>.mint())
        return [
            Statement(
                """
                INSERT INTO orders.customer_order (brand_id, order_id, shop_id, person_id, source, external_key, version, status,
                    placed_at, quantity, amount_fen, changed_at, created_at, updated_at)
                VALUES (\(brand), \(order), \(shop), \(person), 'fixture', '\\x01', 1, 'paid',
                    (\(day)::timestamp + INTERVAL '12 hours') AT TIME ZONE 'Asia/Shanghai', 1, \(fen), now(), now(), now())
                """),
            Statement(
                """
                INSERT INTO accounting.account (brand_id, account_id, kind, subject_id, created_at)
                VALUES (\(brand), \(clearing), 'clearing', \(shop), now()), (\(brand), \(sales), 'sales', \(shop), now())
                """),
            Statement(
                """
                INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind,
                    subject_id, occurred_at, posted_at)
                VALUES (\(brand), \(ID<Transfer>.mint()), \(clearing), \(sales), \(fen), 'order.paid', \(order),
                    (\(day)::timestamp + INTERVAL '12 hours') AT TIME ZONE 'Asia/Shanghai', now())
                """),
        ]
    }

    /// A difference that was found four days ago, and a refund whose outcome nobody has known for two.
    static func differ(brand: ID<Brand>, shop: ID<Shop>) -> [Statement<Void>] {
        let (payment, order, refund) = (ID<Payment>.mint(), ID<Order>.mint(), ID<Refund>.mint())
        return [
            Statement(
                """
                INSERT INTO orders.mismatch (brand_id, mismatch_id, mchid, bill_kind, bill_date, reason, our_no, line_no, bill_fen, our_fen,
                    found_at, seen_at)
                VALUES (\(brand), \(ID<Mismatch>.mint()), '1900000109', 'trade', '2026-01-01', 'payment_amount', 'x', 7, 12801, 12800,
                    now() - INTERVAL '4 days', now())
                """),
            Statement(
                """
                INSERT INTO orders.payment_intent (brand_id, intent_id, order_id, shop_id, person_id, mchid, amount_fen, quantity,
                    description, subject, owner_queue, state, transaction_id, paid_fen, expires_at, paid_at, created_at, updated_at)
                VALUES (\(brand), \(payment), \(order), \(shop), \(ID<Person>.mint()), '1900000109', 500, 1, 'Tea', 'order:1', 'none',
                    'paid', '42', 500, now(), now(), now(), now())
                """),
            Statement(
                """
                INSERT INTO orders.refund (brand_id, refund_id, payment_id, cause_id, number, round, out_refund_no, amount_fen, reason,
                    subject, owner_queue, state, attempts, requested_at, sent_at, updated_at)
                VALUES (\(brand), \(refund), \(payment), \(payment), 1, 1, 'RF-1', 500, 'part', 'order:1', 'none', 'unknown', 3,
                    now() - INTERVAL '2 days', now(), now())
                """),
        ]
    }
}
