import FoundationEssentials
import Kernel
import Postgres

/// The SQL of gifts.
enum GiftStatements {
    /// The clock of the business as it is now, not when the transaction began.
    ///
    /// Read after the gift is locked: whoever decides later has the later instant, however long each of them waited for the lock.
    static func clock() -> Statement<Date> {
        Statement("SELECT siyu.clock() + (clock_timestamp() - transaction_timestamp())") { row throws(PostgresError) in
            try row.next()
        }
    }

    // MARK: The gift

    static func begin(_ gift: GiftRecord, cohort: Int32, brand: ID<Brand>) -> Statement<ID<Gift>> {
        Statement(
            """
            INSERT INTO gifting.gift (brand_id, gift_id, shop_id, product_id, variant_id, sender_id, recipient_id, greeting, cover_code,
                entry_code, send_at, state, pay_until, created_at, updated_at, cohort)
            SELECT b.brand_id, \(gift.id), \(gift.shop), \(gift.product), \(gift.variant), \(gift.sender), \(gift.recipient),
                \(gift.greeting), \(gift.cover), \(gift.entry), \(gift.sendAt), \(gift.state), \(gift.payUntil), \(gift.createdAt),
                \(gift.updatedAt), \(cohort)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            RETURNING gift_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func gift(_ id: ID<Gift>, brand: ID<Brand>) -> Statement<GiftRecord> {
        Statement(
            """
            SELECT gift_id, shop_id, product_id, variant_id, swapped_from, sender_id, recipient_id, greeting, cover_code,
                entry_code, send_at, state, captured_price_fen, pay_until, payment_id, order_id, sent_at, accept_until, claimed_at,
                address_id, prefilled_address_id, accepted_at, locked_until, ended_at, refund_id, refunded_at, withdrawn_at, created_at, updated_at,
                quantity, group_id
            FROM gifting.gift
            WHERE brand_id = \(brand) AND gift_id = \(id)
            """,
            row: giftRow)
    }

    /// Locks it until the transaction ends: whatever is decided about it stays true.
    static func lock(_ id: ID<Gift>, brand: ID<Brand>) -> Statement<GiftRecord> {
        Statement(
            """
            SELECT gift_id, shop_id, product_id, variant_id, swapped_from, sender_id, recipient_id, greeting, cover_code,
                entry_code, send_at, state, captured_price_fen, pay_until, payment_id, order_id, sent_at, accept_until, claimed_at,
                address_id, prefilled_address_id, accepted_at, locked_until, ended_at, refund_id, refunded_at, withdrawn_at, created_at, updated_at,
                quantity, group_id
            FROM gifting.gift
            WHERE brand_id = \(brand) AND gift_id = \(id)
            FOR NO KEY UPDATE
            """,
            row: giftRow)
    }

    @Sendable
    static func giftRow(_ row: inout RowReader) throws(PostgresError) -> GiftRecord {
        GiftRecord(
            id: try row.next(), shop: try row.next(), product: try row.next(), variant: try row.next(),
            swappedFrom: try row.next(), sender: try row.next(), recipient: try row.next(), greeting: try row.next(),
            cover: try row.next(), entry: try row.next(), sendAt: try row.next(),
            state: try row.next(), price: try row.next(), payUntil: try row.next(), payment: try row.next(),
            order: try row.next(), sentAt: try row.next(), acceptUntil: try row.next(), claimedAt: try row.next(),
            address: try row.next(), prefilledAddress: try row.next(), acceptedAt: try row.next(),
            lockedUntil: try row.next(), endedAt: try row.next(),
            refund: try row.next(), refundedAt: try row.next(), withdrawnAt: try row.next(), createdAt: try row.next(),
            updatedAt: try row.next(), quantity: Int(try row.next(Int32.self)), group: try row.next())
    }

    /// The row is locked; the state it was in is asked for all the same.
    static func save(_ gift: GiftRecord, from state: GiftState, brand: ID<Brand>) -> Statement<ID<Gift>> {
        Statement(
            """
            UPDATE gifting.gift
            SET variant_id = \(gift.variant), swapped_from = \(gift.swappedFrom), state = \(gift.state),
                captured_price_fen = \(gift.price), pay_until = \(gift.payUntil), payment_id = \(gift.payment),
                order_id = \(gift.order), sent_at = \(gift.sentAt), accept_until = \(gift.acceptUntil),
                claimed_at = \(gift.claimedAt), address_id = \(gift.address),
                prefilled_address_id = \(gift.prefilledAddress), accepted_at = \(gift.acceptedAt),
                locked_until = \(gift.lockedUntil), ended_at = \(gift.endedAt), refund_id = \(gift.refund),
                refunded_at = \(gift.refundedAt), withdrawn_at = \(gift.withdrawnAt), updated_at = \(gift.updatedAt)
            WHERE brand_id = \(brand) AND gift_id = \(gift.id) AND state = \(state)
            RETURNING gift_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    // MARK: What hangs on it

    static func capture(
        _ prices: [(variant: ID<Variant>, price: Money)], for gift: ID<Gift>, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.captured_price (brand_id, gift_id, variant_id, list_price_fen, captured_at)
            SELECT b.brand_id, \(gift), x.variant_id, x.list_price_fen, \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(prices.map(\.variant)), \(prices.map(\.price))) AS x (variant_id, list_price_fen)
            WHERE b.brand_id = \(brand)
            ORDER BY x.variant_id
            ON CONFLICT (brand_id, gift_id, variant_id) DO UPDATE
            SET list_price_fen = excluded.list_price_fen, captured_at = excluded.captured_at
            """)
    }

    static func capturedPrices(
        of gift: ID<Gift>, brand: ID<Brand>
    ) -> Statement<(variant: ID<Variant>, price: Money)> {
        Statement(
            """
            SELECT variant_id, list_price_fen
            FROM gifting.captured_price
            WHERE brand_id = \(brand) AND gift_id = \(gift)
            ORDER BY variant_id
            """
        ) { row throws(PostgresError) in (variant: try row.next(), price: try row.next()) }
    }

    static func addSwap(
        _ swap: ID<GiftSwap>, of gift: ID<Gift>, from old: ID<Variant>, to new: ID<Variant>, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.swap (brand_id, swap_id, gift_id, from_variant_id, to_variant_id, swapped_at)
            VALUES (\(brand), \(swap), \(gift), \(old), \(new), \(now))
            """)
    }

    /// No ON CONFLICT: a second end of a gift is a fault, and refused.
    static func addOutcome(_ end: GiftEnd, of gift: ID<Gift>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.outcome (brand_id, gift_id, outcome, decided_by, decided_at)
            VALUES (\(brand), \(gift), \(end.outcome), \(end.decidedBy), \(now))
            """)
    }

    /// The same for several, in the order of their keys.
    static func addOutcomes(_ ends: [(gift: GiftRecord, end: GiftEnd)], brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.outcome (brand_id, gift_id, outcome, decided_by, decided_at)
            SELECT b.brand_id, x.gift_id, x.outcome, x.decided_by, x.decided_at
            FROM siyu.brand b
            CROSS JOIN unnest(\(ends.map(\.gift.id)), \(ends.map(\.end.outcome)), \(ends.map(\.end.decidedBy)),
                \(ends.map(\.gift.updatedAt))) AS x (gift_id, outcome, decided_by, decided_at)
            WHERE b.brand_id = \(brand)
            ORDER BY x.gift_id
            """)
    }

    /// No ON CONFLICT: a gift is taken back once.
    static func addWithdrawal(
        _ decision: GiftWithdrawal, of gift: ID<Gift>, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.withdrawal (brand_id, gift_id, author, reason, withdrawn_at)
            VALUES (\(brand), \(gift), \(decision.author), \(decision.reason), \(now))
            """)
    }
}
