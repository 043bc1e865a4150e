import FoundationEssentials
import Kernel
import Postgres

/// The SQL of batches: minting, ranges, and the directory of all of them.
enum BatchStatements {
    /// The clock of the business, read once at the start of a transaction and passed on.
    static func clock() -> Statement<Date> {
        Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() }
    }

    /// The clock of the business as it stands now: after a lock was waited for, the transaction's beginning is long ago.
    static func clockAfterWaiting() -> Statement<Date> {
        Statement("SELECT siyu.clock() + (clock_timestamp() - transaction_timestamp())") { row throws(PostgresError) in
            try row.next()
        }
    }

    /// How many codes a batch has.
    static func count(_ batch: ID<CodeBatch>, brand: ID<Brand>) -> Statement<Int64> {
        Statement(
            """
            SELECT count
            FROM codes.batch
            WHERE brand_id = \(brand) AND batch_id = \(batch)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    // MARK: Directory

    /// A batch with one of its prizes: as many rows as it has prizes, one at least.
    struct DirectoryRow: Sendable {
        let batch: CodeBatchRecord
        let tier: PrizeTier?
    }

    /// All batches but the known ones, whatever their brand: a code names its batch before anybody knows the brand.
    static func directory(without known: [BatchHandle]) -> Statement<DirectoryRow> {
        Statement(
            """
            SELECT b.batch_id, b.brand_id, b.handle, b.count, b.wrapped_key, b.rules_hash, b.label, b.shop_id, b.product_id,
                b.cost_account_id, b.owed_account_id, b.created_at,
                f.gtin, f.lot, f.made_on, f.best_before, f.link_base, o.title, i.origin, i.code_length, i.alphabet,
                s.sealed_ranks,
                p.tier, p.name, p.kind, p.points, p.cost_fen, p.count, p.first_rank, p.campaign_id, d.code,
                p.coupon_threshold_fen, p.coupon_days
            FROM codes.handle h
            JOIN codes.batch b ON b.brand_id = h.brand_id AND b.batch_id = h.batch_id
            LEFT JOIN codes.batch_fact f ON f.brand_id = b.brand_id AND f.batch_id = b.batch_id
            LEFT JOIN orders.product o ON o.brand_id = b.brand_id AND o.product_id = b.product_id
            LEFT JOIN codes.import i ON i.brand_id = b.brand_id AND i.batch_id = b.batch_id
            LEFT JOIN codes.prize p ON p.brand_id = b.brand_id AND p.batch_id = b.batch_id
            LEFT JOIN codes.prize_shuffle s ON s.brand_id = p.brand_id AND s.batch_id = p.batch_id AND p.tier = 1
            LEFT JOIN codes.campaign d ON d.brand_id = p.brand_id AND d.campaign_id = p.campaign_id
            WHERE NOT h.handle = ANY(\(known))
            ORDER BY h.handle, p.tier
            """,
            row: directoryRow)
    }

    /// One batch by its handle.
    static func batch(_ handle: BatchHandle) -> Statement<DirectoryRow> {
        Statement(
            """
            SELECT b.batch_id, b.brand_id, b.handle, b.count, b.wrapped_key, b.rules_hash, b.label, b.shop_id, b.product_id,
                b.cost_account_id, b.owed_account_id, b.created_at,
                f.gtin, f.lot, f.made_on, f.best_before, f.link_base, o.title, i.origin, i.code_length, i.alphabet,
                s.sealed_ranks,
                p.tier, p.name, p.kind, p.points, p.cost_fen, p.count, p.first_rank, p.campaign_id, d.code,
                p.coupon_threshold_fen, p.coupon_days
            FROM codes.handle h
            JOIN codes.batch b ON b.brand_id = h.brand_id AND b.batch_id = h.batch_id
            LEFT JOIN codes.batch_fact f ON f.brand_id = b.brand_id AND f.batch_id = b.batch_id
            LEFT JOIN orders.product o ON o.brand_id = b.brand_id AND o.product_id = b.product_id
            LEFT JOIN codes.import i ON i.brand_id = b.brand_id AND i.batch_id = b.batch_id
            LEFT JOIN codes.prize p ON p.brand_id = b.brand_id AND p.batch_id = b.batch_id
            LEFT JOIN codes.prize_shuffle s ON s.brand_id = p.brand_id AND s.batch_id = p.batch_id AND p.tier = 1
            LEFT JOIN codes.campaign d ON d.brand_id = p.brand_id AND d.campaign_id = p.campaign_id
            WHERE h.handle = \(handle)
            ORDER BY p.tier
            """,
            row: directoryRow)
    }

    /// One batch by its id.
    static func batch(_ id: ID<CodeBatch>, brand: ID<Brand>) -> Statement<BatchHandle> {
        Statement(
            """
            SELECT handle
            FROM codes.batch
            WHERE brand_id = \(brand) AND batch_id = \(id)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    @Sendable
    private static func directoryRow(_ row: inout RowReader) throws(PostgresError) -> DirectoryRow {
        let batch = CodeBatchRecord(
            id: try row.next(), brand: try row.next(), handle: try row.next(), count: try row.next(),
            wrappedKey: try row.next(), prizes: PrizeTable(tiers: []), rulesHash: try row.next(),
            label: try row.next(), shop: try row.next(ID<Shop>?.self), product: try row.next(ID<Product>?.self),
            costAccount: try row.next(), owedAccount: try row.next(), createdAt: try row.next(),
            facts: BatchFacts(
                gtin: try row.next(String?.self), lot: try row.next(String?.self),
                madeOn: try row.next(CalendarDate?.self), bestBefore: try row.next(CalendarDate?.self),
                linkBase: try row.next(String?.self)),
            productTitle: try row.next(String?.self), imported: try importedForm(&row),
            sealedShuffle: try row.next([UInt8]?.self))
        let tier = try row.next(Int32?.self)
        let name = try row.next(String?.self)
        let kind = try row.next(PrizeKind?.self)
        let points = try row.next(Int32?.self)
        let cost = try row.next(Money?.self)
        let count = try row.next(Int64?.self)
        let firstRank = try row.next(Int64?.self)
        let campaign = try row.next(ID<Campaign>?.self)
        let drawCode = try row.next(String?.self)
        let coupon = CouponTerms(thresholdFen: try row.next(Int64?.self), days: try row.next(Int32?.self))
        guard let tier, let name, let kind, let points, let cost, let count, let firstRank else {
            return DirectoryRow(batch: batch, tier: nil)
        }
        return DirectoryRow(
            batch: batch,
            tier: PrizeTier(
                tier: tier, name: name, kind: kind, points: points, cost: cost, count: count, firstRank: firstRank,
                draw: drawCode.map { PrizeDraw(code: $0, campaign: campaign) }, coupon: coupon))
    }

    private static func importedForm(_ row: inout RowReader) throws(PostgresError) -> ImportedForm? {
        let origin = try row.next(CodeOrigin?.self)
        let length = try row.next(Int32?.self)
        let alphabet = try row.next(String?.self)
        guard let origin, let length, let alphabet else { return nil }
        return ImportedForm(origin: origin, form: CodeForm(length: length, alphabet: alphabet))
    }

    // MARK: Minting

    /// Whether there is such a brand.
    static func brand(_ brand: ID<Brand>) -> Statement<ID<Brand>> {
        Statement(
            """
            SELECT brand_id
            FROM siyu.brand
            WHERE brand_id = \(brand)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What a request was minted as.
    static func minted(
        _ requestID: String, brand: ID<Brand>
    ) -> Statement<(hash: [UInt8], handle: BatchHandle)> {
        Statement(
            """
            SELECT request_hash, handle
            FROM codes.batch
            WHERE brand_id = \(brand) AND request_id = \(requestID)
            """
        ) { row throws(PostgresError) in (hash: try row.next(), handle: try row.next()) }
    }

    /// Anchored on the brand; a conflict, with the request or with a handle, returns no row.
    static func insertBatch(
        _ batch: CodeBatchRecord, requestID: String, requestHash: [UInt8], now: Date
    ) -> Statement<ID<CodeBatch>> {
        let mode = batch.prizes.tiers.isEmpty ? "none" : batch.sealedShuffle == nil ? "ranks" : "shuffle"
        return Statement(
            """
            INSERT INTO codes.batch (brand_id, batch_id, request_id, request_hash, handle, shop_id, product_id, count,
                wrapped_key, prize_mode, rules_hash, label, cost_account_id, owed_account_id, created_at)
            SELECT b.brand_id, \(batch.id), \(requestID), \(requestHash), \(batch.handle), \(batch.shop), \(batch.product),
                \(batch.count), \(batch.wrappedKey), \(mode), \(batch.rulesHash), \(batch.label), \(batch.costAccount),
                \(batch.owedAccount), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(batch.brand)
            ON CONFLICT DO NOTHING
            RETURNING batch_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Takes a handle for all brands; taken ones return no row.
    static func insertHandle(
        _ handle: BatchHandle, batch: ID<CodeBatch>, brand: ID<Brand>, now: Date
    ) -> Statement<BatchHandle> {
        Statement(
            """
            INSERT INTO codes.handle (handle, brand_id, batch_id, created_at)
            SELECT \(handle), b.brand_id, \(batch), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT DO NOTHING
            RETURNING handle
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func insertPrizes(_ tiers: [PrizeTier], batch: ID<CodeBatch>, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.prize (brand_id, batch_id, tier, name, kind, points, cost_fen, count, first_rank, campaign_id,
                coupon_threshold_fen, coupon_days)
            SELECT b.brand_id, \(batch), x.tier, x.name, x.kind, x.points, x.cost_fen, x.count, x.first_rank, x.campaign_id,
                x.coupon_threshold_fen, x.coupon_days
            FROM siyu.brand b
            CROSS JOIN unnest(\(tiers.map(\.tier)), \(tiers.map(\.name)), \(tiers.map(\.kind)), \(tiers.map(\.points)),
                \(tiers.map(\.cost)), \(tiers.map(\.count)), \(tiers.map(\.firstRank)), \(tiers.map { $0.draw?.campaign?.rawValue }),
                \(tiers.map(\.coupon?.threshold.fen)), \(tiers.map(\.coupon?.days)))
                AS x (tier, name, kind, points, cost_fen, count, first_rank, campaign_id, coupon_threshold_fen, coupon_days)
            WHERE b.brand_id = \(brand)
            ORDER BY x.tier
            """)
    }

    static func insertShuffle(_ sealed: [UInt8], batch: ID<CodeBatch>, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.prize_shuffle (brand_id, batch_id, sealed_ranks)
            SELECT b.brand_id, \(batch), \(sealed)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    static func insertFacts(_ facts: BatchFacts, batch: ID<CodeBatch>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.batch_fact (brand_id, batch_id, gtin, lot, made_on, best_before, link_base, created_at)
            SELECT b.brand_id, \(batch), \(facts.gtin), \(facts.lot), \(facts.madeOn), \(facts.bestBefore),
                \(facts.linkBase), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    static func insertKeyUse(
        _ purpose: KeyPurpose, batch: ID<CodeBatch>, brand: ID<Brand>, author: String, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.key_use (brand_id, batch_id, use_id, purpose, author, used_at)
            SELECT b.brand_id, \(batch), \(ID<KeyUse>.mint()), \(purpose), \(author), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    // MARK: Ranges

    /// Locks a batch, so that decisions about its ranges follow each other.
    static func lock(_ batch: ID<CodeBatch>, brand: ID<Brand>) -> Statement<Int64> {
        Statement(
            """
            SELECT count
            FROM codes.batch
            WHERE brand_id = \(brand) AND batch_id = \(batch)
            FOR UPDATE
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func ranges(of batch: ID<CodeBatch>, brand: ID<Brand>) -> Statement<CodeRange> {
        Statement(
            """
            SELECT range_id, kind, from_index, to_index, valid_from, valid_to
            FROM codes.code_range
            WHERE brand_id = \(brand) AND batch_id = \(batch)
            ORDER BY from_index, range_id
            """,
            row: rangeRow)
    }

    /// The ranges that some code lies in, each once for every code that it holds.
    static func ranges(
        holding codes: [CodeKey], brand: ID<Brand>
    ) -> Statement<(batch: ID<CodeBatch>, range: CodeRange)> {
        Statement(
            """
            SELECT DISTINCT r.batch_id, r.range_id, r.kind, r.from_index, r.to_index, r.valid_from, r.valid_to
            FROM unnest(\(codes.map(\.batch)), \(codes.map(\.index))) AS x (batch_id, code_index)
            JOIN codes.code_range r
                ON r.brand_id = \(brand) AND r.batch_id = x.batch_id AND r.from_index <= x.code_index
                AND x.code_index < r.to_index
            """
        ) { row throws(PostgresError) in (batch: try row.next(), range: try rangeRow(&row)) }
    }

    /// The freezes of a batch that were lifted.
    static func liftedRanges(of batch: ID<CodeBatch>, brand: ID<Brand>) -> Statement<ID<CodeRange>> {
        Statement(
            """
            SELECT range_id
            FROM codes.range_end
            WHERE brand_id = \(brand) AND batch_id = \(batch)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Ends a range; one that somebody ended meanwhile returns no row.
    static func endRange(
        _ range: CodeRange, batch: ID<CodeBatch>, brand: ID<Brand>, now: Date
    ) -> Statement<ID<CodeRange>> {
        Statement(
            """
            UPDATE codes.code_range
            SET valid_to = \(now)
            WHERE brand_id = \(brand) AND batch_id = \(batch) AND range_id = \(range.id)
                AND valid_to IS NOT DISTINCT FROM \(range.validTo)
            RETURNING range_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func insertRangeEnd(
        _ range: CodeRange, batch: ID<CodeBatch>, brand: ID<Brand>, author: String, reason: String, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.range_end (brand_id, batch_id, range_id, former_valid_to, ends_at, author, reason)
            SELECT b.brand_id, \(batch), \(range.id), \(range.validTo), \(now), \(author), \(reason)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    /// How many codes of a range were redeemed.
    static func redeemed(
        in indexes: Range<Int64>, batch: ID<CodeBatch>, brand: ID<Brand>
    ) -> Statement<Int64> {
        Statement(
            """
            SELECT count(*)
            FROM codes.redemption
            WHERE brand_id = \(brand) AND batch_id = \(batch) AND code_index >= \(indexes.lowerBound)
                AND code_index < \(indexes.upperBound)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func insertRange(
        _ range: CodeRange, batch: ID<CodeBatch>, brand: ID<Brand>, author: String, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.code_range (brand_id, batch_id, range_id, kind, from_index, to_index, valid_from, valid_to,
                author, created_at)
            SELECT b.brand_id, \(batch), \(range.id), \(range.kind), \(range.indexes.lowerBound),
                \(range.indexes.upperBound), \(range.validFrom), \(range.validTo), \(author), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    @Sendable
    private static func rangeRow(_ row: inout RowReader) throws(PostgresError) -> CodeRange {
        let id = try row.next(ID<CodeRange>.self)
        let kind = try row.next(RangeKind.self)
        let from = try row.next(Int64.self)
        let to = try row.next(Int64.self)
        // The table holds no range that ends before it begins.
        return CodeRange(
            id: id, kind: kind, indexes: from..<max(from, to), validFrom: try row.next(),
            validTo: try row.next(Date?.self))
    }
}
