import FoundationEssentials
import Kernel
import Postgres

/// The SQL of draws.
enum DrawStatements {
    // MARK: Campaigns

    /// A draw with one of its prizes: as many rows as it has prizes.
    struct Row: Sendable {
        let campaign: CampaignRecord
        let progress: CampaignProgress
        let tier: DrawTier
        let stock: DrawStockAccount
    }

    /// The draw of a code, one prize a row.
    static func campaign(_ code: String, brand: ID<Brand>) -> Statement<Row> {
        Statement(
            """
            SELECT c.campaign_id, c.brand_id, c.code, c.name, c.mode, c.entries_max, c.per_person_max, c.redraw_depth_max,
                c.claim_days, c.starts_at, c.ends_at, c.rules_hash, c.wrapped_seed, c.cost_account_id, c.owed_account_id,
                c.published_at, c.extended_to, c.entries, c.drawn_at, c.revealed_seed,
                p.tier, p.name, p.kind, p.points, p.cost_fen, p.stock, p.day_stock, p.odds_ppm, p.prize_id,
                p.stock_account_id, p.coupon_threshold_fen, p.coupon_days
            FROM codes.campaign c
            JOIN codes.campaign_prize p ON p.brand_id = c.brand_id AND p.campaign_id = c.campaign_id
            WHERE c.brand_id = \(brand) AND c.code = \(code)
            ORDER BY p.tier
            """,
            row: campaignRow)
    }

    /// All draws of a brand, the last first, one prize a row.
    static func campaigns(brand: ID<Brand>) -> Statement<Row> {
        Statement(
            """
            SELECT c.campaign_id, c.brand_id, c.code, c.name, c.mode, c.entries_max, c.per_person_max, c.redraw_depth_max,
                c.claim_days, c.starts_at, c.ends_at, c.rules_hash, c.wrapped_seed, c.cost_account_id, c.owed_account_id,
                c.published_at, c.extended_to, c.entries, c.drawn_at, c.revealed_seed,
                p.tier, p.name, p.kind, p.points, p.cost_fen, p.stock, p.day_stock, p.odds_ppm, p.prize_id,
                p.stock_account_id, p.coupon_threshold_fen, p.coupon_days
            FROM codes.campaign c
            JOIN codes.campaign_prize p ON p.brand_id = c.brand_id AND p.campaign_id = c.campaign_id
            WHERE c.brand_id = \(brand)
            ORDER BY c.published_at DESC, c.campaign_id, p.tier
            """,
            row: campaignRow)
    }

    @Sendable
    private static func campaignRow(_ row: inout RowReader) throws(PostgresError) -> Row {
        let (id, brand) = (try row.next(ID<Campaign>.self), try row.next(ID<Brand>.self))
        let terms = DrawTerms(
            code: try row.next(), name: try row.next(), mode: try row.next(), entriesMax: try row.next(),
            perPersonMax: try row.next(), redrawDepthMax: try row.next(), claimDays: try row.next(),
            startsAt: try row.next(), endsAt: try row.next(), tiers: [])
        let campaign = CampaignRecord(
            id: id, brand: brand, terms: terms, rulesHash: try row.next(), wrappedSeed: try row.next(),
            costAccount: try row.next(), owedAccount: try row.next(), stocks: [:], publishedAt: try row.next())
        let progress = try progressRow(&row)
        let (number, name, kind): (Int32, String, PrizeKind) = (try row.next(), try row.next(), try row.next())
        let (points, cost): (Int32, Money) = (try row.next(), try row.next())
        let (count, dayStock): (Int64, Int64?) = (try row.next(), try row.next())
        let odds = try row.next(Int32?.self)
        let stock = DrawStockAccount(prize: try row.next(), account: try row.next())
        let tier = DrawTier(
            tier: number, name: name, kind: kind, points: points, cost: cost, stock: count, dayStock: dayStock,
            oddsPPM: odds,
            coupon: CouponTerms(thresholdFen: try row.next(Int64?.self), days: try row.next(Int32?.self)))
        return Row(campaign: campaign, progress: progress, tier: tier, stock: stock)
    }

    /// Locks a draw: whoever holds this makes the next entry.
    static func lock(_ campaign: ID<Campaign>, brand: ID<Brand>) -> Statement<CampaignProgress> {
        Statement(
            """
            SELECT extended_to, entries, drawn_at, revealed_seed
            FROM codes.campaign
            WHERE brand_id = \(brand) AND campaign_id = \(campaign)
            FOR UPDATE
            """,
            row: progressRow)
    }

    @Sendable
    private static func progressRow(_ row: inout RowReader) throws(PostgresError) -> CampaignProgress {
        CampaignProgress(
            extendedTo: try row.next(Date?.self), entries: try row.next(), drawnAt: try row.next(Date?.self),
            revealedSeed: try row.next([UInt8]?.self))
    }

    /// A code that the brand used before returns no row.
    static func insert(_ campaign: CampaignRecord, author: String) -> Statement<ID<Campaign>> {
        let terms = campaign.terms
        return Statement(
            """
            INSERT INTO codes.campaign (brand_id, campaign_id, code, name, mode, entries_max, per_person_max,
                redraw_depth_max, claim_days, starts_at, ends_at, wrapped_seed, rules_hash, cost_account_id,
                owed_account_id, author, published_at, entries)
            SELECT b.brand_id, \(campaign.id), \(terms.code), \(terms.name), \(terms.mode), \(terms.entriesMax),
                \(terms.perPersonMax), \(terms.redrawDepthMax), \(terms.claimDays), \(terms.startsAt), \(terms.endsAt),
                \(campaign.wrappedSeed), \(campaign.rulesHash), \(campaign.costAccount), \(campaign.owedAccount), \(author),
                \(campaign.publishedAt), 0
            FROM siyu.brand b
            WHERE b.brand_id = \(campaign.brand)
            ON CONFLICT DO NOTHING
            RETURNING campaign_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func insertPrizes(
        _ prizes: [(tier: DrawTier, stock: DrawStockAccount)], campaign: ID<Campaign>, brand: ID<Brand>
    ) -> Statement<Void> {
        let tiers = prizes.map(\.tier)
        return Statement(
            """
            INSERT INTO codes.campaign_prize (brand_id, campaign_id, tier, prize_id, name, kind, points, cost_fen, stock,
                day_stock, odds_ppm, stock_account_id, coupon_threshold_fen, coupon_days)
            SELECT b.brand_id, \(campaign), x.tier, x.prize_id, x.name, x.kind, x.points, x.cost_fen, x.stock, x.day_stock,
                x.odds_ppm, x.stock_account_id, x.coupon_threshold_fen, x.coupon_days
            FROM siyu.brand b
            CROSS JOIN unnest(\(tiers.map(\.tier)), \(prizes.map(\.stock.prize)), \(tiers.map(\.name)),
                \(tiers.map(\.kind)), \(tiers.map(\.points)), \(tiers.map(\.cost)), \(tiers.map(\.stock)),
                \(tiers.map(\.dayStock)), \(tiers.map(\.oddsPPM)), \(prizes.map(\.stock.account)),
                \(tiers.map(\.coupon?.threshold.fen)), \(tiers.map(\.coupon?.days)))
                AS x (tier, prize_id, name, kind, points, cost_fen, stock, day_stock, odds_ppm, stock_account_id,
                    coupon_threshold_fen, coupon_days)
            WHERE b.brand_id = \(brand)
            ORDER BY x.tier
            """)
    }

    static func extend(_ campaign: ID<Campaign>, to end: Date, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            UPDATE codes.campaign
            SET extended_to = \(end)
            WHERE brand_id = \(brand) AND campaign_id = \(campaign)
            """)
    }

    /// Shows the seed, once.
    static func reveal(_ campaign: ID<Campaign>, seed: [UInt8], brand: ID<Brand>, now: Date) -> Statement<ID<Campaign>>
    {
        Statement(
            """
            UPDATE codes.campaign
            SET revealed_seed = \(seed), revealed_at = \(now)
            WHERE brand_id = \(brand) AND campaign_id = \(campaign) AND revealed_seed IS NULL
            RETURNING campaign_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// The ids of draws by their codes.
    static func ids(of codes: [String], brand: ID<Brand>) -> Statement<(code: String, id: ID<Campaign>, depth: Int32)> {
        Statement(
            """
            SELECT code, campaign_id, redraw_depth_max
            FROM codes.campaign
            WHERE brand_id = \(brand) AND code = ANY(\(codes))
            """
        ) { row throws(PostgresError) in (code: try row.next(), id: try row.next(), depth: try row.next()) }
    }

    // MARK: Entries

    /// How many of their own draws a person used up; they are numbered without gaps.
    static func freeUsed(by person: ID<Person>, of campaign: ID<Campaign>, brand: ID<Brand>) -> Statement<Int32> {
        Statement(
            """
            SELECT COALESCE(max(free_number), 0)
            FROM codes.draw_entry
            WHERE brand_id = \(brand) AND campaign_id = \(campaign) AND person_id = \(person)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// The right that a person named, or else the one that they would use up next; what is used up comes last.
    static func right(
        _ named: ID<DrawRight>?, of person: ID<Person>, campaign: ID<Campaign>, brand: ID<Brand>
    ) -> Statement<DrawRightRecord> {
        Statement(
            """
            SELECT r.right_id, r.depth, e.right_id IS NOT NULL
            FROM codes.draw_right r
            LEFT JOIN codes.draw_entry e ON e.brand_id = r.brand_id AND e.right_id = r.right_id
            WHERE r.brand_id = \(brand) AND r.campaign_id = \(campaign) AND r.person_id = \(person)
                AND (CAST(\(named) AS uuid) IS NULL OR r.right_id = \(named))
            ORDER BY e.right_id IS NOT NULL, r.granted_at, r.right_id
            LIMIT 1
            """
        ) { row throws(PostgresError) in
            DrawRightRecord(id: try row.next(), depth: try row.next(), isUsed: try row.next())
        }
    }

    /// Counts an entry; no row if somebody else made one meanwhile, which the lock prevents.
    static func advance(
        _ campaign: ID<Campaign>, from ordinal: Int64, brand: ID<Brand>, now: Date
    ) -> Statement<Int64> {
        Statement(
            """
            UPDATE codes.campaign
            SET entries = entries + 1, drawn_at = \(now)
            WHERE brand_id = \(brand) AND campaign_id = \(campaign) AND entries = \(ordinal)
            RETURNING entries
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// An ordinal, an own draw or a right that was used before is an error: whoever counted it twice must not commit.
    static func insertEntry(
        _ entry: DrawnEntry, campaign: ID<Campaign>, source: ID<HookSource>, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.draw_entry (brand_id, campaign_id, ordinal, entry_id, person_id, right_id, free_number, depth,
                drawn_tier, tier, source_id, drawn_at)
            SELECT b.brand_id, \(campaign), \(entry.ordinal), \(entry.id), \(entry.person), \(entry.means.usedRight),
                \(entry.means.freeNumber), \(entry.means.depth), \(entry.drawn?.tier), \(entry.won?.tier), \(source),
                \(entry.drawnAt)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    /// A right that is to be granted.
    struct NewRight: Sendable {
        let id: ID<DrawRight>
        let campaign: ID<Campaign>
        let person: ID<Person>
        let depth: Int32
    }

    /// Sorted by the key, so that two batches of scans cannot deadlock; what was granted before stays as it is.
    static func grant(_ rights: [NewRight], brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.draw_right (brand_id, right_id, campaign_id, person_id, depth, granted_at)
            SELECT b.brand_id, x.right_id, x.campaign_id, x.person_id, x.depth, \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(rights.map(\.id)), \(rights.map(\.campaign)), \(rights.map(\.person)),
                \(rights.map(\.depth))) AS x (right_id, campaign_id, person_id, depth)
            WHERE b.brand_id = \(brand)
            ORDER BY x.right_id
            ON CONFLICT DO NOTHING
            """)
    }

    // MARK: Days

    /// A day's share of a prize.
    struct Day: Sendable {
        let day: CalendarDate
        let id: ID<DrawDay>
        let account: ID<Account>
    }

    /// The last day that was given a share of a prize.
    static func lastDay(of tier: Int32, campaign: ID<Campaign>, brand: ID<Brand>) -> Statement<Day> {
        Statement(
            """
            SELECT day, day_id, account_id
            FROM codes.draw_day
            WHERE brand_id = \(brand) AND campaign_id = \(campaign) AND tier = \(tier)
            ORDER BY day DESC
            LIMIT 1
            """
        ) { row throws(PostgresError) in Day(day: try row.next(), id: try row.next(), account: try row.next()) }
    }

    static func insertDay(_ day: Day, tier: Int32, campaign: ID<Campaign>, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.draw_day (brand_id, campaign_id, tier, day, day_id, account_id)
            SELECT b.brand_id, \(campaign), \(tier), \(day.day), \(day.id), \(day.account)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    // MARK: Looking back

    /// An entry as it was stored, with the right that it used up.
    struct StoredEntry: Sendable {
        let ordinal: Int64
        let person: ID<Person>
        let right: ID<DrawRight>?
        /// Whose the right is, and how deep; nil where there is none.
        let rightPerson: ID<Person>?
        let rightDepth: Int32?
        let freeNumber: Int32?
        let depth: Int32
        let drawnTier: Int32?
        let tier: Int32?
        let drawnAt: Date
    }

    /// The entries of a draw in their order, a page at a time.
    static func entries(
        of campaign: ID<Campaign>, after ordinal: Int64, limit: Int, brand: ID<Brand>
    ) -> Statement<StoredEntry> {
        Statement(
            """
            SELECT e.ordinal, e.person_id, e.right_id, r.person_id, r.depth, e.free_number, e.depth, e.drawn_tier, e.tier,
                e.drawn_at
            FROM codes.draw_entry e
            LEFT JOIN codes.draw_right r ON r.brand_id = e.brand_id AND r.right_id = e.right_id
                AND r.campaign_id = e.campaign_id
            WHERE e.brand_id = \(brand) AND e.campaign_id = \(campaign) AND e.ordinal > \(ordinal)
            ORDER BY e.ordinal
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            StoredEntry(
                ordinal: try row.next(), person: try row.next(), right: try row.next(ID<DrawRight>?.self),
                rightPerson: try row.next(ID<Person>?.self), rightDepth: try row.next(Int32?.self),
                freeNumber: try row.next(Int32?.self), depth: try row.next(), drawnTier: try row.next(Int32?.self),
                tier: try row.next(Int32?.self), drawnAt: try row.next())
        }
    }

    /// What the books say that the entries of a draw won: how many transfers, and their sum.
    static func booked(of campaign: ID<Campaign>, brand: ID<Brand>) -> Statement<(wins: Int64, amount: Money)> {
        Statement(
            """
            SELECT count(*), COALESCE(sum(t.amount_fen), 0)::bigint
            FROM codes.draw_entry e
            JOIN accounting.transfer t ON t.brand_id = e.brand_id AND t.subject_id = e.entry_id
                AND t.kind IN ('draw.won', 'draw.right_granted')
            WHERE e.brand_id = \(brand) AND e.campaign_id = \(campaign)
            """
        ) { row throws(PostgresError) in (wins: try row.next(), amount: try row.next()) }
    }

    /// How many entries won, by draw.
    static func wins(brand: ID<Brand>) -> Statement<(campaign: ID<Campaign>, wins: Int64)> {
        Statement(
            """
            SELECT campaign_id, count(*)
            FROM codes.draw_entry
            WHERE brand_id = \(brand) AND tier IS NOT NULL
            GROUP BY campaign_id
            """
        ) { row throws(PostgresError) in (campaign: try row.next(), wins: try row.next()) }
    }
}

extension DrawMeans {
    fileprivate var usedRight: ID<DrawRight>? {
        if case .right(let right) = self { right.id } else { nil }
    }

    fileprivate var freeNumber: Int32? {
        if case .free(let number) = self { number } else { nil }
    }
}
