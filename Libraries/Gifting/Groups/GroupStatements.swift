import FoundationEssentials
import Kernel
import Postgres

/// The SQL of group gifts.
enum GroupStatements {
    // MARK: The group gift

    static func begin(_ group: GroupRecord, cohort: Int32, brand: ID<Brand>) -> Statement<ID<GiftGroup>> {
        let terms = group.terms
        return Statement(
            """
            INSERT INTO gifting.gift_group (brand_id, group_id, shop_id, product_id, variant_id, sender_id, greeting, cover_code, entry_code,
                units, places, split, draw, entries_max, draw_at, commitment, wrapped_seed, state, captured_price_fen, pay_until,
                entries, created_at, updated_at, cohort)
            SELECT b.brand_id, \(group.id), \(group.shop), \(group.product), \(group.variant), \(group.sender), \(group.greeting),
                \(group.cover), \(group.entryCode), \(Int32(clamping: terms.units)), \(Int32(clamping: terms.places)),
                \(terms.split), \(terms.moment.word), \(Int32(clamping: terms.entriesMax)), \(terms.moment.instant),
                \(group.commitment), \(group.wrappedSeed), \(group.state), \(group.price), \(group.payUntil),
                \(Int32(clamping: group.entries)), \(group.createdAt), \(group.updatedAt), \(cohort)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            RETURNING group_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func group(_ id: ID<GiftGroup>, brand: ID<Brand>) -> Statement<GroupRecord> {
        Statement(
            """
            SELECT group_id, shop_id, product_id, variant_id, sender_id, greeting, cover_code, entry_code, units, places, split, draw,
                entries_max, draw_at, commitment, wrapped_seed, state, captured_price_fen, pay_until, payment_id, order_id, opened_at,
                enter_until, entries, drawn_at, accept_until, revealed_seed, ended_at, refund_id, refund_fen, refunded_at, created_at,
                updated_at
            FROM gifting.gift_group
            WHERE brand_id = \(brand) AND group_id = \(id)
            """,
            row: groupRow)
    }

    /// Locks it until the transaction ends: whoever holds this makes the next entry, or draws.
    static func lock(_ id: ID<GiftGroup>, brand: ID<Brand>) -> Statement<GroupRecord> {
        Statement(
            """
            SELECT group_id, shop_id, product_id, variant_id, sender_id, greeting, cover_code, entry_code, units, places, split, draw,
                entries_max, draw_at, commitment, wrapped_seed, state, captured_price_fen, pay_until, payment_id, order_id, opened_at,
                enter_until, entries, drawn_at, accept_until, revealed_seed, ended_at, refund_id, refund_fen, refunded_at, created_at,
                updated_at
            FROM gifting.gift_group
            WHERE brand_id = \(brand) AND group_id = \(id)
            FOR NO KEY UPDATE
            """,
            row: groupRow)
    }

    @Sendable
    private static func groupRow(_ row: inout RowReader) throws(PostgresError) -> GroupRecord {
        let id = try row.next(ID<GiftGroup>.self)
        let (shop, product) = (try row.next(ID<Shop>.self), try row.next(ID<Product>.self))
        let (variant, sender) = (try row.next(ID<Variant>.self), try row.next(ID<Person>.self))
        let (greeting, cover, entry) = (
            try row.next(String?.self), try row.next(String?.self), try row.next(String?.self)
        )
        let (units, places) = (Int(try row.next(Int32.self)), Int(try row.next(Int32.self)))
        let split = try row.next(GroupSplit.self)
        _ = try row.next(String.self)
        let entriesMax = Int(try row.next(Int32.self))
        let moment = try row.next(Date?.self).map { GroupMoment.atTime($0) } ?? .whenFull
        return GroupRecord(
            id: id, shop: shop, product: product, variant: variant, sender: sender, greeting: greeting, cover: cover,
            entryCode: entry,
            terms: GroupTerms(units: units, places: places, split: split, moment: moment, entriesMax: entriesMax),
            commitment: try row.next(), wrappedSeed: try row.next(), state: try row.next(), price: try row.next(),
            payUntil: try row.next(), payment: try row.next(), order: try row.next(), openedAt: try row.next(),
            enterUntil: try row.next(), entries: Int(try row.next(Int32.self)), drawnAt: try row.next(),
            acceptUntil: try row.next(), revealedSeed: try row.next(), endedAt: try row.next(),
            refund: try row.next(), refundAmount: try row.next(), refundedAt: try row.next(),
            createdAt: try row.next(), updatedAt: try row.next())
    }

    /// The row is locked; the state it was in is asked for all the same.
    static func save(_ group: GroupRecord, from state: GroupState, brand: ID<Brand>) -> Statement<ID<GiftGroup>> {
        Statement(
            """
            UPDATE gifting.gift_group
            SET state = \(group.state), pay_until = \(group.payUntil), payment_id = \(group.payment), order_id = \(group.order),
                opened_at = \(group.openedAt), enter_until = \(group.enterUntil), entries = \(Int32(clamping: group.entries)),
                drawn_at = \(group.drawnAt), accept_until = \(group.acceptUntil), revealed_seed = \(group.revealedSeed),
                ended_at = \(group.endedAt), refund_id = \(group.refund), refund_fen = \(group.refundAmount),
                refunded_at = \(group.refundedAt), updated_at = \(group.updatedAt)
            WHERE brand_id = \(brand) AND group_id = \(group.id) AND state = \(state)
            RETURNING group_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func capture(
        _ prices: [(variant: ID<Variant>, price: Money)], for group: ID<GiftGroup>, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.group_price (brand_id, group_id, variant_id, list_price_fen, captured_at)
            SELECT b.brand_id, \(group), x.variant_id, x.list_price_fen, \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(prices.map(\.variant)), \(prices.map(\.price))) AS x (variant_id, list_price_fen)
            WHERE b.brand_id = \(brand)
            ORDER BY x.variant_id
            """)
    }

    /// What everybody may know of a group gift that is paid for.
    struct Published: Sendable {
        let terms: GroupTerms
        let commitment: [UInt8]
        let seed: [UInt8]?
        let entries: Int
    }

    static func published(_ id: ID<GiftGroup>, brand: ID<Brand>) -> Statement<Published> {
        Statement(
            """
            SELECT units, places, split, entries_max, draw_at, commitment, revealed_seed, entries
            FROM gifting.gift_group
            WHERE brand_id = \(brand) AND group_id = \(id) AND opened_at IS NOT NULL
            """
        ) { row throws(PostgresError) in
            let (units, places) = (Int(try row.next(Int32.self)), Int(try row.next(Int32.self)))
            let split = try row.next(GroupSplit.self)
            let entriesMax = Int(try row.next(Int32.self))
            let moment = try row.next(Date?.self).map { GroupMoment.atTime($0) } ?? .whenFull
            let terms = GroupTerms(
                units: units, places: places, split: split, moment: moment, entriesMax: entriesMax)
            return Published(
                terms: terms, commitment: try row.next(), seed: try row.next(), entries: Int(try row.next(Int32.self)))
        }
    }

    // MARK: Entries

    static func enter(
        _ entry: ID<GroupEntry>, of person: ID<Person>, in group: ID<GiftGroup>, ordinal: Int, brand: ID<Brand>,
        now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.group_entry (brand_id, group_id, ordinal, entry_id, person_id, entered_at)
            VALUES (\(brand), \(group), \(Int32(clamping: ordinal)), \(entry), \(person), \(now))
            """)
    }

    /// Somebody's entry, with what it won.
    static func entry(of person: ID<Person>, in group: ID<GiftGroup>, brand: ID<Brand>) -> Statement<OwnEntry> {
        Statement(
            """
            SELECT e.entry_id, e.ordinal, w.gift_id, w.units
            FROM gifting.group_entry e
            LEFT JOIN gifting.group_win w ON w.brand_id = e.brand_id AND w.entry_id = e.entry_id
            WHERE e.brand_id = \(brand) AND e.group_id = \(group) AND e.person_id = \(person)
            """
        ) { row throws(PostgresError) in
            OwnEntry(
                id: try row.next(), ordinal: Int(try row.next(Int32.self)), gift: try row.next(),
                units: try row.next(Int32?.self).map { Int($0) })
        }
    }

    /// All who entered, in their order.
    static func entries(
        of group: ID<GiftGroup>, brand: ID<Brand>
    ) -> Statement<(entry: ID<GroupEntry>, person: ID<Person>)> {
        Statement(
            """
            SELECT entry_id, person_id
            FROM gifting.group_entry
            WHERE brand_id = \(brand) AND group_id = \(group)
            ORDER BY ordinal
            """
        ) { row throws(PostgresError) in (entry: try row.next(), person: try row.next()) }
    }

    /// All who entered, in their order, for those who may not know the people.
    static func entryIDs(of group: ID<GiftGroup>, brand: ID<Brand>) -> Statement<ID<GroupEntry>> {
        Statement(
            """
            SELECT entry_id
            FROM gifting.group_entry
            WHERE brand_id = \(brand) AND group_id = \(group)
            ORDER BY ordinal
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    // MARK: The draw

    /// A gift that somebody won.
    struct Won: Sendable {
        let win: GroupWin
        let person: ID<Person>
        let gift: ID<Gift>
    }

    /// The gifts of all who won, sent in this instant; all that they have in common comes from the group.
    static func addGifts(_ won: [Won], of group: GroupRecord, brand: ID<Brand>, now: Date) -> Statement<ID<Gift>> {
        Statement(
            """
            INSERT INTO gifting.gift (brand_id, gift_id, shop_id, product_id, variant_id, sender_id, recipient_id, greeting, cover_code,
                entry_code, state, captured_price_fen, pay_until, payment_id, order_id, sent_at, accept_until, created_at, updated_at,
                group_id, quantity, cohort)
            SELECT g.brand_id, x.gift_id, g.shop_id, g.product_id, g.variant_id, g.sender_id, x.person_id, g.greeting, g.cover_code,
                g.entry_code, 'sent', g.captured_price_fen, g.pay_until, g.payment_id, g.order_id, \(now), \(group.acceptUntil),
                g.created_at, \(now), g.group_id, x.units, g.cohort
            FROM gifting.gift_group g
            CROSS JOIN unnest(\(won.map(\.gift)), \(won.map(\.person)), \(won.map { Int32(clamping: $0.win.units) }))
                AS x (gift_id, person_id, units)
            WHERE g.brand_id = \(brand) AND g.group_id = \(group.id)
            ORDER BY x.gift_id
            RETURNING gift_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What may be chosen instead follows from the prices of when the group was paid for.
    static func capturePrices(of group: ID<GiftGroup>, for gifts: [ID<Gift>], brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.captured_price (brand_id, gift_id, variant_id, list_price_fen, captured_at)
            SELECT p.brand_id, x.gift_id, p.variant_id, p.list_price_fen, p.captured_at
            FROM gifting.group_price p
            CROSS JOIN unnest(\(gifts)) AS x (gift_id)
            WHERE p.brand_id = \(brand) AND p.group_id = \(group)
            ORDER BY x.gift_id, p.variant_id
            """)
    }

    static func addWins(_ won: [Won], of group: ID<GiftGroup>, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.group_win (brand_id, group_id, rank, entry_id, units, gift_id)
            SELECT b.brand_id, \(group), x.rank, x.entry_id, x.units, x.gift_id
            FROM siyu.brand b
            CROSS JOIN unnest(\(won.map { Int32(clamping: $0.win.rank) }), \(won.map(\.win.entry)),
                \(won.map { Int32(clamping: $0.win.units) }), \(won.map(\.gift))) AS x (rank, entry_id, units, gift_id)
            WHERE b.brand_id = \(brand)
            ORDER BY x.rank
            """)
    }

    static func wins(of group: ID<GiftGroup>, brand: ID<Brand>) -> Statement<GroupWin> {
        Statement(
            """
            SELECT rank, entry_id, units
            FROM gifting.group_win
            WHERE brand_id = \(brand) AND group_id = \(group)
            ORDER BY rank
            """
        ) { row throws(PostgresError) in
            let rank = Int(try row.next(Int32.self))
            return GroupWin(rank: rank, entry: try row.next(), units: Int(try row.next(Int32.self)))
        }
    }

    // MARK: What became of the gifts

    /// How many pieces are waiting, are kept, and how many gifts are still open.
    static func standing(of group: ID<GiftGroup>, brand: ID<Brand>) -> Statement<GroupStanding> {
        Statement(
            """
            SELECT count(*) FILTER (WHERE state IN ('sent', 'claimed')),
                COALESCE(sum(quantity) FILTER (WHERE state = 'accepted' AND withdrawn_at IS NULL), 0)::bigint
            FROM gifting.gift
            WHERE brand_id = \(brand) AND group_id = \(group)
            """
        ) { row throws(PostgresError) in
            GroupStanding(waiting: try row.next(Int.self), kept: try row.next(Int.self))
        }
    }

    /// Locks what is neither taken nor given up, in the order in which everybody locks gifts of a group.
    static func lockWaiting(of group: ID<GiftGroup>, brand: ID<Brand>) -> Statement<ID<Gift>> {
        Statement(
            """
            SELECT gift_id
            FROM gifting.gift
            WHERE brand_id = \(brand) AND group_id = \(group) AND state IN ('sent', 'claimed')
            ORDER BY gift_id
            FOR NO KEY UPDATE
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Ends what is locked and was not taken in time.
    static func expire(
        _ gifts: [ID<Gift>], brand: ID<Brand>, now: Date
    ) -> Statement<(gift: ID<Gift>, variant: ID<Variant>, quantity: Int)> {
        Statement(
            """
            UPDATE gifting.gift
            SET state = 'expired', ended_at = \(now), updated_at = \(now)
            WHERE brand_id = \(brand) AND gift_id = ANY(\(gifts)) AND state IN ('sent', 'claimed') AND accept_until < \(now)
            RETURNING gift_id, variant_id, quantity
            """
        ) { row throws(PostgresError) in
            (gift: try row.next(), variant: try row.next(), quantity: Int(try row.next(Int32.self)))
        }
    }

    /// No ON CONFLICT: a second end of a gift is a fault, and refused.
    static func addExpiries(of gifts: [ID<Gift>], brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO gifting.outcome (brand_id, gift_id, outcome, decided_by, decided_at)
            SELECT b.brand_id, x.gift_id, 'expired', 'deadline', \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(gifts)) AS x (gift_id)
            WHERE b.brand_id = \(brand)
            ORDER BY x.gift_id
            """)
    }
}

/// Somebody's entry, with what it won.
struct OwnEntry: Hashable, Sendable {
    let id: ID<GroupEntry>
    let ordinal: Int
    let gift: ID<Gift>?
    let units: Int?
}

/// What became of the gifts of a draw.
struct GroupStanding: Hashable, Sendable {
    /// How many gifts are neither taken nor given up.
    let waiting: Int
    /// How many pieces were taken, and not taken back by the shop.
    let kept: Int
}
