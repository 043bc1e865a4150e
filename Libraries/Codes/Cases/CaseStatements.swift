import FoundationEssentials
import Kernel
import Postgres

/// The SQL of dealers and cases.
enum CaseStatements {
    // MARK: Dealers

    /// A dealer that has the code already keeps its id.
    static func setDealer(_ dealer: DealerRecord, brand: ID<Brand>, now: Date) -> Statement<DealerRecord> {
        Statement(
            """
            INSERT INTO codes.dealer (brand_id, dealer_id, code, name, lat, lon, radius_km, created_at, updated_at)
            SELECT b.brand_id, \(dealer.id), \(dealer.code), \(dealer.name), \(dealer.point.lat), \(dealer.point.lon),
                \(dealer.radiusKm), \(now), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id, code) DO UPDATE
                SET name = excluded.name, lat = excluded.lat, lon = excluded.lon, radius_km = excluded.radius_km,
                    updated_at = excluded.updated_at
            RETURNING dealer_id, code, name, lat, lon, radius_km, created_at
            """,
            row: dealerRow)
    }

    static func dealer(_ code: String, brand: ID<Brand>) -> Statement<DealerRecord> {
        Statement(
            """
            SELECT dealer_id, code, name, lat, lon, radius_km, created_at
            FROM codes.dealer
            WHERE brand_id = \(brand) AND code = \(code)
            """,
            row: dealerRow)
    }

    static func dealers(brand: ID<Brand>) -> Statement<DealerRecord> {
        Statement(
            """
            SELECT dealer_id, code, name, lat, lon, radius_km, created_at
            FROM codes.dealer
            WHERE brand_id = \(brand)
            ORDER BY code
            """,
            row: dealerRow)
    }

    @Sendable
    private static func dealerRow(_ row: inout RowReader) throws(PostgresError) -> DealerRecord {
        DealerRecord(
            id: try row.next(), code: try row.next(), name: try row.next(),
            point: ScanPlace.Point(lat: try row.next(), lon: try row.next()), radiusKm: try row.next(),
            createdAt: try row.next())
    }

    /// To whom the packs were shipped by the instant at which they were seen, by the place of the code in the array.
    ///
    /// Cases of a batch do not overlap, so the last that begins before a code holds it, or none does.
    static func dealers(
        of codes: [CodeKey], seenAt: [Date], brand: ID<Brand>
    ) -> Statement<(place: Int, dealer: DealerRecord)> {
        Statement(
            """
            SELECT x.place, d.dealer_id, d.code, d.name, d.lat, d.lon, d.radius_km, d.created_at
            FROM unnest(\(codes.map(\.batch)), \(codes.map(\.index)), \(seenAt))
                WITH ORDINALITY AS x (batch_id, code_index, seen_at, place)
            CROSS JOIN LATERAL (
                SELECT p.from_index, p.to_index
                FROM codes.pack_case p
                WHERE p.brand_id = \(brand) AND p.batch_id = x.batch_id AND p.from_index <= x.code_index
                ORDER BY p.from_index DESC
                LIMIT 1
            ) c
            CROSS JOIN LATERAL (
                SELECT r.dealer_id
                FROM codes.case_route r
                WHERE r.brand_id = \(brand) AND r.batch_id = x.batch_id AND r.from_index = c.from_index
                  AND r.shipped_at <= x.seen_at
                ORDER BY r.shipped_at DESC
                LIMIT 1
            ) s
            JOIN codes.dealer d ON d.brand_id = \(brand) AND d.dealer_id = s.dealer_id
            WHERE x.code_index < c.to_index
            """
        ) { row throws(PostgresError) in (place: try row.next(), dealer: try dealerRow(&row)) }
    }

    // MARK: Cases

    /// What each new case could be at odds with; cases that meet nothing return no row.
    static func neighbours(of cases: [NewCase], brand: ID<Brand>) -> Statement<CaseNeighbour> {
        Statement(
            """
            SELECT x.place, h.case_code, n.batch_id, n.from_index, n.to_index
            FROM unnest(\(cases.map(\.batch)), \(cases.map(\.indexes.lowerBound)), \(cases.map(\.indexes.upperBound)),
                \(cases.map(\.code))) WITH ORDINALITY AS x (batch_id, from_index, to_index, case_code, place)
            LEFT JOIN LATERAL (
                SELECT p.case_code, p.to_index
                FROM codes.pack_case p
                WHERE p.brand_id = \(brand) AND p.batch_id = x.batch_id AND p.from_index < x.to_index
                ORDER BY p.from_index DESC
                LIMIT 1
            ) h ON h.to_index > x.from_index
            LEFT JOIN codes.pack_case n ON n.brand_id = \(brand) AND n.case_code = x.case_code
            WHERE h.case_code IS NOT NULL OR n.case_code IS NOT NULL
            """
        ) { row throws(PostgresError) in
            let place = try row.next(Int.self)
            let holder = try row.next(String?.self)
            let batch = try row.next(ID<CodeBatch>?.self)
            let from = try row.next(Int64?.self)
            let to = try row.next(Int64?.self)
            guard let batch, let from, let to, from < to else {
                return CaseNeighbour(place: place, holder: holder, namesake: nil)
            }
            return CaseNeighbour(
                place: place, holder: holder,
                namesake: NewCase(line: 0, code: "", batch: batch, indexes: from..<to))
        }
    }

    /// Names that are taken return no row.
    static func insert(_ cases: [NewCase], brand: ID<Brand>, now: Date) -> Statement<String> {
        Statement(
            """
            INSERT INTO codes.pack_case (brand_id, batch_id, from_index, to_index, case_code, created_at)
            SELECT b.brand_id, x.batch_id, x.from_index, x.to_index, x.case_code, \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(cases.map(\.batch)), \(cases.map(\.indexes.lowerBound)),
                \(cases.map(\.indexes.upperBound)), \(cases.map(\.code)))
                AS x (batch_id, from_index, to_index, case_code)
            WHERE b.brand_id = \(brand)
            ORDER BY x.case_code
            ON CONFLICT DO NOTHING
            RETURNING case_code
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// A case, and where it is, as far as that was written down.
    struct CaseRow: Sendable {
        let code: String
        let dealer: ID<Dealer>?
        let shippedAt: Date?
    }

    /// Locks cases in the order of their names, so that two wishes cannot wait for each other in a circle.
    static func lock(_ codes: [String], brand: ID<Brand>) -> Statement<CaseRow> {
        Statement(
            """
            SELECT case_code, dealer_id, shipped_at
            FROM codes.pack_case
            WHERE brand_id = \(brand) AND case_code = ANY(\(codes))
            ORDER BY case_code
            FOR UPDATE
            """
        ) { row throws(PostgresError) in
            CaseRow(
                code: try row.next(), dealer: try row.next(ID<Dealer>?.self), shippedAt: try row.next(Date?.self))
        }
    }

    /// Moves cases, and keeps where they went; those that went somewhere no earlier than that meanwhile return no row.
    static func send(
        _ codes: [String], to dealer: ID<Dealer>, _ note: CaseNote, brand: ID<Brand>, at instant: Date, now: Date
    ) -> Statement<String> {
        Statement(
            """
            WITH sent AS (
                UPDATE codes.pack_case
                SET dealer_id = \(dealer), shipped_at = \(instant)
                WHERE brand_id = \(brand) AND case_code = ANY(\(codes)) AND (shipped_at IS NULL OR shipped_at < \(instant))
                RETURNING brand_id, batch_id, from_index, case_code
            ), kept AS (
                INSERT INTO codes.case_route
                    (brand_id, batch_id, from_index, shipped_at, dealer_id, author, reason, created_at)
                SELECT s.brand_id, s.batch_id, s.from_index, \(instant), \(dealer), \(note.author), \(note.reason), \(now)
                FROM sent s
            )
            SELECT case_code FROM sent
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Where a case went, the first first.
    static func routes(of code: String, brand: ID<Brand>) -> Statement<CaseRoute> {
        Statement(
            """
            SELECT d.code, d.name, r.shipped_at, r.author, r.reason, r.created_at
            FROM codes.pack_case c
            JOIN codes.case_route r ON r.brand_id = c.brand_id AND r.batch_id = c.batch_id AND r.from_index = c.from_index
            JOIN codes.dealer d ON d.brand_id = r.brand_id AND d.dealer_id = r.dealer_id
            WHERE c.brand_id = \(brand) AND c.case_code = \(code)
            ORDER BY r.shipped_at
            """
        ) { row throws(PostgresError) in
            CaseRoute(
                dealer: try row.next(), name: try row.next(), shippedAt: try row.next(), author: try row.next(),
                reason: try row.next(), writtenAt: try row.next())
        }
    }

    // MARK: Outside of their regions

    /// What was seen outside of the dealers' regions, by dealer; whoever has most of it first.
    static func strays(since: Date?, brand: ID<Brand>) -> Statement<DealerStrays> {
        Statement(
            """
            SELECT d.code, d.name, d.radius_km, count(*), count(DISTINCT (s.batch_id, s.code_index)), max(s.km), max(s.seen_at)
            FROM codes.scan_signal s
            JOIN codes.dealer d ON d.brand_id = \(brand) AND d.dealer_id = s.dealer_id
            WHERE s.brand_id = \(brand) AND s.rule = 'region'
                AND (CAST(\(since) AS timestamptz) IS NULL OR s.seen_at >= \(since))
            GROUP BY d.dealer_id, d.code, d.name, d.radius_km
            ORDER BY count(*) DESC, d.code
            """
        ) { row throws(PostgresError) in
            DealerStrays(
                dealer: try row.next(), name: try row.next(), radiusKm: try row.next(), scans: try row.next(),
                packs: try row.next(), worstKm: try row.next(), lastSeenAt: try row.next())
        }
    }

    /// The packs of one dealer that were seen outside, the last first, each with its case.
    static func strays(
        of dealer: ID<Dealer>, since: Date?, limit: Int, brand: ID<Brand>
    ) -> Statement<StrayPack> {
        Statement(
            """
            SELECT h.handle, s.code_index, s.km, s.seen_at, (
                SELECT c.case_code
                FROM codes.pack_case c
                WHERE c.brand_id = \(brand) AND c.batch_id = s.batch_id AND c.from_index <= s.code_index
                ORDER BY c.from_index DESC
                LIMIT 1)
            FROM codes.scan_signal s
            JOIN codes.batch h ON h.brand_id = \(brand) AND h.batch_id = s.batch_id
            WHERE s.brand_id = \(brand) AND s.rule = 'region' AND s.dealer_id = \(dealer)
                AND (CAST(\(since) AS timestamptz) IS NULL OR s.seen_at >= \(since))
            ORDER BY s.seen_at DESC, s.signal_id DESC
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            StrayPack(
                batch: try row.next(), index: try row.next(), km: try row.next(), seenAt: try row.next(),
                caseCode: try row.next(String?.self))
        }
    }
}
