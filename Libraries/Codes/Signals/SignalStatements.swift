import FoundationEssentials
import Kernel
import Postgres

/// The SQL of traces and signals.
enum SignalStatements {
    /// A trace as it is stored.
    struct TraceRow: Sendable {
        let id: ID<ScanTrace>
        let batch: ID<CodeBatch>
        let index: Int64
        let person: ID<Person>
        let deviceHash: [UInt8]?
        let sealedPlace: [UInt8]?
        let seenAt: Date

        init(_ row: inout RowReader) throws(PostgresError) {
            id = try row.next()
            batch = try row.next()
            index = try row.next()
            person = try row.next()
            deviceHash = try row.next([UInt8]?.self)
            sealedPlace = try row.next([UInt8]?.self)
            seenAt = try row.next()
        }
    }

    /// How far a brand's traces were looked at.
    struct Mark: Sendable {
        let seenAt: Date
        let trace: ID<ScanTrace>
    }

    static func insert(_ traces: [NewTrace], brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.scan_trace
                (brand_id, trace_id, batch_id, code_index, person_id, device_hash, sealed_place, is_first, seen_at)
            SELECT b.brand_id, x.trace_id, x.batch_id, x.code_index, x.person_id, x.device_hash, x.sealed_place, x.is_first,
                \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(traces.map(\.id)), \(traces.map(\.code.batch)), \(traces.map(\.code.index)),
                \(traces.map(\.person)), \(traces.map(\.deviceHash)), \(traces.map(\.sealedPlace)), \(traces.map(\.isFirst)))
                AS x (trace_id, batch_id, code_index, person_id, device_hash, sealed_place, is_first)
            WHERE b.brand_id = \(brand)
            ORDER BY x.trace_id
            ON CONFLICT DO NOTHING
            """)
    }

    static func openMark(brand: ID<Brand>, before instant: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.scan_look (brand_id, seen_at, trace_id)
            VALUES (\(brand), \(instant), '00000000-0000-0000-0000-000000000000')
            ON CONFLICT (brand_id) DO NOTHING
            """)
    }

    /// Whoever looks holds the mark, so that a brand's traces are looked at by one at a time.
    static func lockMark(brand: ID<Brand>) -> Statement<Mark> {
        Statement(
            """
            SELECT seen_at, trace_id FROM codes.scan_look WHERE brand_id = \(brand) FOR UPDATE
            """
        ) { row throws(PostgresError) in Mark(seenAt: try row.next(), trace: try row.next()) }
    }

    static func moveMark(to trace: TraceRow, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            UPDATE codes.scan_look SET seen_at = \(trace.seenAt), trace_id = \(trace.id) WHERE brand_id = \(brand)
            """)
    }

    /// The traces behind a mark up to an instant, in order.
    static func traces(after mark: Mark, until instant: Date, limit: Int, brand: ID<Brand>) -> Statement<TraceRow> {
        Statement(
            """
            SELECT t.trace_id, t.batch_id, t.code_index, t.person_id, t.device_hash, t.sealed_place, t.seen_at
            FROM codes.scan_trace t
            WHERE t.brand_id = \(brand) AND (t.seen_at, t.trace_id) > (\(mark.seenAt), \(mark.trace))
              AND t.seen_at <= \(instant)
            ORDER BY t.seen_at, t.trace_id
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in try TraceRow(&row) }
    }

    /// Whether there is a trace that is too young to be looked at.
    static func hasTraces(after instant: Date, brand: ID<Brand>) -> Statement<Bool> {
        Statement(
            """
            SELECT EXISTS (SELECT 1 FROM codes.scan_trace t WHERE t.brand_id = \(brand) AND t.seen_at > \(instant))
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What was seen of each trace's code before it, by the place of the trace in the array; newest first.
    static func sameCode(
        as traces: [TraceRow], since: TimeInterval, limit: Int, brand: ID<Brand>
    ) -> Statement<(place: Int, trace: TraceRow)> {
        Statement(
            """
            SELECT x.place, t.trace_id, t.batch_id, t.code_index, t.person_id, t.device_hash, t.sealed_place, t.seen_at
            FROM unnest(\(traces.map(\.id)), \(traces.map(\.batch)), \(traces.map(\.index)), \(traces.map(\.seenAt)))
                WITH ORDINALITY AS x (trace_id, batch_id, code_index, seen_at, place)
            CROSS JOIN LATERAL (
                SELECT *
                FROM codes.scan_trace t
                WHERE t.brand_id = \(brand) AND t.batch_id = x.batch_id AND t.code_index = x.code_index
                  AND t.seen_at BETWEEN x.seen_at - make_interval(secs => \(since)) AND x.seen_at
                  AND (t.seen_at, t.trace_id) < (x.seen_at, x.trace_id)
                ORDER BY t.seen_at DESC, t.trace_id DESC
                LIMIT \(limit)
            ) t
            """
        ) { row throws(PostgresError) in (place: try row.next(), trace: try TraceRow(&row)) }
    }

    /// As ``sameCode(as:since:limit:brand:)``, of each trace's person.
    static func samePerson(
        as traces: [TraceRow], since: TimeInterval, limit: Int, brand: ID<Brand>
    ) -> Statement<(place: Int, trace: TraceRow)> {
        Statement(
            """
            SELECT x.place, t.trace_id, t.batch_id, t.code_index, t.person_id, t.device_hash, t.sealed_place, t.seen_at
            FROM unnest(\(traces.map(\.id)), \(traces.map(\.person)), \(traces.map(\.seenAt)))
                WITH ORDINALITY AS x (trace_id, person_id, seen_at, place)
            CROSS JOIN LATERAL (
                SELECT *
                FROM codes.scan_trace t
                WHERE t.brand_id = \(brand) AND t.person_id = x.person_id
                  AND t.seen_at BETWEEN x.seen_at - make_interval(secs => \(since)) AND x.seen_at
                  AND (t.seen_at, t.trace_id) < (x.seen_at, x.trace_id)
                ORDER BY t.seen_at DESC, t.trace_id DESC
                LIMIT \(limit)
            ) t
            """
        ) { row throws(PostgresError) in (place: try row.next(), trace: try TraceRow(&row)) }
    }

    /// As ``sameCode(as:since:limit:brand:)``, of each trace's device.
    static func sameDevice(
        as traces: [TraceRow], since: TimeInterval, limit: Int, brand: ID<Brand>
    ) -> Statement<(place: Int, trace: TraceRow)> {
        Statement(
            """
            SELECT x.place, t.trace_id, t.batch_id, t.code_index, t.person_id, t.device_hash, t.sealed_place, t.seen_at
            FROM unnest(\(traces.map(\.id)), \(traces.map(\.deviceHash)), \(traces.map(\.seenAt)))
                WITH ORDINALITY AS x (trace_id, device_hash, seen_at, place)
            CROSS JOIN LATERAL (
                SELECT *
                FROM codes.scan_trace t
                WHERE t.brand_id = \(brand) AND t.device_hash = x.device_hash
                  AND t.seen_at BETWEEN x.seen_at - make_interval(secs => \(since)) AND x.seen_at
                  AND (t.seen_at, t.trace_id) < (x.seen_at, x.trace_id)
                ORDER BY t.seen_at DESC, t.trace_id DESC
                LIMIT \(limit)
            ) t
            """
        ) { row throws(PostgresError) in (place: try row.next(), trace: try TraceRow(&row)) }
    }

    /// A signal of a trace is inserted once.
    static func insert(
        _ signals: [(signal: Signal, trace: TraceRow)], brand: ID<Brand>
    ) -> Statement<SignalRule> {
        let traces = signals.map(\.trace)
        let found = signals.map(\.signal)
        let ids = signals.map { _ in ID<ScanSignal>.mint() }
        return Statement(
            """
            INSERT INTO codes.scan_signal
                (brand_id, signal_id, rule, trace_id, batch_id, code_index, person_id, score, km, minutes, others, dealer_id,
                seen_at)
            SELECT b.brand_id, x.signal_id, x.rule, x.trace_id, x.batch_id, x.code_index, x.person_id, x.score, x.km,
                x.minutes, x.others, x.dealer_id, x.seen_at
            FROM siyu.brand b
            CROSS JOIN unnest(\(ids), \(found.map(\.rule.rawValue)), \(traces.map(\.id)), \(traces.map(\.batch)),
                \(traces.map(\.index)), \(traces.map(\.person)), \(found.map(\.score)), \(found.map(\.km)),
                \(found.map(\.minutes)), \(found.map(\.others)), \(found.map(\.dealer?.rawValue)), \(traces.map(\.seenAt)))
                AS x (signal_id, rule, trace_id, batch_id, code_index, person_id, score, km, minutes, others, dealer_id,
                    seen_at)
            WHERE b.brand_id = \(brand)
            ORDER BY x.rule, x.trace_id
            ON CONFLICT (brand_id, rule, trace_id) DO NOTHING
            RETURNING rule
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Oldest first; one row for each trace that is gone.
    static func forget(before instant: Date, limit: Int, brand: ID<Brand>) -> Statement<Bool> {
        Statement(
            """
            DELETE FROM codes.scan_trace
            WHERE brand_id = \(brand) AND trace_id IN (
                SELECT t.trace_id
                FROM codes.scan_trace t
                WHERE t.brand_id = \(brand) AND t.seen_at <= \(instant)
                ORDER BY t.seen_at
                LIMIT \(limit)
            )
            RETURNING true
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// The signals of a brand, oldest first, each with the batch that its code is of.
    static func list(
        _ filter: ScanSignals.Filter, limit: Int, brand: ID<Brand>
    ) -> Statement<ListedSignal> {
        Statement(
            """
            SELECT s.signal_id, s.rule, h.handle, s.code_index, s.person_id, s.score, s.km, s.minutes, s.others, s.seen_at
            FROM codes.scan_signal s
            JOIN codes.handle h ON h.brand_id = s.brand_id AND h.batch_id = s.batch_id
            WHERE s.brand_id = \(brand) AND (\(filter.rule?.rawValue)::text IS NULL OR s.rule = \(filter.rule?.rawValue))
              AND (\(filter.since)::timestamptz IS NULL OR s.seen_at >= \(filter.since)) AND s.score >= \(filter.scoreMin)
            ORDER BY s.seen_at DESC, s.signal_id DESC
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            ListedSignal(
                id: try row.next(), rule: try row.next(), batch: try row.next(), index: try row.next(),
                person: try row.next(), score: try row.next(), km: try row.next(Int32?.self),
                minutes: try row.next(Int32?.self), others: try row.next(Int32?.self), seenAt: try row.next())
        }
    }
}
