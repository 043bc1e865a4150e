import Postgres

/// The business transaction of a scan, as somebody without Siyu would write it: the same tables, the same rows, no service in between.
///
/// What a win books is left out, which favours the raw figure.
extension BenchStatements {
    static func databaseSize() -> Statement<Int64> {
        Statement("SELECT pg_database_size(current_database())") { row throws(PostgresError) in try row.next() }
    }

    static func makeRowTable() -> Statement<Void> {
        Statement("CREATE TABLE public.bench_row (made_at timestamptz NOT NULL)")
    }

    static func insertRow() -> Statement<Void> {
        Statement("INSERT INTO public.bench_row VALUES (clock_timestamp())")
    }

    private static let scanVariables = """
        \\set code random(0, :count - 1)
        \\set delivery random(1, 9000000000000000)
        \\set newcomer random(1, 3)
        \\if :newcomer = 1
        \\set person random(1, 9000000000000000)
        \\else
        \\set person random(1, 50000)
        \\endif

        """
    private static let openid = "sha256(convert_to('raw-' || :person::text, 'UTF8'))"
    private static let insertPerson = """
        INSERT INTO vault.person (brand_id, person_id, kind, blind_index, sealed_value, wrapped_key, created_at)
        VALUES (:brand, gen_random_uuid(), 'openid', \(openid), decode(repeat('00', 60), 'hex'), \
        decode(repeat('00', 60), 'hex'), now()) ON CONFLICT (brand_id, kind, blind_index) DO NOTHING
        """
    private static let inboxColumns =
        "brand_id, source_id, delivery_id, body_hash, status, content_type, response, sealed_body, received_at"
    private static let inboxValues = """
        :brand, :source, 'raw-' || :delivery::text, sha256(convert_to(:delivery::text, 'UTF8')), 200, \
        'application/json', convert_to(repeat('x', 300), 'UTF8'), decode(repeat('00', 120), 'hex'), now()
        """

    /// Statement by statement.
    static let scanScript =
        scanVariables + """
            BEGIN;
            SELECT status, response FROM hooks.inbox
            WHERE brand_id = :brand AND source_id = :source AND delivery_id = 'raw-' || :delivery::text;
            SELECT kind, valid_from, valid_to FROM codes.code_range
            WHERE brand_id = :brand AND batch_id = :batch AND from_index <= :code AND :code < to_index;
            SELECT redemption_id, person_id FROM codes.redemption
            WHERE brand_id = :brand AND batch_id = :batch AND code_index = :code;
            SELECT person_id FROM vault.person WHERE brand_id = :brand AND kind = 'openid' AND blind_index = \(openid);
            \(insertPerson);
            INSERT INTO codes.redemption (brand_id, batch_id, code_index, redemption_id, person_id, source_id, redeemed_at)
            VALUES (:brand, :batch, :code, gen_random_uuid(), gen_random_uuid(), :source, now()) ON CONFLICT DO NOTHING;
            INSERT INTO hooks.inbox (\(inboxColumns)) VALUES (\(inboxValues)) ON CONFLICT DO NOTHING;
            COMMIT;

            """

    /// The same as one statement that commits itself.
    static let scanStatementScript =
        scanVariables + """
            WITH range AS (
                SELECT kind FROM codes.code_range
                WHERE brand_id = :brand AND batch_id = :batch AND from_index <= :code AND :code < to_index
            ), newcomer AS (
                \(insertPerson) RETURNING person_id
            ), person AS (
                SELECT person_id FROM newcomer
                UNION ALL
                SELECT person_id FROM vault.person WHERE brand_id = :brand AND kind = 'openid' AND blind_index = \(openid)
            ), redeemed AS (
                INSERT INTO codes.redemption (brand_id, batch_id, code_index, redemption_id, person_id, source_id, redeemed_at)
                SELECT :brand, :batch, :code, gen_random_uuid(), person_id, :source, now()
                FROM person WHERE EXISTS (SELECT FROM range) ON CONFLICT DO NOTHING RETURNING redemption_id
            )
            INSERT INTO hooks.inbox (\(inboxColumns)) SELECT \(inboxValues)
            FROM (SELECT count(*) FROM redeemed) AS r ON CONFLICT DO NOTHING;

            """
}
