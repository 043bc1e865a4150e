import FoundationEssentials
import Kernel
import Postgres

/// The SQL of fixtures of how people give.
enum GivingFixtureStatements {
    static func entry(_ code: String, title: String, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            "INSERT INTO gifting.entry (brand_id, code, title, created_at) VALUES (\(brand), \(code), \(title), now())")
    }

    static func setting(_ name: String, _ json: String, from instant: Date, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO policies.setting (brand_id, name, valid_from, value, author, reason, created_at)
            VALUES (\(brand), \(name), \(instant), (\(json)::text)::jsonb, 'Li', 'test', \(instant))
            """)
    }

    static func look(
        _ look: GivingFixture.Look, shop: ID<Shop>, product: ID<Product>, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.look (brand_id, look_id, shop_id, product_id, person_id, entry_code, cohort, looked_at)
            VALUES (\(brand), \(ID<Gift>.mint()), \(shop), \(product), \(look.person), \(look.entry), \(Int32(look.cohort)), \(look.at))
            """)
    }

    static func order(
        _ order: ID<Order>, by person: ID<Person>, shop: ID<Shop>, at instant: Date, cancelledAt: Date? = nil,
        brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.customer_order (brand_id, order_id, shop_id, person_id, source, external_key, version, status, placed_at,
                quantity, amount_fen, changed_at, created_at, updated_at)
            VALUES (\(brand), \(order), \(shop), \(person), 'test', sha256(\("\(order)")::bytea), 1,
                \(cancelledAt == nil ? "paid" : "cancelled"), \(instant), 1, 100, \(cancelledAt ?? instant), \(instant), \(instant))
            ON CONFLICT DO NOTHING
            """)
    }

    static func intent(_ gift: GivingFixture.Gift, subject: String, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.payment_intent (brand_id, intent_id, order_id, shop_id, person_id, mchid, amount_fen, quantity, description,
                subject, owner_queue, state, transaction_id, paid_fen, paid_at, expires_at, created_at, updated_at)
            VALUES (\(brand), \(gift.payment), \(gift.order), \(gift.shop), \(gift.sender), '1', \(gift.paid), 1, 'x', \(subject), 'gifts',
                'paid', \("\(gift.payment)"), \(gift.paid), \(gift.paidAt), \(gift.begunAt), \(gift.begunAt), \(gift.begunAt))
            ON CONFLICT DO NOTHING
            """)
    }

    static func gift(_ gift: GivingFixture.Gift, group: ID<Gift>?, brand: ID<Brand>) -> Statement<Void> {
        let isSent = gift.sentAt != nil
        let acceptedAt = gift.state == "accepted" ? gift.endedAt : nil
        let refund = group == nil && gift.back != nil ? gift.refund : nil
        return Statement(
            """
            INSERT INTO gifting.gift (brand_id, gift_id, shop_id, product_id, variant_id, sender_id, recipient_id, entry_code, state,
                captured_price_fen, pay_until, payment_id, order_id, sent_at, accept_until, claimed_at, address_id, accepted_at,
                locked_until, ended_at, refund_id, withdrawn_at, created_at, updated_at, cohort, group_id, quantity, send_at)
            VALUES (\(brand), \(gift.id), \(gift.shop), \(gift.product), \(ID<Variant>.mint()), \(gift.sender), \(gift.recipient),
                \(gift.entry), \(gift.state), \(gift.price), now(), \(gift.paidAt == nil ? nil : gift.payment),
                \(gift.paidAt == nil ? nil : gift.order), \(gift.sentAt), \(isSent ? gift.sentAt?.addingTimeInterval(86_400) : nil),
                \(gift.claimedAt), \(acceptedAt == nil ? nil : ID<Address>.mint()), \(acceptedAt), \(acceptedAt), \(gift.endedAt),
                \(refund), \(gift.withdrawnAt), \(gift.begunAt), now(), \(gift.cohort.map { Int32($0) }), \(group),
                \(Int32(gift.quantity)), \(gift.state == "scheduled" ? Date(timeIntervalSince1970: 4_000_000_000) : nil))
            """)
    }

    static func refund(
        _ id: ID<Refund>, _ amount: Int64, of payment: ID<Payment>, cause: UUID, number: Int, subject: String,
        at instant: Date,
        brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.refund (brand_id, refund_id, payment_id, cause_id, number, round, out_refund_no, amount_fen, reason, subject,
                owner_queue, state, attempts, requested_at, sent_at, finished_at, updated_at)
            VALUES (\(brand), \(id), \(payment), \(cause), \(Int32(number)), 1, \("\(id)"), \(amount), 'x', \(subject), 'gifts', 'succeeded',
                1, \(instant), \(instant), \(instant), \(instant))
            """)
    }

    static func group(
        _ id: ID<Gift>, _ gift: GivingFixture.Gift, units: Int, refund: ID<Refund>?, refundFen: Int64?, endedAt: Date?,
        brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.gift_group (brand_id, group_id, shop_id, product_id, variant_id, sender_id, entry_code, units, places, split,
                draw, entries_max, commitment, wrapped_seed, state, captured_price_fen, pay_until, payment_id, order_id, opened_at,
                enter_until, entries, drawn_at, accept_until, revealed_seed, ended_at, refund_id, refund_fen, created_at, updated_at)
            VALUES (\(brand), \(id), \(gift.shop), \(gift.product), \(ID<Variant>.mint()), \(gift.sender), \(gift.entry), \(Int32(units)), 3,
                'lucky', 'when_full', 3, sha256('x'::bytea), '', 'settled', \(gift.price), now(), \(gift.payment), \(gift.order),
                \(gift.paidAt), \(gift.sentAt), 3, \(gift.sentAt), \(gift.sentAt?.addingTimeInterval(86_400)), sha256('y'::bytea),
                \(endedAt), \(refund), \(refundFen), \(gift.begunAt), now())
            """)
    }

    static func win(_ gift: GivingFixture.Gift, rank: Int, of group: ID<Gift>, brand: ID<Brand>) -> [Statement<Void>] {
        let entry = ID<Gift>.mint()
        return [
            Statement(
                """
                INSERT INTO gifting.group_entry (brand_id, group_id, ordinal, entry_id, person_id, entered_at)
                VALUES (\(brand), \(group), \(Int32(rank)), \(entry), \(gift.recipient), now())
                """),
            Statement(
                """
                INSERT INTO gifting.group_win (brand_id, group_id, rank, entry_id, units, gift_id)
                VALUES (\(brand), \(group), \(Int32(rank)), \(entry), \(Int32(gift.quantity)), \(gift.id))
                """),
        ]
    }

    static func search(
        _ keyword: String, _ count: Int, on day: CalendarDate, shop: ID<Shop>, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.search (brand_id, shop_id, day, keyword, searches)
            VALUES (\(brand), \(shop), \(day), \(keyword), \(count))
            """)
    }

    // MARK: Examples by hand

    /// So many gifts of one price on 18 June 2025, the first of which were declined on the same day.
    static func spike(_ count: Int, fen: Int64, backs: Int, in world: GivingFixture) -> Statement<Void> {
        let (brand, shop, product) = (world.brand, world.shops[0], world.products[0])
        return Statement(
            """
            WITH made AS (
                SELECT n, gen_random_uuid() AS gift_id, gen_random_uuid() AS payment_id, gen_random_uuid() AS order_id,
                    gen_random_uuid() AS refund_id, '2025-06-18 12:00:00+08'::timestamptz AS sent_at
                FROM generate_series(1, \(count)) AS n
            ), paid AS (
                INSERT INTO orders.payment_intent (brand_id, intent_id, order_id, shop_id, person_id, mchid, amount_fen, quantity,
                    description, subject, owner_queue, state, transaction_id, paid_fen, paid_at, expires_at, created_at, updated_at)
                SELECT \(brand), payment_id, order_id, \(shop), gen_random_uuid(), '1', \(fen), 1, 'x', 'gift:' || gift_id, 'gifts', 'paid',
                    payment_id::text, \(fen), sent_at, sent_at, sent_at, sent_at
                FROM made
            )
            INSERT INTO gifting.gift (brand_id, gift_id, shop_id, product_id, variant_id, sender_id, recipient_id, state,
                captured_price_fen, pay_until, payment_id, order_id, sent_at, accept_until, ended_at, refund_id, created_at, updated_at)
            SELECT \(brand), gift_id, \(shop), \(product), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
                CASE WHEN n <= \(backs) THEN 'declined' ELSE 'sent' END, \(fen), sent_at, payment_id, order_id, sent_at,
                sent_at + interval '1 day', CASE WHEN n <= \(backs) THEN sent_at + interval '1 hour' END,
                CASE WHEN n <= \(backs) THEN refund_id END, sent_at, sent_at
            FROM made
            """)
    }

    static func spikeOutcomes(_ brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.outcome (brand_id, gift_id, outcome, decided_by, decided_at)
            SELECT brand_id, gift_id, 'declined', 'recipient', ended_at FROM gifting.gift
            WHERE brand_id = \(brand) AND refund_id IS NOT NULL
            """)
    }

    static func spikeRefunds(_ brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.refund (brand_id, refund_id, payment_id, cause_id, number, round, out_refund_no, amount_fen, reason, subject,
                owner_queue, state, attempts, requested_at, sent_at, finished_at, updated_at)
            SELECT brand_id, refund_id, payment_id, payment_id, 1, 1, refund_id::text, captured_price_fen, 'x', 'gift:' || gift_id, 'gifts',
                'succeeded', 1, ended_at, ended_at, ended_at + interval '1 day', ended_at
            FROM gifting.gift WHERE brand_id = \(brand) AND refund_id IS NOT NULL
            """)
    }

    static func spikeTransfers(_ brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id,
                occurred_at, posted_at)
            SELECT brand_id, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), amount_fen, 'order.refunded', refund_id, requested_at,
                finished_at
            FROM orders.refund WHERE brand_id = \(brand)
            """)
    }

    /// Giver n gives once, of n yuan; the twentieth gives twice.
    static func twentyGivers(in world: GivingFixture) -> Statement<Void> {
        let (brand, shop, product) = (world.brand, world.shops[0], world.products[0])
        return Statement(
            """
            INSERT INTO gifting.gift (brand_id, gift_id, shop_id, product_id, variant_id, sender_id, recipient_id, state,
                captured_price_fen, pay_until, payment_id, order_id, sent_at, accept_until, created_at, updated_at)
            SELECT \(brand), gen_random_uuid(), \(shop), \(product), gen_random_uuid(), md5('giver' || least(n, 20))::uuid,
                gen_random_uuid(), 'sent', least(n, 20) * 100, at, gen_random_uuid(), gen_random_uuid(), at, at + interval '1 day', at, at
            FROM generate_series(1, 21) AS n, (VALUES ('2025-06-18 12:00:00+08'::timestamptz)) AS t (at)
            """)
    }

    /// Two teas in drinks, and a ring in rings, which are jewellery.
    static func shelf(in world: GivingFixture) -> [Statement<Void>] {
        let (brand, shop, at) = (world.brand, world.shops[0], GivingFixture.start)
        var statements: [Statement<Void>] = []
        let codes = ["drinks", "jewellery", "rings"].map { ($0, ID<Category>.mint()) }
        let byCode = Dictionary(uniqueKeysWithValues: codes)
        for (code, id) in codes {
            let parent = code == "rings" ? byCode["jewellery"] : nil
            statements.append(
                Statement(
                    "INSERT INTO orders.category (brand_id, category_id, code, title, created_at) VALUES (\(brand), \(id), \(code), \(code), \(at))"
                ))
            statements.append(
                Statement(
                    """
                    INSERT INTO orders.category_place (brand_id, category_id, valid_from, parent_id, created_at)
                    VALUES (\(brand), \(id), \(at), \(parent), \(at))
                    """))
        }
        for (title, code) in [("Green Tea", "drinks"), ("Black tea", "drinks"), ("Gold ring", "rings")] {
            let (product, category) = (ID<Product>.mint(), byCode[code])
            statements.append(
                Statement(
                    """
                    INSERT INTO orders.product (brand_id, product_id, shop_id, sku, title, list_price_fen, created_at)
                    VALUES (\(brand), \(product), \(shop), \(title), \(title), 100, \(at))
                    """))
            statements.append(
                Statement(
                    """
                    INSERT INTO orders.variant (brand_id, variant_id, product_id, sku, title, list_price_fen, created_at)
                    VALUES (\(brand), \(ID<Variant>.mint()), \(product), 'one', 'one', 100, \(at))
                    """))
            statements.append(
                Statement(
                    """
                    INSERT INTO orders.product_category (brand_id, product_id, valid_from, category_id, created_at)
                    VALUES (\(brand), \(product), \(at), \(category), \(at))
                    """))
        }
        return statements
    }
}
