import FoundationEssentials
import Kernel
import Postgres

/// The SQL of cards.
enum CardStatements {
    /// The clock of the business as it is now, not when the transaction began: it is read after the lock.
    static func clock() -> Statement<Date> {
        Statement("SELECT siyu.clock() + (clock_timestamp() - transaction_timestamp())") { row throws(PostgresError) in
            try row.next()
        }
    }

    static func add(_ card: CardRecord, brand: ID<Brand>, now: Date) -> Statement<ID<BenefitCard>> {
        Statement(
            """
            INSERT INTO promotions.card (brand_id, card_id, shop_id, person_id, cap_fen, ends_at, state, used_fen, charged_fen,
                created_at, updated_at)
            SELECT b.brand_id, \(card.id), s.shop_id, \(card.person), \(card.cap), \(card.endsAt), 'active', 0, 0, \(now), \(now)
            FROM siyu.brand b
            JOIN orders.shop s ON s.brand_id = b.brand_id AND s.shop_id = \(card.shop)
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id, card_id) DO NOTHING
            RETURNING card_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func addGoals(_ card: CardRecord, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO promotions.card_goal (brand_id, card_id, goal, wanted, reached)
            SELECT b.brand_id, \(card.id), g.goal, g.wanted, 0
            FROM siyu.brand b
            CROSS JOIN unnest(\(card.goals.map(\.name))::text[], \(card.goals.map { Int32($0.wanted) })::integer[])
                AS g (goal, wanted)
            WHERE b.brand_id = \(brand)
            ORDER BY g.goal
            ON CONFLICT (brand_id, card_id, goal) DO NOTHING
            """)
    }

    /// Locks the card until the transaction ends; its goals are read apart.
    static func lock(_ id: ID<BenefitCard>, brand: ID<Brand>) -> Statement<CardRecord> {
        Statement(
            """
            SELECT card_id, shop_id, person_id, cap_fen, ends_at, state, used_fen, charged_fen, updated_at
            FROM promotions.card
            WHERE brand_id = \(brand) AND card_id = \(id)
            FOR UPDATE
            """, row: card)
    }

    /// The card as it stands, for whoever looks on; its goals are read apart.
    static func card(_ id: ID<BenefitCard>, brand: ID<Brand>) -> Statement<CardRecord> {
        Statement(
            """
            SELECT card_id, shop_id, person_id, cap_fen, ends_at, state, used_fen, charged_fen, updated_at
            FROM promotions.card
            WHERE brand_id = \(brand) AND card_id = \(id)
            """, row: card)
    }

    static func goals(of id: ID<BenefitCard>, brand: ID<Brand>) -> Statement<CardGoal> {
        Statement(
            """
            SELECT goal, wanted, reached
            FROM promotions.card_goal
            WHERE brand_id = \(brand) AND card_id = \(id)
            ORDER BY goal
            """
        ) { row throws(PostgresError) in
            CardGoal(
                name: try row.next(), wanted: Int(try row.next(Int32.self)), reached: Int(try row.next(Int32.self)))
        }
    }

    static func event(_ serial: String, of id: ID<BenefitCard>, brand: ID<Brand>) -> Statement<CardEvent> {
        Statement(
            """
            SELECT serial, goal, count, amount_fen, order_id
            FROM promotions.card_event
            WHERE brand_id = \(brand) AND card_id = \(id) AND serial = \(serial)
            """, row: event)
    }

    /// What counts for an order, on whatever card of a shop, or of the brand.
    static func events(
        of order: ID<Order>, shop: ID<Shop>?, brand: ID<Brand>
    ) -> Statement<(card: ID<BenefitCard>, event: CardEvent)> {
        Statement(
            """
            SELECT e.card_id, e.serial, e.goal, e.count, e.amount_fen, e.order_id
            FROM promotions.card_event e
            JOIN promotions.card c ON c.brand_id = e.brand_id AND c.card_id = e.card_id
            WHERE e.brand_id = \(brand) AND e.order_id = \(order) AND e.count > 0 AND (\(shop) IS NULL OR c.shop_id = \(shop))
            ORDER BY e.card_id, e.serial
            """
        ) { row throws(PostgresError) in (card: try row.next(), event: try event(&row)) }
    }

    static func add(
        _ event: CardEvent, of id: ID<BenefitCard>, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        var (goal, count, amount): (String?, Int32?, Money?) = (nil, nil, nil)
        switch event.what {
        case .progress(let name, let number): (goal, count) = (name, Int32(clamping: number))
        case .benefit(let worth): amount = worth
        }
        return Statement(
            """
            INSERT INTO promotions.card_event (brand_id, card_id, serial, goal, count, amount_fen, order_id, recorded_at)
            SELECT b.brand_id, \(id), \(event.serial), \(goal), \(count), \(amount), \(event.order), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    static func save(_ card: CardRecord, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            UPDATE promotions.card
            SET state = \(card.state), used_fen = \(card.used), charged_fen = \(card.charged), updated_at = \(card.updatedAt),
                settled_at = CASE WHEN \(card.state != .active) THEN \(card.updatedAt) END
            WHERE brand_id = \(brand) AND card_id = \(card.id)
            """)
    }

    static func save(_ goal: CardGoal, of id: ID<BenefitCard>, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            UPDATE promotions.card_goal
            SET reached = \(Int32(clamping: goal.reached))
            WHERE brand_id = \(brand) AND card_id = \(id) AND goal = \(goal.name)
            """)
    }

    @Sendable
    private static func card(_ row: inout RowReader) throws(PostgresError) -> CardRecord {
        let (id, shop, person) = (
            try row.next(ID<BenefitCard>.self), try row.next(ID<Shop>.self), try row.next(ID<Person>.self)
        )
        let (cap, endsAt) = (try row.next(Money.self), try row.next(Date.self))
        return CardRecord(
            id: id, shop: shop, person: person, goals: [], cap: cap, endsAt: endsAt, state: try row.next(),
            used: try row.next(), charged: try row.next(), updatedAt: try row.next())
    }

    @Sendable
    private static func event(_ row: inout RowReader) throws(PostgresError) -> CardEvent {
        let (serial, goal, count, amount) = (
            try row.next(String.self), try row.next(String?.self), try row.next(Int32?.self), try row.next(Money?.self)
        )
        let what: CardEvent.What =
            if let goal, let count { .progress(goal: goal, by: Int(count)) } else { .benefit(amount ?? .zero) }
        return CardEvent(serial: serial, what: what, order: try row.next())
    }
}
