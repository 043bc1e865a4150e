import FoundationEssentials
import Kernel
import Postgres
import WeChat

/// The SQL of WeChat's codes: accounts, applications and activations.
enum MarketcodeStatements {
    // MARK: Accounts

    static func account(of brand: ID<Brand>) -> Statement<(MarketcodeAccountRecord, sealed: [UInt8])> {
        Statement(
            """
            SELECT appid, base_url, created_at, updated_at, sealed_credentials
            FROM codes.marketcode_account
            WHERE brand_id = \(brand)
            """
        ) { row throws(PostgresError) in (try account(&row), sealed: try row.next()) }
    }

    static func setAccount(
        _ credentials: MarketcodeCredentials, sealed: [UInt8], brand: ID<Brand>, now: Date
    ) -> Statement<MarketcodeAccountRecord> {
        Statement(
            """
            INSERT INTO codes.marketcode_account (brand_id, appid, base_url, sealed_credentials, created_at, updated_at)
            SELECT b.brand_id, \(credentials.appid), \(credentials.baseURL), \(sealed), \(now), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id) DO UPDATE
            SET appid = excluded.appid, base_url = excluded.base_url, sealed_credentials = excluded.sealed_credentials,
                updated_at = excluded.updated_at
            RETURNING appid, base_url, created_at, updated_at
            """,
            row: account)
    }

    @Sendable
    private static func account(_ row: inout RowReader) throws(PostgresError) -> MarketcodeAccountRecord {
        MarketcodeAccountRecord(
            appid: try row.next(), baseURL: try row.next(), createdAt: try row.next(), updatedAt: try row.next())
    }

    // MARK: Applications

    /// A request that is there already gives no row.
    static func add(
        _ request: CodeApplicationRequest, wish: String, as id: ID<CodeApplication>, appid: String, author: String,
        now: Date
    ) -> Statement<ID<CodeApplication>> {
        Statement(
            """
            INSERT INTO codes.marketcode_application (brand_id, application_id, request_id, request_hash, wish, count, appid, state,
                step, attempts, author, created_at, updated_at)
            SELECT b.brand_id, \(id), \(request.batch.requestID), \(request.hash), \(wish), \(request.batch.count), \(appid),
                'requested', 1, 0, \(author), \(now), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(request.batch.brand)
            ON CONFLICT (brand_id, request_id) DO NOTHING
            RETURNING application_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func application(_ requestID: String, brand: ID<Brand>) -> Statement<CodeApplicationRecord> {
        Statement(
            """
            SELECT application_id, request_id, request_hash, wish, count, appid, state, step, attempts, wechat_id, wechat_word,
                import_id, author, created_at, finished_at, attention_since
            FROM codes.marketcode_application
            WHERE brand_id = \(brand) AND request_id = \(requestID)
            """,
            row: application)
    }

    static func application(_ id: ID<CodeApplication>, brand: ID<Brand>) -> Statement<CodeApplicationRecord> {
        Statement(
            """
            SELECT application_id, request_id, request_hash, wish, count, appid, state, step, attempts, wechat_id, wechat_word,
                import_id, author, created_at, finished_at, attention_since
            FROM codes.marketcode_application
            WHERE brand_id = \(brand) AND application_id = \(id)
            """,
            row: application)
    }

    static func applications(limit: Int, brand: ID<Brand>) -> Statement<CodeApplicationRecord> {
        Statement(
            """
            SELECT application_id, request_id, request_hash, wish, count, appid, state, step, attempts, wechat_id, wechat_word,
                import_id, author, created_at, finished_at, attention_since
            FROM codes.marketcode_application
            WHERE brand_id = \(brand)
            ORDER BY application_id DESC
            LIMIT \(limit)
            """,
            row: application)
    }

    /// Locks a wish until the transaction ends.
    static func lock(_ id: ID<CodeApplication>, brand: ID<Brand>) -> Statement<CodeApplicationRecord> {
        Statement(
            """
            SELECT application_id, request_id, request_hash, wish, count, appid, state, step, attempts, wechat_id, wechat_word,
                import_id, author, created_at, finished_at, attention_since
            FROM codes.marketcode_application
            WHERE brand_id = \(brand) AND application_id = \(id)
            FOR UPDATE
            """,
            row: application)
    }

    @Sendable
    private static func application(_ row: inout RowReader) throws(PostgresError) -> CodeApplicationRecord {
        CodeApplicationRecord(
            id: try row.next(), requestID: try row.next(), requestHash: try row.next(), wish: try row.next(),
            count: try row.next(), appid: try row.next(), stage: try row.next(), step: try row.next(),
            attempts: Int(try row.next(Int32.self)), wechatID: try row.next(String?.self),
            word: try row.next(String?.self), importID: try row.next(ID<CodeImport>?.self), author: try row.next(),
            createdAt: try row.next(), finishedAt: try row.next(Date?.self),
            attentionSince: try row.next(Date?.self))
    }

    /// Before a call: it counts, whatever becomes of it.
    static func countCall(of id: ID<CodeApplication>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE codes.marketcode_application
            SET attempts = attempts + 1, updated_at = \(now)
            WHERE brand_id = \(brand) AND application_id = \(id)
            """)
    }

    static func save(
        _ outcome: CodeApplicationOutcome, of id: ID<CodeApplication>, wechatID: String?, importID: ID<CodeImport>?,
        brand: ID<Brand>, now: Date
    ) -> Statement<Int64> {
        Statement(
            """
            UPDATE codes.marketcode_application
            SET state = \(outcome.stage), step = step + 1,
                attempts = CASE WHEN \(outcome.isProgress) THEN 0 ELSE attempts END,
                wechat_id = COALESCE(\(wechatID), wechat_id), import_id = COALESCE(\(importID), import_id),
                wechat_word = COALESCE(\(outcome.word), wechat_word),
                finished_at = CASE WHEN \(outcome.stage == .loaded) THEN COALESCE(finished_at, \(now)) END,
                attention_since = CASE WHEN \(outcome.needsAttention) THEN COALESCE(attention_since, \(now)) END,
                updated_at = \(now)
            WHERE brand_id = \(brand) AND application_id = \(id)
            RETURNING step
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// An operator asks for another round: the job of the round before has been overtaken.
    static func revive(
        _ id: ID<CodeApplication>, as stage: CodeApplicationStage, brand: ID<Brand>, now: Date
    ) -> Statement<Int64> {
        Statement(
            """
            UPDATE codes.marketcode_application
            SET state = \(stage), step = step + 1, attempts = 0, attention_since = NULL, updated_at = \(now)
            WHERE brand_id = \(brand) AND application_id = \(id)
            RETURNING step
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    // MARK: Packages

    static func addChunks(
        _ chunks: [MarketcodeChunk], of id: ID<CodeApplication>, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.marketcode_chunk (brand_id, application_id, code_first, code_last)
            SELECT b.brand_id, \(id), x.code_first, x.code_last
            FROM siyu.brand b
            CROSS JOIN unnest(\(chunks.map(\.first)), \(chunks.map(\.last))) AS x (code_first, code_last)
            WHERE b.brand_id = \(brand)
            ORDER BY x.code_first
            ON CONFLICT DO NOTHING
            """)
    }

    static func chunks(of id: ID<CodeApplication>, brand: ID<Brand>) -> Statement<MarketcodeChunk> {
        Statement(
            """
            SELECT code_first, code_last
            FROM codes.marketcode_chunk
            WHERE brand_id = \(brand) AND application_id = \(id)
            ORDER BY code_first
            """
        ) { row throws(PostgresError) in MarketcodeChunk(first: try row.next(), last: try row.next()) }
    }

    // MARK: Activations

    static func addActivation(
        _ indexes: Range<Int64>, for activity: String, as id: ID<CodeActivation>, of application: ID<CodeApplication>,
        brand: ID<Brand>, author: String, now: Date
    ) -> Statement<CodeActivationRecord> {
        Statement(
            """
            INSERT INTO codes.marketcode_activation (brand_id, activation_id, application_id, index_from, index_to, activity, state,
                step, attempts, author, created_at, updated_at)
            SELECT b.brand_id, \(id), \(application), \(indexes.lowerBound), \(indexes.upperBound), \(activity), 'requested',
                1, 0, \(author), \(now), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            RETURNING activation_id, application_id, index_from, index_to, activity, state, step, attempts, wechat_word,
                created_at, finished_at, attention_since
            """,
            row: activation)
    }

    static func activations(of id: ID<CodeApplication>, brand: ID<Brand>) -> Statement<CodeActivationRecord> {
        Statement(
            """
            SELECT activation_id, application_id, index_from, index_to, activity, state, step, attempts, wechat_word,
                created_at, finished_at, attention_since
            FROM codes.marketcode_activation
            WHERE brand_id = \(brand) AND application_id = \(id)
            ORDER BY index_from
            """,
            row: activation)
    }

    /// Locks an activation until the transaction ends.
    static func lockActivation(_ id: ID<CodeActivation>, brand: ID<Brand>) -> Statement<CodeActivationRecord> {
        Statement(
            """
            SELECT activation_id, application_id, index_from, index_to, activity, state, step, attempts, wechat_word,
                created_at, finished_at, attention_since
            FROM codes.marketcode_activation
            WHERE brand_id = \(brand) AND activation_id = \(id)
            FOR UPDATE
            """,
            row: activation)
    }

    @Sendable
    private static func activation(_ row: inout RowReader) throws(PostgresError) -> CodeActivationRecord {
        let id: ID<CodeActivation> = try row.next()
        let application: ID<CodeApplication> = try row.next()
        let from: Int64 = try row.next()
        let to: Int64 = try row.next()
        return CodeActivationRecord(
            id: id, application: application, indexes: from..<max(from, to), activityText: try row.next(),
            stage: try row.next(),
            step: try row.next(), attempts: Int(try row.next(Int32.self)), word: try row.next(String?.self),
            createdAt: try row.next(), finishedAt: try row.next(Date?.self),
            attentionSince: try row.next(Date?.self))
    }

    /// Before a call: from here on it may have been made.
    static func markCalled(
        _ id: ID<CodeActivation>, as stage: CodeActivationStage, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE codes.marketcode_activation
            SET state = \(stage), attempts = attempts + 1, updated_at = \(now)
            WHERE brand_id = \(brand) AND activation_id = \(id)
            """)
    }

    static func save(
        _ outcome: CodeActivationOutcome, of id: ID<CodeActivation>, brand: ID<Brand>, now: Date
    ) -> Statement<Int64> {
        Statement(
            """
            UPDATE codes.marketcode_activation
            SET state = \(outcome.stage), step = step + 1, wechat_word = COALESCE(\(outcome.word), wechat_word),
                finished_at = CASE WHEN \(outcome.stage == .active) THEN COALESCE(finished_at, \(now)) END,
                attention_since = CASE WHEN \(outcome.needsAttention) THEN COALESCE(attention_since, \(now)) END,
                updated_at = \(now)
            WHERE brand_id = \(brand) AND activation_id = \(id)
            RETURNING step
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func revive(
        _ id: ID<CodeActivation>, as stage: CodeActivationStage, brand: ID<Brand>, now: Date
    ) -> Statement<Int64> {
        Statement(
            """
            UPDATE codes.marketcode_activation
            SET state = \(stage), step = step + 1, attempts = 0, attention_since = NULL, updated_at = \(now)
            WHERE brand_id = \(brand) AND activation_id = \(id)
            RETURNING step
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    // MARK: Tickets

    static func ticket(_ hash: [UInt8], brand: ID<Brand>) -> Statement<[UInt8]> {
        Statement(
            """
            SELECT sealed_code
            FROM codes.marketcode_ticket
            WHERE brand_id = \(brand) AND ticket_hash = \(hash)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// A ticket that another process exchanged meanwhile stays as it is.
    static func rememberTicket(
        _ hash: [UInt8], sealedCode: [UInt8], brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.marketcode_ticket (brand_id, ticket_hash, sealed_code, created_at)
            SELECT b.brand_id, \(hash), \(sealedCode), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT DO NOTHING
            """)
    }

    static func forgetTickets(before instant: Date, limit: Int, brand: ID<Brand>) -> Statement<[UInt8]> {
        Statement(
            """
            DELETE FROM codes.marketcode_ticket t
            USING (
                SELECT ticket_hash
                FROM codes.marketcode_ticket
                WHERE brand_id = \(brand) AND created_at < \(instant)
                ORDER BY created_at
                LIMIT \(limit)
            ) old
            WHERE t.brand_id = \(brand) AND t.ticket_hash = old.ticket_hash
            RETURNING t.ticket_hash
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
