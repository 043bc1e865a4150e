import FoundationEssentials
import Postgres

/// The statements of quotas as operators see and change them.
enum QuotaStatements {
    /// The quotas that come after a name, or one.
    static func quotas(name: String?, after: String = "", limit: Int32 = 1_000) -> Statement<JobQuotaStatus> {
        Statement(
            """
            SELECT u.name, u.running_max, u.rate_interval, u.burst, u.is_fair, h.running, g.waiting, EXISTS (
                SELECT FROM jobs.pause p
                WHERE p.quota_id = u.quota_id AND p.queue_id IS NULL AND p.kind_id IS NULL AND p.brand_id IS NULL
                    AND p.until > siyu.clock())
            FROM jobs.quota u
            CROSS JOIN LATERAL (
                SELECT count(*) AS running
                FROM (SELECT FROM jobs.hot WHERE quota_id = u.quota_id LIMIT \(AdminStatements.countMax)) c) h
            CROSS JOIN LATERAL (
                SELECT count(*) AS waiting
                FROM (
                    SELECT
                    FROM jobs.queue q
                    CROSS JOIN LATERAL (
                        SELECT FROM jobs.gate
                        WHERE queue_id = q.queue_id AND quota_id = u.quota_id AND NOT blocked
                        LIMIT \(AdminStatements.countMax)) j
                    LIMIT \(AdminStatements.countMax)) c) g
            WHERE (\(name)::text IS NULL OR u.name = \(name)) AND u.name > \(after)
            ORDER BY u.name
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            let name: String = try row.next()
            let runningMax: Int? = try row.next()
            let interval: Duration? = try row.next()
            let burst: Int = try row.next()
            return JobQuotaStatus(
                name: name, runningMax: runningMax, rate: interval.map { JobRate(every: $0, burst: burst) },
                isFair: try row.next(), running: try row.next(), waiting: try row.next(), isPaused: try row.next())
        }
    }

    static func names() -> Statement<String> {
        Statement("SELECT name FROM jobs.quota ORDER BY name LIMIT 1000") { row throws(PostgresError) in try row.next()
        }
    }

    static func weights() -> Statement<JobQuotaWeight> {
        Statement(
            """
            SELECT u.name, s.tenant, s.weight
            FROM (
                SELECT quota_id, tenant, weight FROM jobs.share
                ORDER BY quota_id, tenant LIMIT \(AdminStatements.countMax)) s
            JOIN jobs.quota u ON u.quota_id = s.quota_id
            WHERE s.weight <> 1
            ORDER BY u.name, s.tenant
            """
        ) { row throws(PostgresError) in
            JobQuotaWeight(quota: try row.next(), brand: try row.next(), weight: try row.next())
        }
    }

    /// With another rate, what was waited for under the old one does not count any more.
    static func set(_ quota: Int32, _ change: JobQuotaChange) -> Statement<Void> {
        let (keepsMax, most): (Bool, Int32?) =
            switch change.runningMax {
            case .kept: (true, nil)
            case .lifted: (false, nil)
            case .set(let value): (false, Int32(clamping: value))
            }
        let (keepsRate, rate): (Bool, JobRate?) =
            switch change.rate {
            case .kept: (true, nil)
            case .lifted: (false, nil)
            case .set(let value): (false, value)
            }
        return Statement(
            """
            UPDATE jobs.quota
            SET running_max = CASE WHEN \(keepsMax) THEN running_max ELSE \(most) END,
                rate_interval = CASE WHEN \(keepsRate) THEN rate_interval ELSE \(rate?.interval) END,
                burst = CASE WHEN \(keepsRate) THEN burst ELSE \(Int32(clamping: rate?.burst ?? 1)) END,
                turn_at = CASE WHEN \(keepsRate) THEN turn_at ELSE least(turn_at, siyu.clock()) END,
                is_fair = coalesce(\(change.isFair), is_fair)
            WHERE quota_id = \(quota)
            """)
    }

    static func setWeight(_ quota: Int32, brand: UUID, weight: Double) -> Statement<Void> {
        Statement(
            """
            INSERT INTO jobs.share (quota_id, tenant, weight) VALUES (\(quota), \(brand), \(weight))
            ON CONFLICT (quota_id, tenant) DO UPDATE SET weight = excluded.weight
            """)
    }
}
