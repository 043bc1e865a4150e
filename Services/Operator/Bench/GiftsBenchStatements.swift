import Foundation
import Gifting
import Kernel
import Orders
import Postgres

/// The SQL of the gifts' benchmark: gifts that were paid for, written as they stand in the tables after all steps before.
///
/// Everything is found by its number, so that pgbench can name it, too.
enum GiftsBenchStatements {
    /// What the gifts of a run have in common.
    struct Ground: Sendable {
        let brand: ID<Brand>
        let shop: ID<Shop>
        let product: ID<Product>
        let variant: ID<Variant>
        let mchid: String
        /// The shop's account of what WeChat Pay owes.
        let clearing: UUID
    }

    /// The id that a number has as a gift, a payment, and so on: those of a kind follow each other, as ours do.
    static func id(_ kind: Kind, _ number: Int) -> UUID {
        let digits = String(number, radix: 16)
        let text = "\(kind.rawValue)-0000-0000-0000-\(String(repeating: "0", count: 12 - digits.count))\(digits)"
        return UUID(uuidString: text) ?? UUID()
    }

    /// What a number is the id of.
    enum Kind: String {
        case gift = "00000001"
        case payment = "00000002"
        case order = "00000003"
        case sender = "00000004"
        case escrow = "00000005"
        case transfer = "00000006"
        case address = "00000007"
        case refund = "00000008"
        case recipient = "00000009"

        /// The id of a number, as an expression of SQL.
        func sql(_ number: String) -> String { "('\(rawValue)' || lpad(to_hex((\(number))::bigint), 24, '0'))::uuid" }
    }

    /// Payments, orders, escrows and gifts: 100 yuan each, all stages before behind them.
    ///
    /// - Parameters:
    ///   - recipients: Who receives them, one after the other; nobody in particular if it is empty.
    ///   - dueIn: When the first is to be accepted at the latest, in seconds from now; the others follow within `spread` seconds.
    static func fill(
        _ ground: Ground, numbers: Range<Int>, recipients: [UUID] = [], dueIn: Double, spread: Double
    ) -> [Statement<Void>] {
        money(ground, numbers: numbers)
            + gifts(ground, numbers: numbers, recipients: recipients, dueIn: dueIn, spread: spread)
    }

    private static let paidAt = "siyu.clock() - INTERVAL '2 days'"

    private static func money(_ ground: Ground, numbers: Range<Int>) -> [Statement<Void>] {
        let (first, last) = (numbers.lowerBound, numbers.upperBound - 1)
        return [
            Statement(
                """
                INSERT INTO orders.payment_intent (brand_id, intent_id, order_id, shop_id, person_id, mchid, amount_fen, quantity,
                    description, subject, owner_queue, state, transaction_id, paid_fen, expires_at, paid_at, created_at, updated_at)
                SELECT \(ground.brand), \(unsafeRaw: Kind.payment.sql("n")), \(unsafeRaw: Kind.order.sql("n")), \(ground.shop),
                    \(unsafeRaw: Kind.sender.sql("n")), \(ground.mchid), 10000, 1, 'Tea', 'gift:' || \(unsafeRaw: Kind.gift.sql("n")),
                    'gifts', 'paid', '42' || n, 10000, \(unsafeRaw: paidAt), \(unsafeRaw: paidAt), \(unsafeRaw: paidAt), \(unsafeRaw: paidAt)
                FROM generate_series(\(first), \(last)) n
                """),
            Statement(
                """
                INSERT INTO orders.customer_order (brand_id, order_id, shop_id, person_id, source, external_key, version, status, placed_at,
                    quantity, amount_fen, changed_at, created_at, updated_at)
                SELECT \(ground.brand), \(unsafeRaw: Kind.order.sql("n")), \(ground.shop), \(unsafeRaw: Kind.sender.sql("n")), 'gift',
                    uuid_send(\(unsafeRaw: Kind.order.sql("n"))), 1, 'paid', \(unsafeRaw: paidAt), 1, 10000, \(unsafeRaw: paidAt), \(unsafeRaw: paidAt), \(unsafeRaw: paidAt)
                FROM generate_series(\(first), \(last)) n
                """),
            Statement(
                """
                INSERT INTO orders.payment (brand_id, payment_id, order_id, order_version, amount_fen, status, paid_at, created_at, updated_at)
                SELECT \(ground.brand), \(unsafeRaw: Kind.payment.sql("n")), \(unsafeRaw: Kind.order.sql("n")), 1, 10000, 'paid', \(unsafeRaw: paidAt),
                    \(unsafeRaw: paidAt), \(unsafeRaw: paidAt)
                FROM generate_series(\(first), \(last)) n
                """),
            Statement(
                """
                INSERT INTO accounting.account (brand_id, account_id, kind, subject_id, floor_fen, created_at)
                SELECT \(ground.brand), \(unsafeRaw: Kind.escrow.sql("n")), 'escrow', \(unsafeRaw: Kind.payment.sql("n")), 0, \(unsafeRaw: paidAt)
                FROM generate_series(\(first), \(last)) n
                """),
            Statement(
                """
                INSERT INTO accounting.balance (brand_id, account_id, floor_fen, balance_fen, updated_at)
                SELECT \(ground.brand), \(unsafeRaw: Kind.escrow.sql("n")), 0, 10000, \(unsafeRaw: paidAt)
                FROM generate_series(\(first), \(last)) n
                """),
            Statement(
                """
                INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id,
                    occurred_at, posted_at)
                SELECT \(ground.brand), \(unsafeRaw: Kind.transfer.sql("n")), \(ground.clearing), \(unsafeRaw: Kind.escrow.sql("n")), 10000,
                    'order.paid', \(unsafeRaw: Kind.payment.sql("n")), \(unsafeRaw: paidAt), \(unsafeRaw: paidAt)
                FROM generate_series(\(first), \(last)) n
                """),
        ]
    }

    private static func gifts(
        _ ground: Ground, numbers: Range<Int>, recipients: [UUID], dueIn: Double, spread: Double
    ) -> [Statement<Void>] {
        let (first, last) = (numbers.lowerBound, numbers.upperBound - 1)
        let isClaimed = !recipients.isEmpty
        return [
            Statement(
                """
                INSERT INTO gifting.gift (brand_id, gift_id, shop_id, product_id, variant_id, sender_id, recipient_id, state,
                    captured_price_fen, pay_until, payment_id, order_id, sent_at, accept_until, claimed_at, address_id, created_at, updated_at)
                SELECT \(ground.brand), \(unsafeRaw: Kind.gift.sql("n")), \(ground.shop), \(ground.product), \(ground.variant),
                    \(unsafeRaw: Kind.sender.sql("n")),
                    COALESCE((\(recipients))[(1 + (n - \(first)) % GREATEST(1, \(recipients.count)))::integer], \(unsafeRaw: Kind.recipient.sql("n"))),
                    CASE WHEN \(isClaimed) THEN 'claimed' ELSE 'sent' END, 10000, \(unsafeRaw: paidAt), \(unsafeRaw: Kind.payment.sql("n")),
                    \(unsafeRaw: Kind.order.sql("n")), \(unsafeRaw: paidAt),
                    siyu.clock() + make_interval(secs => \(dueIn) + \(spread) * (n - \(first)) / \(numbers.count)),
                    CASE WHEN \(isClaimed) THEN \(unsafeRaw: paidAt) END,
                    CASE WHEN \(isClaimed) THEN \(unsafeRaw: Kind.address.sql("n")) END, \(unsafeRaw: paidAt), \(unsafeRaw: paidAt)
                FROM generate_series(\(first), \(last)) n
                """),
            Statement(
                """
                INSERT INTO gifting.captured_price (brand_id, gift_id, variant_id, list_price_fen, captured_at)
                SELECT \(ground.brand), \(unsafeRaw: Kind.gift.sql("n")), \(ground.variant), 10000, \(unsafeRaw: paidAt)
                FROM generate_series(\(first), \(last)) n
                """),
        ]
    }

    static func analyse() -> Statement<Void> {
        Statement(
            """
            ANALYZE gifting.gift, gifting.captured_price, orders.payment_intent, orders.customer_order, orders.payment,
                accounting.account, accounting.balance, accounting.transfer, vault.person
            """)
    }

    static func addMerchant(_ ground: Ground) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.merchant (mchid, merchant_id, brand_id, appid, base_url, notify_base, sealed_credentials, created_at, updated_at)
            VALUES (\(ground.mchid), \(ID<Merchants>.mint()), \(ground.brand), 'wx1', 'https://pay.test', 'https://shop.test', '', now(), now())
            """)
    }

    static func count(_ state: String) -> Statement<Int> {
        Statement("SELECT count(*) FROM gifting.gift WHERE state = \(state)") { row throws(PostgresError) in
            try row.next()
        }
    }

    // MARK: The same without us

    /// What accepting changes, statement by statement, with the answer kept for whoever asks again.
    ///
    /// Gifts are taken by a random number: the few that come twice change nothing the second time, which favours this figure.
    static func acceptScript(_ ground: Ground, sales: UUID, key: UUID, numbers: Range<Int>) -> String {
        let brand = "'\(ground.brand)'"
        let gift = Kind.gift.sql(":n")
        return """
            \\set n random(\(numbers.lowerBound), \(numbers.upperBound - 1))
            BEGIN;
            SELECT body_hash, status, content_type, response FROM hooks.idempotency
            WHERE brand_id = \(brand) AND caller = '\(key)' AND route = 'raw' AND key = :n::text;
            SELECT person_id FROM vault.person WHERE brand_id = \(brand) AND kind = 'openid'
            AND blind_index = sha256(convert_to('raw-' || :n::text, 'UTF8'));
            SELECT * FROM gifting.gift WHERE brand_id = \(brand) AND gift_id = \(gift) FOR NO KEY UPDATE;
            SELECT value FROM policies.standard WHERE name = 'gift.lock_window' ORDER BY valid_from DESC LIMIT 1;
            SELECT account_id FROM accounting.account WHERE brand_id = \(brand) AND kind = 'escrow' AND subject_id = \(Kind.payment.sql(":n"));
            SELECT account_id FROM accounting.account WHERE brand_id = \(brand) AND kind = 'sales' AND subject_id = '\(ground.shop)';
            SELECT balance_fen FROM accounting.balance WHERE brand_id = \(brand) AND account_id = \(Kind.escrow.sql(":n")) FOR UPDATE;
            INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id, \
            occurred_at, posted_at) VALUES (\(brand), gen_random_uuid(), \(Kind.escrow.sql(":n")), '\(sales)', 10000, 'gift.accepted', \
            \(gift), now(), now()) ON CONFLICT DO NOTHING;
            UPDATE accounting.balance SET balance_fen = 0, updated_at = now() WHERE brand_id = \(brand) \
            AND account_id = \(Kind.escrow.sql(":n"));
            INSERT INTO gifting.outcome (brand_id, gift_id, outcome, decided_by, decided_at) \
            VALUES (\(brand), \(gift), 'accepted', 'recipient', now()) ON CONFLICT DO NOTHING;
            UPDATE gifting.gift SET state = 'accepted', accepted_at = now(), ended_at = now(), locked_until = now() + INTERVAL '1 day', \
            updated_at = now() WHERE brand_id = \(brand) AND gift_id = \(gift) AND state = 'claimed';
            SELECT p.variant_id, v.title, s.available FROM gifting.captured_price p JOIN orders.variant v USING (brand_id, variant_id) \
            JOIN orders.stock s USING (brand_id, variant_id) WHERE p.brand_id = \(brand) AND p.gift_id = \(gift);
            INSERT INTO hooks.idempotency (\(idempotencyColumns)) VALUES (\(brand), '\(key)', 'raw', :n::text, \
            sha256(convert_to(:n::text, 'UTF8')), 200, 'application/json', convert_to(repeat('x', 600), 'UTF8'), now()) ON CONFLICT DO NOTHING;
            COMMIT;

            """
    }

    private static let idempotencyColumns =
        "brand_id, caller, route, key, body_hash, status, content_type, response, created_at"

    /// What ending a set of gifts changes, as one statement that commits itself: the rows alone, no jobs.
    static func expireSet(_ ground: Ground, limit: Int) -> Statement<Int> {
        Statement(
            """
            WITH due AS (
                SELECT gift_id, payment_id, variant_id
                FROM gifting.gift
                WHERE brand_id = \(ground.brand) AND state IN ('sent', 'claimed') AND accept_until < now()
                ORDER BY accept_until
                LIMIT \(limit)
                FOR NO KEY UPDATE SKIP LOCKED
            ), paid AS (
                UPDATE orders.payment_intent p
                SET refund_reserved_fen = p.paid_fen, updated_at = now()
                FROM due d
                WHERE p.brand_id = \(ground.brand) AND p.intent_id = d.payment_id
                RETURNING p.intent_id, p.paid_fen, p.subject, p.owner_queue
            ), refund AS (
                INSERT INTO orders.refund (brand_id, refund_id, payment_id, cause_id, number, round, out_refund_no, amount_fen, reason,
                    subject, owner_queue, state, attempts, requested_at, updated_at)
                SELECT \(ground.brand), gen_random_uuid(), intent_id, intent_id, 1, 1, 'RF-' || replace(intent_id::text, '-', '') || '-1',
                    paid_fen, '礼物超过时限未收下', subject, owner_queue, 'requested', 0, now(), now()
                FROM paid
                RETURNING refund_id, payment_id
            ), outcome AS (
                INSERT INTO gifting.outcome (brand_id, gift_id, outcome, decided_by, decided_at)
                SELECT \(ground.brand), gift_id, 'expired', 'deadline', now() FROM due
            ), movement AS (
                INSERT INTO orders.stock_movement (brand_id, movement_id, variant_id, quantity, kind, subject_id, occurred_at)
                SELECT \(ground.brand), gen_random_uuid(), variant_id, 1, 'gift.release', gift_id, now() FROM due
            ), shelf AS (
                UPDATE orders.stock s
                SET available = s.available + x.pieces, updated_at = now()
                FROM (SELECT variant_id, count(*) AS pieces FROM due GROUP BY variant_id) x
                WHERE s.brand_id = \(ground.brand) AND s.variant_id = x.variant_id
            ), ended AS (
                UPDATE gifting.gift g
                SET state = 'expired', ended_at = now(), refund_id = r.refund_id, updated_at = now()
                FROM due d JOIN refund r USING (payment_id)
                WHERE g.brand_id = \(ground.brand) AND g.gift_id = d.gift_id
                RETURNING g.gift_id
            )
            SELECT count(*) FROM ended
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
