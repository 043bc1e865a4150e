-- Written by `make schema` with pg_dump of PostgreSQL 15; never edited.

CREATE SCHEMA accounting;

ALTER SCHEMA accounting OWNER TO siyu_owner;

CREATE SCHEMA audit;

ALTER SCHEMA audit OWNER TO siyu_owner;

CREATE SCHEMA codes;

ALTER SCHEMA codes OWNER TO siyu_owner;

CREATE SCHEMA gifting;

ALTER SCHEMA gifting OWNER TO siyu_owner;

CREATE SCHEMA hooks;

ALTER SCHEMA hooks OWNER TO siyu_owner;

CREATE SCHEMA jobs;

ALTER SCHEMA jobs OWNER TO siyu_owner;

CREATE SCHEMA members;

ALTER SCHEMA members OWNER TO siyu_owner;

CREATE SCHEMA orders;

ALTER SCHEMA orders OWNER TO siyu_owner;

CREATE SCHEMA policies;

ALTER SCHEMA policies OWNER TO siyu_owner;

CREATE SCHEMA promotions;

ALTER SCHEMA promotions OWNER TO siyu_owner;

CREATE SCHEMA reporting;

ALTER SCHEMA reporting OWNER TO siyu_owner;

CREATE SCHEMA siyu;

ALTER SCHEMA siyu OWNER TO siyu_owner;

CREATE SCHEMA touch;

ALTER SCHEMA touch OWNER TO siyu_owner;

CREATE SCHEMA vault;

ALTER SCHEMA vault OWNER TO siyu_owner;

CREATE FUNCTION jobs.ack(p_worker uuid, p_ids uuid[], p_claims bigint[]) RETURNS uuid[]
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    finished integer;
    leaving jobs.hot[];
BEGIN
    WITH taken AS (
        DELETE FROM jobs.hot h
        -- In one order, as everybody who locks several jobs: nobody waits in a circle.
        USING (SELECT * FROM unnest(p_ids, p_claims) AS u (id, claim_no) ORDER BY u.id) a
        WHERE h.id = a.id AND h.worker = p_worker AND h.claim_no = a.claim_no
        RETURNING h.id, h.queue_id, h.kind_id, h.run_no, h.tries, h.worker, h.enqueued_at, h.claimed_at, h.brand_id,
            CASE WHEN h.lane IS NOT NULL OR h.uniq IS NOT NULL OR h.marks <> 0 THEN h END AS leaving
    ), noted AS (
        INSERT INTO jobs.done (id, queue_id, kind_id, run_no, tries, worker, enqueued_at, started_at, brand_id)
        SELECT t.id, t.queue_id, t.kind_id, t.run_no, t.tries, t.worker, t.enqueued_at, t.claimed_at, t.brand_id
        FROM taken t
    )
    -- A row is NULL to SQL only if all of it is.
    SELECT count(*), array_agg(t.leaving) FILTER (WHERE NOT t.leaving IS NULL)
    INTO finished, leaving
    FROM taken t;
    IF leaving IS NOT NULL THEN
        PERFORM jobs.leave(leaving, true);
    END IF;
    IF EXISTS (SELECT FROM jobs.cancellation) THEN
        -- Completed all the same: the request has lost its object.
        DELETE FROM jobs.cancellation c
        WHERE c.job_id = ANY (p_ids) AND NOT EXISTS (SELECT FROM jobs.hot h WHERE h.id = c.job_id);
    END IF;
    IF finished = cardinality(p_ids) THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY (
        SELECT a FROM unnest(p_ids) a
        WHERE NOT EXISTS (SELECT FROM jobs.done d WHERE d.id = a AND d.worker = p_worker));
END
$$;

ALTER FUNCTION jobs.ack(p_worker uuid, p_ids uuid[], p_claims bigint[]) OWNER TO siyu_owner;

CREATE FUNCTION jobs.ack(p_worker uuid, p_ids uuid[], p_claims bigint[], p_places tid[]) RETURNS uuid[]
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    finished integer;
    leaving jobs.hot[];
    rest_ids uuid[];
    rest_claims bigint[];
BEGIN
    WITH taken AS (
        DELETE FROM jobs.hot h
        -- In one order, as everybody who locks several jobs: nobody waits in a circle.
        USING (SELECT * FROM unnest(p_ids, p_claims, p_places) AS u (id, claim_no, place) ORDER BY u.id) a
        -- Not "=": while the table is small the planner would take the index by id, and stay with that.
        WHERE h.ctid = a.place AND h.id IS NOT DISTINCT FROM a.id AND h.worker = p_worker AND h.claim_no = a.claim_no
        RETURNING h.id, h.queue_id, h.kind_id, h.run_no, h.tries, h.worker, h.enqueued_at, h.claimed_at, h.brand_id,
            CASE WHEN h.lane IS NOT NULL OR h.uniq IS NOT NULL OR h.marks <> 0 THEN h END AS leaving
    ), noted AS (
        INSERT INTO jobs.done (id, queue_id, kind_id, run_no, tries, worker, enqueued_at, started_at, brand_id)
        SELECT t.id, t.queue_id, t.kind_id, t.run_no, t.tries, t.worker, t.enqueued_at, t.claimed_at, t.brand_id
        FROM taken t
    )
    -- A row is NULL to SQL only if all of it is.
    SELECT count(*), array_agg(t.leaving) FILTER (WHERE NOT t.leaving IS NULL)
    INTO finished, leaving
    FROM taken t;
    IF leaving IS NOT NULL THEN
        PERFORM jobs.leave(leaving, true);
    END IF;
    IF EXISTS (SELECT FROM jobs.cancellation) THEN
        -- Completed all the same: the request has lost its object.
        DELETE FROM jobs.cancellation c
        WHERE c.job_id = ANY (p_ids) AND NOT EXISTS (SELECT FROM jobs.hot h WHERE h.id = c.job_id);
    END IF;
    IF finished = cardinality(p_ids) THEN
        RETURN '{}';
    END IF;
    SELECT array_agg(a.id), array_agg(a.claim_no)
    INTO rest_ids, rest_claims
    FROM unnest(p_ids, p_claims) AS a (id, claim_no)
    WHERE NOT EXISTS (SELECT FROM jobs.done d WHERE d.id = a.id AND d.worker = p_worker);
    IF rest_ids IS NULL THEN
        RETURN '{}';
    END IF;
    RETURN jobs.ack(p_worker, rest_ids, rest_claims);
END
$$;

ALTER FUNCTION jobs.ack(p_worker uuid, p_ids uuid[], p_claims bigint[], p_places tid[]) OWNER TO siyu_owner;

CREATE FUNCTION jobs.admit(p_queue_ids integer[], p_limit integer) RETURNS TABLE(queue_id integer, again interval)
    LANGUAGE plpgsql
    SET enable_bitmapscan TO 'off'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_lanes text[];
    v_jobs uuid[];
    v_queue integer;
    v_quota record;
    v_room integer;
    v_turns integer;
    v_turn_at timestamptz;
    v_candidates uuid[];
    v_eligible uuid[];
    v_admitted uuid[];
    v_blocked integer;
    v_count integer;
    v_vtime double precision;
    v_again interval;
BEGIN
    IF NOT EXISTS (SELECT FROM jobs.signal)
        AND NOT EXISTS (SELECT FROM jobs.gate g WHERE g.queue_id = ANY (p_queue_ids) AND NOT g.blocked) THEN
        RETURN;
    END IF;
    IF NOT pg_try_advisory_xact_lock(7381, 1) THEN
        -- Somebody is at it, and may have looked before our news came.
        queue_id := NULL;
        again := INTERVAL '20 ms';
        RETURN NEXT;
        RETURN;
    END IF;

    WITH heard AS (
        DELETE FROM jobs.signal s
        WHERE s.signal_id = ANY (ARRAY (SELECT f.signal_id FROM jobs.signal f ORDER BY f.signal_id LIMIT p_limit))
        RETURNING s.lane, s.job_id
    )
    SELECT array_agg(h.lane) FILTER (WHERE h.lane IS NOT NULL),
        array_agg(h.job_id) FILTER (WHERE h.job_id IS NOT NULL)
    INTO v_lanes, v_jobs
    FROM heard h;
    -- Rows that a transaction holds, because it pushes a job that waits for them, are not waited for: that would stop the
    -- whole queue. Their signal is given again.
    IF v_lanes IS NOT NULL THEN
        -- As many of each lane as left it, first come first.
        v_candidates := ARRAY (
            SELECT w.id
            FROM (SELECT l.lane, count(*) AS n FROM unnest(v_lanes) AS l (lane) GROUP BY l.lane) f
            CROSS JOIN LATERAL (
                SELECT b.id FROM jobs.gate b WHERE b.lane = f.lane AND b.blocked ORDER BY b.ord LIMIT f.n) w);
        v_admitted := ARRAY (SELECT g.id FROM jobs.gate g WHERE g.id = ANY (v_candidates) FOR UPDATE SKIP LOCKED);
        UPDATE jobs.gate g SET blocked = false WHERE g.id = ANY (v_admitted);
        INSERT INTO jobs.signal (lane)
        SELECT g.lane FROM jobs.gate g WHERE g.id = ANY (v_candidates) AND NOT g.id = ANY (v_admitted);
    END IF;
    IF v_jobs IS NOT NULL THEN
        v_candidates := ARRAY (
            SELECT l.id FROM jobs.later l
            WHERE l.reason = 'dependent'
                AND l.id = ANY (ARRAY (SELECT d.job_id FROM jobs.dependency d WHERE d.needs = ANY (v_jobs)))
            FOR UPDATE SKIP LOCKED);
        DELETE FROM jobs.dependency d
        WHERE d.needs = ANY (v_jobs) AND (
            d.job_id = ANY (v_candidates) OR NOT EXISTS (SELECT FROM jobs.later l WHERE l.id = d.job_id));
        UPDATE jobs.later l
        SET due_at = siyu.clock()
        WHERE l.id = ANY (v_candidates) AND NOT EXISTS (SELECT FROM jobs.dependency o WHERE o.job_id = l.id);
        IF FOUND THEN
            -- They are due, and promoted at the caller's next look.
            queue_id := p_queue_ids[1];
            again := NULL;
            RETURN NEXT;
        END IF;
        INSERT INTO jobs.signal (job_id) SELECT DISTINCT d.needs FROM jobs.dependency d WHERE d.needs = ANY (v_jobs);
    END IF;

    FOREACH v_queue IN ARRAY p_queue_ids LOOP
        FOR v_quota IN
            SELECT q.quota_id, q.running_max, q.rate_interval, q.burst, q.is_fair, q.turn_at, q.vtime
            FROM jobs.quota q
            WHERE EXISTS (
                SELECT FROM jobs.gate g WHERE g.queue_id = v_queue AND g.quota_id = q.quota_id AND NOT g.blocked)
            UNION ALL
            SELECT 0, NULL, NULL, 1, false, 'epoch', 0
            WHERE EXISTS (SELECT FROM jobs.gate g WHERE g.queue_id = v_queue AND g.quota_id = 0 AND NOT g.blocked)
        LOOP
            v_room := p_limit;
            IF v_quota.running_max IS NOT NULL THEN
                v_room := least(v_room, v_quota.running_max - (
                    SELECT count(*) FROM jobs.hot h WHERE h.quota_id = v_quota.quota_id)::integer);
            END IF;
            v_turn_at := greatest(v_quota.turn_at, siyu.clock());
            IF v_quota.rate_interval IS NOT NULL THEN
                v_turns := floor(extract(epoch FROM siyu.clock() + v_quota.rate_interval * v_quota.burst - v_turn_at)
                    / extract(epoch FROM v_quota.rate_interval));
                IF v_turns < least(v_room, 1) THEN
                    v_again := least(v_again,
                        v_turn_at - siyu.clock() - v_quota.rate_interval * (v_quota.burst - 1));
                END IF;
                v_room := least(v_room, v_turns);
            END IF;
            CONTINUE WHEN v_room <= 0
                OR jobs.is_paused(v_queue, NULL, NULL, v_quota.quota_id);

            -- Where all of them wait for their lanes, those behind them get their turn at once.
            v_count := NULL;
            FOR round IN 1..20 LOOP
                IF v_quota.is_fair THEN
                    -- Start-time fair queueing: each brand's next job is due at its virtual time.
                    v_candidates := ARRAY (
                        WITH RECURSIVE tenant (id) AS (
                            (SELECT g.tenant FROM jobs.gate g
                             WHERE g.queue_id = v_queue AND g.quota_id = v_quota.quota_id AND NOT g.blocked
                             ORDER BY g.tenant LIMIT 1)
                            UNION ALL
                            SELECT n.tenant FROM tenant t CROSS JOIN LATERAL (
                                SELECT g.tenant FROM jobs.gate g
                                WHERE g.queue_id = v_queue AND g.quota_id = v_quota.quota_id AND NOT g.blocked
                                    AND g.tenant > t.id
                                ORDER BY g.tenant LIMIT 1) n
                        )
                        SELECT j.id
                        FROM tenant t
                        LEFT JOIN jobs.share s ON s.quota_id = v_quota.quota_id AND s.tenant = t.id
                        CROSS JOIN LATERAL (
                            SELECT g.id, row_number() OVER (ORDER BY g.priority, g.ord) AS n
                            FROM jobs.gate g
                            WHERE g.queue_id = v_queue AND g.quota_id = v_quota.quota_id AND g.tenant = t.id
                                AND NOT g.blocked
                            ORDER BY g.priority, g.ord
                            LIMIT v_room) j
                        ORDER BY greatest(coalesce(s.vtime, 0), v_quota.vtime) + j.n / coalesce(s.weight, 1), t.id
                        LIMIT v_room);
                ELSE
                    v_candidates := ARRAY (
                        SELECT g.id FROM jobs.gate g
                        WHERE g.queue_id = v_queue AND g.quota_id = v_quota.quota_id AND NOT g.blocked
                        ORDER BY g.priority, g.ord
                        LIMIT v_room + 100);
                END IF;
                EXIT WHEN v_candidates = '{}';

                -- In a lane the oldest goes first, whatever its priority: otherwise it would be no lane.
                v_eligible := ARRAY (
                    SELECT c.id
                    FROM (
                        SELECT g.id, g.lane, g.lane_max, g.in_lane, u.n,
                            row_number() OVER (PARTITION BY g.lane, g.in_lane ORDER BY g.ord) AS place
                        FROM unnest(v_candidates) WITH ORDINALITY AS u (id, n)
                        JOIN jobs.gate g ON g.id = u.id
                    ) c
                    JOIN jobs.gate own ON own.id = c.id
                    WHERE c.lane IS NULL OR c.in_lane OR (
                        c.place <= c.lane_max
                            - (SELECT count(*) FROM jobs.hot h WHERE h.lane = c.lane)
                            - (SELECT count(*) FROM jobs.later l WHERE l.lane = c.lane AND l.in_lane)
                            - (SELECT count(*) FROM jobs.gate i WHERE i.lane = c.lane AND i.in_lane)
                        AND NOT EXISTS (
                            SELECT FROM jobs.gate o
                            WHERE o.lane = c.lane AND o.ord < own.ord AND NOT o.in_lane
                                AND NOT o.id = ANY (v_candidates)))
                    ORDER BY c.n);
                UPDATE jobs.gate g
                SET blocked = true
                WHERE g.ctid = ANY (ARRAY (
                    SELECT f.ctid FROM jobs.gate f
                    WHERE f.id = ANY (v_candidates) AND NOT f.id = ANY (v_eligible)
                    FOR UPDATE SKIP LOCKED));
                GET DIAGNOSTICS v_blocked = ROW_COUNT;
                v_admitted := v_eligible[1:v_room];

                WITH entering AS (
                    DELETE FROM jobs.gate g
                    WHERE g.ctid = ANY (ARRAY (
                        SELECT f.ctid FROM jobs.gate f WHERE f.id = ANY (v_admitted) FOR UPDATE SKIP LOCKED))
                    RETURNING g.*
                ), entered AS (
                    INSERT INTO jobs.hot (
                        queue_id, kind_id, id, enqueued_at, ready_at, run_no, tries, crashes, priority, max_tries, brand_id,
                        payload, version, marks, quota_id, lane_max, lane, key, uniq, deadline_at, trace)
                    SELECT e.queue_id, e.kind_id, e.id, e.enqueued_at, e.ready_at, e.run_no, e.tries, e.crashes, e.priority,
                        e.max_tries, e.brand_id, e.payload, e.version, e.marks, nullif(e.quota_id, 0), e.lane_max, e.lane,
                        e.key, e.uniq, e.deadline_at, e.trace
                    FROM entering e
                    ORDER BY array_position(v_admitted, e.id)
                    ON CONFLICT (id) DO NOTHING
                ), counted AS (
                    SELECT e.tenant, count(*) AS n FROM entering e GROUP BY e.tenant
                ), shared AS (
                    INSERT INTO jobs.share AS s (quota_id, tenant, vtime)
                    SELECT v_quota.quota_id, c.tenant, v_quota.vtime + c.n FROM counted c WHERE v_quota.is_fair
                    ON CONFLICT (quota_id, tenant) DO UPDATE
                    SET vtime = greatest(s.vtime, v_quota.vtime) + (excluded.vtime - v_quota.vtime) / s.weight
                    RETURNING s.vtime - 1 / s.weight AS started
                )
                SELECT (SELECT sum(c.n) FROM counted c), (SELECT min(s.started) FROM shared s) INTO v_count, v_vtime;
                EXIT WHEN v_count IS NOT NULL OR v_blocked = 0;
                IF round = 20 THEN
                    v_again := INTERVAL '0';
                END IF;
            END LOOP;
            CONTINUE WHEN v_count IS NULL;
            IF v_quota.rate_interval IS NOT NULL OR v_quota.is_fair THEN
                UPDATE jobs.quota q
                SET turn_at = CASE WHEN q.rate_interval IS NULL THEN q.turn_at
                        ELSE v_turn_at + q.rate_interval * v_count END,
                    vtime = greatest(q.vtime, coalesce(v_vtime, q.vtime))
                WHERE q.quota_id = v_quota.quota_id;
            END IF;
            queue_id := v_queue;
            again := NULL;
            RETURN NEXT;
        END LOOP;
    END LOOP;
    IF v_again IS NOT NULL THEN
        queue_id := NULL;
        again := greatest(v_again, INTERVAL '1 ms');
        RETURN NEXT;
    END IF;
END
$$;

ALTER FUNCTION jobs.admit(p_queue_ids integer[], p_limit integer) OWNER TO siyu_owner;

CREATE SEQUENCE jobs.ord
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE jobs.ord OWNER TO siyu_owner;

CREATE TABLE jobs.hot (
    queue_id integer NOT NULL,
    kind_id integer NOT NULL,
    ord bigint DEFAULT nextval('jobs.ord'::regclass) NOT NULL,
    id uuid NOT NULL,
    worker uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    claim_no bigint DEFAULT 0 NOT NULL,
    claimed_at timestamp with time zone,
    enqueued_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ready_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    run_no integer DEFAULT 0 NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    crashes smallint DEFAULT 0 NOT NULL,
    priority smallint NOT NULL,
    max_tries integer DEFAULT 0 NOT NULL,
    brand_id uuid,
    payload bytea NOT NULL,
    version smallint DEFAULT 1 NOT NULL,
    marks smallint DEFAULT 0 NOT NULL,
    quota_id integer,
    lane_max smallint,
    lane text,
    key text,
    uniq text,
    deadline_at timestamp with time zone,
    trace bytea,
    CONSTRAINT hot_max_tries_check CHECK ((max_tries >= 0)),
    CONSTRAINT hot_priority_check CHECK (((priority >= 0) AND (priority <= 4)))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='2000', autovacuum_vacuum_insert_scale_factor='0.2', autovacuum_vacuum_cost_delay='0', fillfactor='45');

ALTER TABLE jobs.hot OWNER TO siyu_owner;

CREATE FUNCTION jobs.bury(p_row jobs.hot, p_author text, p_reason text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO jobs.discarded (
        id, queue_id, kind_id, enqueued_at, run_no, tries, crashes, priority, max_tries, brand_id, reason, last_error,
        payload, version, marks, quota_id, lane_max, lane, key, uniq, deadline_at, trace)
    VALUES (p_row.id, p_row.queue_id, p_row.kind_id, p_row.enqueued_at, p_row.run_no, p_row.tries, p_row.crashes,
        p_row.priority, p_row.max_tries, p_row.brand_id, 'cancelled', 'cancelled by ' || p_author || ': ' || p_reason,
        p_row.payload, p_row.version, p_row.marks, p_row.quota_id, p_row.lane_max, p_row.lane, p_row.key, p_row.uniq,
        p_row.deadline_at, p_row.trace)
    ON CONFLICT (id) DO NOTHING;
    DELETE FROM jobs.cancellation c WHERE c.job_id = p_row.id;
    DELETE FROM jobs.dependency d WHERE d.job_id = p_row.id;
    IF p_row.lane IS NOT NULL OR p_row.uniq IS NOT NULL THEN
        PERFORM jobs.leave(ARRAY[p_row], false);
    END IF;
END
$$;

ALTER FUNCTION jobs.bury(p_row jobs.hot, p_author text, p_reason text) OWNER TO siyu_owner;

CREATE FUNCTION jobs.cancel(p_ids uuid[], p_author text, p_reason text) RETURNS TABLE(id uuid, was_running boolean)
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    v_row jobs.hot;
BEGIN
    -- A job that is just being claimed or moved is waited for; and looked for again, because it may have gone from a table
    -- that we have yet to see into one that we have seen: a cancellation misses nobody. One that runs is not waited for:
    -- its transaction may last.
    FOR attempt IN 1..10 LOOP
        FOR v_row IN
            WITH wanted AS (
                SELECT f.id FROM jobs.hot f
                WHERE f.id = ANY (p_ids) AND f.worker = '00000000-0000-0000-0000-000000000000'
                ORDER BY f.id FOR UPDATE
            )
            DELETE FROM jobs.hot h
            USING wanted w
            WHERE h.id = w.id AND h.worker = '00000000-0000-0000-0000-000000000000'
            RETURNING h.*
        LOOP
            PERFORM jobs.bury(v_row, p_author, p_reason);
            id := v_row.id;
            was_running := false;
            RETURN NEXT;
        END LOOP;
        FOR v_row IN
            WITH wanted AS (
                SELECT f.id FROM jobs.later f WHERE f.id = ANY (p_ids) ORDER BY f.id FOR UPDATE
            )
            DELETE FROM jobs.later l
            USING wanted w
            WHERE l.id = w.id
            RETURNING l.queue_id, l.kind_id, 0, l.id, '00000000-0000-0000-0000-000000000000'::uuid, 0,
                'epoch'::timestamptz, l.enqueued_at, l.due_at, l.run_no, l.tries, l.crashes, l.priority, l.max_tries,
                l.brand_id, l.payload, l.version, l.marks, l.quota_id, l.lane_max, l.lane, l.key, l.uniq, l.deadline_at,
                l.trace
        LOOP
            PERFORM jobs.bury(v_row, p_author, p_reason);
            id := v_row.id;
            was_running := false;
            RETURN NEXT;
        END LOOP;
        FOR v_row IN
            WITH wanted AS (
                SELECT f.id FROM jobs.gate f WHERE f.id = ANY (p_ids) ORDER BY f.id FOR UPDATE
            )
            DELETE FROM jobs.gate g
            USING wanted w
            WHERE g.id = w.id
            RETURNING g.queue_id, g.kind_id, g.ord, g.id, '00000000-0000-0000-0000-000000000000'::uuid, 0,
                'epoch'::timestamptz, g.enqueued_at, g.ready_at, g.run_no, g.tries, g.crashes, g.priority, g.max_tries,
                g.brand_id, g.payload, g.version, g.marks, nullif(g.quota_id, 0), g.lane_max, g.lane, g.key, g.uniq,
                g.deadline_at, g.trace
        LOOP
            PERFORM jobs.bury(v_row, p_author, p_reason);
            id := v_row.id;
            was_running := false;
            RETURN NEXT;
        END LOOP;
        INSERT INTO jobs.cancellation (job_id, author, reason)
        SELECT h.id, p_author, p_reason FROM jobs.hot h
        WHERE h.id = ANY (p_ids) AND h.worker <> '00000000-0000-0000-0000-000000000000'
        ORDER BY h.id
        ON CONFLICT (job_id) DO UPDATE SET reason = excluded.reason;
        EXIT WHEN NOT EXISTS (
                SELECT FROM jobs.hot h
                WHERE h.id = ANY (p_ids) AND h.worker = '00000000-0000-0000-0000-000000000000')
            AND NOT EXISTS (SELECT FROM jobs.later l WHERE l.id = ANY (p_ids))
            AND NOT EXISTS (SELECT FROM jobs.gate g WHERE g.id = ANY (p_ids));
    END LOOP;
    RETURN QUERY
    SELECT h.id, true FROM jobs.hot h
    WHERE h.id = ANY (p_ids) AND h.worker <> '00000000-0000-0000-0000-000000000000' ORDER BY h.id;
END
$$;

ALTER FUNCTION jobs.cancel(p_ids uuid[], p_author text, p_reason text) OWNER TO siyu_owner;

CREATE FUNCTION jobs.cancel_unheard() RETURNS integer
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    v_request jobs.cancellation;
    seen integer := 0;
BEGIN
    FOR v_request IN
        SELECT c.* FROM jobs.cancellation c
        WHERE NOT EXISTS (
            SELECT FROM jobs.hot h
            WHERE h.id = c.job_id AND h.worker <> '00000000-0000-0000-0000-000000000000')
        ORDER BY c.job_id
        LIMIT 1000
    LOOP
        PERFORM jobs.cancel(ARRAY[v_request.job_id], v_request.author, v_request.reason);
        seen := seen + 1;
    END LOOP;
    RETURN seen;
END
$$;

ALTER FUNCTION jobs.cancel_unheard() OWNER TO siyu_owner;

CREATE FUNCTION jobs.claim(p_worker uuid, p_claim_no bigint, p_queue_id integer, p_floors bigint[], p_limit integer) RETURNS TABLE(priority smallint, ord bigint, id uuid, kind_id integer, run_no integer, tries integer, crashes smallint, max_tries integer, brand_id uuid, enqueued_at timestamp with time zone, ready_at timestamp with time zone, claimed_at timestamp with time zone, version smallint, is_gated boolean, key text, deadline_at timestamp with time zone, time_left interval, trace bytea, payload bytea, place tid)
    LANGUAGE plpgsql
    SET enable_sort TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_incremental_sort TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    wanted integer := p_limit;
    taken integer;
    level smallint;
    has_pauses boolean;
BEGIN
    PERFORM FROM jobs.worker w
    WHERE w.worker_id = p_worker AND w.lease_until > clock_timestamp() AND w.claim_floor < p_claim_no
    FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'worker % holds no lease', p_worker USING ERRCODE = 'SJ001';
    END IF;
    has_pauses := EXISTS (SELECT FROM jobs.pause p WHERE p.until > siyu.clock());
    IF has_pauses AND EXISTS (
        SELECT FROM jobs.pause p
        WHERE p.queue_id = p_queue_id AND p.kind_id IS NULL AND p.brand_id IS NULL AND p.quota_id IS NULL
            AND p.until > siyu.clock()
    ) THEN
        RETURN;
    END IF;
    FOREACH level IN ARRAY ARRAY[0, 1, 2, 3, 4] LOOP
        IF has_pauses THEN
            PERFORM jobs.set_aside(p_queue_id, level, p_floors[level + 1], wanted);
        END IF;
        RETURN QUERY
        UPDATE jobs.hot AS h
        SET worker = p_worker, claim_no = p_claim_no, claimed_at = clock_timestamp(), run_no = h.run_no + 1
        WHERE h.ctid = ANY (ARRAY (
            SELECT f.ctid
            FROM jobs.hot f
            WHERE f.queue_id = p_queue_id AND f.priority = level AND f.ord >= p_floors[level + 1]
                AND f.worker = '00000000-0000-0000-0000-000000000000'
                AND NOT (has_pauses AND jobs.is_paused(f.queue_id, f.kind_id, f.brand_id, f.quota_id))
            ORDER BY f.ord
            LIMIT wanted
            FOR UPDATE SKIP LOCKED))
        RETURNING h.priority, h.ord, h.id, h.kind_id, h.run_no, h.tries, h.crashes, h.max_tries, h.brand_id,
            h.enqueued_at, h.ready_at, h.claimed_at, h.version,
            CASE
                -- The release of a key that counts only while queued rides along; its answer does not matter.
                WHEN h.uniq IS NOT NULL AND jobs.unqueue(h.kind_id, h.uniq, h.id) IS NULL THEN
                    h.quota_id IS NOT NULL OR h.lane IS NOT NULL
                ELSE h.quota_id IS NOT NULL OR h.lane IS NOT NULL
            END,
            -- What is left of its time: by the business clock, so that the worker needs none of its own.
            h.key, h.deadline_at, CASE WHEN h.deadline_at IS NOT NULL THEN h.deadline_at - siyu.clock() END, h.trace,
            h.payload, h.ctid;
        GET DIAGNOSTICS taken = ROW_COUNT;
        wanted := wanted - taken;
        EXIT WHEN wanted <= 0;
    END LOOP;
END
$$;

ALTER FUNCTION jobs.claim(p_worker uuid, p_claim_no bigint, p_queue_id integer, p_floors bigint[], p_limit integer) OWNER TO siyu_owner;

CREATE FUNCTION jobs.complete(p_worker uuid, p_id uuid, p_claim_no bigint) RETURNS integer
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    taken jobs.hot;
BEGIN
    DELETE FROM jobs.hot h WHERE h.id = p_id AND h.worker = p_worker AND h.claim_no = p_claim_no
    RETURNING h.* INTO taken;
    IF taken.id IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO jobs.done (id, queue_id, kind_id, run_no, tries, worker, enqueued_at, started_at, brand_id)
    VALUES (taken.id, taken.queue_id, taken.kind_id, taken.run_no, taken.tries, taken.worker, taken.enqueued_at,
        taken.claimed_at, taken.brand_id);
    IF taken.lane IS NOT NULL OR taken.uniq IS NOT NULL OR taken.marks <> 0 THEN
        PERFORM jobs.leave(ARRAY[taken], true);
    END IF;
    IF EXISTS (SELECT FROM jobs.cancellation) THEN
        DELETE FROM jobs.cancellation c WHERE c.job_id = p_id;
    END IF;
    RETURN taken.run_no;
END
$$;

ALTER FUNCTION jobs.complete(p_worker uuid, p_id uuid, p_claim_no bigint) OWNER TO siyu_owner;

CREATE FUNCTION jobs.deregister(p_worker uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM FROM jobs.worker w WHERE w.worker_id = p_worker FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE jobs.hot h
    SET worker = DEFAULT, claim_no = DEFAULT, claimed_at = DEFAULT
    WHERE h.ctid = ANY (ARRAY (SELECT f.ctid FROM jobs.hot f WHERE f.worker = p_worker FOR UPDATE SKIP LOCKED));
    DELETE FROM jobs.worker w
    WHERE w.worker_id = p_worker AND NOT EXISTS (SELECT FROM jobs.hot h WHERE h.worker = p_worker);
END
$$;

ALTER FUNCTION jobs.deregister(p_worker uuid) OWNER TO siyu_owner;

CREATE TABLE jobs.gate (
    id uuid NOT NULL,
    queue_id integer NOT NULL,
    kind_id integer NOT NULL,
    ord bigint DEFAULT nextval('jobs.ord'::regclass) NOT NULL,
    enqueued_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ready_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    run_no integer DEFAULT 0 NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    crashes smallint DEFAULT 0 NOT NULL,
    priority smallint NOT NULL,
    max_tries integer DEFAULT 0 NOT NULL,
    version smallint DEFAULT 1 NOT NULL,
    marks smallint DEFAULT 0 NOT NULL,
    quota_id integer NOT NULL,
    lane_max smallint,
    tenant uuid NOT NULL,
    blocked boolean DEFAULT false NOT NULL,
    in_lane boolean DEFAULT false NOT NULL,
    brand_id uuid,
    lane text,
    key text,
    uniq text,
    deadline_at timestamp with time zone,
    trace bytea,
    payload bytea NOT NULL,
    CONSTRAINT gate_max_tries_check CHECK ((max_tries >= 0)),
    CONSTRAINT gate_priority_check CHECK (((priority >= 0) AND (priority <= 4)))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='2000', autovacuum_vacuum_cost_delay='0');

ALTER TABLE jobs.gate OWNER TO siyu_owner;

CREATE TABLE jobs.later (
    id uuid NOT NULL,
    queue_id integer NOT NULL,
    kind_id integer NOT NULL,
    due_at timestamp with time zone NOT NULL,
    enqueued_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    run_no integer DEFAULT 0 NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    crashes smallint DEFAULT 0 NOT NULL,
    priority smallint NOT NULL,
    max_tries integer DEFAULT 0 NOT NULL,
    brand_id uuid,
    reason text NOT NULL,
    payload bytea NOT NULL,
    version smallint DEFAULT 1 NOT NULL,
    marks smallint DEFAULT 0 NOT NULL,
    quota_id integer,
    lane_max smallint,
    lane text,
    key text,
    uniq text,
    deadline_at timestamp with time zone,
    trace bytea,
    in_lane boolean DEFAULT false NOT NULL,
    CONSTRAINT later_max_tries_check CHECK ((max_tries >= 0)),
    CONSTRAINT later_priority_check CHECK (((priority >= 0) AND (priority <= 4))),
    CONSTRAINT later_reason_check CHECK ((reason = ANY (ARRAY['delayed'::text, 'retry'::text, 'snoozed'::text, 'rescued'::text, 'unknown_kind'::text, 'dependent'::text, 'paused'::text, 'redriven'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='2000', autovacuum_vacuum_cost_delay='0');

ALTER TABLE jobs.later OWNER TO siyu_owner;

CREATE FUNCTION jobs.ids_of_key(p_kind_id integer, p_key text) RETURNS uuid[]
    LANGUAGE sql STABLE
    RETURN ARRAY(SELECT h.id FROM jobs.hot h WHERE ((h.kind_id = ids_of_key.p_kind_id) AND (h.key = ids_of_key.p_key)) UNION ALL SELECT l.id FROM jobs.later l WHERE ((l.kind_id = ids_of_key.p_kind_id) AND (l.key = ids_of_key.p_key)) UNION ALL SELECT g.id FROM jobs.gate g WHERE ((g.kind_id = ids_of_key.p_kind_id) AND (g.key = ids_of_key.p_key)));

ALTER FUNCTION jobs.ids_of_key(p_kind_id integer, p_key text) OWNER TO siyu_owner;

CREATE TABLE siyu.environment (
    only_row boolean DEFAULT true NOT NULL,
    name text NOT NULL,
    clock_offset interval DEFAULT '00:00:00'::interval NOT NULL,
    CONSTRAINT environment_name_check CHECK ((name = ANY (ARRAY['development'::text, 'production'::text]))),
    CONSTRAINT environment_only_row_check CHECK (only_row),
    CONSTRAINT environment_production_has_no_offset CHECK (((name <> 'production'::text) OR (clock_offset = '00:00:00'::interval)))
);

ALTER TABLE siyu.environment OWNER TO siyu_owner;

CREATE FUNCTION siyu.clock() RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (transaction_timestamp() + COALESCE((SELECT e.clock_offset FROM siyu.environment e WHERE (e.name <> 'production'::text)), '00:00:00'::interval));

ALTER FUNCTION siyu.clock() OWNER TO siyu_owner;

CREATE TABLE jobs.pause (
    pause_id bigint NOT NULL,
    queue_id integer,
    kind_id integer,
    brand_id uuid,
    quota_id integer,
    reason text NOT NULL,
    author text NOT NULL,
    paused_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    until timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    CONSTRAINT pause_author_check CHECK ((author <> ''::text)),
    CONSTRAINT pause_has_a_scope CHECK ((num_nonnulls(queue_id, kind_id, brand_id, quota_id) >= 1)),
    CONSTRAINT pause_reason_check CHECK ((reason <> ''::text))
);

ALTER TABLE jobs.pause OWNER TO siyu_owner;

CREATE FUNCTION jobs.is_paused(p_queue_id integer, p_kind_id integer, p_brand_id uuid, p_quota_id integer) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN (EXISTS (SELECT FROM jobs.pause p WHERE ((p.until > siyu.clock()) AND ((p.queue_id IS NULL) OR (p.queue_id = is_paused.p_queue_id)) AND ((p.kind_id IS NULL) OR (p.kind_id = is_paused.p_kind_id)) AND ((p.brand_id IS NULL) OR (p.brand_id = is_paused.p_brand_id)) AND ((p.quota_id IS NULL) OR (p.quota_id = is_paused.p_quota_id)))));

ALTER FUNCTION jobs.is_paused(p_queue_id integer, p_kind_id integer, p_brand_id uuid, p_quota_id integer) OWNER TO siyu_owner;

CREATE FUNCTION jobs.leave(p_rows jobs.hot[], p_completed boolean) RETURNS void
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
BEGIN
    INSERT INTO jobs.signal (lane, job_id)
    SELECT r.lane, CASE WHEN p_completed AND r.marks & 1 <> 0 THEN r.id END
    FROM unnest(p_rows) r
    WHERE r.lane IS NOT NULL OR (p_completed AND r.marks & 1 <> 0);
    -- In the order of the keys, as they are taken, so that no two batches wait for one another.
    DELETE FROM jobs.uniq u
    WHERE u.ctid = ANY (ARRAY (
        SELECT k.ctid
        FROM (SELECT r.kind_id, r.uniq, r.id FROM unnest(p_rows) r WHERE r.uniq IS NOT NULL
              ORDER BY r.kind_id, r.uniq) r
        JOIN jobs.uniq k ON k.kind_id = r.kind_id AND k.key = r.uniq AND k.job_id = r.id
        WHERE k.scope <> 'window'
        FOR UPDATE OF k));
    IF p_completed THEN
        DELETE FROM jobs.checkpoint c
        USING unnest(p_rows) r
        WHERE r.marks & 2 <> 0 AND c.job_id = r.id;
    END IF;
END
$$;

ALTER FUNCTION jobs.leave(p_rows jobs.hot[], p_completed boolean) OWNER TO siyu_owner;

CREATE FUNCTION jobs.promote(p_limit integer) RETURNS SETOF integer
    LANGUAGE plpgsql
    SET enable_sort TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    over jobs.pause;
BEGIN
    FOR over IN
        DELETE FROM jobs.pause p
        WHERE p.ctid = ANY (ARRAY (
            SELECT f.ctid FROM jobs.pause f WHERE f.until <= siyu.clock() FOR UPDATE SKIP LOCKED))
        RETURNING p.*
    LOOP
        PERFORM jobs.unpause(over);
    END LOOP;
    RETURN QUERY
    WITH due AS (
        DELETE FROM jobs.later l
        WHERE l.ctid = ANY (ARRAY (
            SELECT f.ctid FROM jobs.later f
            WHERE f.due_at <= siyu.clock()
            ORDER BY f.due_at
            LIMIT p_limit
            FOR UPDATE SKIP LOCKED))
        RETURNING l.*
    ), gated AS (
        INSERT INTO jobs.gate (
            queue_id, kind_id, id, enqueued_at, run_no, tries, crashes, priority, max_tries, brand_id, payload, version,
            marks, quota_id, lane_max, lane, key, uniq, deadline_at, trace, in_lane, tenant)
        SELECT d.queue_id, d.kind_id, d.id, d.enqueued_at, d.run_no, d.tries, d.crashes, d.priority, d.max_tries,
            d.brand_id, d.payload, d.version, d.marks, coalesce(d.quota_id, 0), d.lane_max, d.lane, d.key, d.uniq,
            d.deadline_at, d.trace, d.in_lane, coalesce(d.brand_id, '00000000-0000-0000-0000-000000000000')
        FROM due d
        WHERE d.quota_id IS NOT NULL OR (d.lane IS NOT NULL AND NOT d.in_lane)
        ORDER BY d.due_at
        ON CONFLICT (id) DO NOTHING
    ), ready AS (
        INSERT INTO jobs.hot (
            queue_id, kind_id, id, enqueued_at, run_no, tries, crashes, priority, max_tries, brand_id, payload, version,
            marks, lane_max, lane, key, uniq, deadline_at, trace)
        SELECT d.queue_id, d.kind_id, d.id, d.enqueued_at, d.run_no, d.tries, d.crashes, d.priority, d.max_tries,
            d.brand_id, d.payload, d.version, d.marks, d.lane_max, d.lane, d.key, d.uniq, d.deadline_at, d.trace
        FROM due d
        WHERE d.quota_id IS NULL AND (d.lane IS NULL OR d.in_lane)
        ORDER BY d.due_at
        ON CONFLICT (id) DO NOTHING
        RETURNING queue_id
    )
    SELECT DISTINCT r.queue_id FROM ready r;
END
$$;

ALTER FUNCTION jobs.promote(p_limit integer) OWNER TO siyu_owner;

CREATE FUNCTION jobs.push(p_queue_id integer, p_kind_id integer, p_ids uuid[], p_payloads bytea[], p_version smallint, p_priority smallint, p_max_tries integer, p_brand_id uuid, p_delay interval, p_deadline interval, p_trace bytea, p_quota_id integer, p_lane_max smallint, p_lanes text[], p_keys text[], p_uniqs text[], p_scope text, p_window interval, p_needs uuid[]) RETURNS TABLE(id uuid)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
DECLARE
    winners uuid[] := p_ids;
    unmet uuid[] := '{}';
    known integer;
BEGIN
    IF p_scope IS NOT NULL THEN
        -- Waits for a transaction that is taking the same key, whichever way that ends.
        INSERT INTO jobs.uniq (kind_id, key, job_id, scope, until)
        SELECT DISTINCT ON (j.uniq) p_kind_id, j.uniq, j.id, p_scope,
            CASE WHEN p_scope = 'window' THEN siyu.clock() + p_window ELSE 'infinity' END
        FROM unnest(p_ids, p_uniqs) WITH ORDINALITY AS j (id, uniq, n)
        WHERE j.uniq IS NOT NULL
        ORDER BY j.uniq, j.n
        ON CONFLICT (kind_id, key) DO UPDATE
        SET job_id = excluded.job_id, scope = excluded.scope, until = excluded.until
        WHERE jobs.uniq.until <= siyu.clock();
        winners := ARRAY (
            SELECT j.id FROM unnest(p_ids, p_uniqs) AS j (id, uniq)
            LEFT JOIN jobs.uniq u ON u.kind_id = p_kind_id AND u.key = j.uniq AND u.job_id = j.id
            WHERE j.uniq IS NULL OR u.job_id IS NOT NULL);
    END IF;

    IF p_needs <> '{}' THEN
        FOR attempt IN 1..10 LOOP
            -- Locked in one order, marked, and held: none of them can move or end before this push is committed. Only
            -- what is locked counts: one that was merely seen may be elsewhere, or done, before it is marked.
            WITH held AS MATERIALIZED (SELECT l.id FROM jobs.later l WHERE l.id = ANY (p_needs) ORDER BY l.id FOR UPDATE),
            marked AS (UPDATE jobs.later l SET marks = l.marks | 1::smallint FROM held h WHERE l.id = h.id RETURNING l.id)
            SELECT unmet || coalesce(array_agg(m.id), '{}') INTO unmet FROM marked m;
            WITH held AS MATERIALIZED (SELECT g.id FROM jobs.gate g WHERE g.id = ANY (p_needs) ORDER BY g.id FOR UPDATE),
            marked AS (UPDATE jobs.gate g SET marks = g.marks | 1::smallint FROM held h WHERE g.id = h.id RETURNING g.id)
            SELECT unmet || coalesce(array_agg(m.id), '{}') INTO unmet FROM marked m;
            WITH held AS MATERIALIZED (SELECT h.id FROM jobs.hot h WHERE h.id = ANY (p_needs) ORDER BY h.id FOR UPDATE),
            marked AS (UPDATE jobs.hot j SET marks = j.marks | 1::smallint FROM held h WHERE j.id = h.id RETURNING j.id)
            SELECT unmet || coalesce(array_agg(m.id), '{}') INTO unmet FROM marked m;
            WITH held AS MATERIALIZED (
                SELECT d.id FROM jobs.discarded d WHERE d.id = ANY (p_needs) ORDER BY d.id FOR UPDATE),
            marked AS (
                UPDATE jobs.discarded d SET marks = d.marks | 1::smallint FROM held h WHERE d.id = h.id RETURNING d.id)
            SELECT unmet || coalesce(array_agg(m.id), '{}') INTO unmet FROM marked m;
            known := (
                SELECT count(*) FROM (SELECT DISTINCT n FROM unnest(p_needs) n) AS needed (n)
                WHERE needed.n = ANY (unmet) OR EXISTS (SELECT FROM jobs.done f WHERE f.id = needed.n));
            EXIT WHEN known = (SELECT count(DISTINCT n) FROM unnest(p_needs) n);
            -- One of them was on its way from table to table while we looked.
        END LOOP;
        IF known < (SELECT count(DISTINCT n) FROM unnest(p_needs) n) THEN
            RAISE EXCEPTION 'a job that another shall wait for is not known' USING ERRCODE = 'SJ002';
        END IF;
        unmet := ARRAY (SELECT DISTINCT u FROM unnest(unmet) u);
        INSERT INTO jobs.dependency (job_id, needs)
        SELECT w, u FROM unnest(winners) w CROSS JOIN unnest(unmet) u
        ON CONFLICT DO NOTHING;
    END IF;

    IF p_delay IS NOT NULL OR unmet <> '{}' THEN
        INSERT INTO jobs.later (
            queue_id, kind_id, id, due_at, priority, max_tries, brand_id, reason, payload, version, quota_id, lane_max,
            lane, key, uniq, deadline_at, trace)
        SELECT p_queue_id, p_kind_id, j.id,
            CASE WHEN unmet <> '{}' THEN 'infinity' ELSE siyu.clock() + p_delay END, p_priority, p_max_tries, p_brand_id,
            CASE WHEN unmet <> '{}' THEN 'dependent' ELSE 'delayed' END, j.payload, p_version, p_quota_id,
            CASE WHEN j.lane IS NOT NULL THEN p_lane_max END, j.lane, j.key, j.uniq,
            siyu.clock() + coalesce(p_delay, INTERVAL '0') + p_deadline, p_trace
        FROM unnest(p_ids, p_payloads, p_lanes, p_keys, p_uniqs) WITH ORDINALITY
            AS j (id, payload, lane, key, uniq, n)
        WHERE j.id = ANY (winners)
        ORDER BY j.n
        ON CONFLICT (id) DO NOTHING;
    ELSE
        INSERT INTO jobs.gate (
            queue_id, kind_id, id, priority, max_tries, brand_id, payload, version, quota_id, lane_max, lane, key, uniq,
            deadline_at, trace, tenant)
        SELECT p_queue_id, p_kind_id, j.id, p_priority, p_max_tries, p_brand_id, j.payload, p_version,
            coalesce(p_quota_id, 0), p_lane_max, j.lane, j.key, j.uniq, siyu.clock() + p_deadline, p_trace,
            coalesce(p_brand_id, '00000000-0000-0000-0000-000000000000')
        FROM unnest(p_ids, p_payloads, p_lanes, p_keys, p_uniqs) WITH ORDINALITY
            AS j (id, payload, lane, key, uniq, n)
        WHERE j.id = ANY (winners) AND (p_quota_id IS NOT NULL OR j.lane IS NOT NULL)
        ORDER BY j.n
        ON CONFLICT (id) DO NOTHING;
        INSERT INTO jobs.hot (
            queue_id, kind_id, id, priority, max_tries, brand_id, payload, version, key, uniq, deadline_at, trace)
        SELECT p_queue_id, p_kind_id, j.id, p_priority, p_max_tries, p_brand_id, j.payload, p_version, j.key, j.uniq,
            siyu.clock() + p_deadline, p_trace
        FROM unnest(p_ids, p_payloads, p_lanes, p_keys, p_uniqs) WITH ORDINALITY
            AS j (id, payload, lane, key, uniq, n)
        WHERE j.id = ANY (winners) AND p_quota_id IS NULL AND j.lane IS NULL
        ORDER BY j.n
        ON CONFLICT (id) DO NOTHING;
    END IF;

    RETURN QUERY
    SELECT coalesce(u.job_id, j.id)
    FROM unnest(p_ids, p_uniqs) WITH ORDINALITY AS j (id, uniq, n)
    LEFT JOIN jobs.uniq u ON p_scope IS NOT NULL AND u.kind_id = p_kind_id AND u.key = j.uniq
    ORDER BY j.n;
END
$$;

ALTER FUNCTION jobs.push(p_queue_id integer, p_kind_id integer, p_ids uuid[], p_payloads bytea[], p_version smallint, p_priority smallint, p_max_tries integer, p_brand_id uuid, p_delay interval, p_deadline interval, p_trace bytea, p_quota_id integer, p_lane_max smallint, p_lanes text[], p_keys text[], p_uniqs text[], p_scope text, p_window interval, p_needs uuid[]) OWNER TO siyu_owner;

CREATE FUNCTION jobs.register(p_worker uuid, p_former uuid, p_app text, p_host text, p_process_id integer, p_queue_ids integer[], p_lease interval) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM jobs.deregister(p_former);
    INSERT INTO jobs.worker (worker_id, app, host, process_id, queue_ids, lease_until)
    VALUES (p_worker, p_app, p_host, p_process_id, p_queue_ids, clock_timestamp() + p_lease);
END
$$;

ALTER FUNCTION jobs.register(p_worker uuid, p_former uuid, p_app text, p_host text, p_process_id integer, p_queue_ids integer[], p_lease interval) OWNER TO siyu_owner;

CREATE FUNCTION jobs.release(p_worker uuid, p_ids uuid[], p_claims bigint[], p_marked boolean[]) RETURNS integer
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    released integer;
BEGIN
    UPDATE jobs.hot h
    SET worker = DEFAULT, claim_no = DEFAULT, claimed_at = DEFAULT, crashes = h.crashes - r.marked::integer
    FROM unnest(p_ids, p_claims, p_marked) AS r (id, claim_no, marked)
    WHERE h.id = r.id AND h.worker = p_worker AND h.claim_no = r.claim_no;
    GET DIAGNOSTICS released = ROW_COUNT;
    RETURN released;
END
$$;

ALTER FUNCTION jobs.release(p_worker uuid, p_ids uuid[], p_claims bigint[], p_marked boolean[]) OWNER TO siyu_owner;

CREATE FUNCTION jobs.rescue(p_hold interval, p_crashes_max integer, p_limit integer) RETURNS TABLE(worker_id uuid, queue_id integer, rescued bigint, discarded bigint)
    LANGUAGE plpgsql
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    lost uuid[];
    leaving jobs.hot[];
BEGIN
    IF clock_timestamp() < pg_postmaster_start_time() + p_hold THEN
        RETURN;
    END IF;
    lost := ARRAY (
        SELECT w.worker_id FROM jobs.worker w WHERE w.lease_until < clock_timestamp() FOR UPDATE SKIP LOCKED);
    IF lost = '{}' THEN
        RETURN;
    END IF;
    FOR worker_id, queue_id, rescued, discarded, leaving IN
        WITH taken AS (
            DELETE FROM jobs.hot h
            WHERE h.ctid = ANY (ARRAY (
                SELECT f.ctid FROM jobs.hot f WHERE f.worker = ANY (lost) LIMIT p_limit FOR UPDATE SKIP LOCKED))
            RETURNING h.*, greatest(h.crashes, 1::smallint) AS crashed,
                CASE WHEN h.lane IS NOT NULL OR h.uniq IS NOT NULL THEN h END AS leaving
        ), postponed AS (
            INSERT INTO jobs.later (
                id, queue_id, kind_id, due_at, enqueued_at, run_no, tries, crashes, priority, max_tries, brand_id,
                reason, payload, version, marks, quota_id, lane_max, lane, key, uniq, deadline_at, trace, in_lane)
            SELECT t.id, t.queue_id, t.kind_id,
                siyu.clock() + CASE WHEN t.crashed = 1 THEN INTERVAL '0' ELSE INTERVAL '2.5 s' * 2 ^ t.crashed END,
                t.enqueued_at, t.run_no, t.tries, t.crashed, t.priority, t.max_tries, t.brand_id, 'rescued', t.payload,
                t.version, t.marks, t.quota_id, t.lane_max, t.lane, t.key, t.uniq, t.deadline_at, t.trace,
                t.lane IS NOT NULL
            FROM taken t
            WHERE t.crashed < p_crashes_max
            ON CONFLICT (id) DO NOTHING
        ), dropped AS (
            INSERT INTO jobs.discarded (
                id, queue_id, kind_id, enqueued_at, run_no, tries, crashes, priority, max_tries, brand_id, reason,
                last_error, payload, version, marks, quota_id, lane_max, lane, key, uniq, deadline_at, trace)
            SELECT t.id, t.queue_id, t.kind_id, t.enqueued_at, t.run_no, t.tries, t.crashed, t.priority, t.max_tries,
                t.brand_id, 'poison', 'its process was lost ' || t.crashed || ' times', t.payload, t.version, t.marks,
                t.quota_id, t.lane_max, t.lane, t.key, t.uniq, t.deadline_at, t.trace
            FROM taken t
            WHERE t.crashed >= p_crashes_max
            ON CONFLICT (id) DO NOTHING
        ), noted AS (
            INSERT INTO jobs.attempt (id, run_no, worker, error)
            SELECT t.id, t.run_no, t.worker, 'process lost' FROM taken t
        )
        SELECT t.worker, t.queue_id, count(*) FILTER (WHERE t.crashed < p_crashes_max),
            count(*) FILTER (WHERE t.crashed >= p_crashes_max),
            array_agg(t.leaving) FILTER (WHERE t.crashed >= p_crashes_max AND NOT t.leaving IS NULL)
        FROM taken t
        GROUP BY t.worker, t.queue_id
    LOOP
        IF leaving IS NOT NULL THEN
            PERFORM jobs.leave(leaving, false);
        END IF;
        RETURN NEXT;
    END LOOP;
    DELETE FROM jobs.worker w
    WHERE w.worker_id = ANY (lost) AND NOT EXISTS (SELECT FROM jobs.hot h WHERE h.worker = w.worker_id);
END
$$;

ALTER FUNCTION jobs.rescue(p_hold interval, p_crashes_max integer, p_limit integer) OWNER TO siyu_owner;

CREATE FUNCTION jobs.resync(p_worker uuid, p_claim_no bigint, p_known uuid[]) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- FOR UPDATE waits for a claim of the old connection that is still under way.
    PERFORM FROM jobs.worker w WHERE w.worker_id = p_worker AND w.lease_until > clock_timestamp() FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE jobs.worker w SET claim_floor = p_claim_no WHERE w.worker_id = p_worker;
    UPDATE jobs.hot h
    SET worker = DEFAULT, claim_no = DEFAULT, claimed_at = DEFAULT
    WHERE h.worker = p_worker AND NOT h.id = ANY (p_known);
    RETURN true;
END
$$;

ALTER FUNCTION jobs.resync(p_worker uuid, p_claim_no bigint, p_known uuid[]) OWNER TO siyu_owner;

CREATE FUNCTION jobs.revive(p_ids uuid[], p_spacing interval, p_start interval DEFAULT '00:00:00'::interval) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    held uuid[];
BEGIN
    -- Locked first: a key that is taken for a job which somebody else revives now would never be given back.
    held := ARRAY (SELECT d.id FROM jobs.discarded d WHERE d.id = ANY (p_ids) ORDER BY d.id FOR UPDATE);
    -- Of several jobs with one key, the one that was discarded first.
    INSERT INTO jobs.uniq (kind_id, key, job_id, scope)
    SELECT DISTINCT ON (d.kind_id, d.uniq) d.kind_id, d.uniq, d.id, 'done' FROM jobs.discarded d
    WHERE d.id = ANY (held) AND d.uniq IS NOT NULL
    ORDER BY d.kind_id, d.uniq, d.discarded_at, d.id
    ON CONFLICT (kind_id, key) DO UPDATE
    SET job_id = excluded.job_id, scope = excluded.scope, until = excluded.until
    WHERE jobs.uniq.until <= siyu.clock();
    DELETE FROM jobs.cancellation c WHERE c.job_id = ANY (held);
    RETURN QUERY
    WITH taken AS (
        DELETE FROM jobs.discarded d
        WHERE d.id = ANY (held) AND (d.uniq IS NULL OR EXISTS (
            SELECT FROM jobs.uniq u WHERE u.kind_id = d.kind_id AND u.key = d.uniq AND u.job_id = d.id))
        RETURNING d.*
    ), waiting AS (
        INSERT INTO jobs.later (
            id, queue_id, kind_id, due_at, enqueued_at, run_no, priority, max_tries, brand_id, reason, payload, version,
            marks, quota_id, lane_max, lane, key, uniq, trace)
        SELECT t.id, t.queue_id, t.kind_id,
            siyu.clock() + p_start + p_spacing * (row_number() OVER (ORDER BY t.discarded_at, t.id) - 1), t.enqueued_at, t.run_no,
            t.priority, t.max_tries, t.brand_id, 'redriven', t.payload, t.version, t.marks, t.quota_id, t.lane_max,
            t.lane, t.key, t.uniq, t.trace
        FROM taken t
        ON CONFLICT (id) DO NOTHING
    )
    SELECT t.id FROM taken t;
END
$$;

ALTER FUNCTION jobs.revive(p_ids uuid[], p_spacing interval, p_start interval) OWNER TO siyu_owner;

CREATE FUNCTION jobs.roll_history(p_done interval, p_attempt interval) RETURNS TABLE(made integer, dropped integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET lock_timeout TO '100ms'
    AS $_$
DECLARE
    parent record;
    day date;
    place text;
    has_rows boolean;
    old record;
BEGIN
    made := 0;
    dropped := 0;
    -- One process is enough.
    IF NOT pg_try_advisory_xact_lock(7381, 2) THEN
        RETURN NEXT;
        RETURN;
    END IF;
    FOR parent IN
        SELECT * FROM (VALUES ('done', 'finished_at', p_done), ('attempt', 'failed_at', p_attempt)) v (name, instant, age)
    LOOP
        FOR day IN SELECT d::date FROM generate_series(current_date, current_date + 3, INTERVAL '1 day') d LOOP
            place := parent.name || '_' || to_char(day, 'YYYYMMDD');
            CONTINUE WHEN to_regclass('jobs.' || place) IS NOT NULL;
            EXECUTE format('SELECT EXISTS (SELECT FROM jobs.%I WHERE %I >= $1 AND %2$I < $2)', parent.name || '_rest',
                parent.instant) INTO has_rows USING day::timestamptz, (day + 1)::timestamptz;
            CONTINUE WHEN has_rows;
            BEGIN
                EXECUTE format('CREATE TABLE jobs.%I (LIKE jobs.%I INCLUDING DEFAULTS)', place, parent.name);
                EXECUTE format('ALTER TABLE jobs.%I ATTACH PARTITION jobs.%I FOR VALUES FROM (%L) TO (%L)', parent.name,
                    place, day::timestamptz, (day + 1)::timestamptz);
                made := made + 1;
            EXCEPTION WHEN lock_not_available OR check_violation THEN
                -- Somebody reads or writes there at this moment: the next call.
                NULL;
            END;
        END LOOP;
        FOR old IN
            SELECT c.relname
            FROM pg_inherits i
            JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = to_regclass('jobs.' || parent.name) AND c.relname ~ ('^' || parent.name || '_[0-9]{8}$')
                AND to_date(right(c.relname, 8), 'YYYYMMDD') + 1
                    <= (clock_timestamp() - greatest(parent.age, INTERVAL '1 day'))::date
            ORDER BY c.relname
        LOOP
            BEGIN
                EXECUTE format('DROP TABLE jobs.%I', old.relname);
                dropped := dropped + 1;
            EXCEPTION WHEN lock_not_available THEN
                NULL;
            END;
        END LOOP;
    END LOOP;
    RETURN NEXT;
END
$_$;

ALTER FUNCTION jobs.roll_history(p_done interval, p_attempt interval) OWNER TO siyu_owner;

CREATE FUNCTION jobs.set_aside(p_queue_id integer, p_level smallint, p_floor bigint, p_wanted integer) RETURNS void
    LANGUAGE plpgsql
    SET enable_sort TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_incremental_sort TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    pauses bigint[];
    moved integer;
BEGIN
    IF NOT EXISTS (
        SELECT FROM (
            SELECT f.kind_id, f.brand_id, f.quota_id
            FROM jobs.hot f
            WHERE f.queue_id = p_queue_id AND f.priority = p_level AND f.ord >= p_floor
                AND f.worker = '00000000-0000-0000-0000-000000000000'
            ORDER BY f.ord
            LIMIT p_wanted) h
        WHERE jobs.is_paused(p_queue_id, h.kind_id, h.brand_id, h.quota_id)
    ) THEN
        RETURN;
    END IF;
    pauses := ARRAY (
        SELECT p.pause_id FROM jobs.pause p WHERE p.until > siyu.clock() FOR KEY SHARE SKIP LOCKED);
    -- A bound: what is not reached now is reached by the next claim.
    FOR round IN 1..20 LOOP
        WITH head AS MATERIALIZED (
            SELECT f.ctid AS place, f.kind_id, f.brand_id, f.quota_id
            FROM jobs.hot f
            WHERE f.queue_id = p_queue_id AND f.priority = p_level AND f.ord >= p_floor
                AND f.worker = '00000000-0000-0000-0000-000000000000'
            ORDER BY f.ord
            LIMIT p_wanted
            FOR UPDATE SKIP LOCKED
        ), taken AS (
            DELETE FROM jobs.hot h
            WHERE h.ctid = ANY (ARRAY (
                SELECT d.place FROM head d
                WHERE EXISTS (
                    SELECT FROM jobs.pause p
                    WHERE p.pause_id = ANY (pauses) AND (p.queue_id IS NULL OR p.queue_id = p_queue_id)
                        AND (p.kind_id IS NULL OR p.kind_id = d.kind_id)
                        AND (p.brand_id IS NULL OR p.brand_id = d.brand_id)
                        AND (p.quota_id IS NULL OR p.quota_id = d.quota_id))))
            RETURNING h.*
        )
        INSERT INTO jobs.later (
            id, queue_id, kind_id, due_at, enqueued_at, run_no, tries, crashes, priority, max_tries, brand_id, reason,
            payload, version, marks, quota_id, lane_max, lane, key, uniq, deadline_at, trace, in_lane)
        SELECT t.id, t.queue_id, t.kind_id, 'infinity', t.enqueued_at, t.run_no, t.tries, t.crashes, t.priority,
            t.max_tries, t.brand_id, 'paused', t.payload, t.version, t.marks, t.quota_id, t.lane_max, t.lane, t.key,
            t.uniq, t.deadline_at, t.trace, t.lane IS NOT NULL
        FROM taken t
        ON CONFLICT (id) DO NOTHING;
        GET DIAGNOSTICS moved = ROW_COUNT;
        EXIT WHEN moved = 0;
    END LOOP;
END
$$;

ALTER FUNCTION jobs.set_aside(p_queue_id integer, p_level smallint, p_floor bigint, p_wanted integer) OWNER TO siyu_owner;

CREATE FUNCTION jobs.settle(p_worker uuid, p_ids uuid[], p_claims bigint[], p_discard boolean[], p_failed boolean[], p_delays interval[], p_reasons text[], p_errors text[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    settled uuid[];
    leaving jobs.hot[];
BEGIN
    -- Who was to be cancelled does not wait for another try.
    WITH outcome AS MATERIALIZED (
        SELECT o.id, o.claim_no, o.discard OR c.job_id IS NOT NULL AS discard, o.failed, o.delay, o.error,
            CASE WHEN c.job_id IS NULL OR o.discard THEN o.reason ELSE 'cancelled' END AS reason,
            CASE WHEN c.job_id IS NULL OR o.discard THEN o.error
                ELSE 'cancelled by ' || c.author || ': ' || c.reason END AS last_error
        FROM unnest(p_ids, p_claims, p_discard, p_failed, p_delays, p_reasons, p_errors)
            AS o (id, claim_no, discard, failed, delay, reason, error)
        LEFT JOIN jobs.cancellation c ON c.job_id = o.id
        ORDER BY o.id
    ), taken AS (
        DELETE FROM jobs.hot h
        USING outcome o
        WHERE h.id = o.id AND h.worker = p_worker AND h.claim_no = o.claim_no
        RETURNING h, o.discard, o.failed, o.delay, o.reason, o.error, o.last_error
    ), postponed AS (
        INSERT INTO jobs.later (
            id, queue_id, kind_id, due_at, enqueued_at, run_no, tries, crashes, priority, max_tries, brand_id,
            reason, payload, version, marks, quota_id, lane_max, lane, key, uniq, deadline_at, trace, in_lane)
        SELECT (t.h).id, (t.h).queue_id, (t.h).kind_id, siyu.clock() + t.delay, (t.h).enqueued_at, (t.h).run_no,
            (t.h).tries + t.failed::integer, CASE WHEN t.reason = 'unknown_kind' THEN (t.h).crashes ELSE 0 END,
            (t.h).priority, (t.h).max_tries, (t.h).brand_id, t.reason, (t.h).payload, (t.h).version, (t.h).marks,
            (t.h).quota_id, (t.h).lane_max, (t.h).lane, (t.h).key, (t.h).uniq, (t.h).deadline_at, (t.h).trace,
            (t.h).lane IS NOT NULL
        FROM taken t
        WHERE NOT t.discard
        ON CONFLICT (id) DO NOTHING
    ), dropped AS (
        INSERT INTO jobs.discarded (
            id, queue_id, kind_id, enqueued_at, run_no, tries, crashes, priority, max_tries, brand_id, reason,
            last_error, payload, version, marks, quota_id, lane_max, lane, key, uniq, deadline_at, trace)
        SELECT (t.h).id, (t.h).queue_id, (t.h).kind_id, (t.h).enqueued_at, (t.h).run_no,
            (t.h).tries + t.failed::integer, (t.h).crashes, (t.h).priority, (t.h).max_tries, (t.h).brand_id, t.reason,
            t.last_error, (t.h).payload, (t.h).version, (t.h).marks, (t.h).quota_id, (t.h).lane_max, (t.h).lane,
            (t.h).key, (t.h).uniq, (t.h).deadline_at, (t.h).trace
        FROM taken t
        WHERE t.discard
        ON CONFLICT (id) DO NOTHING
    ), noted AS (
        INSERT INTO jobs.attempt (id, run_no, worker, error)
        SELECT (t.h).id, (t.h).run_no, (t.h).worker, t.error FROM taken t WHERE t.failed
    )
    SELECT array_agg((t.h).id),
        array_agg(t.h) FILTER (WHERE t.discard AND ((t.h).lane IS NOT NULL OR (t.h).uniq IS NOT NULL))
    INTO settled, leaving
    FROM taken t;
    IF leaving IS NOT NULL THEN
        PERFORM jobs.leave(leaving, false);
    END IF;
    -- One that came too late to be seen above stays: jobs.cancel_unheard sees to it.
    DELETE FROM jobs.cancellation c
    WHERE c.job_id = ANY (settled) AND EXISTS (SELECT FROM jobs.discarded d WHERE d.id = c.job_id);
    RETURN QUERY SELECT unnest(settled);
END
$$;

ALTER FUNCTION jobs.settle(p_worker uuid, p_ids uuid[], p_claims bigint[], p_discard boolean[], p_failed boolean[], p_delays interval[], p_reasons text[], p_errors text[]) OWNER TO siyu_owner;

CREATE FUNCTION jobs.sweep(p_limit integer) RETURNS bigint
    LANGUAGE sql
    AS $$
    WITH keys AS (
        DELETE FROM jobs.uniq u
        WHERE u.ctid = ANY (ARRAY (
            SELECT k.ctid FROM jobs.uniq k
            WHERE k.scope = 'window' AND k.until <= siyu.clock()
            ORDER BY k.until
            LIMIT p_limit
            FOR UPDATE SKIP LOCKED))
        RETURNING 1
    ), wishes AS (
        DELETE FROM jobs.cancellation c
        WHERE c.requested_at < clock_timestamp() - INTERVAL '1 min'
            AND NOT EXISTS (SELECT FROM jobs.hot h WHERE h.id = c.job_id)
            AND NOT EXISTS (SELECT FROM jobs.later l WHERE l.id = c.job_id)
            AND NOT EXISTS (SELECT FROM jobs.gate g WHERE g.id = c.job_id)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM keys) + (SELECT count(*) FROM wishes);
$$;

ALTER FUNCTION jobs.sweep(p_limit integer) OWNER TO siyu_owner;

CREATE FUNCTION jobs.tidy(p_from tid[], p_to tid[]) RETURNS integer
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_indexscan TO 'off'
    SET enable_indexonlyscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
BEGIN
    FOR part IN 1..cardinality(p_from) LOOP
        PERFORM count(*) FROM jobs.hot h WHERE h.ctid >= p_from[part] AND h.ctid < p_to[part];
    END LOOP;
    RETURN cardinality(p_from);
END
$$;

ALTER FUNCTION jobs.tidy(p_from tid[], p_to tid[]) OWNER TO siyu_owner;

CREATE FUNCTION jobs.unpause(p_pause jobs.pause) RETURNS bigint
    LANGUAGE sql
    AS $$
    WITH freed AS (
        UPDATE jobs.later l
        SET due_at = siyu.clock()
        WHERE l.reason = 'paused' AND l.due_at = 'infinity'
            AND (p_pause.queue_id IS NULL OR l.queue_id = p_pause.queue_id)
            AND (p_pause.kind_id IS NULL OR l.kind_id = p_pause.kind_id)
            AND (p_pause.brand_id IS NULL OR l.brand_id = p_pause.brand_id)
            AND (p_pause.quota_id IS NULL OR l.quota_id = p_pause.quota_id)
        RETURNING 1
    )
    SELECT count(*) FROM freed;
$$;

ALTER FUNCTION jobs.unpause(p_pause jobs.pause) OWNER TO siyu_owner;

CREATE FUNCTION jobs.unqueue(p_kind_id integer, p_key text, p_id uuid) RETURNS boolean
    LANGUAGE sql
    AS $$
    DELETE FROM jobs.uniq u
    WHERE u.kind_id = p_kind_id AND u.key = p_key AND u.job_id = p_id AND u.scope = 'queued'
    RETURNING true;
$$;

ALTER FUNCTION jobs.unqueue(p_kind_id integer, p_key text, p_id uuid) OWNER TO siyu_owner;

CREATE TABLE accounting.account (
    brand_id uuid NOT NULL,
    account_id uuid NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    floor_fen bigint,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT account_kind_is_short CHECK (((length(kind) >= 1) AND (length(kind) <= 40)))
);

ALTER TABLE accounting.account OWNER TO siyu_owner;

CREATE TABLE accounting.balance (
    brand_id uuid NOT NULL,
    account_id uuid NOT NULL,
    floor_fen bigint NOT NULL,
    balance_fen bigint NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    held_fen bigint DEFAULT 0 NOT NULL,
    CONSTRAINT balance_held_not_negative CHECK ((held_fen >= 0)),
    CONSTRAINT balance_not_below_floor CHECK (((balance_fen - held_fen) >= floor_fen))
);

ALTER TABLE accounting.balance OWNER TO siyu_owner;

CREATE TABLE accounting.hold (
    brand_id uuid NOT NULL,
    hold_id uuid NOT NULL,
    debit_account_id uuid NOT NULL,
    credit_account_id uuid NOT NULL,
    amount_fen bigint NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    held_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    state text DEFAULT 'held'::text NOT NULL,
    posted_fen bigint,
    transfer_id uuid,
    ended_at timestamp with time zone,
    CONSTRAINT hold_accounts_differ CHECK ((debit_account_id <> credit_account_id)),
    CONSTRAINT hold_amount_is_positive CHECK ((amount_fen > 0)),
    CONSTRAINT hold_ends_once CHECK (((state = 'held'::text) = (ended_at IS NULL))),
    CONSTRAINT hold_kind_is_short CHECK (((length(kind) >= 1) AND (length(kind) <= 40))),
    CONSTRAINT hold_lasts CHECK ((expires_at > held_at)),
    CONSTRAINT hold_posts_a_transfer CHECK ((((state = 'posted'::text) = (transfer_id IS NOT NULL)) AND ((state = 'posted'::text) = (posted_fen IS NOT NULL)))),
    CONSTRAINT hold_posts_no_more CHECK (((posted_fen >= 1) AND (posted_fen <= amount_fen))),
    CONSTRAINT hold_state_known CHECK ((state = ANY (ARRAY['held'::text, 'posted'::text, 'voided'::text, 'expired'::text])))
);

ALTER TABLE accounting.hold OWNER TO siyu_owner;

CREATE TABLE accounting.seal (
    brand_id uuid NOT NULL,
    seal_no bigint NOT NULL,
    transfers bigint NOT NULL,
    last_xid bigint NOT NULL,
    last_transfer_id uuid NOT NULL,
    transfer_ids bytea NOT NULL,
    marks bytea NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    CONSTRAINT seal_hash_is_sha256 CHECK ((octet_length(hash) = 32)),
    CONSTRAINT seal_is_of_something CHECK ((transfers > 0)),
    CONSTRAINT seal_marks_each CHECK ((octet_length(marks) = (8 * transfers))),
    CONSTRAINT seal_names_each CHECK ((octet_length(transfer_ids) = (16 * transfers))),
    CONSTRAINT seal_number_is_positive CHECK ((seal_no > 0))
);
ALTER TABLE ONLY accounting.seal ALTER COLUMN transfer_ids SET STORAGE EXTERNAL;
ALTER TABLE ONLY accounting.seal ALTER COLUMN marks SET STORAGE EXTERNAL;

ALTER TABLE accounting.seal OWNER TO siyu_owner;

CREATE TABLE accounting.transfer (
    brand_id uuid NOT NULL,
    transfer_id uuid NOT NULL,
    debit_account_id uuid NOT NULL,
    credit_account_id uuid NOT NULL,
    amount_fen bigint NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    posted_at timestamp with time zone NOT NULL,
    posted_xid bigint DEFAULT ((pg_current_xact_id())::text)::bigint NOT NULL,
    CONSTRAINT transfer_accounts_differ CHECK ((debit_account_id <> credit_account_id)),
    CONSTRAINT transfer_amount_is_positive CHECK ((amount_fen > 0)),
    CONSTRAINT transfer_kind_is_short CHECK (((length(kind) >= 1) AND (length(kind) <= 40)))
);

ALTER TABLE accounting.transfer OWNER TO siyu_owner;

CREATE TABLE audit.entry (
    brand_id uuid NOT NULL,
    number bigint NOT NULL,
    acted_at timestamp with time zone NOT NULL,
    author text NOT NULL,
    act text NOT NULL,
    subject text NOT NULL,
    reason text NOT NULL,
    details text NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT entry_act_is_named CHECK ((act <> ''::text)),
    CONSTRAINT entry_author_is_named CHECK ((author <> ''::text)),
    CONSTRAINT entry_hash_is_digest CHECK ((octet_length(hash) = 32)),
    CONSTRAINT entry_number_from_1 CHECK ((number >= 1))
);

ALTER TABLE audit.entry OWNER TO siyu_owner;

CREATE TABLE audit.trail (
    brand_id uuid NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT trail_hash_is_digest CHECK ((octet_length(hash) = 32)),
    CONSTRAINT trail_number_not_negative CHECK ((number >= 0))
);

ALTER TABLE audit.trail OWNER TO siyu_owner;

CREATE TABLE codes.batch (
    brand_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    request_id text NOT NULL,
    request_hash bytea NOT NULL,
    handle integer NOT NULL,
    shop_id uuid,
    product_id uuid,
    count bigint NOT NULL,
    wrapped_key bytea NOT NULL,
    prize_mode text NOT NULL,
    rules_hash bytea NOT NULL,
    label text NOT NULL,
    cost_account_id uuid NOT NULL,
    owed_account_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT batch_closed_after_created CHECK ((closed_at >= created_at)),
    CONSTRAINT batch_count_has_35_bits CHECK (((count >= 1) AND (count <= '34359738368'::bigint))),
    CONSTRAINT batch_handle_has_20_bits CHECK (((handle >= 0) AND (handle <= 1048575))),
    CONSTRAINT batch_label_is_short CHECK (((length(label) >= 1) AND (length(label) <= 100))),
    CONSTRAINT batch_prize_mode_known CHECK ((prize_mode = ANY (ARRAY['none'::text, 'ranks'::text, 'shuffle'::text]))),
    CONSTRAINT batch_request_hash_is_digest CHECK ((octet_length(request_hash) = 32)),
    CONSTRAINT batch_request_is_short CHECK (((length(request_id) >= 1) AND (length(request_id) <= 100))),
    CONSTRAINT batch_rules_hash_is_digest CHECK ((octet_length(rules_hash) = 32))
);

ALTER TABLE codes.batch OWNER TO siyu_owner;

CREATE TABLE codes.batch_burst (
    brand_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    minute timestamp with time zone NOT NULL,
    redeemed bigint NOT NULL,
    usual bigint NOT NULL,
    CONSTRAINT batch_burst_stands_out CHECK (((usual > 0) AND (redeemed > usual)))
);

ALTER TABLE codes.batch_burst OWNER TO siyu_owner;

CREATE TABLE codes.batch_fact (
    brand_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    gtin text,
    lot text,
    made_on date,
    best_before date,
    link_base text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT batch_fact_gtin_has_14_digits CHECK ((gtin ~ '^[0-9]{14}$'::text)),
    CONSTRAINT batch_fact_keeps CHECK ((made_on <= best_before)),
    CONSTRAINT batch_fact_link_fits_alphanumeric_mode CHECK (((link_base ~ '^HTTPS://[0-9A-Z.:/-]{1,80}$'::text) AND (link_base !~ '/$'::text))),
    CONSTRAINT batch_fact_lot_is_short CHECK (((length(lot) >= 1) AND (length(lot) <= 20)))
);

ALTER TABLE codes.batch_fact OWNER TO siyu_owner;

CREATE TABLE codes.batch_minute (
    brand_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    minute timestamp with time zone NOT NULL,
    redeemed bigint NOT NULL,
    CONSTRAINT batch_minute_has_some CHECK ((redeemed > 0))
);

ALTER TABLE codes.batch_minute OWNER TO siyu_owner;

CREATE TABLE codes.campaign (
    brand_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    mode text NOT NULL,
    entries_max bigint NOT NULL,
    per_person_max integer NOT NULL,
    redraw_depth_max integer NOT NULL,
    claim_days integer NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    extended_to timestamp with time zone,
    wrapped_seed bytea NOT NULL,
    rules_hash bytea NOT NULL,
    cost_account_id uuid NOT NULL,
    owed_account_id uuid NOT NULL,
    author text NOT NULL,
    published_at timestamp with time zone NOT NULL,
    entries bigint NOT NULL,
    drawn_at timestamp with time zone,
    revealed_seed bytea,
    revealed_at timestamp with time zone,
    CONSTRAINT campaign_author_is_short CHECK (((length(author) >= 1) AND (length(author) <= 100))),
    CONSTRAINT campaign_cap_not_negative CHECK ((per_person_max >= 0)),
    CONSTRAINT campaign_chain_ends CHECK (((redraw_depth_max >= 0) AND (redraw_depth_max <= 10))),
    CONSTRAINT campaign_claim_days_usual CHECK (((claim_days >= 1) AND (claim_days <= 3650))),
    CONSTRAINT campaign_code_fits_a_path CHECK ((code ~ '^[a-z0-9][a-z0-9-]{0,39}$'::text)),
    CONSTRAINT campaign_drawn_iff_entered CHECK (((entries = 0) = (drawn_at IS NULL))),
    CONSTRAINT campaign_entries_are_bounded CHECK ((((entries >= 0) AND (entries <= entries_max)) AND (entries_max <= '34359738368'::bigint))),
    CONSTRAINT campaign_extended_later CHECK ((extended_to > ends_at)),
    CONSTRAINT campaign_mode_known CHECK ((mode = ANY (ARRAY['ranks'::text, 'odds'::text]))),
    CONSTRAINT campaign_name_is_short CHECK (((length(name) >= 1) AND (length(name) <= 80))),
    CONSTRAINT campaign_published_first CHECK (((published_at <= starts_at) AND (starts_at < ends_at))),
    CONSTRAINT campaign_rules_hash_is_digest CHECK ((octet_length(rules_hash) = 32)),
    CONSTRAINT campaign_seed_is_shown_at_the_end CHECK ((((revealed_seed IS NULL) = (revealed_at IS NULL)) AND (revealed_at >= COALESCE(extended_to, ends_at))))
);

ALTER TABLE codes.campaign OWNER TO siyu_owner;

CREATE TABLE codes.campaign_prize (
    brand_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    tier integer NOT NULL,
    prize_id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    points integer NOT NULL,
    cost_fen bigint NOT NULL,
    stock bigint NOT NULL,
    day_stock bigint,
    odds_ppm integer,
    stock_account_id uuid NOT NULL,
    coupon_threshold_fen bigint,
    coupon_days integer,
    CONSTRAINT campaign_prize_cost_counts_stock CHECK (((cost_fen > 0) AND (stock > 0) AND (day_stock > 0))),
    CONSTRAINT campaign_prize_coupon_has_terms CHECK ((((kind = 'coupon'::text) = (coupon_days IS NOT NULL)) AND ((coupon_threshold_fen IS NULL) = (coupon_days IS NULL)))),
    CONSTRAINT campaign_prize_coupon_terms_make_sense CHECK (((coupon_threshold_fen > cost_fen) AND ((coupon_days >= 1) AND (coupon_days <= 366)))),
    CONSTRAINT campaign_prize_kind_known CHECK ((kind = ANY (ARRAY['points'::text, 'coupon'::text, 'item'::text, 'redraw'::text]))),
    CONSTRAINT campaign_prize_name_is_short CHECK (((length(name) >= 1) AND (length(name) <= 80))),
    CONSTRAINT campaign_prize_odds_are_ppm CHECK (((odds_ppm >= 1) AND (odds_ppm <= 1000000))),
    CONSTRAINT campaign_prize_points_go_with_kind CHECK (((points >= 0) AND ((points > 0) = (kind = 'points'::text)))),
    CONSTRAINT campaign_prize_tier_from_1 CHECK ((tier >= 1))
);

ALTER TABLE codes.campaign_prize OWNER TO siyu_owner;

CREATE TABLE codes.case_route (
    brand_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    from_index bigint NOT NULL,
    shipped_at timestamp with time zone NOT NULL,
    dealer_id uuid NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT case_route_author_is_short CHECK (((length(author) >= 1) AND (length(author) <= 100))),
    CONSTRAINT case_route_is_past CHECK ((shipped_at <= created_at)),
    CONSTRAINT case_route_reason_is_given CHECK (((length(reason) >= 1) AND (length(reason) <= 500)))
);

ALTER TABLE codes.case_route OWNER TO siyu_owner;

CREATE TABLE codes.code_range (
    brand_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    range_id uuid NOT NULL,
    kind text NOT NULL,
    from_index bigint NOT NULL,
    to_index bigint NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_to timestamp with time zone,
    author text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT code_range_author_is_short CHECK (((length(author) >= 1) AND (length(author) <= 100))),
    CONSTRAINT code_range_is_half_open CHECK (((from_index >= 0) AND (from_index < to_index))),
    CONSTRAINT code_range_kind_known CHECK ((kind = ANY (ARRAY['activate'::text, 'void'::text, 'freeze'::text]))),
    CONSTRAINT code_range_validity_is_half_open CHECK ((valid_from < valid_to))
);

ALTER TABLE codes.code_range OWNER TO siyu_owner;

CREATE TABLE codes.dealer (
    brand_id uuid NOT NULL,
    dealer_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    radius_km integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT dealer_code_fits CHECK ((code ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'::text)),
    CONSTRAINT dealer_is_on_earth CHECK ((((lat >= ('-90'::integer)::double precision) AND (lat <= (90)::double precision)) AND ((lon >= ('-180'::integer)::double precision) AND (lon <= (180)::double precision)))),
    CONSTRAINT dealer_name_is_short CHECK (((length(name) >= 1) AND (length(name) <= 100))),
    CONSTRAINT dealer_region_is_one CHECK (((radius_km >= 1) AND (radius_km <= 20000)))
);

ALTER TABLE codes.dealer OWNER TO siyu_owner;

CREATE TABLE codes.draw_day (
    brand_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    tier integer NOT NULL,
    day date NOT NULL,
    day_id uuid NOT NULL,
    account_id uuid NOT NULL
);

ALTER TABLE codes.draw_day OWNER TO siyu_owner;

CREATE TABLE codes.draw_entry (
    brand_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    ordinal bigint NOT NULL,
    entry_id uuid NOT NULL,
    person_id uuid NOT NULL,
    right_id uuid,
    free_number integer,
    depth integer NOT NULL,
    drawn_tier integer,
    tier integer,
    source_id uuid NOT NULL,
    drawn_at timestamp with time zone NOT NULL,
    CONSTRAINT draw_entry_by_right_or_free CHECK ((((right_id IS NULL) <> (free_number IS NULL)) AND ((depth = 0) = (right_id IS NULL)) AND (depth >= 0) AND (free_number >= 1))),
    CONSTRAINT draw_entry_ordinal_from_0 CHECK ((ordinal >= 0)),
    CONSTRAINT draw_entry_won_what_was_drawn CHECK (((tier IS NULL) OR ((drawn_tier IS NOT NULL) AND (tier = drawn_tier))))
);

ALTER TABLE codes.draw_entry OWNER TO siyu_owner;

CREATE TABLE codes.draw_right (
    brand_id uuid NOT NULL,
    right_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    person_id uuid NOT NULL,
    depth integer NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    CONSTRAINT draw_right_depth_is_bounded CHECK (((depth >= 1) AND (depth <= 10)))
);

ALTER TABLE codes.draw_right OWNER TO siyu_owner;

CREATE TABLE codes.handle (
    handle integer NOT NULL,
    brand_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE codes.handle OWNER TO siyu_owner;

CREATE TABLE codes.handover (
    brand_id uuid NOT NULL,
    handover_id uuid NOT NULL,
    voucher_id uuid NOT NULL,
    number integer NOT NULL,
    shop_id uuid NOT NULL,
    source_id uuid NOT NULL,
    cost_fen bigint NOT NULL,
    handed_over_at timestamp with time zone NOT NULL,
    CONSTRAINT handover_cost_not_negative CHECK ((cost_fen >= 0)),
    CONSTRAINT handover_number_from_1 CHECK ((number >= 1))
);

ALTER TABLE codes.handover OWNER TO siyu_owner;

CREATE TABLE codes.handover_reversal (
    brand_id uuid NOT NULL,
    handover_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    source_id uuid NOT NULL,
    cost_fen bigint NOT NULL,
    reason text NOT NULL,
    reversed_at timestamp with time zone NOT NULL,
    CONSTRAINT handover_reversal_cost_not_negative CHECK ((cost_fen >= 0)),
    CONSTRAINT handover_reversal_reason_is_given CHECK (((length(reason) >= 1) AND (length(reason) <= 200)))
);

ALTER TABLE codes.handover_reversal OWNER TO siyu_owner;

CREATE TABLE codes.import (
    brand_id uuid NOT NULL,
    import_id uuid NOT NULL,
    request_id text NOT NULL,
    request_hash bytea NOT NULL,
    file_hash bytea NOT NULL,
    batch_id uuid NOT NULL,
    origin text NOT NULL,
    codes bigint NOT NULL,
    loaded bigint NOT NULL,
    code_length integer NOT NULL,
    alphabet text NOT NULL,
    state text NOT NULL,
    author text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT import_author_is_short CHECK (((length(author) >= 1) AND (length(author) <= 100))),
    CONSTRAINT import_form_is_a_code CHECK ((((code_length >= 1) AND (code_length <= 64)) AND ((length(alphabet) >= 1) AND (length(alphabet) <= 95)))),
    CONSTRAINT import_hashes_are_digests CHECK (((octet_length(request_hash) = 32) AND (octet_length(file_hash) = 32))),
    CONSTRAINT import_is_whole_when_loaded CHECK (((state <> 'loaded'::text) OR (loaded = codes))),
    CONSTRAINT import_loads_in_order CHECK ((((loaded >= 0) AND (loaded <= codes)) AND (codes > 0))),
    CONSTRAINT import_origin_known CHECK ((origin = ANY (ARRAY['file'::text, 'marketcode'::text]))),
    CONSTRAINT import_request_is_short CHECK (((length(request_id) >= 1) AND (length(request_id) <= 100))),
    CONSTRAINT import_state_known CHECK ((state = ANY (ARRAY['loading'::text, 'loaded'::text, 'refused'::text])))
);

ALTER TABLE codes.import OWNER TO siyu_owner;

CREATE TABLE codes.imported_code (
    brand_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    batch_id uuid NOT NULL,
    code_index bigint NOT NULL,
    CONSTRAINT imported_code_hash_has_16_bytes CHECK ((octet_length(code_hash) = 16)),
    CONSTRAINT imported_code_index_not_negative CHECK ((code_index >= 0))
);

ALTER TABLE codes.imported_code OWNER TO siyu_owner;

CREATE TABLE codes.key_use (
    brand_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    use_id uuid NOT NULL,
    purpose text NOT NULL,
    author text NOT NULL,
    used_at timestamp with time zone NOT NULL,
    CONSTRAINT key_use_author_is_short CHECK (((length(author) >= 1) AND (length(author) <= 100))),
    CONSTRAINT key_use_purpose_known CHECK ((purpose = ANY (ARRAY['mint'::text, 'verify'::text, 'audit'::text])))
);

ALTER TABLE codes.key_use OWNER TO siyu_owner;

CREATE TABLE codes.marketcode_account (
    brand_id uuid NOT NULL,
    appid text NOT NULL,
    base_url text NOT NULL,
    sealed_credentials bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT marketcode_account_texts_are_short CHECK ((((length(appid) >= 1) AND (length(appid) <= 64)) AND ((length(base_url) >= 1) AND (length(base_url) <= 200))))
);

ALTER TABLE codes.marketcode_account OWNER TO siyu_owner;

CREATE TABLE codes.marketcode_activation (
    brand_id uuid NOT NULL,
    activation_id uuid NOT NULL,
    application_id uuid NOT NULL,
    index_from bigint NOT NULL,
    index_to bigint NOT NULL,
    activity text NOT NULL,
    state text NOT NULL,
    step bigint NOT NULL,
    attempts integer NOT NULL,
    wechat_word text,
    author text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    attention_since timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT marketcode_activation_author_is_short CHECK (((length(author) >= 1) AND (length(author) <= 100))),
    CONSTRAINT marketcode_activation_finished_iff_active CHECK (((state = 'active'::text) = (finished_at IS NOT NULL))),
    CONSTRAINT marketcode_activation_is_not_empty CHECK (((index_from >= 0) AND (index_to > index_from))),
    CONSTRAINT marketcode_activation_state_known CHECK ((state = ANY (ARRAY['requested'::text, 'sent'::text, 'unknown'::text, 'active'::text, 'refused'::text]))),
    CONSTRAINT marketcode_activation_word_is_short CHECK ((length(wechat_word) <= 300))
);

ALTER TABLE codes.marketcode_activation OWNER TO siyu_owner;

CREATE TABLE codes.marketcode_application (
    brand_id uuid NOT NULL,
    application_id uuid NOT NULL,
    request_id text NOT NULL,
    request_hash bytea NOT NULL,
    wish text NOT NULL,
    count bigint NOT NULL,
    appid text NOT NULL,
    state text NOT NULL,
    step bigint NOT NULL,
    attempts integer NOT NULL,
    wechat_id text,
    wechat_word text,
    import_id uuid,
    author text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    attention_since timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT marketcode_application_author_is_short CHECK (((length(author) >= 1) AND (length(author) <= 100))),
    CONSTRAINT marketcode_application_count_fits CHECK ((((count >= 10000) AND (count <= 20000000)) AND ((count % (10000)::bigint) = 0))),
    CONSTRAINT marketcode_application_finished_iff_loaded CHECK (((state = 'loaded'::text) = (finished_at IS NOT NULL))),
    CONSTRAINT marketcode_application_hash_is_a_digest CHECK ((octet_length(request_hash) = 32)),
    CONSTRAINT marketcode_application_import_while_loading CHECK (((state <> ALL (ARRAY['loading'::text, 'loaded'::text])) OR (import_id IS NOT NULL))),
    CONSTRAINT marketcode_application_known_before_loading CHECK (((state <> ALL (ARRAY['generating'::text, 'loading'::text, 'loaded'::text])) OR (wechat_id IS NOT NULL))),
    CONSTRAINT marketcode_application_request_is_short CHECK (((length(request_id) >= 1) AND (length(request_id) <= 100))),
    CONSTRAINT marketcode_application_state_known CHECK ((state = ANY (ARRAY['requested'::text, 'generating'::text, 'loading'::text, 'loaded'::text, 'refused'::text]))),
    CONSTRAINT marketcode_application_word_is_short CHECK ((length(wechat_word) <= 300))
);

ALTER TABLE codes.marketcode_application OWNER TO siyu_owner;

CREATE TABLE codes.marketcode_chunk (
    brand_id uuid NOT NULL,
    application_id uuid NOT NULL,
    code_first bigint NOT NULL,
    code_last bigint NOT NULL,
    CONSTRAINT marketcode_chunk_is_not_empty CHECK (((code_first >= 0) AND (code_last >= code_first)))
);

ALTER TABLE codes.marketcode_chunk OWNER TO siyu_owner;

CREATE TABLE codes.marketcode_ticket (
    brand_id uuid NOT NULL,
    ticket_hash bytea NOT NULL,
    sealed_code bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT marketcode_ticket_hash_has_16_bytes CHECK ((octet_length(ticket_hash) = 16))
);

ALTER TABLE codes.marketcode_ticket OWNER TO siyu_owner;

CREATE TABLE codes.pack_case (
    brand_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    from_index bigint NOT NULL,
    to_index bigint NOT NULL,
    case_code text NOT NULL,
    dealer_id uuid,
    shipped_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT pack_case_code_is_short CHECK (((length(case_code) >= 1) AND (length(case_code) <= 64))),
    CONSTRAINT pack_case_holds_some CHECK (((from_index >= 0) AND (from_index < to_index))),
    CONSTRAINT pack_case_shipped_to_somebody CHECK (((dealer_id IS NULL) = (shipped_at IS NULL)))
);

ALTER TABLE codes.pack_case OWNER TO siyu_owner;

CREATE TABLE codes.prize (
    brand_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    tier integer NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    points integer NOT NULL,
    cost_fen bigint NOT NULL,
    count bigint NOT NULL,
    first_rank bigint NOT NULL,
    campaign_id uuid,
    coupon_threshold_fen bigint,
    coupon_days integer,
    CONSTRAINT prize_cash_costs_what_it_pays CHECK (((kind <> 'cash'::text) OR (cost_fen > 0))),
    CONSTRAINT prize_cost_not_negative CHECK ((cost_fen >= 0)),
    CONSTRAINT prize_count_is_positive CHECK ((count > 0)),
    CONSTRAINT prize_coupon_terms_are_a_coupons CHECK (((coupon_days IS NULL) OR ((kind = 'coupon'::text) AND (cost_fen > 0) AND (coupon_threshold_fen > cost_fen) AND ((coupon_days >= 1) AND (coupon_days <= 366))))),
    CONSTRAINT prize_coupon_terms_are_whole CHECK (((coupon_threshold_fen IS NULL) = (coupon_days IS NULL))),
    CONSTRAINT prize_first_rank_not_negative CHECK ((first_rank >= 0)),
    CONSTRAINT prize_kind_known CHECK ((kind = ANY (ARRAY['points'::text, 'coupon'::text, 'item'::text, 'redraw'::text, 'cash'::text]))),
    CONSTRAINT prize_name_is_short CHECK (((length(name) >= 1) AND (length(name) <= 80))),
    CONSTRAINT prize_points_go_with_kind CHECK (((points >= 0) AND ((points > 0) = (kind = 'points'::text)))),
    CONSTRAINT prize_redraw_has_campaign CHECK (((kind = 'redraw'::text) = (campaign_id IS NOT NULL))),
    CONSTRAINT prize_redraw_is_free CHECK (((kind <> 'redraw'::text) OR (cost_fen = 0))),
    CONSTRAINT prize_tier_from_1 CHECK ((tier >= 1))
);

ALTER TABLE codes.prize OWNER TO siyu_owner;

CREATE TABLE codes.prize_shuffle (
    brand_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    sealed_ranks bytea NOT NULL,
    CONSTRAINT prize_shuffle_is_small CHECK (((octet_length(sealed_ranks) >= 30) AND (octet_length(sealed_ranks) <= 20100)))
);

ALTER TABLE codes.prize_shuffle OWNER TO siyu_owner;

CREATE TABLE codes.range_end (
    brand_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    range_id uuid NOT NULL,
    former_valid_to timestamp with time zone,
    ends_at timestamp with time zone NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    CONSTRAINT range_end_author_is_short CHECK (((length(author) >= 1) AND (length(author) <= 100))),
    CONSTRAINT range_end_comes_earlier CHECK ((ends_at < former_valid_to)),
    CONSTRAINT range_end_reason_is_given CHECK (((length(reason) >= 1) AND (length(reason) <= 500)))
);

ALTER TABLE codes.range_end OWNER TO siyu_owner;

CREATE TABLE codes.redemption (
    brand_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    code_index bigint NOT NULL,
    redemption_id uuid NOT NULL,
    person_id uuid NOT NULL,
    tier integer,
    source_id uuid NOT NULL,
    redeemed_at timestamp with time zone NOT NULL,
    CONSTRAINT redemption_index_not_negative CHECK ((code_index >= 0)),
    CONSTRAINT redemption_tier_from_1 CHECK ((tier >= 1))
);

ALTER TABLE codes.redemption OWNER TO siyu_owner;

CREATE TABLE codes.rules (
    brand_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    version integer NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone,
    claim_days integer NOT NULL,
    document_hash bytea NOT NULL,
    author text NOT NULL,
    published_at timestamp with time zone NOT NULL,
    CONSTRAINT rules_author_is_short CHECK (((length(author) >= 1) AND (length(author) <= 100))),
    CONSTRAINT rules_claim_days_usual CHECK (((claim_days >= 1) AND (claim_days <= 3650))),
    CONSTRAINT rules_document_hash_is_digest CHECK ((octet_length(document_hash) = 32)),
    CONSTRAINT rules_published_first CHECK (((version > 1) OR (published_at <= starts_at))),
    CONSTRAINT rules_version_from_1 CHECK ((version >= 1)),
    CONSTRAINT rules_window_is_half_open CHECK ((starts_at < ends_at))
);

ALTER TABLE codes.rules OWNER TO siyu_owner;

CREATE TABLE codes.scan_look (
    brand_id uuid NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    trace_id uuid NOT NULL
);

ALTER TABLE codes.scan_look OWNER TO siyu_owner;

CREATE TABLE codes.scan_signal (
    brand_id uuid NOT NULL,
    signal_id uuid NOT NULL,
    rule text NOT NULL,
    trace_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    code_index bigint NOT NULL,
    person_id uuid NOT NULL,
    score integer NOT NULL,
    km integer,
    minutes integer,
    others integer,
    seen_at timestamp with time zone NOT NULL,
    dealer_id uuid,
    CONSTRAINT scan_signal_not_negative CHECK (((km >= 0) AND (minutes >= 0) AND (others >= 0))),
    CONSTRAINT scan_signal_region_has_dealer CHECK (((rule = 'region'::text) = (dealer_id IS NOT NULL))),
    CONSTRAINT scan_signal_rule_known CHECK ((rule = ANY (ARRAY['travel'::text, 'many_people'::text, 'shared_device'::text, 'burst'::text, 'region'::text]))),
    CONSTRAINT scan_signal_score_is_percent CHECK (((score >= 1) AND (score <= 100)))
);

ALTER TABLE codes.scan_signal OWNER TO siyu_owner;

CREATE TABLE codes.scan_trace (
    brand_id uuid NOT NULL,
    trace_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    code_index bigint NOT NULL,
    person_id uuid NOT NULL,
    device_hash bytea,
    sealed_place bytea,
    is_first boolean NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    CONSTRAINT scan_trace_device_is_blind CHECK ((octet_length(device_hash) = 16)),
    CONSTRAINT scan_trace_says_something CHECK (((device_hash IS NOT NULL) OR (sealed_place IS NOT NULL)))
);

ALTER TABLE codes.scan_trace OWNER TO siyu_owner;

CREATE TABLE codes.voucher (
    brand_id uuid NOT NULL,
    voucher_id uuid NOT NULL,
    batch_id uuid,
    code_index bigint,
    tier integer NOT NULL,
    person_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    cost_fen bigint NOT NULL,
    state text NOT NULL,
    handovers integer NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    campaign_id uuid,
    CONSTRAINT voucher_cost_not_negative CHECK ((cost_fen >= 0)),
    CONSTRAINT voucher_expires_after_issue CHECK ((issued_at < expires_at)),
    CONSTRAINT voucher_handed_over_is_counted CHECK (((state <> 'handed_over'::text) OR (handovers >= 1))),
    CONSTRAINT voucher_handovers_not_negative CHECK ((handovers >= 0)),
    CONSTRAINT voucher_of_pack_or_draw CHECK ((((batch_id IS NULL) <> (campaign_id IS NULL)) AND ((batch_id IS NULL) = (code_index IS NULL)))),
    CONSTRAINT voucher_state_known CHECK ((state = ANY (ARRAY['open'::text, 'handed_over'::text, 'expired'::text]))),
    CONSTRAINT voucher_token_hash_is_digest CHECK ((octet_length(token_hash) = 32))
);

ALTER TABLE codes.voucher OWNER TO siyu_owner;

CREATE TABLE gifting.address_consent (
    brand_id uuid NOT NULL,
    recipient_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT address_consent_to_another CHECK ((recipient_id <> sender_id))
);

ALTER TABLE gifting.address_consent OWNER TO siyu_owner;

CREATE TABLE gifting.captured_price (
    brand_id uuid NOT NULL,
    gift_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    list_price_fen bigint NOT NULL,
    captured_at timestamp with time zone NOT NULL,
    CONSTRAINT captured_price_not_negative CHECK ((list_price_fen >= 0))
);

ALTER TABLE gifting.captured_price OWNER TO siyu_owner;

CREATE TABLE gifting.cash_gift (
    brand_id uuid NOT NULL,
    cash_gift_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    recipient_id uuid NOT NULL,
    amount_fen bigint NOT NULL,
    payment_id uuid NOT NULL,
    state text NOT NULL,
    pay_until timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    accept_until timestamp with time zone,
    accepted_at timestamp with time zone,
    ended_at timestamp with time zone,
    refund_id uuid,
    refunded_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT cash_gift_accepted_in_time CHECK ((((accepted_at IS NOT NULL) = (state = ANY (ARRAY['accepted'::text, 'paid_out'::text, 'failed'::text]))) AND (accepted_at <= accept_until))),
    CONSTRAINT cash_gift_amount_is_positive CHECK ((amount_fen > 0)),
    CONSTRAINT cash_gift_ended_iff_over CHECK (((ended_at IS NULL) = (state = ANY (ARRAY['created'::text, 'sent'::text, 'accepted'::text])))),
    CONSTRAINT cash_gift_is_for_somebody_else CHECK ((sender_id <> recipient_id)),
    CONSTRAINT cash_gift_refund_of_what_ended CHECK ((((refund_id IS NOT NULL) = (state = ANY (ARRAY['declined'::text, 'expired'::text, 'failed'::text]))) AND ((refunded_at IS NULL) OR (refund_id IS NOT NULL)))),
    CONSTRAINT cash_gift_sent_once_paid CHECK ((((sent_at IS NULL) = (state = ANY (ARRAY['created'::text, 'cancelled'::text]))) AND ((sent_at IS NULL) = (accept_until IS NULL)))),
    CONSTRAINT cash_gift_state_known CHECK ((state = ANY (ARRAY['created'::text, 'sent'::text, 'accepted'::text, 'paid_out'::text, 'declined'::text, 'expired'::text, 'failed'::text, 'cancelled'::text])))
);

ALTER TABLE gifting.cash_gift OWNER TO siyu_owner;

CREATE TABLE gifting.cover (
    brand_id uuid NOT NULL,
    code text NOT NULL,
    title text NOT NULL,
    image_url text,
    valid_from timestamp with time zone NOT NULL,
    valid_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT cover_code_fits CHECK ((code ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'::text)),
    CONSTRAINT cover_ends_after_it_begins CHECK ((valid_until > valid_from)),
    CONSTRAINT cover_image_is_encrypted CHECK (((image_url ~~ 'https://%'::text) AND (length(image_url) <= 1000))),
    CONSTRAINT cover_title_is_short CHECK (((length(title) >= 1) AND (length(title) <= 100)))
);

ALTER TABLE gifting.cover OWNER TO siyu_owner;

CREATE TABLE gifting.entry (
    brand_id uuid NOT NULL,
    code text NOT NULL,
    title text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT entry_code_fits CHECK (((code ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'::text) AND (code <> 'unknown'::text))),
    CONSTRAINT entry_title_is_short CHECK (((length(title) >= 1) AND (length(title) <= 100)))
);

ALTER TABLE gifting.entry OWNER TO siyu_owner;

CREATE TABLE gifting.gift (
    brand_id uuid NOT NULL,
    gift_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    product_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    swapped_from uuid,
    sender_id uuid NOT NULL,
    recipient_id uuid NOT NULL,
    greeting text,
    state text NOT NULL,
    captured_price_fen bigint,
    pay_until timestamp with time zone NOT NULL,
    payment_id uuid,
    order_id uuid,
    sent_at timestamp with time zone,
    accept_until timestamp with time zone,
    claimed_at timestamp with time zone,
    address_id uuid,
    accepted_at timestamp with time zone,
    locked_until timestamp with time zone,
    ended_at timestamp with time zone,
    refund_id uuid,
    refunded_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    entry_code text,
    cover_code text,
    send_at timestamp with time zone,
    withdrawn_at timestamp with time zone,
    prefilled_address_id uuid,
    group_id uuid,
    quantity integer DEFAULT 1 NOT NULL,
    cohort integer,
    CONSTRAINT gift_accepted_in_time CHECK ((((state = 'accepted'::text) = (accepted_at IS NOT NULL)) AND ((accepted_at IS NULL) = (locked_until IS NULL)) AND ((accepted_at >= claimed_at) AND (accepted_at <= accept_until)) AND (accepted_at <= locked_until) AND ((state <> 'accepted'::text) OR (address_id IS NOT NULL)))),
    CONSTRAINT gift_address_once_claimed CHECK (((address_id IS NULL) OR (claimed_at IS NOT NULL))),
    CONSTRAINT gift_claimed_in_time CHECK ((
CASE
    WHEN (state = ANY (ARRAY['draft'::text, 'quoted'::text, 'paying'::text, 'scheduled'::text, 'sent'::text, 'cancelled'::text])) THEN (claimed_at IS NULL)
    WHEN (state = ANY (ARRAY['claimed'::text, 'accepted'::text])) THEN (claimed_at IS NOT NULL)
    ELSE true
END AND ((claimed_at >= sent_at) AND (claimed_at <= accept_until)))),
    CONSTRAINT gift_cohort_is_a_hundredth CHECK (((cohort >= 0) AND (cohort <= 99))),
    CONSTRAINT gift_ended_with_its_state CHECK ((((state = ANY (ARRAY['accepted'::text, 'expired'::text, 'declined'::text, 'cancelled'::text])) = (ended_at IS NOT NULL)) AND
CASE state
    WHEN 'accepted'::text THEN (ended_at = accepted_at)
    WHEN 'expired'::text THEN (ended_at > accept_until)
    WHEN 'declined'::text THEN ((ended_at >= sent_at) AND (ended_at <= accept_until))
    ELSE true
END)),
    CONSTRAINT gift_greeting_is_short CHECK (((octet_length(greeting) >= 1) AND (octet_length(greeting) <= 4000))),
    CONSTRAINT gift_not_to_oneself CHECK ((sender_id <> recipient_id)),
    CONSTRAINT gift_payment_once_paying CHECK (
CASE
    WHEN (state = ANY (ARRAY['draft'::text, 'quoted'::text])) THEN (payment_id IS NULL)
    ELSE ((payment_id IS NOT NULL) OR (state = 'cancelled'::text))
END),
    CONSTRAINT gift_price_is_positive CHECK ((captured_price_fen > 0)),
    CONSTRAINT gift_price_once_quoted CHECK (((state = ANY (ARRAY['draft'::text, 'cancelled'::text])) OR (captured_price_fen IS NOT NULL))),
    CONSTRAINT gift_quantity_is_positive CHECK (((quantity >= 1) AND ((quantity = 1) OR (group_id IS NOT NULL)))),
    CONSTRAINT gift_refund_of_what_ended CHECK ((
CASE
    WHEN (group_id IS NOT NULL) THEN (refund_id IS NULL)
    WHEN (state = ANY (ARRAY['expired'::text, 'declined'::text])) THEN (refund_id IS NOT NULL)
    WHEN (state = 'cancelled'::text) THEN ((refund_id IS NULL) OR (payment_id IS NOT NULL))
    WHEN (state = 'accepted'::text) THEN ((refund_id IS NULL) = (withdrawn_at IS NULL))
    ELSE (refund_id IS NULL)
END AND ((refunded_at IS NULL) OR (refund_id IS NOT NULL)))),
    CONSTRAINT gift_sent_once_paid CHECK ((((state = ANY (ARRAY['sent'::text, 'claimed'::text, 'accepted'::text, 'expired'::text, 'declined'::text])) = (sent_at IS NOT NULL)) AND ((sent_at IS NULL) = (accept_until IS NULL)) AND (sent_at < accept_until) AND
CASE state
    WHEN 'scheduled'::text THEN ((order_id IS NOT NULL) AND (send_at IS NOT NULL))
    WHEN 'cancelled'::text THEN ((order_id IS NULL) OR (send_at IS NOT NULL))
    ELSE ((sent_at IS NULL) = (order_id IS NULL))
END)),
    CONSTRAINT gift_sent_when_it_should CHECK (((send_at > created_at) AND ((sent_at IS NULL) OR (sent_at >= send_at)))),
    CONSTRAINT gift_state_known CHECK ((state = ANY (ARRAY['draft'::text, 'quoted'::text, 'paying'::text, 'scheduled'::text, 'sent'::text, 'claimed'::text, 'accepted'::text, 'expired'::text, 'declined'::text, 'cancelled'::text]))),
    CONSTRAINT gift_swapped_for_another CHECK ((swapped_from <> variant_id)),
    CONSTRAINT gift_swapped_once_claimed CHECK (((swapped_from IS NULL) OR (claimed_at IS NOT NULL))),
    CONSTRAINT gift_withdrawn_once_accepted CHECK (((withdrawn_at >= accepted_at) AND ((withdrawn_at IS NULL) OR (state = 'accepted'::text))))
);

ALTER TABLE gifting.gift OWNER TO siyu_owner;

CREATE TABLE gifting.gift_group (
    brand_id uuid NOT NULL,
    group_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    product_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    greeting text,
    cover_code text,
    entry_code text,
    units integer NOT NULL,
    places integer NOT NULL,
    split text NOT NULL,
    draw text NOT NULL,
    entries_max integer NOT NULL,
    draw_at timestamp with time zone,
    commitment bytea NOT NULL,
    wrapped_seed bytea NOT NULL,
    state text NOT NULL,
    captured_price_fen bigint NOT NULL,
    pay_until timestamp with time zone NOT NULL,
    payment_id uuid,
    order_id uuid,
    opened_at timestamp with time zone,
    enter_until timestamp with time zone,
    entries integer NOT NULL,
    drawn_at timestamp with time zone,
    accept_until timestamp with time zone,
    revealed_seed bytea,
    ended_at timestamp with time zone,
    refund_id uuid,
    refund_fen bigint,
    refunded_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    cohort integer,
    CONSTRAINT gift_group_cohort_is_a_hundredth CHECK (((cohort >= 0) AND (cohort <= 99))),
    CONSTRAINT gift_group_commitment_is_a_hash CHECK (((octet_length(commitment) = 32) AND (octet_length(revealed_seed) = 32))),
    CONSTRAINT gift_group_draw_known CHECK (((draw = ANY (ARRAY['when_full'::text, 'at_time'::text])) AND ((draw = 'at_time'::text) = (draw_at IS NOT NULL)))),
    CONSTRAINT gift_group_ended_with_its_state CHECK (((state = ANY (ARRAY['settled'::text, 'failed'::text, 'cancelled'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT gift_group_entries_within CHECK (((entries >= 0) AND (entries <= entries_max))),
    CONSTRAINT gift_group_greeting_is_short CHECK (((octet_length(greeting) >= 1) AND (octet_length(greeting) <= 4000))),
    CONSTRAINT gift_group_open_once_paid CHECK ((((state = ANY (ARRAY['open'::text, 'drawn'::text, 'settled'::text, 'failed'::text])) = (opened_at IS NOT NULL)) AND ((opened_at IS NULL) = (order_id IS NULL)) AND ((opened_at IS NULL) = (enter_until IS NULL)) AND ((entries = 0) OR (opened_at IS NOT NULL)))),
    CONSTRAINT gift_group_payment_once_paying CHECK (
CASE
    WHEN (state = 'quoted'::text) THEN (payment_id IS NULL)
    ELSE ((payment_id IS NOT NULL) OR (state = 'cancelled'::text))
END),
    CONSTRAINT gift_group_price_is_positive CHECK ((captured_price_fen > 0)),
    CONSTRAINT gift_group_refund_of_what_ended CHECK ((((refund_id IS NULL) = (refund_fen IS NULL)) AND (refund_fen > 0) AND ((refund_id IS NULL) OR (state = ANY (ARRAY['settled'::text, 'failed'::text, 'cancelled'::text]))) AND ((refunded_at IS NULL) OR (refund_id IS NOT NULL)) AND ((state <> 'failed'::text) OR (refund_id IS NOT NULL)))),
    CONSTRAINT gift_group_seed_with_the_draw CHECK ((((state = ANY (ARRAY['drawn'::text, 'settled'::text])) = (drawn_at IS NOT NULL)) AND ((drawn_at IS NULL) = (revealed_seed IS NULL)) AND ((drawn_at IS NULL) = (accept_until IS NULL)) AND ((drawn_at IS NULL) OR (entries > 0)) AND (drawn_at < accept_until))),
    CONSTRAINT gift_group_sizes_fit CHECK ((((places >= 1) AND (places <= entries_max)) AND (places <= units) AND ((split = 'lucky'::text) OR ((units % places) = 0)))),
    CONSTRAINT gift_group_split_known CHECK ((split = ANY (ARRAY['fixed'::text, 'lucky'::text]))),
    CONSTRAINT gift_group_state_known CHECK ((state = ANY (ARRAY['quoted'::text, 'paying'::text, 'open'::text, 'drawn'::text, 'settled'::text, 'failed'::text, 'cancelled'::text])))
);

ALTER TABLE gifting.gift_group OWNER TO siyu_owner;

CREATE TABLE gifting.greeting_screen (
    brand_id uuid NOT NULL,
    url text NOT NULL,
    sealed_secret bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE gifting.greeting_screen OWNER TO siyu_owner;

CREATE TABLE gifting.group_entry (
    brand_id uuid NOT NULL,
    group_id uuid NOT NULL,
    ordinal integer NOT NULL,
    entry_id uuid NOT NULL,
    person_id uuid NOT NULL,
    entered_at timestamp with time zone NOT NULL,
    CONSTRAINT group_entry_ordinal_from_0 CHECK ((ordinal >= 0))
);

ALTER TABLE gifting.group_entry OWNER TO siyu_owner;

CREATE TABLE gifting.group_price (
    brand_id uuid NOT NULL,
    group_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    list_price_fen bigint NOT NULL,
    captured_at timestamp with time zone NOT NULL,
    CONSTRAINT group_price_not_negative CHECK ((list_price_fen >= 0))
);

ALTER TABLE gifting.group_price OWNER TO siyu_owner;

CREATE TABLE gifting.group_win (
    brand_id uuid NOT NULL,
    group_id uuid NOT NULL,
    rank integer NOT NULL,
    entry_id uuid NOT NULL,
    units integer NOT NULL,
    gift_id uuid NOT NULL,
    CONSTRAINT group_win_has_units CHECK ((units >= 1)),
    CONSTRAINT group_win_rank_from_1 CHECK ((rank >= 1))
);

ALTER TABLE gifting.group_win OWNER TO siyu_owner;

CREATE TABLE gifting.look (
    brand_id uuid NOT NULL,
    look_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    product_id uuid NOT NULL,
    person_id uuid NOT NULL,
    entry_code text,
    cohort integer NOT NULL,
    looked_at timestamp with time zone NOT NULL,
    CONSTRAINT look_cohort_is_a_hundredth CHECK (((cohort >= 0) AND (cohort <= 99)))
);

ALTER TABLE gifting.look OWNER TO siyu_owner;

CREATE TABLE gifting.outcome (
    brand_id uuid NOT NULL,
    gift_id uuid NOT NULL,
    outcome text NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    CONSTRAINT outcome_known CHECK (((((((outcome = 'accepted'::text) AND (decided_by = 'recipient'::text)) OR ((outcome = 'declined'::text) AND (decided_by = 'recipient'::text))) OR ((outcome = 'expired'::text) AND (decided_by = 'deadline'::text))) OR ((outcome = 'cancelled'::text) AND (decided_by = 'sender'::text))) OR ((outcome = 'cancelled'::text) AND (decided_by = 'deadline'::text))))
);

ALTER TABLE gifting.outcome OWNER TO siyu_owner;

CREATE TABLE gifting.rating (
    brand_id uuid NOT NULL,
    gift_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    product_id uuid NOT NULL,
    person_id uuid NOT NULL,
    stars integer NOT NULL,
    rated_at timestamp with time zone NOT NULL,
    CONSTRAINT rating_has_stars CHECK (((stars >= 1) AND (stars <= 5)))
);

ALTER TABLE gifting.rating OWNER TO siyu_owner;

CREATE TABLE gifting.rating_visit (
    brand_id uuid NOT NULL,
    gift_id uuid NOT NULL,
    person_id uuid NOT NULL,
    visited_at timestamp with time zone NOT NULL
);

ALTER TABLE gifting.rating_visit OWNER TO siyu_owner;

CREATE TABLE gifting.search (
    brand_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    day date NOT NULL,
    keyword text NOT NULL,
    searches bigint NOT NULL,
    CONSTRAINT search_is_counted CHECK ((searches >= 1)),
    CONSTRAINT search_keyword_is_short CHECK (((length(keyword) >= 1) AND (length(keyword) <= 40)))
);

ALTER TABLE gifting.search OWNER TO siyu_owner;

CREATE TABLE gifting.shop_switch (
    brand_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    is_on boolean NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT shop_switch_author_is_named CHECK (((length(author) >= 1) AND (length(author) <= 100))),
    CONSTRAINT shop_switch_not_backdated CHECK ((valid_from >= created_at)),
    CONSTRAINT shop_switch_reason_is_given CHECK (((length(reason) >= 1) AND (length(reason) <= 500)))
);

ALTER TABLE gifting.shop_switch OWNER TO siyu_owner;

CREATE TABLE gifting.swap (
    brand_id uuid NOT NULL,
    swap_id uuid NOT NULL,
    gift_id uuid NOT NULL,
    from_variant_id uuid NOT NULL,
    to_variant_id uuid NOT NULL,
    swapped_at timestamp with time zone NOT NULL,
    CONSTRAINT swap_variants_differ CHECK ((from_variant_id <> to_variant_id))
);

ALTER TABLE gifting.swap OWNER TO siyu_owner;

CREATE TABLE gifting.web_app (
    brand_id uuid NOT NULL,
    appid text NOT NULL,
    sealed_secret bytea NOT NULL,
    page_base text NOT NULL,
    authorize_base text NOT NULL,
    api_base text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT web_app_appid_is_short CHECK (((length(appid) >= 1) AND (length(appid) <= 64)))
);

ALTER TABLE gifting.web_app OWNER TO siyu_owner;

CREATE TABLE gifting.withdrawal (
    brand_id uuid NOT NULL,
    gift_id uuid NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    withdrawn_at timestamp with time zone NOT NULL,
    CONSTRAINT withdrawal_author_is_named CHECK (((length(author) >= 1) AND (length(author) <= 100))),
    CONSTRAINT withdrawal_reason_is_given CHECK (((length(reason) >= 1) AND (length(reason) <= 500)))
);

ALTER TABLE gifting.withdrawal OWNER TO siyu_owner;

CREATE TABLE hooks.api_key (
    key_hash bytea NOT NULL,
    key_id uuid NOT NULL,
    brand_id uuid NOT NULL,
    role text NOT NULL,
    shop_id uuid,
    label text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    expires_at timestamp with time zone,
    CONSTRAINT api_key_expires_after_created CHECK ((expires_at > created_at)),
    CONSTRAINT api_key_key_hash_check CHECK ((length(key_hash) = 32)),
    CONSTRAINT api_key_label_check CHECK (((length(label) >= 1) AND (length(label) <= 100))),
    CONSTRAINT api_key_revoked_after_created CHECK ((revoked_at >= created_at)),
    CONSTRAINT api_key_role_is_known CHECK ((role = ANY (ARRAY['partner'::text, 'staff'::text, 'finance'::text, 'store'::text, 'provider'::text, 'auditor'::text])))
);

ALTER TABLE hooks.api_key OWNER TO siyu_owner;

CREATE TABLE hooks.endpoint (
    brand_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    name text NOT NULL,
    url text NOT NULL,
    events text[] NOT NULL,
    state text NOT NULL,
    state_reason text,
    failures_in_a_row integer DEFAULT 0 NOT NULL,
    open_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT endpoint_failures_counted CHECK ((failures_in_a_row >= 0)),
    CONSTRAINT endpoint_hears_something CHECK (((cardinality(events) >= 1) AND (cardinality(events) <= 50))),
    CONSTRAINT endpoint_name_fits CHECK ((name ~ '^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$'::text)),
    CONSTRAINT endpoint_state_known CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text]))),
    CONSTRAINT endpoint_url_is_short CHECK (((length(url) >= 8) AND (length(url) <= 2000)))
);

ALTER TABLE hooks.endpoint OWNER TO siyu_owner;

CREATE TABLE hooks.endpoint_secret (
    brand_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    number integer NOT NULL,
    sealed_secret bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    valid_until timestamp with time zone,
    CONSTRAINT endpoint_secret_ends_after_it_began CHECK ((valid_until >= created_at)),
    CONSTRAINT endpoint_secret_number_from_1 CHECK ((number >= 1))
);

ALTER TABLE hooks.endpoint_secret OWNER TO siyu_owner;

CREATE TABLE hooks.idempotency (
    brand_id uuid NOT NULL,
    caller uuid NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    status integer NOT NULL,
    content_type text NOT NULL,
    response bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_body_hash_check CHECK ((length(body_hash) = 32)),
    CONSTRAINT idempotency_key_check CHECK (((length(key) >= 1) AND (length(key) <= 255))),
    CONSTRAINT idempotency_route_check CHECK (((length(route) >= 1) AND (length(route) <= 200))),
    CONSTRAINT idempotency_status_check CHECK (((status >= 200) AND (status <= 599)))
);

ALTER TABLE hooks.idempotency OWNER TO siyu_owner;

CREATE TABLE hooks.inbox (
    brand_id uuid NOT NULL,
    source_id uuid NOT NULL,
    delivery_id text NOT NULL,
    body_hash bytea NOT NULL,
    status integer NOT NULL,
    content_type text NOT NULL,
    response bytea NOT NULL,
    sealed_body bytea,
    received_at timestamp with time zone NOT NULL,
    CONSTRAINT inbox_body_hash_is_digest CHECK ((octet_length(body_hash) = 32)),
    CONSTRAINT inbox_delivery_id_is_short CHECK (((length(delivery_id) >= 1) AND (length(delivery_id) <= 255))),
    CONSTRAINT inbox_status_is_final CHECK (((status >= 200) AND (status <= 599)))
);

ALTER TABLE hooks.inbox OWNER TO siyu_owner;

CREATE TABLE hooks.limit_count (
    brand_id uuid NOT NULL,
    scope text NOT NULL,
    subject bytea NOT NULL,
    wrong integer NOT NULL,
    since timestamp with time zone NOT NULL,
    in_a_row integer NOT NULL,
    pauses integer NOT NULL,
    paused_until timestamp with time zone,
    used integer NOT NULL,
    used_since timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT limit_count_not_negative CHECK (((wrong >= 0) AND (in_a_row >= 0) AND (pauses >= 0) AND (used >= 0))),
    CONSTRAINT limit_count_scope_known CHECK ((scope = ANY (ARRAY['member'::text, 'device'::text, 'network'::text, 'store'::text, 'visitor'::text]))),
    CONSTRAINT limit_count_subject_is_blind CHECK ((octet_length(subject) = 16))
);

ALTER TABLE hooks.limit_count OWNER TO siyu_owner;

CREATE TABLE hooks.limit_lift (
    brand_id uuid NOT NULL,
    lift_id uuid NOT NULL,
    scope text NOT NULL,
    subject bytea NOT NULL,
    paused_until timestamp with time zone NOT NULL,
    in_a_row integer NOT NULL,
    pauses integer NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    lifted_at timestamp with time zone NOT NULL,
    CONSTRAINT limit_lift_author_is_short CHECK (((length(author) >= 1) AND (length(author) <= 100))),
    CONSTRAINT limit_lift_reason_is_given CHECK (((length(reason) >= 1) AND (length(reason) <= 500))),
    CONSTRAINT limit_lift_subject_is_blind CHECK ((octet_length(subject) = 16)),
    CONSTRAINT limit_lift_was_a_pause CHECK ((paused_until > lifted_at))
);

ALTER TABLE hooks.limit_lift OWNER TO siyu_owner;

CREATE TABLE hooks.operations_key (
    key_hash bytea NOT NULL,
    key_id uuid NOT NULL,
    label text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT operations_key_key_hash_check CHECK ((length(key_hash) = 32)),
    CONSTRAINT operations_key_label_check CHECK (((length(label) >= 1) AND (length(label) <= 100))),
    CONSTRAINT operations_key_revoked_after_created CHECK ((revoked_at >= created_at))
);

ALTER TABLE hooks.operations_key OWNER TO siyu_owner;

CREATE TABLE hooks.outgoing (
    brand_id uuid NOT NULL,
    message_id uuid NOT NULL,
    event text NOT NULL,
    subject_id uuid NOT NULL,
    lane text NOT NULL,
    payload bytea NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    CONSTRAINT outgoing_event_is_dotted CHECK (((event ~ '^[a-z_]+([.][a-z_]+)+$'::text) AND (length(event) <= 60))),
    CONSTRAINT outgoing_lane_is_short CHECK (((length(lane) >= 1) AND (length(lane) <= 80))),
    CONSTRAINT outgoing_payload_is_thin CHECK ((octet_length(payload) <= 20480))
);

ALTER TABLE hooks.outgoing OWNER TO siyu_owner;

CREATE TABLE hooks.outgoing_delivery (
    brand_id uuid NOT NULL,
    message_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    state text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    strikes integer DEFAULT 0 NOT NULL,
    redeliveries integer DEFAULT 0 NOT NULL,
    last_status integer,
    last_error text,
    since timestamp with time zone NOT NULL,
    due_at timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT outgoing_delivery_counts CHECK (((attempts >= 0) AND ((strikes >= 0) AND (strikes <= attempts)) AND (redeliveries >= 0))),
    CONSTRAINT outgoing_delivery_error_is_short CHECK ((length(last_error) <= 200)),
    CONSTRAINT outgoing_delivery_state_known CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'refused'::text, 'discarded'::text])))
);

ALTER TABLE hooks.outgoing_delivery OWNER TO siyu_owner;

CREATE TABLE hooks.source (
    name text NOT NULL,
    source_id uuid NOT NULL,
    brand_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    shop_id uuid,
    purposes text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT source_name_fits_a_path CHECK ((name ~ '^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$'::text)),
    CONSTRAINT source_of_a_shop_does_what_is_the_shops CHECK (((shop_id IS NULL) OR (purposes <@ '{handovers,aftersales,shipments,coupons}'::text[]))),
    CONSTRAINT source_purposes_are_known CHECK ((purposes <@ '{scans,handovers,draws,aftersales,shipments,coupons}'::text[]))
);

ALTER TABLE hooks.source OWNER TO siyu_owner;

CREATE TABLE hooks.source_secret (
    brand_id uuid NOT NULL,
    source_id uuid NOT NULL,
    number integer NOT NULL,
    sealed_secret bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    valid_until timestamp with time zone,
    CONSTRAINT source_secret_ends_after_it_began CHECK ((valid_until >= created_at)),
    CONSTRAINT source_secret_number_from_1 CHECK ((number >= 1))
);

ALTER TABLE hooks.source_secret OWNER TO siyu_owner;

CREATE TABLE hooks.sweep (
    brand_id uuid NOT NULL,
    swept_at timestamp with time zone NOT NULL
);

ALTER TABLE hooks.sweep OWNER TO siyu_owner;

CREATE TABLE jobs.attempt (
    id uuid NOT NULL,
    run_no integer NOT NULL,
    worker uuid NOT NULL,
    failed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    error text NOT NULL
)
PARTITION BY RANGE (failed_at);

ALTER TABLE jobs.attempt OWNER TO siyu_owner;

CREATE TABLE jobs.attempt_rest (
    id uuid NOT NULL,
    run_no integer NOT NULL,
    worker uuid NOT NULL,
    failed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    error text NOT NULL
);

ALTER TABLE jobs.attempt_rest OWNER TO siyu_owner;

CREATE TABLE jobs.audit (
    audit_id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    author text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    reason text NOT NULL,
    jobs bigint DEFAULT 0 NOT NULL,
    CONSTRAINT audit_action_check CHECK ((action <> ''::text)),
    CONSTRAINT audit_author_check CHECK ((author <> ''::text))
);

ALTER TABLE jobs.audit OWNER TO siyu_owner;

ALTER TABLE jobs.audit ALTER COLUMN audit_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME jobs.audit_audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE jobs.cancellation (
    job_id uuid NOT NULL,
    requested_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    author text NOT NULL,
    reason text NOT NULL
);

ALTER TABLE jobs.cancellation OWNER TO siyu_owner;

CREATE TABLE jobs.checkpoint (
    job_id uuid NOT NULL,
    run_no integer NOT NULL,
    state bytea,
    done bigint DEFAULT 0 NOT NULL,
    total bigint,
    note text,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT checkpoint_done_check CHECK ((done >= 0)),
    CONSTRAINT checkpoint_total_check CHECK ((total >= 0))
)
WITH (fillfactor='50');

ALTER TABLE jobs.checkpoint OWNER TO siyu_owner;

CREATE TABLE jobs.dependency (
    job_id uuid NOT NULL,
    needs uuid NOT NULL
);

ALTER TABLE jobs.dependency OWNER TO siyu_owner;

CREATE TABLE jobs.discarded (
    id uuid NOT NULL,
    queue_id integer NOT NULL,
    kind_id integer NOT NULL,
    discarded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    enqueued_at timestamp with time zone NOT NULL,
    run_no integer NOT NULL,
    tries integer NOT NULL,
    crashes smallint NOT NULL,
    priority smallint NOT NULL,
    max_tries integer NOT NULL,
    brand_id uuid,
    reason text NOT NULL,
    last_error text NOT NULL,
    payload bytea NOT NULL,
    version smallint DEFAULT 1 NOT NULL,
    marks smallint DEFAULT 0 NOT NULL,
    quota_id integer,
    lane_max smallint,
    lane text,
    key text,
    uniq text,
    deadline_at timestamp with time zone,
    trace bytea,
    CONSTRAINT discarded_reason_check CHECK ((reason = ANY (ARRAY['permanent'::text, 'exhausted'::text, 'poison'::text, 'cancelled'::text, 'late'::text])))
);

ALTER TABLE jobs.discarded OWNER TO siyu_owner;

CREATE TABLE jobs.done (
    id uuid NOT NULL,
    queue_id integer NOT NULL,
    kind_id integer NOT NULL,
    run_no integer NOT NULL,
    tries integer NOT NULL,
    worker uuid NOT NULL,
    enqueued_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    brand_id uuid
)
PARTITION BY RANGE (finished_at);

ALTER TABLE jobs.done OWNER TO siyu_owner;

CREATE TABLE jobs.done_rest (
    id uuid NOT NULL,
    queue_id integer NOT NULL,
    kind_id integer NOT NULL,
    run_no integer NOT NULL,
    tries integer NOT NULL,
    worker uuid NOT NULL,
    enqueued_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    brand_id uuid
);

ALTER TABLE jobs.done_rest OWNER TO siyu_owner;

CREATE TABLE jobs.effect (
    job_id uuid NOT NULL,
    step text NOT NULL,
    state text NOT NULL,
    run_no integer NOT NULL,
    calls integer DEFAULT 0 NOT NULL,
    looks integer DEFAULT 0 NOT NULL,
    answer bytea,
    reason text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT effect_calls_check CHECK ((calls >= 0)),
    CONSTRAINT effect_looks_check CHECK ((looks >= 0)),
    CONSTRAINT effect_ok_iff_answer CHECK (((state = 'ok'::text) = (answer IS NOT NULL))),
    CONSTRAINT effect_state_check CHECK ((state = ANY (ARRAY['open'::text, 'intended'::text, 'unknown'::text, 'ok'::text, 'refused'::text]))),
    CONSTRAINT effect_step_check CHECK ((step <> ''::text))
)
WITH (fillfactor='70');

ALTER TABLE jobs.effect OWNER TO siyu_owner;

CREATE TABLE jobs.fire (
    name text NOT NULL,
    fire_at timestamp with time zone NOT NULL,
    job_id uuid,
    fired_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE jobs.fire OWNER TO siyu_owner;

CREATE TABLE jobs.kind (
    kind_id integer NOT NULL,
    name text NOT NULL,
    CONSTRAINT kind_name_check CHECK ((name <> ''::text))
);

ALTER TABLE jobs.kind OWNER TO siyu_owner;

ALTER TABLE jobs.kind ALTER COLUMN kind_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME jobs.kind_kind_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE jobs.pause ALTER COLUMN pause_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME jobs.pause_pause_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE jobs.queue (
    queue_id integer NOT NULL,
    name text NOT NULL,
    CONSTRAINT queue_name_check CHECK ((name <> ''::text))
);

ALTER TABLE jobs.queue OWNER TO siyu_owner;

ALTER TABLE jobs.queue ALTER COLUMN queue_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME jobs.queue_queue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE jobs.quota (
    quota_id integer NOT NULL,
    name text NOT NULL,
    running_max integer,
    rate_interval interval,
    burst integer DEFAULT 1 NOT NULL,
    is_fair boolean DEFAULT false NOT NULL,
    turn_at timestamp with time zone DEFAULT '1970-01-01 00:00:00+00'::timestamp with time zone NOT NULL,
    vtime double precision DEFAULT 0 NOT NULL,
    CONSTRAINT quota_burst_check CHECK ((burst >= 1)),
    CONSTRAINT quota_name_check CHECK ((name <> ''::text)),
    CONSTRAINT quota_rate_interval_check CHECK ((rate_interval > '00:00:00'::interval)),
    CONSTRAINT quota_running_max_check CHECK ((running_max >= 0))
)
WITH (fillfactor='50');

ALTER TABLE jobs.quota OWNER TO siyu_owner;

ALTER TABLE jobs.quota ALTER COLUMN quota_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME jobs.quota_quota_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE jobs.schedule (
    name text NOT NULL,
    rule text NOT NULL,
    queue text NOT NULL,
    kind text NOT NULL,
    catch_up text NOT NULL,
    registered_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    settled_to timestamp with time zone NOT NULL,
    last_fire_at timestamp with time zone,
    next_fire_at timestamp with time zone,
    paused_at timestamp with time zone,
    pause_reason text,
    pause_author text,
    CONSTRAINT schedule_name_check CHECK ((name <> ''::text)),
    CONSTRAINT schedule_paused_iff_explained CHECK ((num_nonnulls(paused_at, pause_reason, pause_author) = ANY (ARRAY[0, 3])))
)
WITH (fillfactor='50');

ALTER TABLE jobs.schedule OWNER TO siyu_owner;

CREATE TABLE jobs.share (
    quota_id integer NOT NULL,
    tenant uuid NOT NULL,
    weight double precision DEFAULT 1 NOT NULL,
    vtime double precision DEFAULT 0 NOT NULL,
    CONSTRAINT share_weight_check CHECK (((weight > (0)::double precision) AND (weight <= (1000)::double precision)))
)
WITH (fillfactor='50');

ALTER TABLE jobs.share OWNER TO siyu_owner;

CREATE TABLE jobs.signal (
    signal_id bigint NOT NULL,
    lane text,
    job_id uuid,
    CONSTRAINT signal_says_something CHECK (((lane IS NOT NULL) OR (job_id IS NOT NULL)))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='2000');

ALTER TABLE jobs.signal OWNER TO siyu_owner;

ALTER TABLE jobs.signal ALTER COLUMN signal_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME jobs.signal_signal_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE jobs.uniq (
    kind_id integer NOT NULL,
    key text NOT NULL,
    job_id uuid NOT NULL,
    scope text NOT NULL,
    until timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    CONSTRAINT uniq_scope_check CHECK ((scope = ANY (ARRAY['queued'::text, 'done'::text, 'window'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='2000');

ALTER TABLE jobs.uniq OWNER TO siyu_owner;

CREATE TABLE jobs.worker (
    worker_id uuid NOT NULL,
    app text NOT NULL,
    host text NOT NULL,
    process_id integer NOT NULL,
    queue_ids integer[] NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    lease_until timestamp with time zone NOT NULL,
    claim_floor bigint DEFAULT 0 NOT NULL,
    idle boolean DEFAULT false NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='200');

ALTER TABLE jobs.worker OWNER TO siyu_owner;

CREATE TABLE members.identity (
    brand_id uuid NOT NULL,
    person_id uuid NOT NULL,
    member_id uuid NOT NULL,
    kind text NOT NULL,
    linked_at timestamp with time zone NOT NULL,
    CONSTRAINT identity_kind_known CHECK ((kind = ANY (ARRAY['openid'::text, 'unionid'::text])))
);

ALTER TABLE members.identity OWNER TO siyu_owner;

CREATE TABLE members.member (
    brand_id uuid NOT NULL,
    member_id uuid NOT NULL,
    source_kind text NOT NULL,
    source_id uuid NOT NULL,
    joined_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT member_source_known CHECK ((source_kind = 'pack'::text))
);

ALTER TABLE members.member OWNER TO siyu_owner;

CREATE TABLE members.merge_candidate (
    brand_id uuid NOT NULL,
    member_id uuid NOT NULL,
    other_id uuid NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    CONSTRAINT merge_candidate_ordered CHECK ((member_id < other_id))
);

ALTER TABLE members.merge_candidate OWNER TO siyu_owner;

CREATE TABLE orders.aftersale (
    brand_id uuid NOT NULL,
    aftersale_id uuid NOT NULL,
    order_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    subject text NOT NULL,
    payer_id uuid NOT NULL,
    applicant_id uuid NOT NULL,
    party text NOT NULL,
    kind text NOT NULL,
    line_no integer,
    variant_id uuid,
    quantity integer NOT NULL,
    amount_fen bigint NOT NULL,
    reason text NOT NULL,
    state text NOT NULL,
    refusal text,
    decided_by text,
    carrier text,
    waybill text,
    restocked boolean DEFAULT false NOT NULL,
    refund_id uuid,
    due_at timestamp with time zone,
    requested_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT aftersale_amount_is_positive CHECK ((amount_fen > 0)),
    CONSTRAINT aftersale_decider_known CHECK ((decided_by = ANY (ARRAY['merchant'::text, 'deadline'::text]))),
    CONSTRAINT aftersale_ended_iff_over CHECK (((state = ANY (ARRAY['refunded'::text, 'refused'::text, 'withdrawn'::text, 'timed_out'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT aftersale_goods_of_returns CHECK (((kind = 'return'::text) OR ((waybill IS NULL) AND (state <> ALL (ARRAY['returning'::text, 'returned'::text]))))),
    CONSTRAINT aftersale_kind_known CHECK ((kind = ANY (ARRAY['refund'::text, 'return'::text]))),
    CONSTRAINT aftersale_money_has_refund CHECK (((state = ANY (ARRAY['refunding'::text, 'refunded'::text])) = (refund_id IS NOT NULL))),
    CONSTRAINT aftersale_party_known CHECK ((party = ANY (ARRAY['payer'::text, 'recipient'::text]))),
    CONSTRAINT aftersale_payer_is_the_applicant CHECK (((party = 'payer'::text) = (payer_id = applicant_id))),
    CONSTRAINT aftersale_quantity_is_positive CHECK ((quantity > 0)),
    CONSTRAINT aftersale_refused_with_a_reason CHECK (((state = 'refused'::text) = (refusal IS NOT NULL))),
    CONSTRAINT aftersale_returned_by_waybill CHECK (((state <> 'returned'::text) OR (waybill IS NOT NULL))),
    CONSTRAINT aftersale_state_known CHECK ((state = ANY (ARRAY['requested'::text, 'returning'::text, 'returned'::text, 'refunding'::text, 'refunded'::text, 'refused'::text, 'withdrawn'::text, 'timed_out'::text]))),
    CONSTRAINT aftersale_waits_until CHECK (((state = ANY (ARRAY['requested'::text, 'returning'::text, 'returned'::text])) = (due_at IS NOT NULL)))
);

ALTER TABLE orders.aftersale OWNER TO siyu_owner;

CREATE TABLE orders.bill (
    brand_id uuid NOT NULL,
    bill_id uuid NOT NULL,
    mchid text NOT NULL,
    kind text NOT NULL,
    bill_date date NOT NULL,
    sha1 text NOT NULL,
    row_count integer NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    CONSTRAINT bill_kind_known CHECK ((kind = ANY (ARRAY['trade'::text, 'fund_flow'::text]))),
    CONSTRAINT bill_rows_not_negative CHECK ((row_count >= 0))
);

ALTER TABLE orders.bill OWNER TO siyu_owner;

CREATE TABLE orders.bill_row (
    brand_id uuid NOT NULL,
    bill_id uuid NOT NULL,
    line_no integer NOT NULL,
    kind text NOT NULL,
    our_no text NOT NULL,
    amount_fen bigint NOT NULL,
    state text NOT NULL,
    CONSTRAINT bill_row_kind_known CHECK ((kind = ANY (ARRAY['payment'::text, 'refund'::text, 'payout'::text, 'other'::text])))
);

ALTER TABLE orders.bill_row OWNER TO siyu_owner;

CREATE TABLE orders.category (
    brand_id uuid NOT NULL,
    category_id uuid NOT NULL,
    code text NOT NULL,
    title text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT category_code_fits CHECK ((code ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'::text)),
    CONSTRAINT category_title_is_short CHECK (((length(title) >= 1) AND (length(title) <= 100)))
);

ALTER TABLE orders.category OWNER TO siyu_owner;

CREATE TABLE orders.category_place (
    brand_id uuid NOT NULL,
    category_id uuid NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    parent_id uuid,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT category_place_not_backdated CHECK ((valid_from >= created_at)),
    CONSTRAINT category_place_not_below_itself CHECK ((parent_id <> category_id))
);

ALTER TABLE orders.category_place OWNER TO siyu_owner;

CREATE TABLE orders.customer_order (
    brand_id uuid NOT NULL,
    order_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    person_id uuid NOT NULL,
    source text NOT NULL,
    external_key bytea NOT NULL,
    version integer NOT NULL,
    status text NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    quantity integer NOT NULL,
    amount_fen bigint NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT customer_order_amount_not_negative CHECK ((amount_fen >= 0)),
    CONSTRAINT customer_order_quantity_not_negative CHECK ((quantity >= 0)),
    CONSTRAINT customer_order_status_known CHECK ((status = ANY (ARRAY['paid'::text, 'completed'::text, 'cancelled'::text]))),
    CONSTRAINT customer_order_version_from_1 CHECK ((version >= 1))
);

ALTER TABLE orders.customer_order OWNER TO siyu_owner;

CREATE TABLE orders.fee_cursor (
    brand_id uuid NOT NULL,
    last_xid bigint NOT NULL,
    last_transfer_id uuid NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE orders.fee_cursor OWNER TO siyu_owner;

CREATE TABLE orders.fee_meter (
    brand_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    volume_fen bigint NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE orders.fee_meter OWNER TO siyu_owner;

CREATE TABLE orders.guarantee (
    brand_id uuid NOT NULL,
    order_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    payer_id uuid NOT NULL,
    amount_fen bigint NOT NULL,
    compensation_fen bigint NOT NULL,
    ship_by timestamp with time zone NOT NULL,
    shipped_at timestamp with time zone,
    refund_asked_at timestamp with time zone,
    refund_by timestamp with time zone,
    refunded_at timestamp with time zone,
    compensated_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT guarantee_amounts_not_negative CHECK (((amount_fen >= 0) AND (compensation_fen >= 0))),
    CONSTRAINT guarantee_refund_has_its_time CHECK ((((refund_asked_at IS NULL) = (refund_by IS NULL)) AND (refund_by >= refund_asked_at)))
);

ALTER TABLE orders.guarantee OWNER TO siyu_owner;

CREATE TABLE orders.guarantee_fact (
    brand_id uuid NOT NULL,
    order_id uuid NOT NULL,
    fact text NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    evidence text,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT guarantee_fact_evidence_is_short CHECK (((length(evidence) >= 1) AND (length(evidence) <= 64))),
    CONSTRAINT guarantee_fact_known CHECK ((fact = ANY (ARRAY['opened'::text, 'shipped'::text, 'ship_late'::text, 'refund_asked'::text, 'refunded'::text, 'refund_late'::text, 'compensated'::text])))
);

ALTER TABLE orders.guarantee_fact OWNER TO siyu_owner;

CREATE TABLE orders.import (
    brand_id uuid NOT NULL,
    import_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    format text NOT NULL,
    mode text NOT NULL,
    dry_run boolean NOT NULL,
    state text NOT NULL,
    job_id uuid NOT NULL,
    lines integer NOT NULL,
    refused integer NOT NULL,
    last_line integer NOT NULL,
    checkpoint_line integer NOT NULL,
    added integer NOT NULL,
    changed integer NOT NULL,
    unchanged integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT import_counts_add_up CHECK (((((added + changed) + unchanged) + refused) <= lines)),
    CONSTRAINT import_format_known CHECK ((format = ANY (ARRAY['cdnow'::text, 'csv'::text]))),
    CONSTRAINT import_mode_known CHECK ((mode = ANY (ARRAY['all_or_nothing'::text, 'skip_bad'::text]))),
    CONSTRAINT import_state_known CHECK ((state = ANY (ARRAY['accepted'::text, 'loading'::text, 'loaded'::text, 'refused'::text, 'checked'::text])))
);

ALTER TABLE orders.import OWNER TO siyu_owner;

CREATE TABLE orders.import_customer (
    brand_id uuid NOT NULL,
    import_id uuid NOT NULL,
    first_line integer NOT NULL,
    person_id uuid NOT NULL,
    blind_index bytea NOT NULL,
    sealed_value bytea NOT NULL,
    wrapped_key bytea NOT NULL
);

ALTER TABLE orders.import_customer OWNER TO siyu_owner;

CREATE TABLE orders.import_line (
    brand_id uuid NOT NULL,
    import_id uuid NOT NULL,
    line integer NOT NULL,
    customer_line integer NOT NULL,
    order_id uuid NOT NULL,
    external_key bytea NOT NULL,
    status text NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    quantity integer NOT NULL,
    amount_fen bigint NOT NULL,
    changed_at timestamp with time zone NOT NULL
);

ALTER TABLE orders.import_line OWNER TO siyu_owner;

CREATE TABLE orders.import_refusal (
    brand_id uuid NOT NULL,
    import_id uuid NOT NULL,
    line integer NOT NULL,
    reason text NOT NULL
);

ALTER TABLE orders.import_refusal OWNER TO siyu_owner;

CREATE TABLE orders.merchant (
    mchid text NOT NULL,
    merchant_id uuid NOT NULL,
    brand_id uuid NOT NULL,
    appid text NOT NULL,
    base_url text NOT NULL,
    notify_base text NOT NULL,
    sealed_credentials bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT merchant_mchid_is_number CHECK ((mchid ~ '^[0-9]{1,32}$'::text))
);

ALTER TABLE orders.merchant OWNER TO siyu_owner;

CREATE TABLE orders.mismatch (
    brand_id uuid NOT NULL,
    mismatch_id uuid NOT NULL,
    mchid text NOT NULL,
    bill_kind text NOT NULL,
    bill_date date NOT NULL,
    reason text NOT NULL,
    our_no text NOT NULL,
    line_no integer,
    bill_fen bigint,
    our_fen bigint,
    found_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    CONSTRAINT mismatch_seen_after_found CHECK ((seen_at >= found_at))
);

ALTER TABLE orders.mismatch OWNER TO siyu_owner;

CREATE TABLE orders.order_line (
    brand_id uuid NOT NULL,
    order_id uuid NOT NULL,
    line_no integer NOT NULL,
    variant_id uuid NOT NULL,
    quantity integer NOT NULL,
    amount_fen bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT order_line_amount_not_negative CHECK ((amount_fen >= 0)),
    CONSTRAINT order_line_no_from_1 CHECK ((line_no >= 1)),
    CONSTRAINT order_line_quantity_is_positive CHECK ((quantity > 0))
);

ALTER TABLE orders.order_line OWNER TO siyu_owner;

CREATE TABLE orders.order_version (
    brand_id uuid NOT NULL,
    order_id uuid NOT NULL,
    version integer NOT NULL,
    person_id uuid NOT NULL,
    status text NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    quantity integer NOT NULL,
    amount_fen bigint NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone NOT NULL
);

ALTER TABLE orders.order_version OWNER TO siyu_owner;

CREATE TABLE orders.payment (
    brand_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    order_version integer NOT NULL,
    amount_fen bigint NOT NULL,
    status text NOT NULL,
    paid_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT payment_amount_is_positive CHECK ((amount_fen > 0)),
    CONSTRAINT payment_status_known CHECK ((status = ANY (ARRAY['paid'::text, 'reversed'::text])))
);

ALTER TABLE orders.payment OWNER TO siyu_owner;

CREATE TABLE orders.payment_intent (
    brand_id uuid NOT NULL,
    intent_id uuid NOT NULL,
    order_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    person_id uuid NOT NULL,
    mchid text NOT NULL,
    amount_fen bigint NOT NULL,
    quantity integer NOT NULL,
    description text NOT NULL,
    subject text NOT NULL,
    owner_queue text NOT NULL,
    state text NOT NULL,
    prepay_id text,
    transaction_id text,
    paid_fen bigint DEFAULT 0 NOT NULL,
    refund_reserved_fen bigint DEFAULT 0 NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    paid_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT payment_intent_amount_is_positive CHECK ((amount_fen > 0)),
    CONSTRAINT payment_intent_paid_iff_money CHECK (((state = ANY (ARRAY['paid'::text, 'unwanted'::text])) = ((paid_fen > 0) AND (paid_at IS NOT NULL) AND (transaction_id IS NOT NULL)))),
    CONSTRAINT payment_intent_paid_is_what_was_asked CHECK (((state <> 'paid'::text) OR (paid_fen = amount_fen))),
    CONSTRAINT payment_intent_prepaid_has_id CHECK (((state <> 'prepaid'::text) OR (prepay_id IS NOT NULL))),
    CONSTRAINT payment_intent_quantity_is_positive CHECK ((quantity > 0)),
    CONSTRAINT payment_intent_queue_is_short CHECK (((length(owner_queue) >= 1) AND (length(owner_queue) <= 40))),
    CONSTRAINT payment_intent_refunds_within_paid CHECK (((refund_reserved_fen >= 0) AND (refund_reserved_fen <= paid_fen))),
    CONSTRAINT payment_intent_state_known CHECK ((state = ANY (ARRAY['created'::text, 'prepaid'::text, 'paid'::text, 'closed'::text, 'unwanted'::text]))),
    CONSTRAINT payment_intent_subject_is_short CHECK (((length(subject) >= 1) AND (length(subject) <= 80)))
);

ALTER TABLE orders.payment_intent OWNER TO siyu_owner;

CREATE TABLE orders.payout (
    brand_id uuid NOT NULL,
    payout_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    number integer NOT NULL,
    person_id uuid NOT NULL,
    amount_fen bigint NOT NULL,
    owed_account_id uuid NOT NULL,
    activity text NOT NULL,
    reward text NOT NULL,
    owner_queue text NOT NULL,
    mchid text,
    state text NOT NULL,
    provider_bill_no text,
    provider_word text,
    sealed_package bytea,
    confirm_until timestamp with time zone,
    attempts integer NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    finished_at timestamp with time zone,
    attention_since timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    abandoned_at timestamp with time zone,
    CONSTRAINT payout_amount_is_positive CHECK ((amount_fen > 0)),
    CONSTRAINT payout_finished_iff_over CHECK (((state = ANY (ARRAY['succeeded'::text, 'failed'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT payout_number_from_1 CHECK ((number >= 1)),
    CONSTRAINT payout_queue_is_short CHECK (((length(owner_queue) >= 1) AND (length(owner_queue) <= 40))),
    CONSTRAINT payout_sent_before_answers CHECK (((state = 'requested'::text) OR ((sent_at IS NOT NULL) AND (mchid IS NOT NULL)))),
    CONSTRAINT payout_state_known CHECK ((state = ANY (ARRAY['requested'::text, 'sent'::text, 'unknown'::text, 'processing'::text, 'waiting'::text, 'succeeded'::text, 'refused'::text, 'failed'::text]))),
    CONSTRAINT payout_texts_are_short CHECK ((((length(activity) >= 1) AND (length(activity) <= 200)) AND ((length(reward) >= 1) AND (length(reward) <= 200))))
);

ALTER TABLE orders.payout OWNER TO siyu_owner;

CREATE TABLE orders.product (
    brand_id uuid NOT NULL,
    product_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    sku text NOT NULL,
    title text NOT NULL,
    list_price_fen bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT product_list_price_not_negative CHECK ((list_price_fen >= 0)),
    CONSTRAINT product_sku_is_short CHECK (((length(sku) >= 1) AND (length(sku) <= 64))),
    CONSTRAINT product_title_is_short CHECK (((length(title) >= 1) AND (length(title) <= 200)))
);

ALTER TABLE orders.product OWNER TO siyu_owner;

CREATE TABLE orders.product_category (
    brand_id uuid NOT NULL,
    product_id uuid NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    category_id uuid,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT product_category_not_backdated CHECK ((valid_from >= created_at))
);

ALTER TABLE orders.product_category OWNER TO siyu_owner;

CREATE TABLE orders.rating (
    brand_id uuid NOT NULL,
    order_id uuid NOT NULL,
    line_no integer NOT NULL,
    shop_id uuid NOT NULL,
    product_id uuid,
    person_id uuid NOT NULL,
    stars integer NOT NULL,
    rated_at timestamp with time zone NOT NULL,
    CONSTRAINT rating_has_stars CHECK (((stars >= 1) AND (stars <= 5))),
    CONSTRAINT rating_line_from_1 CHECK ((line_no >= 1))
);

ALTER TABLE orders.rating OWNER TO siyu_owner;

CREATE TABLE orders.rating_visit (
    brand_id uuid NOT NULL,
    order_id uuid NOT NULL,
    line_no integer NOT NULL,
    person_id uuid NOT NULL,
    visited_at timestamp with time zone NOT NULL
);

ALTER TABLE orders.rating_visit OWNER TO siyu_owner;

CREATE TABLE orders.refund (
    brand_id uuid NOT NULL,
    refund_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    number integer NOT NULL,
    out_refund_no text NOT NULL,
    amount_fen bigint NOT NULL,
    reason text NOT NULL,
    subject text NOT NULL,
    owner_queue text NOT NULL,
    state text NOT NULL,
    provider_refund_id text,
    provider_word text,
    attempts integer NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    finished_at timestamp with time zone,
    attention_since timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    cause_id uuid,
    round integer,
    last_sent_at timestamp with time zone,
    settled_at timestamp with time zone,
    settled_by text,
    settled_with text,
    CONSTRAINT refund_amount_is_positive CHECK ((amount_fen > 0)),
    CONSTRAINT refund_finished_iff_over CHECK (((state = ANY (ARRAY['succeeded'::text, 'closed'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT refund_number_from_1 CHECK ((number >= 1)),
    CONSTRAINT refund_number_within_limit CHECK ((number <= 50)),
    CONSTRAINT refund_reason_is_short CHECK (((length(reason) >= 1) AND (length(reason) <= 80))),
    CONSTRAINT refund_round_within_number CHECK (((round >= 1) AND (round <= number))),
    CONSTRAINT refund_sent_before_answers CHECK (((state = 'requested'::text) OR (sent_at IS NOT NULL))),
    CONSTRAINT refund_settled_by_somebody CHECK ((((settled_at IS NULL) = (settled_by IS NULL)) AND ((settled_at IS NULL) = (settled_with IS NULL)) AND ((length(settled_by) >= 1) AND (length(settled_by) <= 100)) AND ((length(settled_with) >= 1) AND (length(settled_with) <= 200)))),
    CONSTRAINT refund_settled_once_over CHECK (((settled_at IS NULL) OR (state = ANY (ARRAY['closed'::text, 'succeeded'::text])))),
    CONSTRAINT refund_state_known CHECK ((state = ANY (ARRAY['requested'::text, 'sent'::text, 'unknown'::text, 'processing'::text, 'abnormal'::text, 'succeeded'::text, 'refused'::text, 'closed'::text])))
);

ALTER TABLE orders.refund OWNER TO siyu_owner;

CREATE TABLE orders.refund_approval (
    brand_id uuid NOT NULL,
    approval_id uuid NOT NULL,
    refund_id uuid NOT NULL,
    author text NOT NULL,
    approved_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    settled_with text,
    CONSTRAINT refund_approval_author_is_named CHECK (((length(author) >= 1) AND (length(author) <= 100))),
    CONSTRAINT refund_approval_used_after_given CHECK ((used_at >= approved_at))
);

ALTER TABLE orders.refund_approval OWNER TO siyu_owner;

CREATE TABLE orders.sale_effect (
    brand_id uuid NOT NULL,
    order_id uuid NOT NULL,
    kind text NOT NULL,
    back_kind text NOT NULL,
    debit_account_id uuid NOT NULL,
    credit_account_id uuid NOT NULL,
    amount_fen bigint NOT NULL,
    sale_fen bigint NOT NULL,
    returned_fen bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    owner_queue text,
    CONSTRAINT sale_effect_amount_is_positive CHECK ((amount_fen > 0)),
    CONSTRAINT sale_effect_kinds_are_short CHECK ((((length(kind) >= 1) AND (length(kind) <= 40)) AND ((length(back_kind) >= 1) AND (length(back_kind) <= 40)))),
    CONSTRAINT sale_effect_queue_is_short CHECK (((length(owner_queue) >= 1) AND (length(owner_queue) <= 40))),
    CONSTRAINT sale_effect_returned_within_sale CHECK (((sale_fen > 0) AND ((returned_fen >= 0) AND (returned_fen <= sale_fen))))
);

ALTER TABLE orders.sale_effect OWNER TO siyu_owner;

CREATE TABLE orders.shop (
    brand_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT shop_code_is_a_word CHECK ((code ~ '^[a-z0-9][a-z0-9-]{0,39}$'::text)),
    CONSTRAINT shop_name_is_short CHECK (((length(name) >= 1) AND (length(name) <= 80)))
);

ALTER TABLE orders.shop OWNER TO siyu_owner;

CREATE TABLE orders.stock (
    brand_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    available bigint NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT stock_not_oversold CHECK ((available >= 0))
);

ALTER TABLE orders.stock OWNER TO siyu_owner;

CREATE TABLE orders.stock_movement (
    brand_id uuid NOT NULL,
    movement_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    quantity bigint NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    CONSTRAINT stock_movement_kind_is_short CHECK (((length(kind) >= 1) AND (length(kind) <= 40))),
    CONSTRAINT stock_movement_moves CHECK ((quantity <> 0))
);

ALTER TABLE orders.stock_movement OWNER TO siyu_owner;

CREATE TABLE orders.variant (
    brand_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    sku text NOT NULL,
    title text NOT NULL,
    list_price_fen bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT variant_list_price_not_negative CHECK ((list_price_fen >= 0)),
    CONSTRAINT variant_sku_is_short CHECK (((length(sku) >= 1) AND (length(sku) <= 64))),
    CONSTRAINT variant_title_is_short CHECK (((length(title) >= 1) AND (length(title) <= 200)))
);

ALTER TABLE orders.variant OWNER TO siyu_owner;

CREATE TABLE policies.setting (
    brand_id uuid NOT NULL,
    name text NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    value jsonb NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT setting_author_is_named CHECK (((length(author) >= 1) AND (length(author) <= 100))),
    CONSTRAINT setting_name_is_short CHECK (((length(name) >= 1) AND (length(name) <= 80))),
    CONSTRAINT setting_not_backdated CHECK ((valid_from >= created_at)),
    CONSTRAINT setting_reason_is_given CHECK (((length(reason) >= 1) AND (length(reason) <= 500)))
);

ALTER TABLE policies.setting OWNER TO siyu_owner;

CREATE TABLE policies.standard (
    name text NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    value jsonb NOT NULL,
    source text NOT NULL,
    CONSTRAINT standard_name_is_a_path CHECK (((name ~ '^[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)+$'::text) AND (length(name) <= 80)))
);

ALTER TABLE policies.standard OWNER TO siyu_owner;

CREATE TABLE promotions.card (
    brand_id uuid NOT NULL,
    card_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    person_id uuid NOT NULL,
    cap_fen bigint NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    used_fen bigint NOT NULL,
    charged_fen bigint NOT NULL,
    settled_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT card_charges_no_more_than_agreed CHECK (((cap_fen >= 0) AND (used_fen >= 0) AND ((charged_fen >= 0) AND (charged_fen <= LEAST(cap_fen, used_fen))) AND ((charged_fen = 0) OR (state = 'missed'::text)))),
    CONSTRAINT card_ends_after_it_began CHECK ((ends_at > created_at)),
    CONSTRAINT card_settled_after_its_end CHECK ((((state = 'active'::text) = (settled_at IS NULL)) AND (settled_at > ends_at))),
    CONSTRAINT card_state_known CHECK ((state = ANY (ARRAY['active'::text, 'kept'::text, 'missed'::text])))
);

ALTER TABLE promotions.card OWNER TO siyu_owner;

CREATE TABLE promotions.card_event (
    brand_id uuid NOT NULL,
    card_id uuid NOT NULL,
    serial text NOT NULL,
    goal text,
    count integer,
    amount_fen bigint,
    order_id uuid,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT card_event_is_one_thing CHECK (((num_nonnulls(goal, count) = ANY (ARRAY[0, 2])) AND ((goal IS NULL) = (amount_fen IS NOT NULL)) AND (count <> 0) AND (amount_fen > 0))),
    CONSTRAINT card_event_serial_is_short CHECK (((length(serial) >= 1) AND (length(serial) <= 100)))
);

ALTER TABLE promotions.card_event OWNER TO siyu_owner;

CREATE TABLE promotions.card_goal (
    brand_id uuid NOT NULL,
    card_id uuid NOT NULL,
    goal text NOT NULL,
    wanted integer NOT NULL,
    reached integer NOT NULL,
    CONSTRAINT card_goal_is_short CHECK (((length(goal) >= 1) AND (length(goal) <= 40))),
    CONSTRAINT card_goal_wants_something CHECK ((wanted >= 1))
);

ALTER TABLE promotions.card_goal OWNER TO siyu_owner;

CREATE TABLE promotions.coupon (
    brand_id uuid NOT NULL,
    coupon_id uuid NOT NULL,
    origin_id uuid NOT NULL,
    person_id uuid NOT NULL,
    name text NOT NULL,
    off_fen bigint NOT NULL,
    threshold_fen bigint NOT NULL,
    state text NOT NULL,
    uses integer NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT coupon_leaves_something_to_pay CHECK (((off_fen > 0) AND (threshold_fen > off_fen))),
    CONSTRAINT coupon_name_is_short CHECK (((length(name) >= 1) AND (length(name) <= 80))),
    CONSTRAINT coupon_state_known CHECK ((state = ANY (ARRAY['granted'::text, 'used'::text, 'expired'::text]))),
    CONSTRAINT coupon_used_was_used CHECK (((uses >= 0) AND ((state <> 'used'::text) OR (uses > 0))))
);

ALTER TABLE promotions.coupon OWNER TO siyu_owner;

CREATE TABLE promotions.coupon_use (
    brand_id uuid NOT NULL,
    coupon_id uuid NOT NULL,
    number integer NOT NULL,
    use_id uuid NOT NULL,
    order_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    used_at timestamp with time zone NOT NULL,
    given_back_at timestamp with time zone,
    CONSTRAINT coupon_use_given_back_after_it CHECK ((given_back_at >= used_at)),
    CONSTRAINT coupon_use_number_from_1 CHECK ((number >= 1))
);

ALTER TABLE promotions.coupon_use OWNER TO siyu_owner;

CREATE TABLE reporting.dirty_day (
    brand_id uuid NOT NULL,
    day date NOT NULL,
    shop_id uuid NOT NULL,
    mark_id uuid NOT NULL
);

ALTER TABLE reporting.dirty_day OWNER TO siyu_owner;

CREATE TABLE reporting.member_day (
    brand_id uuid NOT NULL,
    scope_id uuid NOT NULL,
    person_id uuid NOT NULL,
    day date NOT NULL,
    orders integer NOT NULL,
    zero_orders integer NOT NULL,
    gmv_fen bigint NOT NULL,
    input_hash bigint NOT NULL,
    prev_day date,
    next_day date,
    turn bigint NOT NULL,
    CONSTRAINT member_day_gmv_iff_paid CHECK (((gmv_fen >= 0) AND ((gmv_fen = 0) = (orders = zero_orders)))),
    CONSTRAINT member_day_links_ordered CHECK (((prev_day < day) AND (next_day > day))),
    CONSTRAINT member_day_orders_counted CHECK (((orders >= 0) AND ((zero_orders >= 0) AND (zero_orders <= orders))))
);

ALTER TABLE reporting.member_day OWNER TO siyu_owner;

CREATE TABLE reporting.period_figure (
    brand_id uuid NOT NULL,
    scope_id uuid NOT NULL,
    grain text NOT NULL,
    starts_on date NOT NULL,
    gmv_fen bigint NOT NULL,
    orders bigint NOT NULL,
    zero_orders bigint NOT NULL,
    payers bigint NOT NULL,
    new_members bigint NOT NULL,
    returning_members bigint NOT NULL,
    single_members bigint NOT NULL,
    repeat_members bigint NOT NULL,
    input_hash bigint NOT NULL,
    CONSTRAINT period_figure_grain_known CHECK ((grain = ANY (ARRAY['day'::text, 'month'::text]))),
    CONSTRAINT period_figure_month_starts_first CHECK (((grain = 'day'::text) OR (EXTRACT(day FROM starts_on) = (1)::numeric)))
);

ALTER TABLE reporting.period_figure OWNER TO siyu_owner;

CREATE TABLE reporting.rollup (
    brand_id uuid NOT NULL,
    turns bigint DEFAULT 0 NOT NULL,
    rolled_at timestamp with time zone
);

ALTER TABLE reporting.rollup OWNER TO siyu_owner;

CREATE TABLE siyu.brand (
    brand_id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT brand_name_check CHECK ((name <> ''::text))
);

ALTER TABLE siyu.brand OWNER TO siyu_owner;

CREATE TABLE siyu.migration (
    version integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT migration_version_check CHECK ((version > 0))
);

ALTER TABLE siyu.migration OWNER TO siyu_owner;

CREATE TABLE touch.touch (
    brand_id uuid NOT NULL,
    member_id uuid NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    source_id uuid NOT NULL,
    product_id uuid,
    shop_id uuid,
    touched_at timestamp with time zone NOT NULL,
    CONSTRAINT touch_kind_known CHECK ((kind = 'pack.redeemed'::text))
);

ALTER TABLE touch.touch OWNER TO siyu_owner;

CREATE TABLE vault.address (
    brand_id uuid NOT NULL,
    address_id uuid NOT NULL,
    person_id uuid NOT NULL,
    sealed_value bytea,
    created_at timestamp with time zone NOT NULL,
    erased_at timestamp with time zone,
    CONSTRAINT address_erased_or_whole CHECK (((sealed_value IS NULL) = (erased_at IS NOT NULL)))
);

ALTER TABLE vault.address OWNER TO siyu_owner;

CREATE TABLE vault.person (
    brand_id uuid NOT NULL,
    person_id uuid NOT NULL,
    kind text NOT NULL,
    blind_index bytea,
    sealed_value bytea,
    wrapped_key bytea,
    created_at timestamp with time zone NOT NULL,
    erased_at timestamp with time zone,
    CONSTRAINT person_blind_index_is_digest CHECK ((octet_length(blind_index) = 32)),
    CONSTRAINT person_erased_or_whole CHECK ((num_nulls(blind_index, sealed_value, wrapped_key) =
CASE
    WHEN (erased_at IS NULL) THEN 0
    ELSE 3
END)),
    CONSTRAINT person_kind_is_short CHECK (((length(kind) >= 1) AND (length(kind) <= 80)))
);

ALTER TABLE vault.person OWNER TO siyu_owner;

ALTER TABLE ONLY jobs.attempt ATTACH PARTITION jobs.attempt_rest DEFAULT;

ALTER TABLE ONLY jobs.done ATTACH PARTITION jobs.done_rest DEFAULT;

ALTER TABLE ONLY accounting.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (brand_id, account_id);

ALTER TABLE ONLY accounting.account
    ADD CONSTRAINT account_subject_key UNIQUE (brand_id, kind, subject_id);

ALTER TABLE ONLY accounting.balance
    ADD CONSTRAINT balance_pkey PRIMARY KEY (brand_id, account_id);

ALTER TABLE ONLY accounting.hold
    ADD CONSTRAINT hold_pkey PRIMARY KEY (brand_id, hold_id);

ALTER TABLE ONLY accounting.hold
    ADD CONSTRAINT hold_subject_key UNIQUE (brand_id, kind, subject_id);

ALTER TABLE ONLY accounting.seal
    ADD CONSTRAINT seal_pkey PRIMARY KEY (brand_id, seal_no);

ALTER TABLE ONLY accounting.transfer
    ADD CONSTRAINT transfer_pkey PRIMARY KEY (brand_id, transfer_id);

ALTER TABLE ONLY accounting.transfer
    ADD CONSTRAINT transfer_subject_key UNIQUE (brand_id, kind, subject_id);

ALTER TABLE ONLY audit.entry
    ADD CONSTRAINT entry_pkey PRIMARY KEY (brand_id, number);

ALTER TABLE ONLY audit.trail
    ADD CONSTRAINT trail_pkey PRIMARY KEY (brand_id);

ALTER TABLE ONLY codes.batch_burst
    ADD CONSTRAINT batch_burst_pkey PRIMARY KEY (brand_id, batch_id, minute);

ALTER TABLE ONLY codes.batch_fact
    ADD CONSTRAINT batch_fact_pkey PRIMARY KEY (brand_id, batch_id);

ALTER TABLE ONLY codes.batch
    ADD CONSTRAINT batch_handle_key UNIQUE (brand_id, handle);

ALTER TABLE ONLY codes.batch_minute
    ADD CONSTRAINT batch_minute_pkey PRIMARY KEY (brand_id, batch_id, minute);

ALTER TABLE ONLY codes.batch
    ADD CONSTRAINT batch_pkey PRIMARY KEY (brand_id, batch_id);

ALTER TABLE ONLY codes.batch
    ADD CONSTRAINT batch_request_key UNIQUE (brand_id, request_id);

ALTER TABLE ONLY codes.campaign
    ADD CONSTRAINT campaign_code_key UNIQUE (brand_id, code);

ALTER TABLE ONLY codes.campaign
    ADD CONSTRAINT campaign_pkey PRIMARY KEY (brand_id, campaign_id);

ALTER TABLE ONLY codes.campaign_prize
    ADD CONSTRAINT campaign_prize_pkey PRIMARY KEY (brand_id, campaign_id, tier);

ALTER TABLE ONLY codes.case_route
    ADD CONSTRAINT case_route_pkey PRIMARY KEY (brand_id, batch_id, from_index, shipped_at);

ALTER TABLE ONLY codes.code_range
    ADD CONSTRAINT code_range_pkey PRIMARY KEY (brand_id, batch_id, range_id);

ALTER TABLE ONLY codes.dealer
    ADD CONSTRAINT dealer_code_key UNIQUE (brand_id, code);

ALTER TABLE ONLY codes.dealer
    ADD CONSTRAINT dealer_pkey PRIMARY KEY (brand_id, dealer_id);

ALTER TABLE ONLY codes.draw_day
    ADD CONSTRAINT draw_day_pkey PRIMARY KEY (brand_id, campaign_id, tier, day);

ALTER TABLE ONLY codes.draw_entry
    ADD CONSTRAINT draw_entry_free_key UNIQUE (brand_id, campaign_id, person_id, free_number);

ALTER TABLE ONLY codes.draw_entry
    ADD CONSTRAINT draw_entry_id_key UNIQUE (brand_id, entry_id);

ALTER TABLE ONLY codes.draw_entry
    ADD CONSTRAINT draw_entry_pkey PRIMARY KEY (brand_id, campaign_id, ordinal);

ALTER TABLE ONLY codes.draw_entry
    ADD CONSTRAINT draw_entry_right_key UNIQUE (brand_id, right_id);

ALTER TABLE ONLY codes.draw_right
    ADD CONSTRAINT draw_right_pkey PRIMARY KEY (brand_id, right_id);

ALTER TABLE ONLY codes.handle
    ADD CONSTRAINT handle_pkey PRIMARY KEY (handle);

ALTER TABLE ONLY codes.handover
    ADD CONSTRAINT handover_number_key UNIQUE (brand_id, voucher_id, number);

ALTER TABLE ONLY codes.handover
    ADD CONSTRAINT handover_pkey PRIMARY KEY (brand_id, handover_id);

ALTER TABLE ONLY codes.handover_reversal
    ADD CONSTRAINT handover_reversal_pkey PRIMARY KEY (brand_id, handover_id);

ALTER TABLE ONLY codes.import
    ADD CONSTRAINT import_batch_key UNIQUE (brand_id, batch_id);

ALTER TABLE ONLY codes.import
    ADD CONSTRAINT import_pkey PRIMARY KEY (brand_id, import_id);

ALTER TABLE ONLY codes.import
    ADD CONSTRAINT import_request_key UNIQUE (brand_id, request_id);

ALTER TABLE ONLY codes.imported_code
    ADD CONSTRAINT imported_code_index_key UNIQUE (brand_id, batch_id, code_index);

ALTER TABLE ONLY codes.imported_code
    ADD CONSTRAINT imported_code_pkey PRIMARY KEY (brand_id, code_hash);

ALTER TABLE ONLY codes.key_use
    ADD CONSTRAINT key_use_pkey PRIMARY KEY (brand_id, batch_id, use_id);

ALTER TABLE ONLY codes.marketcode_account
    ADD CONSTRAINT marketcode_account_pkey PRIMARY KEY (brand_id);

ALTER TABLE ONLY codes.marketcode_activation
    ADD CONSTRAINT marketcode_activation_pkey PRIMARY KEY (brand_id, activation_id);

ALTER TABLE ONLY codes.marketcode_activation
    ADD CONSTRAINT marketcode_activation_start_key UNIQUE (brand_id, application_id, index_from);

ALTER TABLE ONLY codes.marketcode_application
    ADD CONSTRAINT marketcode_application_pkey PRIMARY KEY (brand_id, application_id);

ALTER TABLE ONLY codes.marketcode_application
    ADD CONSTRAINT marketcode_application_request_key UNIQUE (brand_id, request_id);

ALTER TABLE ONLY codes.marketcode_chunk
    ADD CONSTRAINT marketcode_chunk_pkey PRIMARY KEY (brand_id, application_id, code_first);

ALTER TABLE ONLY codes.marketcode_ticket
    ADD CONSTRAINT marketcode_ticket_pkey PRIMARY KEY (brand_id, ticket_hash);

ALTER TABLE ONLY codes.pack_case
    ADD CONSTRAINT pack_case_code_key UNIQUE (brand_id, case_code);

ALTER TABLE ONLY codes.pack_case
    ADD CONSTRAINT pack_case_pkey PRIMARY KEY (brand_id, batch_id, from_index);

ALTER TABLE ONLY codes.prize
    ADD CONSTRAINT prize_pkey PRIMARY KEY (brand_id, batch_id, tier);

ALTER TABLE ONLY codes.prize_shuffle
    ADD CONSTRAINT prize_shuffle_pkey PRIMARY KEY (brand_id, batch_id);

ALTER TABLE ONLY codes.range_end
    ADD CONSTRAINT range_end_pkey PRIMARY KEY (brand_id, batch_id, range_id);

ALTER TABLE ONLY codes.redemption
    ADD CONSTRAINT redemption_id_key UNIQUE (brand_id, redemption_id);

ALTER TABLE ONLY codes.redemption
    ADD CONSTRAINT redemption_pkey PRIMARY KEY (brand_id, batch_id, code_index);

ALTER TABLE ONLY codes.rules
    ADD CONSTRAINT rules_pkey PRIMARY KEY (brand_id, batch_id, version);

ALTER TABLE ONLY codes.scan_look
    ADD CONSTRAINT scan_look_pkey PRIMARY KEY (brand_id);

ALTER TABLE ONLY codes.scan_signal
    ADD CONSTRAINT scan_signal_once_key UNIQUE (brand_id, rule, trace_id);

ALTER TABLE ONLY codes.scan_signal
    ADD CONSTRAINT scan_signal_pkey PRIMARY KEY (brand_id, signal_id);

ALTER TABLE ONLY codes.scan_trace
    ADD CONSTRAINT scan_trace_pkey PRIMARY KEY (brand_id, trace_id);

ALTER TABLE ONLY codes.voucher
    ADD CONSTRAINT voucher_pkey PRIMARY KEY (brand_id, voucher_id);

ALTER TABLE ONLY codes.voucher
    ADD CONSTRAINT voucher_token_key UNIQUE (brand_id, token_hash);

ALTER TABLE ONLY gifting.address_consent
    ADD CONSTRAINT address_consent_pkey PRIMARY KEY (brand_id, recipient_id, sender_id);

ALTER TABLE ONLY gifting.captured_price
    ADD CONSTRAINT captured_price_pkey PRIMARY KEY (brand_id, gift_id, variant_id);

ALTER TABLE ONLY gifting.cash_gift
    ADD CONSTRAINT cash_gift_payment_key UNIQUE (brand_id, payment_id);

ALTER TABLE ONLY gifting.cash_gift
    ADD CONSTRAINT cash_gift_pkey PRIMARY KEY (brand_id, cash_gift_id);

ALTER TABLE ONLY gifting.cover
    ADD CONSTRAINT cover_pkey PRIMARY KEY (brand_id, code);

ALTER TABLE ONLY gifting.entry
    ADD CONSTRAINT entry_pkey PRIMARY KEY (brand_id, code);

ALTER TABLE ONLY gifting.gift_group
    ADD CONSTRAINT gift_group_payment_key UNIQUE (brand_id, payment_id);

ALTER TABLE ONLY gifting.gift_group
    ADD CONSTRAINT gift_group_pkey PRIMARY KEY (brand_id, group_id);

ALTER TABLE ONLY gifting.gift
    ADD CONSTRAINT gift_pkey PRIMARY KEY (brand_id, gift_id);

ALTER TABLE ONLY gifting.greeting_screen
    ADD CONSTRAINT greeting_screen_pkey PRIMARY KEY (brand_id);

ALTER TABLE ONLY gifting.group_entry
    ADD CONSTRAINT group_entry_id_key UNIQUE (brand_id, entry_id);

ALTER TABLE ONLY gifting.group_entry
    ADD CONSTRAINT group_entry_person_key UNIQUE (brand_id, group_id, person_id);

ALTER TABLE ONLY gifting.group_entry
    ADD CONSTRAINT group_entry_pkey PRIMARY KEY (brand_id, group_id, ordinal);

ALTER TABLE ONLY gifting.group_price
    ADD CONSTRAINT group_price_pkey PRIMARY KEY (brand_id, group_id, variant_id);

ALTER TABLE ONLY gifting.group_win
    ADD CONSTRAINT group_win_entry_key UNIQUE (brand_id, entry_id);

ALTER TABLE ONLY gifting.group_win
    ADD CONSTRAINT group_win_gift_key UNIQUE (brand_id, gift_id);

ALTER TABLE ONLY gifting.group_win
    ADD CONSTRAINT group_win_pkey PRIMARY KEY (brand_id, group_id, rank);

ALTER TABLE ONLY gifting.look
    ADD CONSTRAINT look_pkey PRIMARY KEY (brand_id, look_id);

ALTER TABLE ONLY gifting.outcome
    ADD CONSTRAINT outcome_pkey PRIMARY KEY (brand_id, gift_id);

ALTER TABLE ONLY gifting.rating
    ADD CONSTRAINT rating_pkey PRIMARY KEY (brand_id, gift_id);

ALTER TABLE ONLY gifting.rating_visit
    ADD CONSTRAINT rating_visit_pkey PRIMARY KEY (brand_id, gift_id, person_id);

ALTER TABLE ONLY gifting.search
    ADD CONSTRAINT search_pkey PRIMARY KEY (brand_id, shop_id, day, keyword);

ALTER TABLE ONLY gifting.shop_switch
    ADD CONSTRAINT shop_switch_pkey PRIMARY KEY (brand_id, shop_id, valid_from);

ALTER TABLE ONLY gifting.swap
    ADD CONSTRAINT swap_pkey PRIMARY KEY (brand_id, swap_id);

ALTER TABLE ONLY gifting.web_app
    ADD CONSTRAINT web_app_pkey PRIMARY KEY (brand_id);

ALTER TABLE ONLY gifting.withdrawal
    ADD CONSTRAINT withdrawal_pkey PRIMARY KEY (brand_id, gift_id);

ALTER TABLE ONLY hooks.api_key
    ADD CONSTRAINT api_key_key_id_key UNIQUE (key_id);

ALTER TABLE ONLY hooks.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (key_hash);

ALTER TABLE ONLY hooks.endpoint
    ADD CONSTRAINT endpoint_name_key UNIQUE (brand_id, name);

ALTER TABLE ONLY hooks.endpoint
    ADD CONSTRAINT endpoint_pkey PRIMARY KEY (brand_id, endpoint_id);

ALTER TABLE ONLY hooks.endpoint_secret
    ADD CONSTRAINT endpoint_secret_pkey PRIMARY KEY (brand_id, endpoint_id, number);

ALTER TABLE ONLY hooks.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (brand_id, caller, route, key);

ALTER TABLE ONLY hooks.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (brand_id, source_id, delivery_id);

ALTER TABLE ONLY hooks.limit_count
    ADD CONSTRAINT limit_count_pkey PRIMARY KEY (brand_id, scope, subject);

ALTER TABLE ONLY hooks.limit_lift
    ADD CONSTRAINT limit_lift_pkey PRIMARY KEY (brand_id, lift_id);

ALTER TABLE ONLY hooks.operations_key
    ADD CONSTRAINT operations_key_key_id_key UNIQUE (key_id);

ALTER TABLE ONLY hooks.operations_key
    ADD CONSTRAINT operations_key_pkey PRIMARY KEY (key_hash);

ALTER TABLE ONLY hooks.outgoing_delivery
    ADD CONSTRAINT outgoing_delivery_pkey PRIMARY KEY (brand_id, message_id, endpoint_id);

ALTER TABLE ONLY hooks.outgoing
    ADD CONSTRAINT outgoing_pkey PRIMARY KEY (brand_id, message_id);

ALTER TABLE ONLY hooks.outgoing
    ADD CONSTRAINT outgoing_subject_key UNIQUE (brand_id, event, subject_id);

ALTER TABLE ONLY hooks.source
    ADD CONSTRAINT source_id_key UNIQUE (brand_id, source_id);

ALTER TABLE ONLY hooks.source
    ADD CONSTRAINT source_pkey PRIMARY KEY (name);

ALTER TABLE ONLY hooks.source_secret
    ADD CONSTRAINT source_secret_pkey PRIMARY KEY (brand_id, source_id, number);

ALTER TABLE ONLY hooks.sweep
    ADD CONSTRAINT sweep_pkey PRIMARY KEY (brand_id);

ALTER TABLE ONLY jobs.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (audit_id);

ALTER TABLE ONLY jobs.cancellation
    ADD CONSTRAINT cancellation_pkey PRIMARY KEY (job_id);

ALTER TABLE ONLY jobs.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (job_id);

ALTER TABLE ONLY jobs.dependency
    ADD CONSTRAINT dependency_pkey PRIMARY KEY (job_id, needs);

ALTER TABLE ONLY jobs.discarded
    ADD CONSTRAINT discarded_pkey PRIMARY KEY (id);

ALTER TABLE ONLY jobs.effect
    ADD CONSTRAINT effect_pkey PRIMARY KEY (job_id, step);

ALTER TABLE ONLY jobs.fire
    ADD CONSTRAINT fire_pkey PRIMARY KEY (name, fire_at);

ALTER TABLE ONLY jobs.gate
    ADD CONSTRAINT gate_pkey PRIMARY KEY (id);

ALTER TABLE ONLY jobs.hot
    ADD CONSTRAINT hot_pkey PRIMARY KEY (queue_id, priority, ord);

ALTER TABLE ONLY jobs.kind
    ADD CONSTRAINT kind_name_key UNIQUE (name);

ALTER TABLE ONLY jobs.kind
    ADD CONSTRAINT kind_pkey PRIMARY KEY (kind_id);

ALTER TABLE ONLY jobs.later
    ADD CONSTRAINT later_pkey PRIMARY KEY (id);

ALTER TABLE ONLY jobs.pause
    ADD CONSTRAINT pause_pkey PRIMARY KEY (pause_id);

ALTER TABLE ONLY jobs.queue
    ADD CONSTRAINT queue_name_key UNIQUE (name);

ALTER TABLE ONLY jobs.queue
    ADD CONSTRAINT queue_pkey PRIMARY KEY (queue_id);

ALTER TABLE ONLY jobs.quota
    ADD CONSTRAINT quota_name_key UNIQUE (name);

ALTER TABLE ONLY jobs.quota
    ADD CONSTRAINT quota_pkey PRIMARY KEY (quota_id);

ALTER TABLE ONLY jobs.schedule
    ADD CONSTRAINT schedule_pkey PRIMARY KEY (name);

ALTER TABLE ONLY jobs.share
    ADD CONSTRAINT share_pkey PRIMARY KEY (quota_id, tenant);

ALTER TABLE ONLY jobs.signal
    ADD CONSTRAINT signal_pkey PRIMARY KEY (signal_id);

ALTER TABLE ONLY jobs.uniq
    ADD CONSTRAINT uniq_pkey PRIMARY KEY (kind_id, key);

ALTER TABLE ONLY jobs.worker
    ADD CONSTRAINT worker_pkey PRIMARY KEY (worker_id);

ALTER TABLE ONLY members.identity
    ADD CONSTRAINT identity_pkey PRIMARY KEY (brand_id, person_id);

ALTER TABLE ONLY members.member
    ADD CONSTRAINT member_pkey PRIMARY KEY (brand_id, member_id);

ALTER TABLE ONLY members.merge_candidate
    ADD CONSTRAINT merge_candidate_pkey PRIMARY KEY (brand_id, member_id, other_id);

ALTER TABLE ONLY orders.aftersale
    ADD CONSTRAINT aftersale_pkey PRIMARY KEY (brand_id, aftersale_id);

ALTER TABLE ONLY orders.bill
    ADD CONSTRAINT bill_of_a_day_key UNIQUE (brand_id, mchid, kind, bill_date);

ALTER TABLE ONLY orders.bill
    ADD CONSTRAINT bill_pkey PRIMARY KEY (brand_id, bill_id);

ALTER TABLE ONLY orders.bill_row
    ADD CONSTRAINT bill_row_pkey PRIMARY KEY (brand_id, bill_id, line_no);

ALTER TABLE ONLY orders.category
    ADD CONSTRAINT category_code_key UNIQUE (brand_id, code);

ALTER TABLE ONLY orders.category
    ADD CONSTRAINT category_pkey PRIMARY KEY (brand_id, category_id);

ALTER TABLE ONLY orders.category_place
    ADD CONSTRAINT category_place_pkey PRIMARY KEY (brand_id, category_id, valid_from);

ALTER TABLE ONLY orders.customer_order
    ADD CONSTRAINT customer_order_external_key UNIQUE (brand_id, shop_id, source, external_key);

ALTER TABLE ONLY orders.customer_order
    ADD CONSTRAINT customer_order_pkey PRIMARY KEY (brand_id, order_id);

ALTER TABLE ONLY orders.fee_cursor
    ADD CONSTRAINT fee_cursor_pkey PRIMARY KEY (brand_id);

ALTER TABLE ONLY orders.fee_meter
    ADD CONSTRAINT fee_meter_pkey PRIMARY KEY (brand_id, shop_id, valid_from);

ALTER TABLE ONLY orders.guarantee_fact
    ADD CONSTRAINT guarantee_fact_pkey PRIMARY KEY (brand_id, order_id, fact);

ALTER TABLE ONLY orders.guarantee
    ADD CONSTRAINT guarantee_pkey PRIMARY KEY (brand_id, order_id);

ALTER TABLE ONLY orders.import_customer
    ADD CONSTRAINT import_customer_pkey PRIMARY KEY (brand_id, import_id, first_line);

ALTER TABLE ONLY orders.import_line
    ADD CONSTRAINT import_line_pkey PRIMARY KEY (brand_id, import_id, line);

ALTER TABLE ONLY orders.import
    ADD CONSTRAINT import_pkey PRIMARY KEY (brand_id, import_id);

ALTER TABLE ONLY orders.import_refusal
    ADD CONSTRAINT import_refusal_pkey PRIMARY KEY (brand_id, import_id, line);

ALTER TABLE ONLY orders.merchant
    ADD CONSTRAINT merchant_id_key UNIQUE (brand_id, merchant_id);

ALTER TABLE ONLY orders.merchant
    ADD CONSTRAINT merchant_pkey PRIMARY KEY (mchid);

ALTER TABLE ONLY orders.mismatch
    ADD CONSTRAINT mismatch_once_key UNIQUE (brand_id, mchid, bill_kind, bill_date, reason, our_no);

ALTER TABLE ONLY orders.mismatch
    ADD CONSTRAINT mismatch_pkey PRIMARY KEY (brand_id, mismatch_id);

ALTER TABLE ONLY orders.order_line
    ADD CONSTRAINT order_line_pkey PRIMARY KEY (brand_id, order_id, line_no);

ALTER TABLE ONLY orders.order_version
    ADD CONSTRAINT order_version_pkey PRIMARY KEY (brand_id, order_id, version);

ALTER TABLE ONLY orders.payment_intent
    ADD CONSTRAINT payment_intent_order_key UNIQUE (brand_id, order_id);

ALTER TABLE ONLY orders.payment_intent
    ADD CONSTRAINT payment_intent_pkey PRIMARY KEY (brand_id, intent_id);

ALTER TABLE ONLY orders.payment
    ADD CONSTRAINT payment_order_key UNIQUE (brand_id, order_id, order_version);

ALTER TABLE ONLY orders.payment
    ADD CONSTRAINT payment_pkey PRIMARY KEY (brand_id, payment_id);

ALTER TABLE ONLY orders.payout
    ADD CONSTRAINT payout_number_key UNIQUE (brand_id, subject_id, number);

ALTER TABLE ONLY orders.payout
    ADD CONSTRAINT payout_pkey PRIMARY KEY (brand_id, payout_id);

ALTER TABLE ONLY orders.product_category
    ADD CONSTRAINT product_category_pkey PRIMARY KEY (brand_id, product_id, valid_from);

ALTER TABLE ONLY orders.product
    ADD CONSTRAINT product_pkey PRIMARY KEY (brand_id, product_id);

ALTER TABLE ONLY orders.product
    ADD CONSTRAINT product_sku_key UNIQUE (brand_id, shop_id, sku);

ALTER TABLE ONLY orders.rating
    ADD CONSTRAINT rating_pkey PRIMARY KEY (brand_id, order_id, line_no);

ALTER TABLE ONLY orders.rating_visit
    ADD CONSTRAINT rating_visit_pkey PRIMARY KEY (brand_id, order_id, line_no, person_id);

ALTER TABLE ONLY orders.refund_approval
    ADD CONSTRAINT refund_approval_pkey PRIMARY KEY (brand_id, approval_id);

ALTER TABLE ONLY orders.refund
    ADD CONSTRAINT refund_number_key UNIQUE (brand_id, payment_id, number);

ALTER TABLE ONLY orders.refund
    ADD CONSTRAINT refund_out_refund_no_key UNIQUE (brand_id, out_refund_no);

ALTER TABLE ONLY orders.refund
    ADD CONSTRAINT refund_pkey PRIMARY KEY (brand_id, refund_id);

ALTER TABLE ONLY orders.sale_effect
    ADD CONSTRAINT sale_effect_back_kind_key UNIQUE (brand_id, order_id, back_kind);

ALTER TABLE ONLY orders.sale_effect
    ADD CONSTRAINT sale_effect_pkey PRIMARY KEY (brand_id, order_id, kind);

ALTER TABLE ONLY orders.shop
    ADD CONSTRAINT shop_code_key UNIQUE (brand_id, code);

ALTER TABLE ONLY orders.shop
    ADD CONSTRAINT shop_pkey PRIMARY KEY (brand_id, shop_id);

ALTER TABLE ONLY orders.stock_movement
    ADD CONSTRAINT stock_movement_pkey PRIMARY KEY (brand_id, movement_id);

ALTER TABLE ONLY orders.stock_movement
    ADD CONSTRAINT stock_movement_subject_key UNIQUE (brand_id, variant_id, kind, subject_id);

ALTER TABLE ONLY orders.stock
    ADD CONSTRAINT stock_pkey PRIMARY KEY (brand_id, variant_id);

ALTER TABLE ONLY orders.variant
    ADD CONSTRAINT variant_pkey PRIMARY KEY (brand_id, variant_id);

ALTER TABLE ONLY orders.variant
    ADD CONSTRAINT variant_sku_key UNIQUE (brand_id, product_id, sku);

ALTER TABLE ONLY policies.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (brand_id, name, valid_from);

ALTER TABLE ONLY policies.standard
    ADD CONSTRAINT standard_pkey PRIMARY KEY (name, valid_from);

ALTER TABLE ONLY promotions.card_event
    ADD CONSTRAINT card_event_pkey PRIMARY KEY (brand_id, card_id, serial);

ALTER TABLE ONLY promotions.card_goal
    ADD CONSTRAINT card_goal_pkey PRIMARY KEY (brand_id, card_id, goal);

ALTER TABLE ONLY promotions.card
    ADD CONSTRAINT card_pkey PRIMARY KEY (brand_id, card_id);

ALTER TABLE ONLY promotions.coupon
    ADD CONSTRAINT coupon_pkey PRIMARY KEY (brand_id, coupon_id);

ALTER TABLE ONLY promotions.coupon_use
    ADD CONSTRAINT coupon_use_pkey PRIMARY KEY (brand_id, coupon_id, number);

ALTER TABLE ONLY reporting.dirty_day
    ADD CONSTRAINT dirty_day_pkey PRIMARY KEY (brand_id, day, shop_id, mark_id);

ALTER TABLE ONLY reporting.member_day
    ADD CONSTRAINT member_day_pkey PRIMARY KEY (brand_id, scope_id, person_id, day);

ALTER TABLE ONLY reporting.period_figure
    ADD CONSTRAINT period_figure_pkey PRIMARY KEY (brand_id, scope_id, grain, starts_on);

ALTER TABLE ONLY reporting.rollup
    ADD CONSTRAINT rollup_pkey PRIMARY KEY (brand_id);

ALTER TABLE ONLY siyu.brand
    ADD CONSTRAINT brand_pkey PRIMARY KEY (brand_id);

ALTER TABLE ONLY siyu.environment
    ADD CONSTRAINT environment_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY siyu.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (version);

ALTER TABLE ONLY touch.touch
    ADD CONSTRAINT touch_pkey PRIMARY KEY (brand_id, kind, subject_id);

ALTER TABLE ONLY vault.address
    ADD CONSTRAINT address_pkey PRIMARY KEY (brand_id, address_id);

ALTER TABLE ONLY vault.person
    ADD CONSTRAINT person_blind_index_key UNIQUE (brand_id, kind, blind_index);

ALTER TABLE ONLY vault.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (brand_id, person_id);

CREATE INDEX hold_account_idx ON accounting.hold USING btree (brand_id, debit_account_id) WHERE (state = 'held'::text);

CREATE INDEX hold_expiry_idx ON accounting.hold USING btree (brand_id, expires_at) WHERE (state = 'held'::text);

CREATE INDEX transfer_credit_idx ON accounting.transfer USING btree (brand_id, credit_account_id, occurred_at) INCLUDE (amount_fen);

CREATE INDEX transfer_debit_idx ON accounting.transfer USING btree (brand_id, debit_account_id, occurred_at) INCLUDE (amount_fen);

CREATE INDEX transfer_period_idx ON accounting.transfer USING btree (brand_id, kind, occurred_at);

CREATE INDEX transfer_posted_idx ON accounting.transfer USING btree (brand_id, posted_xid, transfer_id);

CREATE INDEX batch_burst_list_idx ON codes.batch_burst USING btree (brand_id, minute);

CREATE INDEX draw_right_person_idx ON codes.draw_right USING btree (brand_id, campaign_id, person_id);

CREATE INDEX handover_reversal_settlement_idx ON codes.handover_reversal USING btree (brand_id, shop_id, reversed_at);

CREATE INDEX handover_settlement_idx ON codes.handover USING btree (brand_id, shop_id, handed_over_at);

CREATE INDEX marketcode_ticket_age_idx ON codes.marketcode_ticket USING btree (brand_id, created_at);

CREATE INDEX redemption_period_idx ON codes.redemption USING btree (brand_id, redeemed_at);

CREATE INDEX redemption_won_idx ON codes.redemption USING btree (brand_id, batch_id, tier, redeemed_at) WHERE (tier IS NOT NULL);

CREATE INDEX scan_signal_list_idx ON codes.scan_signal USING btree (brand_id, seen_at);

CREATE INDEX scan_trace_code_idx ON codes.scan_trace USING btree (brand_id, batch_id, code_index, seen_at);

CREATE INDEX scan_trace_device_idx ON codes.scan_trace USING btree (brand_id, device_hash, seen_at) WHERE (device_hash IS NOT NULL);

CREATE INDEX scan_trace_order_idx ON codes.scan_trace USING btree (brand_id, seen_at, trace_id);

CREATE INDEX scan_trace_person_idx ON codes.scan_trace USING btree (brand_id, person_id, seen_at);

CREATE INDEX voucher_batch_idx ON codes.voucher USING btree (brand_id, batch_id, tier);

CREATE INDEX gift_address_idx ON gifting.gift USING btree (brand_id, address_id) WHERE (address_id IS NOT NULL);

CREATE INDEX gift_due_idx ON gifting.gift USING btree (brand_id, accept_until) WHERE ((state = ANY (ARRAY['sent'::text, 'claimed'::text])) AND (group_id IS NULL));

CREATE INDEX gift_group_idx ON gifting.gift USING btree (brand_id, group_id) WHERE (group_id IS NOT NULL);

CREATE UNIQUE INDEX gift_payment_key ON gifting.gift USING btree (brand_id, payment_id) WHERE (group_id IS NULL);

CREATE INDEX gift_prefilled_address_idx ON gifting.gift USING btree (brand_id, prefilled_address_id) WHERE (prefilled_address_id IS NOT NULL);

CREATE INDEX gift_sender_idx ON gifting.gift USING btree (brand_id, sender_id, created_at);

CREATE INDEX gift_sent_idx ON gifting.gift USING btree (brand_id, sent_at, shop_id) WHERE (sent_at IS NOT NULL);

CREATE INDEX look_person_idx ON gifting.look USING btree (brand_id, person_id, looked_at);

CREATE INDEX look_time_idx ON gifting.look USING btree (brand_id, looked_at);

CREATE INDEX swap_gift_idx ON gifting.swap USING btree (brand_id, gift_id, swapped_at);

CREATE INDEX api_key_brand_id_idx ON hooks.api_key USING btree (brand_id, created_at);

CREATE INDEX idempotency_brand_id_created_at_idx ON hooks.idempotency USING btree (brand_id, created_at);

CREATE INDEX inbox_bodies_idx ON hooks.inbox USING btree (brand_id, received_at) WHERE (sealed_body IS NOT NULL);

CREATE INDEX limit_count_news_idx ON hooks.limit_count USING btree (updated_at);

CREATE INDEX limit_lift_news_idx ON hooks.limit_lift USING btree (lifted_at);

CREATE INDEX outgoing_delivery_left_idx ON hooks.outgoing_delivery USING btree (brand_id, endpoint_id, message_id) WHERE (state <> 'delivered'::text);

CREATE INDEX outgoing_period_idx ON hooks.outgoing USING btree (brand_id, occurred_at);

CREATE INDEX attempt_failed_at ON ONLY jobs.attempt USING brin (failed_at);

CREATE INDEX attempt_id ON ONLY jobs.attempt USING btree (id, run_no);

CREATE INDEX attempt_rest_failed_at ON jobs.attempt_rest USING brin (failed_at);

CREATE INDEX attempt_rest_id ON jobs.attempt_rest USING btree (id, run_no);

CREATE INDEX dependency_needs ON jobs.dependency USING btree (needs);

CREATE INDEX discarded_key ON jobs.discarded USING btree (kind_id, key) WHERE (key IS NOT NULL);

CREATE INDEX discarded_queue ON jobs.discarded USING btree (queue_id, discarded_at, id);

CREATE INDEX done_finished_at ON ONLY jobs.done USING brin (finished_at);

CREATE INDEX done_id ON ONLY jobs.done USING btree (id);

CREATE INDEX done_rest_finished_at ON jobs.done_rest USING brin (finished_at);

CREATE INDEX done_rest_id ON jobs.done_rest USING btree (id);

CREATE INDEX effect_unsettled ON jobs.effect USING btree (updated_at) WHERE (state = ANY (ARRAY['intended'::text, 'unknown'::text]));

CREATE INDEX effect_updated_at ON jobs.effect USING brin (updated_at);

CREATE INDEX fire_fired_at ON jobs.fire USING brin (fired_at);

CREATE INDEX gate_blocked ON jobs.gate USING btree (queue_id) WHERE blocked;

CREATE INDEX gate_key ON jobs.gate USING btree (kind_id, key) WHERE (key IS NOT NULL);

CREATE INDEX gate_lane ON jobs.gate USING btree (lane, ord) WHERE (lane IS NOT NULL);

CREATE INDEX gate_tenant ON jobs.gate USING btree (queue_id, quota_id, tenant, priority, ord) WHERE (NOT blocked);

CREATE INDEX gate_turn ON jobs.gate USING btree (queue_id, quota_id, priority, ord) WHERE (NOT blocked);

CREATE UNIQUE INDEX hot_id ON jobs.hot USING btree (id);

CREATE INDEX hot_key ON jobs.hot USING btree (kind_id, key) WHERE (key IS NOT NULL);

CREATE INDEX hot_lane ON jobs.hot USING btree (lane) WHERE (lane IS NOT NULL);

CREATE INDEX hot_quota ON jobs.hot USING btree (quota_id) WHERE (quota_id IS NOT NULL);

CREATE INDEX later_due ON jobs.later USING btree (due_at);

CREATE INDEX later_key ON jobs.later USING btree (kind_id, key) WHERE (key IS NOT NULL);

CREATE INDEX later_lane ON jobs.later USING btree (lane) WHERE in_lane;

CREATE INDEX later_paused ON jobs.later USING btree (queue_id, kind_id) WHERE (reason = 'paused'::text);

CREATE INDEX later_queue ON jobs.later USING btree (queue_id);

CREATE INDEX later_unknown_kind ON jobs.later USING btree (queue_id, kind_id) WHERE (reason = 'unknown_kind'::text);

CREATE INDEX uniq_until ON jobs.uniq USING btree (until) WHERE (scope = 'window'::text);

CREATE INDEX identity_member_idx ON members.identity USING btree (brand_id, member_id);

CREATE INDEX member_source_idx ON members.member USING btree (brand_id, source_kind, source_id, joined_at);

CREATE UNIQUE INDEX aftersale_one_open_idx ON orders.aftersale USING btree (brand_id, order_id, COALESCE(line_no, 0)) WHERE (state = ANY (ARRAY['requested'::text, 'returning'::text, 'returned'::text, 'refunding'::text]));

CREATE INDEX aftersale_order_idx ON orders.aftersale USING btree (brand_id, order_id);

CREATE INDEX aftersale_waiting_idx ON orders.aftersale USING btree (brand_id, state, requested_at) WHERE (ended_at IS NULL);

CREATE INDEX bill_row_our_no_idx ON orders.bill_row USING btree (brand_id, our_no);

CREATE INDEX customer_order_person_idx ON orders.customer_order USING btree (brand_id, person_id, placed_at, order_id);

CREATE INDEX customer_order_shop_idx ON orders.customer_order USING btree (brand_id, shop_id, placed_at, order_id);

CREATE INDEX merchant_brand_idx ON orders.merchant USING btree (brand_id, created_at);

CREATE INDEX mismatch_open_idx ON orders.mismatch USING btree (brand_id, found_at) WHERE (resolved_at IS NULL);

CREATE INDEX payment_intent_subject_idx ON orders.payment_intent USING btree (brand_id, subject);

CREATE INDEX payout_attention_idx ON orders.payout USING btree (brand_id, attention_since) WHERE (attention_since IS NOT NULL);

CREATE UNIQUE INDEX payout_one_live_idx ON orders.payout USING btree (brand_id, subject_id) WHERE (state <> 'failed'::text);

CREATE UNIQUE INDEX refund_approval_open_idx ON orders.refund_approval USING btree (brand_id, refund_id, author) WHERE (used_at IS NULL);

CREATE INDEX refund_attention_idx ON orders.refund USING btree (brand_id, attention_since) WHERE (attention_since IS NOT NULL);

CREATE UNIQUE INDEX refund_one_live_idx ON orders.refund USING btree (brand_id, payment_id, COALESCE(cause_id, payment_id)) WHERE (state <> 'closed'::text);

CREATE INDEX card_event_order_idx ON promotions.card_event USING btree (brand_id, order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX coupon_person_idx ON promotions.coupon USING btree (brand_id, person_id, coupon_id);

CREATE UNIQUE INDEX coupon_use_one_live_idx ON promotions.coupon_use USING btree (brand_id, coupon_id) WHERE (given_back_at IS NULL);

CREATE UNIQUE INDEX coupon_use_one_of_order_idx ON promotions.coupon_use USING btree (brand_id, order_id) WHERE (given_back_at IS NULL);

CREATE INDEX coupon_use_order_idx ON promotions.coupon_use USING btree (brand_id, order_id);

CREATE INDEX member_day_day_idx ON reporting.member_day USING btree (brand_id, scope_id, day) INCLUDE (orders, zero_orders, gmv_fen, prev_day, next_day);

CREATE INDEX touch_member_idx ON touch.touch USING btree (brand_id, member_id, touched_at);

CREATE INDEX touch_source_idx ON touch.touch USING btree (brand_id, source_id, touched_at);

CREATE INDEX address_kept_idx ON vault.address USING btree (brand_id, created_at) WHERE (erased_at IS NULL);

CREATE INDEX address_person_idx ON vault.address USING btree (brand_id, person_id);

ALTER INDEX jobs.attempt_failed_at ATTACH PARTITION jobs.attempt_rest_failed_at;

ALTER INDEX jobs.attempt_id ATTACH PARTITION jobs.attempt_rest_id;

ALTER INDEX jobs.done_finished_at ATTACH PARTITION jobs.done_rest_finished_at;

ALTER INDEX jobs.done_id ATTACH PARTITION jobs.done_rest_id;

ALTER TABLE ONLY accounting.account
    ADD CONSTRAINT account_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY accounting.balance
    ADD CONSTRAINT balance_account_fkey FOREIGN KEY (brand_id, account_id) REFERENCES accounting.account(brand_id, account_id);

ALTER TABLE ONLY accounting.hold
    ADD CONSTRAINT hold_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY accounting.seal
    ADD CONSTRAINT seal_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY codes.batch
    ADD CONSTRAINT batch_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY codes.batch_burst
    ADD CONSTRAINT batch_burst_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch(brand_id, batch_id);

ALTER TABLE ONLY codes.batch_fact
    ADD CONSTRAINT batch_fact_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch(brand_id, batch_id);

ALTER TABLE ONLY codes.batch_minute
    ADD CONSTRAINT batch_minute_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch(brand_id, batch_id);

ALTER TABLE ONLY codes.batch
    ADD CONSTRAINT batch_product_fkey FOREIGN KEY (brand_id, product_id) REFERENCES orders.product(brand_id, product_id);

ALTER TABLE ONLY codes.batch
    ADD CONSTRAINT batch_shop_fkey FOREIGN KEY (brand_id, shop_id) REFERENCES orders.shop(brand_id, shop_id);

ALTER TABLE ONLY codes.campaign
    ADD CONSTRAINT campaign_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY codes.campaign_prize
    ADD CONSTRAINT campaign_prize_campaign_fkey FOREIGN KEY (brand_id, campaign_id) REFERENCES codes.campaign(brand_id, campaign_id);

ALTER TABLE ONLY codes.case_route
    ADD CONSTRAINT case_route_case_fkey FOREIGN KEY (brand_id, batch_id, from_index) REFERENCES codes.pack_case(brand_id, batch_id, from_index);

ALTER TABLE ONLY codes.case_route
    ADD CONSTRAINT case_route_dealer_fkey FOREIGN KEY (brand_id, dealer_id) REFERENCES codes.dealer(brand_id, dealer_id);

ALTER TABLE ONLY codes.code_range
    ADD CONSTRAINT code_range_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch(brand_id, batch_id);

ALTER TABLE ONLY codes.dealer
    ADD CONSTRAINT dealer_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY codes.draw_day
    ADD CONSTRAINT draw_day_prize_fkey FOREIGN KEY (brand_id, campaign_id, tier) REFERENCES codes.campaign_prize(brand_id, campaign_id, tier);

ALTER TABLE ONLY codes.handle
    ADD CONSTRAINT handle_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch(brand_id, batch_id);

ALTER TABLE ONLY codes.handover_reversal
    ADD CONSTRAINT handover_reversal_handover_fkey FOREIGN KEY (brand_id, handover_id) REFERENCES codes.handover(brand_id, handover_id);

ALTER TABLE ONLY codes.handover
    ADD CONSTRAINT handover_shop_fkey FOREIGN KEY (brand_id, shop_id) REFERENCES orders.shop(brand_id, shop_id);

ALTER TABLE ONLY codes.handover
    ADD CONSTRAINT handover_voucher_fkey FOREIGN KEY (brand_id, voucher_id) REFERENCES codes.voucher(brand_id, voucher_id);

ALTER TABLE ONLY codes.import
    ADD CONSTRAINT import_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY codes.key_use
    ADD CONSTRAINT key_use_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch(brand_id, batch_id);

ALTER TABLE ONLY codes.marketcode_account
    ADD CONSTRAINT marketcode_account_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY codes.marketcode_activation
    ADD CONSTRAINT marketcode_activation_application_fkey FOREIGN KEY (brand_id, application_id) REFERENCES codes.marketcode_application(brand_id, application_id);

ALTER TABLE ONLY codes.marketcode_application
    ADD CONSTRAINT marketcode_application_account_fkey FOREIGN KEY (brand_id) REFERENCES codes.marketcode_account(brand_id);

ALTER TABLE ONLY codes.marketcode_chunk
    ADD CONSTRAINT marketcode_chunk_application_fkey FOREIGN KEY (brand_id, application_id) REFERENCES codes.marketcode_application(brand_id, application_id);

ALTER TABLE ONLY codes.marketcode_ticket
    ADD CONSTRAINT marketcode_ticket_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY codes.pack_case
    ADD CONSTRAINT pack_case_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch(brand_id, batch_id);

ALTER TABLE ONLY codes.pack_case
    ADD CONSTRAINT pack_case_dealer_fkey FOREIGN KEY (brand_id, dealer_id) REFERENCES codes.dealer(brand_id, dealer_id);

ALTER TABLE ONLY codes.prize
    ADD CONSTRAINT prize_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch(brand_id, batch_id);

ALTER TABLE ONLY codes.prize
    ADD CONSTRAINT prize_campaign_fkey FOREIGN KEY (brand_id, campaign_id) REFERENCES codes.campaign(brand_id, campaign_id);

ALTER TABLE ONLY codes.prize_shuffle
    ADD CONSTRAINT prize_shuffle_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch(brand_id, batch_id);

ALTER TABLE ONLY codes.range_end
    ADD CONSTRAINT range_end_range_fkey FOREIGN KEY (brand_id, batch_id, range_id) REFERENCES codes.code_range(brand_id, batch_id, range_id);

ALTER TABLE ONLY codes.rules
    ADD CONSTRAINT rules_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch(brand_id, batch_id);

ALTER TABLE ONLY codes.scan_look
    ADD CONSTRAINT scan_look_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY gifting.address_consent
    ADD CONSTRAINT address_consent_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY gifting.captured_price
    ADD CONSTRAINT captured_price_gift_fkey FOREIGN KEY (brand_id, gift_id) REFERENCES gifting.gift(brand_id, gift_id);

ALTER TABLE ONLY gifting.cash_gift
    ADD CONSTRAINT cash_gift_payment_fkey FOREIGN KEY (brand_id, payment_id) REFERENCES orders.payment_intent(brand_id, intent_id);

ALTER TABLE ONLY gifting.cover
    ADD CONSTRAINT cover_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY gifting.entry
    ADD CONSTRAINT entry_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY gifting.gift
    ADD CONSTRAINT gift_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY gifting.gift_group
    ADD CONSTRAINT gift_group_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY gifting.gift
    ADD CONSTRAINT gift_group_fkey FOREIGN KEY (brand_id, group_id) REFERENCES gifting.gift_group(brand_id, group_id);

ALTER TABLE ONLY gifting.greeting_screen
    ADD CONSTRAINT greeting_screen_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY gifting.group_entry
    ADD CONSTRAINT group_entry_group_fkey FOREIGN KEY (brand_id, group_id) REFERENCES gifting.gift_group(brand_id, group_id);

ALTER TABLE ONLY gifting.group_price
    ADD CONSTRAINT group_price_group_fkey FOREIGN KEY (brand_id, group_id) REFERENCES gifting.gift_group(brand_id, group_id);

ALTER TABLE ONLY gifting.group_win
    ADD CONSTRAINT group_win_entry_fkey FOREIGN KEY (brand_id, entry_id) REFERENCES gifting.group_entry(brand_id, entry_id);

ALTER TABLE ONLY gifting.group_win
    ADD CONSTRAINT group_win_gift_fkey FOREIGN KEY (brand_id, gift_id) REFERENCES gifting.gift(brand_id, gift_id);

ALTER TABLE ONLY gifting.look
    ADD CONSTRAINT look_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY gifting.outcome
    ADD CONSTRAINT outcome_gift_fkey FOREIGN KEY (brand_id, gift_id) REFERENCES gifting.gift(brand_id, gift_id);

ALTER TABLE ONLY gifting.rating
    ADD CONSTRAINT rating_gift_fkey FOREIGN KEY (brand_id, gift_id) REFERENCES gifting.gift(brand_id, gift_id);

ALTER TABLE ONLY gifting.rating_visit
    ADD CONSTRAINT rating_visit_rating_fkey FOREIGN KEY (brand_id, gift_id) REFERENCES gifting.rating(brand_id, gift_id);

ALTER TABLE ONLY gifting.search
    ADD CONSTRAINT search_shop_fkey FOREIGN KEY (brand_id, shop_id) REFERENCES orders.shop(brand_id, shop_id);

ALTER TABLE ONLY gifting.shop_switch
    ADD CONSTRAINT shop_switch_shop_fkey FOREIGN KEY (brand_id, shop_id) REFERENCES orders.shop(brand_id, shop_id);

ALTER TABLE ONLY gifting.swap
    ADD CONSTRAINT swap_gift_fkey FOREIGN KEY (brand_id, gift_id) REFERENCES gifting.gift(brand_id, gift_id);

ALTER TABLE ONLY gifting.web_app
    ADD CONSTRAINT web_app_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY gifting.withdrawal
    ADD CONSTRAINT withdrawal_gift_fkey FOREIGN KEY (brand_id, gift_id) REFERENCES gifting.gift(brand_id, gift_id);

ALTER TABLE ONLY hooks.api_key
    ADD CONSTRAINT api_key_brand_id_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY hooks.endpoint
    ADD CONSTRAINT endpoint_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY hooks.endpoint_secret
    ADD CONSTRAINT endpoint_secret_endpoint_fkey FOREIGN KEY (brand_id, endpoint_id) REFERENCES hooks.endpoint(brand_id, endpoint_id);

ALTER TABLE ONLY hooks.idempotency
    ADD CONSTRAINT idempotency_brand_id_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY hooks.limit_count
    ADD CONSTRAINT limit_count_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY hooks.limit_lift
    ADD CONSTRAINT limit_lift_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY hooks.source
    ADD CONSTRAINT source_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY hooks.source_secret
    ADD CONSTRAINT source_secret_source_fkey FOREIGN KEY (brand_id, source_id) REFERENCES hooks.source(brand_id, source_id);

ALTER TABLE ONLY hooks.sweep
    ADD CONSTRAINT sweep_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY orders.aftersale
    ADD CONSTRAINT aftersale_intent_fkey FOREIGN KEY (brand_id, payment_id) REFERENCES orders.payment_intent(brand_id, intent_id);

ALTER TABLE ONLY orders.bill
    ADD CONSTRAINT bill_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY orders.bill_row
    ADD CONSTRAINT bill_row_bill_fkey FOREIGN KEY (brand_id, bill_id) REFERENCES orders.bill(brand_id, bill_id) ON DELETE CASCADE;

ALTER TABLE ONLY orders.category
    ADD CONSTRAINT category_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY orders.category_place
    ADD CONSTRAINT category_place_category_fkey FOREIGN KEY (brand_id, category_id) REFERENCES orders.category(brand_id, category_id);

ALTER TABLE ONLY orders.category_place
    ADD CONSTRAINT category_place_parent_fkey FOREIGN KEY (brand_id, parent_id) REFERENCES orders.category(brand_id, category_id);

ALTER TABLE ONLY orders.fee_cursor
    ADD CONSTRAINT fee_cursor_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY orders.fee_meter
    ADD CONSTRAINT fee_meter_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY orders.guarantee
    ADD CONSTRAINT guarantee_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY orders.guarantee_fact
    ADD CONSTRAINT guarantee_fact_guarantee_fkey FOREIGN KEY (brand_id, order_id) REFERENCES orders.guarantee(brand_id, order_id);

ALTER TABLE ONLY orders.import
    ADD CONSTRAINT import_shop_fkey FOREIGN KEY (brand_id, shop_id) REFERENCES orders.shop(brand_id, shop_id);

ALTER TABLE ONLY orders.merchant
    ADD CONSTRAINT merchant_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY orders.mismatch
    ADD CONSTRAINT mismatch_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY orders.order_line
    ADD CONSTRAINT order_line_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY orders.order_version
    ADD CONSTRAINT order_version_order_fkey FOREIGN KEY (brand_id, order_id) REFERENCES orders.customer_order(brand_id, order_id);

ALTER TABLE ONLY orders.payout
    ADD CONSTRAINT payout_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY orders.product_category
    ADD CONSTRAINT product_category_category_fkey FOREIGN KEY (brand_id, category_id) REFERENCES orders.category(brand_id, category_id);

ALTER TABLE ONLY orders.product_category
    ADD CONSTRAINT product_category_product_fkey FOREIGN KEY (brand_id, product_id) REFERENCES orders.product(brand_id, product_id);

ALTER TABLE ONLY orders.product
    ADD CONSTRAINT product_shop_fkey FOREIGN KEY (brand_id, shop_id) REFERENCES orders.shop(brand_id, shop_id);

ALTER TABLE ONLY orders.rating
    ADD CONSTRAINT rating_order_fkey FOREIGN KEY (brand_id, order_id) REFERENCES orders.customer_order(brand_id, order_id);

ALTER TABLE ONLY orders.rating_visit
    ADD CONSTRAINT rating_visit_rating_fkey FOREIGN KEY (brand_id, order_id, line_no) REFERENCES orders.rating(brand_id, order_id, line_no);

ALTER TABLE ONLY orders.refund_approval
    ADD CONSTRAINT refund_approval_refund_fkey FOREIGN KEY (brand_id, refund_id) REFERENCES orders.refund(brand_id, refund_id);

ALTER TABLE ONLY orders.refund
    ADD CONSTRAINT refund_intent_fkey FOREIGN KEY (brand_id, payment_id) REFERENCES orders.payment_intent(brand_id, intent_id);

ALTER TABLE ONLY orders.sale_effect
    ADD CONSTRAINT sale_effect_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY orders.shop
    ADD CONSTRAINT shop_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY orders.stock
    ADD CONSTRAINT stock_variant_fkey FOREIGN KEY (brand_id, variant_id) REFERENCES orders.variant(brand_id, variant_id);

ALTER TABLE ONLY orders.variant
    ADD CONSTRAINT variant_product_fkey FOREIGN KEY (brand_id, product_id) REFERENCES orders.product(brand_id, product_id);

ALTER TABLE ONLY policies.setting
    ADD CONSTRAINT setting_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY promotions.card
    ADD CONSTRAINT card_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY promotions.card_event
    ADD CONSTRAINT card_event_card_fkey FOREIGN KEY (brand_id, card_id) REFERENCES promotions.card(brand_id, card_id);

ALTER TABLE ONLY promotions.card_goal
    ADD CONSTRAINT card_goal_card_fkey FOREIGN KEY (brand_id, card_id) REFERENCES promotions.card(brand_id, card_id);

ALTER TABLE ONLY promotions.coupon
    ADD CONSTRAINT coupon_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY promotions.coupon_use
    ADD CONSTRAINT coupon_use_coupon_fkey FOREIGN KEY (brand_id, coupon_id) REFERENCES promotions.coupon(brand_id, coupon_id);

ALTER TABLE ONLY reporting.rollup
    ADD CONSTRAINT rollup_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand(brand_id);

ALTER TABLE ONLY vault.address
    ADD CONSTRAINT address_person_fkey FOREIGN KEY (brand_id, person_id) REFERENCES vault.person(brand_id, person_id);

GRANT USAGE ON SCHEMA accounting TO siyu_ingest;
GRANT USAGE ON SCHEMA accounting TO siyu_redeem;
GRANT USAGE ON SCHEMA accounting TO siyu_gifts;
GRANT USAGE ON SCHEMA accounting TO siyu_reports;
GRANT USAGE ON SCHEMA accounting TO siyu_operator;

GRANT USAGE ON SCHEMA audit TO siyu_gifts;
GRANT USAGE ON SCHEMA audit TO siyu_reports;
GRANT USAGE ON SCHEMA audit TO siyu_operator;

GRANT USAGE ON SCHEMA codes TO siyu_redeem;
GRANT USAGE ON SCHEMA codes TO siyu_reports;
GRANT USAGE ON SCHEMA codes TO siyu_operator;
GRANT USAGE ON SCHEMA codes TO siyu_ingest;

GRANT USAGE ON SCHEMA gifting TO siyu_gifts;
GRANT USAGE ON SCHEMA gifting TO siyu_reports;
GRANT USAGE ON SCHEMA gifting TO siyu_operator;

GRANT USAGE ON SCHEMA hooks TO siyu_worker;

GRANT USAGE ON SCHEMA jobs TO siyu_worker;

GRANT USAGE ON SCHEMA members TO siyu_redeem;
GRANT USAGE ON SCHEMA members TO siyu_reports;
GRANT USAGE ON SCHEMA members TO siyu_operator;

GRANT USAGE ON SCHEMA orders TO siyu_ingest;
GRANT USAGE ON SCHEMA orders TO siyu_reports;
GRANT USAGE ON SCHEMA orders TO siyu_operator;
GRANT USAGE ON SCHEMA orders TO siyu_gifts;
GRANT USAGE ON SCHEMA orders TO siyu_redeem;

GRANT USAGE ON SCHEMA policies TO siyu_worker;

GRANT USAGE ON SCHEMA promotions TO siyu_gifts;
GRANT USAGE ON SCHEMA promotions TO siyu_reports;
GRANT USAGE ON SCHEMA promotions TO siyu_operator;
GRANT USAGE ON SCHEMA promotions TO siyu_redeem;

GRANT USAGE ON SCHEMA reporting TO siyu_reports;
GRANT USAGE ON SCHEMA reporting TO siyu_operator;

GRANT USAGE ON SCHEMA siyu TO siyu_worker;

GRANT USAGE ON SCHEMA touch TO siyu_redeem;
GRANT USAGE ON SCHEMA touch TO siyu_reports;
GRANT USAGE ON SCHEMA touch TO siyu_operator;

GRANT USAGE ON SCHEMA vault TO siyu_ingest;
GRANT USAGE ON SCHEMA vault TO siyu_operator;
GRANT USAGE ON SCHEMA vault TO siyu_redeem;
GRANT USAGE ON SCHEMA vault TO siyu_gifts;

REVOKE ALL ON FUNCTION jobs.ack(p_worker uuid, p_ids uuid[], p_claims bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.ack(p_worker uuid, p_ids uuid[], p_claims bigint[]) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.ack(p_worker uuid, p_ids uuid[], p_claims bigint[], p_places tid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.ack(p_worker uuid, p_ids uuid[], p_claims bigint[], p_places tid[]) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.admit(p_queue_ids integer[], p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.admit(p_queue_ids integer[], p_limit integer) TO siyu_worker;

GRANT USAGE ON SEQUENCE jobs.ord TO siyu_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.hot TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.bury(p_row jobs.hot, p_author text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.bury(p_row jobs.hot, p_author text, p_reason text) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.cancel(p_ids uuid[], p_author text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.cancel(p_ids uuid[], p_author text, p_reason text) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.cancel_unheard() FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.cancel_unheard() TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.claim(p_worker uuid, p_claim_no bigint, p_queue_id integer, p_floors bigint[], p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.claim(p_worker uuid, p_claim_no bigint, p_queue_id integer, p_floors bigint[], p_limit integer) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.complete(p_worker uuid, p_id uuid, p_claim_no bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.complete(p_worker uuid, p_id uuid, p_claim_no bigint) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.deregister(p_worker uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.deregister(p_worker uuid) TO siyu_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.gate TO siyu_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.later TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.ids_of_key(p_kind_id integer, p_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.ids_of_key(p_kind_id integer, p_key text) TO siyu_worker;

GRANT SELECT ON TABLE siyu.environment TO siyu_worker;

GRANT UPDATE(clock_offset) ON TABLE siyu.environment TO siyu_operator;

REVOKE ALL ON FUNCTION siyu.clock() FROM PUBLIC;
GRANT ALL ON FUNCTION siyu.clock() TO siyu_worker;

GRANT SELECT,DELETE ON TABLE jobs.pause TO siyu_worker;
GRANT INSERT ON TABLE jobs.pause TO siyu_operator;
GRANT INSERT ON TABLE jobs.pause TO siyu_reports;

GRANT UPDATE(paused_at) ON TABLE jobs.pause TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.is_paused(p_queue_id integer, p_kind_id integer, p_brand_id uuid, p_quota_id integer) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.is_paused(p_queue_id integer, p_kind_id integer, p_brand_id uuid, p_quota_id integer) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.leave(p_rows jobs.hot[], p_completed boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.leave(p_rows jobs.hot[], p_completed boolean) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.promote(p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.promote(p_limit integer) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.push(p_queue_id integer, p_kind_id integer, p_ids uuid[], p_payloads bytea[], p_version smallint, p_priority smallint, p_max_tries integer, p_brand_id uuid, p_delay interval, p_deadline interval, p_trace bytea, p_quota_id integer, p_lane_max smallint, p_lanes text[], p_keys text[], p_uniqs text[], p_scope text, p_window interval, p_needs uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.push(p_queue_id integer, p_kind_id integer, p_ids uuid[], p_payloads bytea[], p_version smallint, p_priority smallint, p_max_tries integer, p_brand_id uuid, p_delay interval, p_deadline interval, p_trace bytea, p_quota_id integer, p_lane_max smallint, p_lanes text[], p_keys text[], p_uniqs text[], p_scope text, p_window interval, p_needs uuid[]) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.register(p_worker uuid, p_former uuid, p_app text, p_host text, p_process_id integer, p_queue_ids integer[], p_lease interval) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.register(p_worker uuid, p_former uuid, p_app text, p_host text, p_process_id integer, p_queue_ids integer[], p_lease interval) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.release(p_worker uuid, p_ids uuid[], p_claims bigint[], p_marked boolean[]) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.release(p_worker uuid, p_ids uuid[], p_claims bigint[], p_marked boolean[]) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.rescue(p_hold interval, p_crashes_max integer, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.rescue(p_hold interval, p_crashes_max integer, p_limit integer) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.resync(p_worker uuid, p_claim_no bigint, p_known uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.resync(p_worker uuid, p_claim_no bigint, p_known uuid[]) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.revive(p_ids uuid[], p_spacing interval, p_start interval) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.revive(p_ids uuid[], p_spacing interval, p_start interval) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.roll_history(p_done interval, p_attempt interval) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.roll_history(p_done interval, p_attempt interval) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.set_aside(p_queue_id integer, p_level smallint, p_floor bigint, p_wanted integer) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.set_aside(p_queue_id integer, p_level smallint, p_floor bigint, p_wanted integer) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.settle(p_worker uuid, p_ids uuid[], p_claims bigint[], p_discard boolean[], p_failed boolean[], p_delays interval[], p_reasons text[], p_errors text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.settle(p_worker uuid, p_ids uuid[], p_claims bigint[], p_discard boolean[], p_failed boolean[], p_delays interval[], p_reasons text[], p_errors text[]) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.sweep(p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.sweep(p_limit integer) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.tidy(p_from tid[], p_to tid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.tidy(p_from tid[], p_to tid[]) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.unpause(p_pause jobs.pause) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.unpause(p_pause jobs.pause) TO siyu_worker;

REVOKE ALL ON FUNCTION jobs.unqueue(p_kind_id integer, p_key text, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION jobs.unqueue(p_kind_id integer, p_key text, p_id uuid) TO siyu_worker;

GRANT SELECT,INSERT ON TABLE accounting.account TO siyu_ingest;
GRANT SELECT,INSERT ON TABLE accounting.account TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE accounting.account TO siyu_gifts;
GRANT SELECT ON TABLE accounting.account TO siyu_reports;
GRANT SELECT,INSERT ON TABLE accounting.account TO siyu_operator;

GRANT SELECT,INSERT ON TABLE accounting.balance TO siyu_ingest;
GRANT SELECT,INSERT ON TABLE accounting.balance TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE accounting.balance TO siyu_gifts;
GRANT SELECT ON TABLE accounting.balance TO siyu_reports;
GRANT SELECT,INSERT ON TABLE accounting.balance TO siyu_operator;

GRANT UPDATE(balance_fen) ON TABLE accounting.balance TO siyu_ingest;
GRANT UPDATE(balance_fen) ON TABLE accounting.balance TO siyu_redeem;
GRANT UPDATE(balance_fen) ON TABLE accounting.balance TO siyu_gifts;
GRANT UPDATE(balance_fen) ON TABLE accounting.balance TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE accounting.balance TO siyu_ingest;
GRANT UPDATE(updated_at) ON TABLE accounting.balance TO siyu_redeem;
GRANT UPDATE(updated_at) ON TABLE accounting.balance TO siyu_gifts;
GRANT UPDATE(updated_at) ON TABLE accounting.balance TO siyu_operator;

GRANT UPDATE(held_fen) ON TABLE accounting.balance TO siyu_ingest;
GRANT UPDATE(held_fen) ON TABLE accounting.balance TO siyu_redeem;
GRANT UPDATE(held_fen) ON TABLE accounting.balance TO siyu_gifts;
GRANT UPDATE(held_fen) ON TABLE accounting.balance TO siyu_operator;

GRANT SELECT ON TABLE accounting.hold TO siyu_ingest;
GRANT SELECT ON TABLE accounting.hold TO siyu_redeem;
GRANT SELECT ON TABLE accounting.hold TO siyu_gifts;
GRANT SELECT ON TABLE accounting.hold TO siyu_reports;
GRANT SELECT ON TABLE accounting.hold TO siyu_operator;

GRANT INSERT(brand_id) ON TABLE accounting.hold TO siyu_ingest;
GRANT INSERT(brand_id) ON TABLE accounting.hold TO siyu_redeem;
GRANT INSERT(brand_id) ON TABLE accounting.hold TO siyu_gifts;
GRANT INSERT(brand_id) ON TABLE accounting.hold TO siyu_operator;

GRANT INSERT(hold_id) ON TABLE accounting.hold TO siyu_ingest;
GRANT INSERT(hold_id) ON TABLE accounting.hold TO siyu_redeem;
GRANT INSERT(hold_id) ON TABLE accounting.hold TO siyu_gifts;
GRANT INSERT(hold_id) ON TABLE accounting.hold TO siyu_operator;

GRANT INSERT(debit_account_id) ON TABLE accounting.hold TO siyu_ingest;
GRANT INSERT(debit_account_id) ON TABLE accounting.hold TO siyu_redeem;
GRANT INSERT(debit_account_id) ON TABLE accounting.hold TO siyu_gifts;
GRANT INSERT(debit_account_id) ON TABLE accounting.hold TO siyu_operator;

GRANT INSERT(credit_account_id) ON TABLE accounting.hold TO siyu_ingest;
GRANT INSERT(credit_account_id) ON TABLE accounting.hold TO siyu_redeem;
GRANT INSERT(credit_account_id) ON TABLE accounting.hold TO siyu_gifts;
GRANT INSERT(credit_account_id) ON TABLE accounting.hold TO siyu_operator;

GRANT INSERT(amount_fen) ON TABLE accounting.hold TO siyu_ingest;
GRANT INSERT(amount_fen) ON TABLE accounting.hold TO siyu_redeem;
GRANT INSERT(amount_fen) ON TABLE accounting.hold TO siyu_gifts;
GRANT INSERT(amount_fen) ON TABLE accounting.hold TO siyu_operator;

GRANT INSERT(kind) ON TABLE accounting.hold TO siyu_ingest;
GRANT INSERT(kind) ON TABLE accounting.hold TO siyu_redeem;
GRANT INSERT(kind) ON TABLE accounting.hold TO siyu_gifts;
GRANT INSERT(kind) ON TABLE accounting.hold TO siyu_operator;

GRANT INSERT(subject_id) ON TABLE accounting.hold TO siyu_ingest;
GRANT INSERT(subject_id) ON TABLE accounting.hold TO siyu_redeem;
GRANT INSERT(subject_id) ON TABLE accounting.hold TO siyu_gifts;
GRANT INSERT(subject_id) ON TABLE accounting.hold TO siyu_operator;

GRANT INSERT(held_at) ON TABLE accounting.hold TO siyu_ingest;
GRANT INSERT(held_at) ON TABLE accounting.hold TO siyu_redeem;
GRANT INSERT(held_at) ON TABLE accounting.hold TO siyu_gifts;
GRANT INSERT(held_at) ON TABLE accounting.hold TO siyu_operator;

GRANT INSERT(expires_at) ON TABLE accounting.hold TO siyu_ingest;
GRANT INSERT(expires_at) ON TABLE accounting.hold TO siyu_redeem;
GRANT INSERT(expires_at) ON TABLE accounting.hold TO siyu_gifts;
GRANT INSERT(expires_at) ON TABLE accounting.hold TO siyu_operator;

GRANT UPDATE(state) ON TABLE accounting.hold TO siyu_ingest;
GRANT UPDATE(state) ON TABLE accounting.hold TO siyu_redeem;
GRANT UPDATE(state) ON TABLE accounting.hold TO siyu_gifts;
GRANT UPDATE(state) ON TABLE accounting.hold TO siyu_operator;

GRANT UPDATE(posted_fen) ON TABLE accounting.hold TO siyu_ingest;
GRANT UPDATE(posted_fen) ON TABLE accounting.hold TO siyu_redeem;
GRANT UPDATE(posted_fen) ON TABLE accounting.hold TO siyu_gifts;
GRANT UPDATE(posted_fen) ON TABLE accounting.hold TO siyu_operator;

GRANT UPDATE(transfer_id) ON TABLE accounting.hold TO siyu_ingest;
GRANT UPDATE(transfer_id) ON TABLE accounting.hold TO siyu_redeem;
GRANT UPDATE(transfer_id) ON TABLE accounting.hold TO siyu_gifts;
GRANT UPDATE(transfer_id) ON TABLE accounting.hold TO siyu_operator;

GRANT UPDATE(ended_at) ON TABLE accounting.hold TO siyu_ingest;
GRANT UPDATE(ended_at) ON TABLE accounting.hold TO siyu_redeem;
GRANT UPDATE(ended_at) ON TABLE accounting.hold TO siyu_gifts;
GRANT UPDATE(ended_at) ON TABLE accounting.hold TO siyu_operator;

GRANT SELECT,INSERT ON TABLE accounting.seal TO siyu_ingest;
GRANT SELECT ON TABLE accounting.seal TO siyu_reports;
GRANT SELECT,INSERT ON TABLE accounting.seal TO siyu_operator;

GRANT SELECT ON TABLE accounting.transfer TO siyu_ingest;
GRANT SELECT ON TABLE accounting.transfer TO siyu_redeem;
GRANT SELECT ON TABLE accounting.transfer TO siyu_gifts;
GRANT SELECT ON TABLE accounting.transfer TO siyu_reports;
GRANT SELECT ON TABLE accounting.transfer TO siyu_operator;

GRANT INSERT(brand_id) ON TABLE accounting.transfer TO siyu_ingest;
GRANT INSERT(brand_id) ON TABLE accounting.transfer TO siyu_redeem;
GRANT INSERT(brand_id) ON TABLE accounting.transfer TO siyu_gifts;
GRANT INSERT(brand_id) ON TABLE accounting.transfer TO siyu_operator;

GRANT INSERT(transfer_id) ON TABLE accounting.transfer TO siyu_ingest;
GRANT INSERT(transfer_id) ON TABLE accounting.transfer TO siyu_redeem;
GRANT INSERT(transfer_id) ON TABLE accounting.transfer TO siyu_gifts;
GRANT INSERT(transfer_id) ON TABLE accounting.transfer TO siyu_operator;

GRANT INSERT(debit_account_id) ON TABLE accounting.transfer TO siyu_ingest;
GRANT INSERT(debit_account_id) ON TABLE accounting.transfer TO siyu_redeem;
GRANT INSERT(debit_account_id) ON TABLE accounting.transfer TO siyu_gifts;
GRANT INSERT(debit_account_id) ON TABLE accounting.transfer TO siyu_operator;

GRANT INSERT(credit_account_id) ON TABLE accounting.transfer TO siyu_ingest;
GRANT INSERT(credit_account_id) ON TABLE accounting.transfer TO siyu_redeem;
GRANT INSERT(credit_account_id) ON TABLE accounting.transfer TO siyu_gifts;
GRANT INSERT(credit_account_id) ON TABLE accounting.transfer TO siyu_operator;

GRANT INSERT(amount_fen) ON TABLE accounting.transfer TO siyu_ingest;
GRANT INSERT(amount_fen) ON TABLE accounting.transfer TO siyu_redeem;
GRANT INSERT(amount_fen) ON TABLE accounting.transfer TO siyu_gifts;
GRANT INSERT(amount_fen) ON TABLE accounting.transfer TO siyu_operator;

GRANT INSERT(kind) ON TABLE accounting.transfer TO siyu_ingest;
GRANT INSERT(kind) ON TABLE accounting.transfer TO siyu_redeem;
GRANT INSERT(kind) ON TABLE accounting.transfer TO siyu_gifts;
GRANT INSERT(kind) ON TABLE accounting.transfer TO siyu_operator;

GRANT INSERT(subject_id) ON TABLE accounting.transfer TO siyu_ingest;
GRANT INSERT(subject_id) ON TABLE accounting.transfer TO siyu_redeem;
GRANT INSERT(subject_id) ON TABLE accounting.transfer TO siyu_gifts;
GRANT INSERT(subject_id) ON TABLE accounting.transfer TO siyu_operator;

GRANT INSERT(occurred_at) ON TABLE accounting.transfer TO siyu_ingest;
GRANT INSERT(occurred_at) ON TABLE accounting.transfer TO siyu_redeem;
GRANT INSERT(occurred_at) ON TABLE accounting.transfer TO siyu_gifts;
GRANT INSERT(occurred_at) ON TABLE accounting.transfer TO siyu_operator;

GRANT INSERT(posted_at) ON TABLE accounting.transfer TO siyu_ingest;
GRANT INSERT(posted_at) ON TABLE accounting.transfer TO siyu_redeem;
GRANT INSERT(posted_at) ON TABLE accounting.transfer TO siyu_gifts;
GRANT INSERT(posted_at) ON TABLE accounting.transfer TO siyu_operator;

GRANT SELECT,INSERT ON TABLE audit.entry TO siyu_gifts;
GRANT SELECT,INSERT ON TABLE audit.entry TO siyu_reports;
GRANT SELECT,INSERT ON TABLE audit.entry TO siyu_operator;

GRANT SELECT,INSERT ON TABLE audit.trail TO siyu_gifts;
GRANT SELECT,INSERT ON TABLE audit.trail TO siyu_reports;
GRANT SELECT,INSERT ON TABLE audit.trail TO siyu_operator;

GRANT UPDATE(number) ON TABLE audit.trail TO siyu_gifts;
GRANT UPDATE(number) ON TABLE audit.trail TO siyu_reports;
GRANT UPDATE(number) ON TABLE audit.trail TO siyu_operator;

GRANT UPDATE(hash) ON TABLE audit.trail TO siyu_gifts;
GRANT UPDATE(hash) ON TABLE audit.trail TO siyu_reports;
GRANT UPDATE(hash) ON TABLE audit.trail TO siyu_operator;

GRANT SELECT ON TABLE codes.batch TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE codes.batch TO siyu_operator;
GRANT SELECT,INSERT ON TABLE codes.batch TO siyu_ingest;

GRANT SELECT(brand_id) ON TABLE codes.batch TO siyu_reports;

GRANT SELECT(batch_id) ON TABLE codes.batch TO siyu_reports;

GRANT SELECT(handle) ON TABLE codes.batch TO siyu_reports;

GRANT SELECT(shop_id) ON TABLE codes.batch TO siyu_reports;

GRANT SELECT(product_id) ON TABLE codes.batch TO siyu_reports;

GRANT SELECT(count) ON TABLE codes.batch TO siyu_reports;

GRANT UPDATE(wrapped_key) ON TABLE codes.batch TO siyu_operator;

GRANT SELECT(prize_mode) ON TABLE codes.batch TO siyu_reports;

GRANT SELECT(rules_hash) ON TABLE codes.batch TO siyu_reports;

GRANT SELECT(label) ON TABLE codes.batch TO siyu_reports;

GRANT SELECT(created_at) ON TABLE codes.batch TO siyu_reports;

GRANT UPDATE(closed_at) ON TABLE codes.batch TO siyu_operator;
GRANT SELECT(closed_at) ON TABLE codes.batch TO siyu_reports;

GRANT SELECT,INSERT ON TABLE codes.batch_burst TO siyu_redeem;
GRANT SELECT ON TABLE codes.batch_burst TO siyu_reports;
GRANT SELECT ON TABLE codes.batch_burst TO siyu_operator;

GRANT UPDATE(redeemed) ON TABLE codes.batch_burst TO siyu_redeem;

GRANT SELECT ON TABLE codes.batch_fact TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE codes.batch_fact TO siyu_operator;
GRANT SELECT ON TABLE codes.batch_fact TO siyu_reports;
GRANT SELECT,INSERT ON TABLE codes.batch_fact TO siyu_ingest;

GRANT SELECT,INSERT,DELETE ON TABLE codes.batch_minute TO siyu_redeem;

GRANT UPDATE(redeemed) ON TABLE codes.batch_minute TO siyu_redeem;

GRANT SELECT ON TABLE codes.campaign TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE codes.campaign TO siyu_operator;
GRANT SELECT ON TABLE codes.campaign TO siyu_ingest;

GRANT SELECT(brand_id) ON TABLE codes.campaign TO siyu_reports;

GRANT SELECT(campaign_id) ON TABLE codes.campaign TO siyu_reports;

GRANT SELECT(code) ON TABLE codes.campaign TO siyu_reports;

GRANT SELECT(name) ON TABLE codes.campaign TO siyu_reports;

GRANT SELECT(mode) ON TABLE codes.campaign TO siyu_reports;

GRANT SELECT(entries_max) ON TABLE codes.campaign TO siyu_reports;

GRANT SELECT(starts_at) ON TABLE codes.campaign TO siyu_reports;

GRANT SELECT(ends_at) ON TABLE codes.campaign TO siyu_reports;

GRANT UPDATE(extended_to) ON TABLE codes.campaign TO siyu_operator;
GRANT SELECT(extended_to) ON TABLE codes.campaign TO siyu_reports;

GRANT UPDATE(wrapped_seed) ON TABLE codes.campaign TO siyu_operator;

GRANT SELECT(cost_account_id) ON TABLE codes.campaign TO siyu_reports;

GRANT SELECT(published_at) ON TABLE codes.campaign TO siyu_reports;

GRANT UPDATE(entries) ON TABLE codes.campaign TO siyu_redeem;

GRANT UPDATE(drawn_at) ON TABLE codes.campaign TO siyu_redeem;

GRANT UPDATE(revealed_seed) ON TABLE codes.campaign TO siyu_operator;

GRANT UPDATE(revealed_at) ON TABLE codes.campaign TO siyu_operator;

GRANT SELECT ON TABLE codes.campaign_prize TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE codes.campaign_prize TO siyu_operator;
GRANT SELECT ON TABLE codes.campaign_prize TO siyu_reports;

GRANT SELECT ON TABLE codes.case_route TO siyu_redeem;
GRANT SELECT ON TABLE codes.case_route TO siyu_reports;
GRANT SELECT,INSERT ON TABLE codes.case_route TO siyu_operator;

GRANT SELECT ON TABLE codes.code_range TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE codes.code_range TO siyu_operator;
GRANT SELECT ON TABLE codes.code_range TO siyu_reports;

GRANT UPDATE(valid_to) ON TABLE codes.code_range TO siyu_operator;

GRANT SELECT ON TABLE codes.dealer TO siyu_redeem;
GRANT SELECT ON TABLE codes.dealer TO siyu_reports;
GRANT SELECT,INSERT ON TABLE codes.dealer TO siyu_operator;

GRANT UPDATE(name) ON TABLE codes.dealer TO siyu_operator;

GRANT UPDATE(lat) ON TABLE codes.dealer TO siyu_operator;

GRANT UPDATE(lon) ON TABLE codes.dealer TO siyu_operator;

GRANT UPDATE(radius_km) ON TABLE codes.dealer TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE codes.dealer TO siyu_operator;

GRANT SELECT,INSERT ON TABLE codes.draw_day TO siyu_redeem;
GRANT SELECT ON TABLE codes.draw_day TO siyu_operator;
GRANT SELECT ON TABLE codes.draw_day TO siyu_reports;

GRANT SELECT,INSERT ON TABLE codes.draw_entry TO siyu_redeem;
GRANT SELECT ON TABLE codes.draw_entry TO siyu_operator;
GRANT SELECT ON TABLE codes.draw_entry TO siyu_reports;

GRANT SELECT,INSERT ON TABLE codes.draw_right TO siyu_redeem;
GRANT SELECT ON TABLE codes.draw_right TO siyu_operator;

GRANT SELECT ON TABLE codes.handle TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE codes.handle TO siyu_operator;
GRANT SELECT,INSERT ON TABLE codes.handle TO siyu_ingest;

GRANT SELECT,INSERT ON TABLE codes.handover TO siyu_redeem;
GRANT SELECT ON TABLE codes.handover TO siyu_reports;
GRANT SELECT ON TABLE codes.handover TO siyu_operator;

GRANT SELECT,INSERT ON TABLE codes.handover_reversal TO siyu_redeem;
GRANT SELECT ON TABLE codes.handover_reversal TO siyu_reports;
GRANT SELECT ON TABLE codes.handover_reversal TO siyu_operator;

GRANT SELECT ON TABLE codes.import TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE codes.import TO siyu_operator;
GRANT SELECT,INSERT ON TABLE codes.import TO siyu_ingest;

GRANT UPDATE(loaded) ON TABLE codes.import TO siyu_operator;
GRANT UPDATE(loaded) ON TABLE codes.import TO siyu_ingest;

GRANT UPDATE(state) ON TABLE codes.import TO siyu_operator;
GRANT UPDATE(state) ON TABLE codes.import TO siyu_ingest;

GRANT UPDATE(updated_at) ON TABLE codes.import TO siyu_operator;
GRANT UPDATE(updated_at) ON TABLE codes.import TO siyu_ingest;

GRANT SELECT ON TABLE codes.imported_code TO siyu_redeem;
GRANT SELECT,INSERT,DELETE ON TABLE codes.imported_code TO siyu_operator;
GRANT SELECT,INSERT,DELETE ON TABLE codes.imported_code TO siyu_ingest;

GRANT SELECT,INSERT ON TABLE codes.key_use TO siyu_operator;

GRANT SELECT ON TABLE codes.marketcode_account TO siyu_ingest;
GRANT SELECT ON TABLE codes.marketcode_account TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE codes.marketcode_account TO siyu_operator;

GRANT UPDATE(appid) ON TABLE codes.marketcode_account TO siyu_operator;

GRANT UPDATE(base_url) ON TABLE codes.marketcode_account TO siyu_operator;

GRANT UPDATE(sealed_credentials) ON TABLE codes.marketcode_account TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE codes.marketcode_account TO siyu_operator;

GRANT SELECT,INSERT ON TABLE codes.marketcode_activation TO siyu_operator;
GRANT SELECT ON TABLE codes.marketcode_activation TO siyu_ingest;

GRANT UPDATE(state) ON TABLE codes.marketcode_activation TO siyu_operator;
GRANT UPDATE(state) ON TABLE codes.marketcode_activation TO siyu_ingest;

GRANT UPDATE(step) ON TABLE codes.marketcode_activation TO siyu_operator;
GRANT UPDATE(step) ON TABLE codes.marketcode_activation TO siyu_ingest;

GRANT UPDATE(attempts) ON TABLE codes.marketcode_activation TO siyu_operator;
GRANT UPDATE(attempts) ON TABLE codes.marketcode_activation TO siyu_ingest;

GRANT UPDATE(wechat_word) ON TABLE codes.marketcode_activation TO siyu_operator;
GRANT UPDATE(wechat_word) ON TABLE codes.marketcode_activation TO siyu_ingest;

GRANT UPDATE(finished_at) ON TABLE codes.marketcode_activation TO siyu_ingest;

GRANT UPDATE(attention_since) ON TABLE codes.marketcode_activation TO siyu_operator;
GRANT UPDATE(attention_since) ON TABLE codes.marketcode_activation TO siyu_ingest;

GRANT UPDATE(updated_at) ON TABLE codes.marketcode_activation TO siyu_operator;
GRANT UPDATE(updated_at) ON TABLE codes.marketcode_activation TO siyu_ingest;

GRANT SELECT,INSERT ON TABLE codes.marketcode_application TO siyu_operator;
GRANT SELECT ON TABLE codes.marketcode_application TO siyu_ingest;

GRANT UPDATE(state) ON TABLE codes.marketcode_application TO siyu_operator;
GRANT UPDATE(state) ON TABLE codes.marketcode_application TO siyu_ingest;

GRANT UPDATE(step) ON TABLE codes.marketcode_application TO siyu_operator;
GRANT UPDATE(step) ON TABLE codes.marketcode_application TO siyu_ingest;

GRANT UPDATE(attempts) ON TABLE codes.marketcode_application TO siyu_operator;
GRANT UPDATE(attempts) ON TABLE codes.marketcode_application TO siyu_ingest;

GRANT UPDATE(wechat_id) ON TABLE codes.marketcode_application TO siyu_ingest;

GRANT UPDATE(wechat_word) ON TABLE codes.marketcode_application TO siyu_operator;
GRANT UPDATE(wechat_word) ON TABLE codes.marketcode_application TO siyu_ingest;

GRANT UPDATE(import_id) ON TABLE codes.marketcode_application TO siyu_ingest;

GRANT UPDATE(finished_at) ON TABLE codes.marketcode_application TO siyu_ingest;

GRANT UPDATE(attention_since) ON TABLE codes.marketcode_application TO siyu_operator;
GRANT UPDATE(attention_since) ON TABLE codes.marketcode_application TO siyu_ingest;

GRANT UPDATE(updated_at) ON TABLE codes.marketcode_application TO siyu_operator;
GRANT UPDATE(updated_at) ON TABLE codes.marketcode_application TO siyu_ingest;

GRANT SELECT ON TABLE codes.marketcode_chunk TO siyu_operator;
GRANT SELECT,INSERT ON TABLE codes.marketcode_chunk TO siyu_ingest;

GRANT SELECT,INSERT ON TABLE codes.marketcode_ticket TO siyu_redeem;
GRANT SELECT,DELETE ON TABLE codes.marketcode_ticket TO siyu_ingest;

GRANT SELECT(brand_id) ON TABLE codes.marketcode_ticket TO siyu_operator;

GRANT SELECT(ticket_hash) ON TABLE codes.marketcode_ticket TO siyu_operator;

GRANT SELECT(sealed_code),UPDATE(sealed_code) ON TABLE codes.marketcode_ticket TO siyu_operator;

GRANT SELECT ON TABLE codes.pack_case TO siyu_redeem;
GRANT SELECT ON TABLE codes.pack_case TO siyu_reports;
GRANT SELECT,INSERT ON TABLE codes.pack_case TO siyu_operator;

GRANT UPDATE(dealer_id) ON TABLE codes.pack_case TO siyu_operator;

GRANT UPDATE(shipped_at) ON TABLE codes.pack_case TO siyu_operator;

GRANT SELECT ON TABLE codes.prize TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE codes.prize TO siyu_operator;
GRANT SELECT ON TABLE codes.prize TO siyu_reports;
GRANT SELECT,INSERT ON TABLE codes.prize TO siyu_ingest;

GRANT SELECT ON TABLE codes.prize_shuffle TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE codes.prize_shuffle TO siyu_operator;
GRANT SELECT ON TABLE codes.prize_shuffle TO siyu_ingest;

GRANT UPDATE(sealed_ranks) ON TABLE codes.prize_shuffle TO siyu_operator;

GRANT SELECT,INSERT ON TABLE codes.range_end TO siyu_operator;

GRANT SELECT,INSERT ON TABLE codes.redemption TO siyu_redeem;
GRANT SELECT ON TABLE codes.redemption TO siyu_operator;
GRANT SELECT ON TABLE codes.redemption TO siyu_reports;

GRANT SELECT ON TABLE codes.rules TO siyu_redeem;
GRANT SELECT ON TABLE codes.rules TO siyu_reports;
GRANT SELECT,INSERT ON TABLE codes.rules TO siyu_operator;
GRANT SELECT,INSERT ON TABLE codes.rules TO siyu_ingest;

GRANT SELECT,INSERT ON TABLE codes.scan_look TO siyu_redeem;

GRANT UPDATE(seen_at) ON TABLE codes.scan_look TO siyu_redeem;

GRANT UPDATE(trace_id) ON TABLE codes.scan_look TO siyu_redeem;

GRANT SELECT,INSERT ON TABLE codes.scan_signal TO siyu_redeem;
GRANT SELECT ON TABLE codes.scan_signal TO siyu_reports;
GRANT SELECT ON TABLE codes.scan_signal TO siyu_operator;

GRANT SELECT,INSERT,DELETE ON TABLE codes.scan_trace TO siyu_redeem;

GRANT SELECT(brand_id) ON TABLE codes.scan_trace TO siyu_operator;

GRANT SELECT(trace_id) ON TABLE codes.scan_trace TO siyu_operator;

GRANT SELECT(sealed_place),UPDATE(sealed_place) ON TABLE codes.scan_trace TO siyu_operator;

GRANT SELECT,INSERT ON TABLE codes.voucher TO siyu_redeem;

GRANT SELECT(brand_id) ON TABLE codes.voucher TO siyu_reports;
GRANT SELECT(brand_id) ON TABLE codes.voucher TO siyu_operator;

GRANT SELECT(voucher_id) ON TABLE codes.voucher TO siyu_reports;
GRANT SELECT(voucher_id) ON TABLE codes.voucher TO siyu_operator;

GRANT SELECT(batch_id) ON TABLE codes.voucher TO siyu_reports;
GRANT SELECT(batch_id) ON TABLE codes.voucher TO siyu_operator;

GRANT SELECT(tier) ON TABLE codes.voucher TO siyu_reports;
GRANT SELECT(tier) ON TABLE codes.voucher TO siyu_operator;

GRANT SELECT(cost_fen) ON TABLE codes.voucher TO siyu_reports;
GRANT SELECT(cost_fen) ON TABLE codes.voucher TO siyu_operator;

GRANT UPDATE(state) ON TABLE codes.voucher TO siyu_redeem;
GRANT SELECT(state) ON TABLE codes.voucher TO siyu_reports;
GRANT SELECT(state) ON TABLE codes.voucher TO siyu_operator;

GRANT UPDATE(handovers) ON TABLE codes.voucher TO siyu_redeem;
GRANT SELECT(handovers) ON TABLE codes.voucher TO siyu_reports;
GRANT SELECT(handovers) ON TABLE codes.voucher TO siyu_operator;

GRANT SELECT(issued_at) ON TABLE codes.voucher TO siyu_reports;
GRANT SELECT(issued_at) ON TABLE codes.voucher TO siyu_operator;

GRANT SELECT(expires_at) ON TABLE codes.voucher TO siyu_reports;
GRANT SELECT(expires_at) ON TABLE codes.voucher TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE codes.voucher TO siyu_redeem;
GRANT SELECT(updated_at) ON TABLE codes.voucher TO siyu_reports;
GRANT SELECT(updated_at) ON TABLE codes.voucher TO siyu_operator;

GRANT SELECT,INSERT ON TABLE gifting.address_consent TO siyu_gifts;

GRANT UPDATE(granted_at) ON TABLE gifting.address_consent TO siyu_gifts;

GRANT UPDATE(revoked_at) ON TABLE gifting.address_consent TO siyu_gifts;

GRANT SELECT,INSERT ON TABLE gifting.captured_price TO siyu_gifts;

GRANT UPDATE(list_price_fen) ON TABLE gifting.captured_price TO siyu_gifts;

GRANT UPDATE(captured_at) ON TABLE gifting.captured_price TO siyu_gifts;

GRANT SELECT,INSERT ON TABLE gifting.cash_gift TO siyu_gifts;
GRANT SELECT ON TABLE gifting.cash_gift TO siyu_operator;

GRANT UPDATE(state) ON TABLE gifting.cash_gift TO siyu_gifts;

GRANT UPDATE(sent_at) ON TABLE gifting.cash_gift TO siyu_gifts;

GRANT UPDATE(accept_until) ON TABLE gifting.cash_gift TO siyu_gifts;

GRANT UPDATE(accepted_at) ON TABLE gifting.cash_gift TO siyu_gifts;

GRANT UPDATE(ended_at) ON TABLE gifting.cash_gift TO siyu_gifts;

GRANT UPDATE(refund_id) ON TABLE gifting.cash_gift TO siyu_gifts;

GRANT UPDATE(refunded_at) ON TABLE gifting.cash_gift TO siyu_gifts;

GRANT UPDATE(updated_at) ON TABLE gifting.cash_gift TO siyu_gifts;

GRANT SELECT ON TABLE gifting.cover TO siyu_gifts;
GRANT SELECT ON TABLE gifting.cover TO siyu_reports;
GRANT SELECT,INSERT ON TABLE gifting.cover TO siyu_operator;

GRANT UPDATE(title) ON TABLE gifting.cover TO siyu_operator;

GRANT UPDATE(image_url) ON TABLE gifting.cover TO siyu_operator;

GRANT UPDATE(valid_from) ON TABLE gifting.cover TO siyu_operator;

GRANT UPDATE(valid_until) ON TABLE gifting.cover TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE gifting.cover TO siyu_operator;

GRANT SELECT ON TABLE gifting.entry TO siyu_gifts;
GRANT SELECT ON TABLE gifting.entry TO siyu_reports;
GRANT SELECT,INSERT ON TABLE gifting.entry TO siyu_operator;

GRANT UPDATE(title) ON TABLE gifting.entry TO siyu_operator;

GRANT SELECT,INSERT ON TABLE gifting.gift TO siyu_gifts;

GRANT SELECT(brand_id) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(brand_id) ON TABLE gifting.gift TO siyu_operator;

GRANT SELECT(gift_id) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(gift_id) ON TABLE gifting.gift TO siyu_operator;

GRANT SELECT(shop_id) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(shop_id) ON TABLE gifting.gift TO siyu_operator;

GRANT SELECT(product_id) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(product_id) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(variant_id) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(variant_id) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(variant_id) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(swapped_from) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(swapped_from) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(swapped_from) ON TABLE gifting.gift TO siyu_operator;

GRANT SELECT(sender_id) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(sender_id) ON TABLE gifting.gift TO siyu_operator;

GRANT SELECT(recipient_id) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(recipient_id) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(state) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(state) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(state) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(captured_price_fen) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(captured_price_fen) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(captured_price_fen) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(pay_until) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(pay_until) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(pay_until) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(payment_id) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(payment_id) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(payment_id) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(order_id) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(order_id) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(order_id) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(sent_at) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(sent_at) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(sent_at) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(accept_until) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(accept_until) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(accept_until) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(claimed_at) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(claimed_at) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(claimed_at) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(address_id) ON TABLE gifting.gift TO siyu_gifts;

GRANT UPDATE(accepted_at) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(accepted_at) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(accepted_at) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(locked_until) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(locked_until) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(locked_until) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(ended_at) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(ended_at) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(ended_at) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(refund_id) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(refund_id) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(refund_id) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(refunded_at) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(refunded_at) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(refunded_at) ON TABLE gifting.gift TO siyu_operator;

GRANT SELECT(created_at) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(created_at) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(updated_at) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(updated_at) ON TABLE gifting.gift TO siyu_operator;

GRANT SELECT(entry_code) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(entry_code) ON TABLE gifting.gift TO siyu_operator;

GRANT SELECT(cover_code) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(cover_code) ON TABLE gifting.gift TO siyu_operator;

GRANT SELECT(send_at) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(send_at) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(withdrawn_at) ON TABLE gifting.gift TO siyu_gifts;
GRANT SELECT(withdrawn_at) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(withdrawn_at) ON TABLE gifting.gift TO siyu_operator;

GRANT UPDATE(prefilled_address_id) ON TABLE gifting.gift TO siyu_gifts;

GRANT SELECT(group_id) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(group_id) ON TABLE gifting.gift TO siyu_operator;

GRANT SELECT(quantity) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(quantity) ON TABLE gifting.gift TO siyu_operator;

GRANT SELECT(cohort) ON TABLE gifting.gift TO siyu_reports;
GRANT SELECT(cohort) ON TABLE gifting.gift TO siyu_operator;

GRANT SELECT,INSERT ON TABLE gifting.gift_group TO siyu_gifts;

GRANT SELECT(brand_id) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(brand_id) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(group_id) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(group_id) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(shop_id) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(shop_id) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(product_id) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(product_id) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(variant_id) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(variant_id) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(sender_id) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(sender_id) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(cover_code) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(cover_code) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(entry_code) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(entry_code) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(units) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(units) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(places) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(places) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(split) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(split) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(draw) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(draw) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(entries_max) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(entries_max) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(draw_at) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(draw_at) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(commitment) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(commitment) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(wrapped_seed),UPDATE(wrapped_seed) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(state) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(state) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(state) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(captured_price_fen) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(captured_price_fen) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(pay_until) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(pay_until) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(pay_until) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(payment_id) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(payment_id) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(payment_id) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(order_id) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(order_id) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(order_id) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(opened_at) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(opened_at) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(opened_at) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(enter_until) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(enter_until) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(enter_until) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(entries) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(entries) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(entries) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(drawn_at) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(drawn_at) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(drawn_at) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(accept_until) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(accept_until) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(accept_until) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(revealed_seed) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(revealed_seed) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(revealed_seed) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(ended_at) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(ended_at) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(ended_at) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(refund_id) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(refund_id) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(refund_id) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(refund_fen) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(refund_fen) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(refund_fen) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(refunded_at) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(refunded_at) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(refunded_at) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(created_at) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(created_at) ON TABLE gifting.gift_group TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE gifting.gift_group TO siyu_gifts;
GRANT SELECT(updated_at) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(updated_at) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT(cohort) ON TABLE gifting.gift_group TO siyu_reports;
GRANT SELECT(cohort) ON TABLE gifting.gift_group TO siyu_operator;

GRANT SELECT ON TABLE gifting.greeting_screen TO siyu_gifts;
GRANT SELECT,INSERT,DELETE ON TABLE gifting.greeting_screen TO siyu_operator;

GRANT UPDATE(url) ON TABLE gifting.greeting_screen TO siyu_operator;

GRANT UPDATE(sealed_secret) ON TABLE gifting.greeting_screen TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE gifting.greeting_screen TO siyu_operator;

GRANT SELECT,INSERT ON TABLE gifting.group_entry TO siyu_gifts;

GRANT SELECT(brand_id) ON TABLE gifting.group_entry TO siyu_reports;
GRANT SELECT(brand_id) ON TABLE gifting.group_entry TO siyu_operator;

GRANT SELECT(group_id) ON TABLE gifting.group_entry TO siyu_reports;
GRANT SELECT(group_id) ON TABLE gifting.group_entry TO siyu_operator;

GRANT SELECT(ordinal) ON TABLE gifting.group_entry TO siyu_reports;
GRANT SELECT(ordinal) ON TABLE gifting.group_entry TO siyu_operator;

GRANT SELECT(entry_id) ON TABLE gifting.group_entry TO siyu_reports;
GRANT SELECT(entry_id) ON TABLE gifting.group_entry TO siyu_operator;

GRANT SELECT(entered_at) ON TABLE gifting.group_entry TO siyu_reports;
GRANT SELECT(entered_at) ON TABLE gifting.group_entry TO siyu_operator;

GRANT SELECT,INSERT ON TABLE gifting.group_price TO siyu_gifts;

GRANT SELECT,INSERT ON TABLE gifting.group_win TO siyu_gifts;
GRANT SELECT ON TABLE gifting.group_win TO siyu_reports;
GRANT SELECT ON TABLE gifting.group_win TO siyu_operator;

GRANT SELECT,INSERT ON TABLE gifting.look TO siyu_gifts;
GRANT SELECT ON TABLE gifting.look TO siyu_reports;
GRANT SELECT ON TABLE gifting.look TO siyu_operator;

GRANT SELECT,INSERT ON TABLE gifting.outcome TO siyu_gifts;
GRANT SELECT ON TABLE gifting.outcome TO siyu_reports;
GRANT SELECT ON TABLE gifting.outcome TO siyu_operator;

GRANT SELECT,INSERT ON TABLE gifting.rating TO siyu_gifts;
GRANT SELECT ON TABLE gifting.rating TO siyu_reports;
GRANT SELECT ON TABLE gifting.rating TO siyu_operator;

GRANT SELECT,INSERT ON TABLE gifting.rating_visit TO siyu_gifts;
GRANT SELECT ON TABLE gifting.rating_visit TO siyu_reports;
GRANT SELECT ON TABLE gifting.rating_visit TO siyu_operator;

GRANT SELECT,INSERT ON TABLE gifting.search TO siyu_gifts;
GRANT SELECT ON TABLE gifting.search TO siyu_reports;
GRANT SELECT ON TABLE gifting.search TO siyu_operator;

GRANT UPDATE(searches) ON TABLE gifting.search TO siyu_gifts;

GRANT SELECT ON TABLE gifting.shop_switch TO siyu_gifts;
GRANT SELECT ON TABLE gifting.shop_switch TO siyu_reports;
GRANT SELECT,INSERT ON TABLE gifting.shop_switch TO siyu_operator;

GRANT SELECT,INSERT ON TABLE gifting.swap TO siyu_gifts;
GRANT SELECT ON TABLE gifting.swap TO siyu_reports;
GRANT SELECT ON TABLE gifting.swap TO siyu_operator;

GRANT SELECT ON TABLE gifting.web_app TO siyu_gifts;
GRANT SELECT,INSERT ON TABLE gifting.web_app TO siyu_operator;

GRANT UPDATE(appid) ON TABLE gifting.web_app TO siyu_operator;

GRANT UPDATE(sealed_secret) ON TABLE gifting.web_app TO siyu_operator;

GRANT UPDATE(page_base) ON TABLE gifting.web_app TO siyu_operator;

GRANT UPDATE(authorize_base) ON TABLE gifting.web_app TO siyu_operator;

GRANT UPDATE(api_base) ON TABLE gifting.web_app TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE gifting.web_app TO siyu_operator;

GRANT SELECT,INSERT ON TABLE gifting.withdrawal TO siyu_gifts;
GRANT SELECT ON TABLE gifting.withdrawal TO siyu_reports;
GRANT SELECT ON TABLE gifting.withdrawal TO siyu_operator;

GRANT SELECT ON TABLE hooks.api_key TO siyu_ingest;
GRANT SELECT ON TABLE hooks.api_key TO siyu_reports;
GRANT SELECT,INSERT ON TABLE hooks.api_key TO siyu_operator;
GRANT SELECT ON TABLE hooks.api_key TO siyu_redeem;
GRANT SELECT ON TABLE hooks.api_key TO siyu_gifts;

GRANT UPDATE(revoked_at) ON TABLE hooks.api_key TO siyu_operator;

GRANT SELECT ON TABLE hooks.endpoint TO siyu_ingest;
GRANT SELECT ON TABLE hooks.endpoint TO siyu_redeem;
GRANT SELECT ON TABLE hooks.endpoint TO siyu_gifts;
GRANT SELECT,INSERT ON TABLE hooks.endpoint TO siyu_operator;

GRANT UPDATE(url) ON TABLE hooks.endpoint TO siyu_operator;

GRANT UPDATE(events) ON TABLE hooks.endpoint TO siyu_operator;

GRANT UPDATE(state) ON TABLE hooks.endpoint TO siyu_ingest;
GRANT UPDATE(state) ON TABLE hooks.endpoint TO siyu_operator;

GRANT UPDATE(state_reason) ON TABLE hooks.endpoint TO siyu_ingest;
GRANT UPDATE(state_reason) ON TABLE hooks.endpoint TO siyu_operator;

GRANT UPDATE(failures_in_a_row) ON TABLE hooks.endpoint TO siyu_ingest;
GRANT UPDATE(failures_in_a_row) ON TABLE hooks.endpoint TO siyu_operator;

GRANT UPDATE(open_until) ON TABLE hooks.endpoint TO siyu_ingest;
GRANT UPDATE(open_until) ON TABLE hooks.endpoint TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE hooks.endpoint TO siyu_ingest;
GRANT UPDATE(updated_at) ON TABLE hooks.endpoint TO siyu_operator;

GRANT SELECT ON TABLE hooks.endpoint_secret TO siyu_ingest;
GRANT SELECT,INSERT ON TABLE hooks.endpoint_secret TO siyu_operator;

GRANT UPDATE(sealed_secret) ON TABLE hooks.endpoint_secret TO siyu_operator;

GRANT UPDATE(valid_until) ON TABLE hooks.endpoint_secret TO siyu_operator;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE hooks.idempotency TO siyu_ingest;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE hooks.idempotency TO siyu_reports;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE hooks.idempotency TO siyu_redeem;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE hooks.idempotency TO siyu_gifts;

GRANT SELECT(brand_id) ON TABLE hooks.idempotency TO siyu_operator;

GRANT SELECT(caller) ON TABLE hooks.idempotency TO siyu_operator;

GRANT SELECT(route) ON TABLE hooks.idempotency TO siyu_operator;

GRANT SELECT(key) ON TABLE hooks.idempotency TO siyu_operator;

GRANT SELECT,INSERT ON TABLE hooks.inbox TO siyu_ingest;
GRANT SELECT,INSERT ON TABLE hooks.inbox TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE hooks.inbox TO siyu_gifts;

GRANT SELECT(brand_id) ON TABLE hooks.inbox TO siyu_operator;

GRANT SELECT(source_id) ON TABLE hooks.inbox TO siyu_operator;

GRANT SELECT(delivery_id) ON TABLE hooks.inbox TO siyu_operator;

GRANT UPDATE(sealed_body) ON TABLE hooks.inbox TO siyu_ingest;
GRANT SELECT(sealed_body),UPDATE(sealed_body) ON TABLE hooks.inbox TO siyu_operator;

GRANT SELECT,INSERT ON TABLE hooks.limit_count TO siyu_redeem;
GRANT SELECT,DELETE ON TABLE hooks.limit_count TO siyu_ingest;
GRANT SELECT ON TABLE hooks.limit_count TO siyu_operator;

GRANT UPDATE(wrong) ON TABLE hooks.limit_count TO siyu_redeem;
GRANT UPDATE(wrong) ON TABLE hooks.limit_count TO siyu_operator;

GRANT UPDATE(since) ON TABLE hooks.limit_count TO siyu_redeem;
GRANT UPDATE(since) ON TABLE hooks.limit_count TO siyu_operator;

GRANT UPDATE(in_a_row) ON TABLE hooks.limit_count TO siyu_redeem;
GRANT UPDATE(in_a_row) ON TABLE hooks.limit_count TO siyu_operator;

GRANT UPDATE(pauses) ON TABLE hooks.limit_count TO siyu_redeem;
GRANT UPDATE(pauses) ON TABLE hooks.limit_count TO siyu_operator;

GRANT UPDATE(paused_until) ON TABLE hooks.limit_count TO siyu_redeem;
GRANT UPDATE(paused_until) ON TABLE hooks.limit_count TO siyu_operator;

GRANT UPDATE(used) ON TABLE hooks.limit_count TO siyu_redeem;
GRANT UPDATE(used) ON TABLE hooks.limit_count TO siyu_operator;

GRANT UPDATE(used_since) ON TABLE hooks.limit_count TO siyu_redeem;
GRANT UPDATE(used_since) ON TABLE hooks.limit_count TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE hooks.limit_count TO siyu_redeem;
GRANT UPDATE(updated_at) ON TABLE hooks.limit_count TO siyu_operator;

GRANT SELECT ON TABLE hooks.limit_lift TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE hooks.limit_lift TO siyu_operator;

GRANT SELECT ON TABLE hooks.operations_key TO siyu_reports;
GRANT SELECT,INSERT ON TABLE hooks.operations_key TO siyu_operator;

GRANT UPDATE(revoked_at) ON TABLE hooks.operations_key TO siyu_operator;

GRANT SELECT,INSERT,DELETE ON TABLE hooks.outgoing TO siyu_ingest;
GRANT SELECT,INSERT ON TABLE hooks.outgoing TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE hooks.outgoing TO siyu_gifts;
GRANT SELECT ON TABLE hooks.outgoing TO siyu_operator;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE hooks.outgoing_delivery TO siyu_ingest;
GRANT SELECT,INSERT ON TABLE hooks.outgoing_delivery TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE hooks.outgoing_delivery TO siyu_gifts;
GRANT SELECT ON TABLE hooks.outgoing_delivery TO siyu_operator;

GRANT UPDATE(state) ON TABLE hooks.outgoing_delivery TO siyu_operator;

GRANT UPDATE(attempts) ON TABLE hooks.outgoing_delivery TO siyu_operator;

GRANT UPDATE(strikes) ON TABLE hooks.outgoing_delivery TO siyu_operator;

GRANT UPDATE(redeliveries) ON TABLE hooks.outgoing_delivery TO siyu_operator;

GRANT UPDATE(since) ON TABLE hooks.outgoing_delivery TO siyu_operator;

GRANT UPDATE(due_at) ON TABLE hooks.outgoing_delivery TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE hooks.outgoing_delivery TO siyu_operator;

GRANT SELECT ON TABLE hooks.source TO siyu_ingest;
GRANT SELECT ON TABLE hooks.source TO siyu_redeem;
GRANT SELECT ON TABLE hooks.source TO siyu_gifts;
GRANT SELECT,INSERT ON TABLE hooks.source TO siyu_operator;

GRANT UPDATE(shop_id) ON TABLE hooks.source TO siyu_operator;

GRANT UPDATE(purposes) ON TABLE hooks.source TO siyu_operator;

GRANT SELECT ON TABLE hooks.source_secret TO siyu_ingest;
GRANT SELECT ON TABLE hooks.source_secret TO siyu_redeem;
GRANT SELECT ON TABLE hooks.source_secret TO siyu_gifts;
GRANT SELECT,INSERT ON TABLE hooks.source_secret TO siyu_operator;

GRANT UPDATE(sealed_secret) ON TABLE hooks.source_secret TO siyu_operator;

GRANT UPDATE(valid_until) ON TABLE hooks.source_secret TO siyu_operator;

GRANT SELECT,INSERT,UPDATE ON TABLE hooks.sweep TO siyu_ingest;

GRANT SELECT,INSERT,DELETE ON TABLE jobs.attempt TO siyu_worker;

GRANT SELECT,INSERT,DELETE ON TABLE jobs.attempt_rest TO siyu_worker;

GRANT SELECT ON TABLE jobs.audit TO siyu_worker;
GRANT INSERT ON TABLE jobs.audit TO siyu_operator;
GRANT INSERT ON TABLE jobs.audit TO siyu_reports;

GRANT SELECT,INSERT,DELETE ON TABLE jobs.cancellation TO siyu_worker;

GRANT UPDATE(reason) ON TABLE jobs.cancellation TO siyu_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.checkpoint TO siyu_worker;

GRANT SELECT,INSERT,DELETE ON TABLE jobs.dependency TO siyu_worker;

GRANT SELECT,INSERT,DELETE ON TABLE jobs.discarded TO siyu_worker;

GRANT UPDATE(marks) ON TABLE jobs.discarded TO siyu_worker;

GRANT SELECT,INSERT,DELETE ON TABLE jobs.done TO siyu_worker;

GRANT SELECT,INSERT,DELETE ON TABLE jobs.done_rest TO siyu_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.effect TO siyu_worker;

GRANT SELECT,INSERT,DELETE ON TABLE jobs.fire TO siyu_worker;

GRANT UPDATE(job_id) ON TABLE jobs.fire TO siyu_worker;

GRANT SELECT,INSERT ON TABLE jobs.kind TO siyu_worker;

GRANT SELECT,INSERT ON TABLE jobs.queue TO siyu_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE jobs.quota TO siyu_worker;

GRANT SELECT,INSERT ON TABLE jobs.schedule TO siyu_worker;

GRANT UPDATE(rule) ON TABLE jobs.schedule TO siyu_worker;

GRANT UPDATE(queue) ON TABLE jobs.schedule TO siyu_worker;

GRANT UPDATE(kind) ON TABLE jobs.schedule TO siyu_worker;

GRANT UPDATE(catch_up) ON TABLE jobs.schedule TO siyu_worker;

GRANT UPDATE(registered_at) ON TABLE jobs.schedule TO siyu_worker;

GRANT UPDATE(settled_to) ON TABLE jobs.schedule TO siyu_worker;

GRANT UPDATE(last_fire_at) ON TABLE jobs.schedule TO siyu_worker;

GRANT UPDATE(next_fire_at) ON TABLE jobs.schedule TO siyu_worker;

GRANT UPDATE(paused_at) ON TABLE jobs.schedule TO siyu_operator;
GRANT UPDATE(paused_at) ON TABLE jobs.schedule TO siyu_reports;

GRANT UPDATE(pause_reason) ON TABLE jobs.schedule TO siyu_operator;
GRANT UPDATE(pause_reason) ON TABLE jobs.schedule TO siyu_reports;

GRANT UPDATE(pause_author) ON TABLE jobs.schedule TO siyu_operator;
GRANT UPDATE(pause_author) ON TABLE jobs.schedule TO siyu_reports;

GRANT SELECT,INSERT,UPDATE ON TABLE jobs.share TO siyu_worker;

GRANT SELECT,INSERT,DELETE ON TABLE jobs.signal TO siyu_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.uniq TO siyu_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.worker TO siyu_worker;

GRANT SELECT,INSERT ON TABLE members.identity TO siyu_redeem;
GRANT SELECT ON TABLE members.identity TO siyu_reports;
GRANT SELECT ON TABLE members.identity TO siyu_operator;

GRANT SELECT,INSERT ON TABLE members.member TO siyu_redeem;
GRANT SELECT ON TABLE members.member TO siyu_reports;
GRANT SELECT ON TABLE members.member TO siyu_operator;

GRANT UPDATE(source_kind) ON TABLE members.member TO siyu_redeem;

GRANT UPDATE(source_id) ON TABLE members.member TO siyu_redeem;

GRANT UPDATE(joined_at) ON TABLE members.member TO siyu_redeem;

GRANT SELECT,INSERT ON TABLE members.merge_candidate TO siyu_redeem;
GRANT SELECT ON TABLE members.merge_candidate TO siyu_reports;
GRANT SELECT ON TABLE members.merge_candidate TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.aftersale TO siyu_gifts;

GRANT SELECT(brand_id) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(brand_id) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(aftersale_id) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(aftersale_id) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(order_id) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(order_id) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(payment_id) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(payment_id) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(shop_id) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(shop_id) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(subject) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(subject) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(payer_id) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(payer_id) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(applicant_id) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(applicant_id) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(party) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(party) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(kind) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(kind) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(line_no) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(line_no) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(variant_id) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(variant_id) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(quantity) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(quantity) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(amount_fen) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(amount_fen) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(reason) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(reason) ON TABLE orders.aftersale TO siyu_operator;

GRANT UPDATE(state) ON TABLE orders.aftersale TO siyu_gifts;
GRANT SELECT(state) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(state) ON TABLE orders.aftersale TO siyu_operator;

GRANT UPDATE(refusal) ON TABLE orders.aftersale TO siyu_gifts;
GRANT SELECT(refusal) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(refusal) ON TABLE orders.aftersale TO siyu_operator;

GRANT UPDATE(decided_by) ON TABLE orders.aftersale TO siyu_gifts;
GRANT SELECT(decided_by) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(decided_by) ON TABLE orders.aftersale TO siyu_operator;

GRANT UPDATE(carrier) ON TABLE orders.aftersale TO siyu_gifts;

GRANT UPDATE(waybill) ON TABLE orders.aftersale TO siyu_gifts;

GRANT UPDATE(restocked) ON TABLE orders.aftersale TO siyu_gifts;
GRANT SELECT(restocked) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(restocked) ON TABLE orders.aftersale TO siyu_operator;

GRANT UPDATE(refund_id) ON TABLE orders.aftersale TO siyu_gifts;
GRANT SELECT(refund_id) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(refund_id) ON TABLE orders.aftersale TO siyu_operator;

GRANT UPDATE(due_at) ON TABLE orders.aftersale TO siyu_gifts;
GRANT SELECT(due_at) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(due_at) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT(requested_at) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(requested_at) ON TABLE orders.aftersale TO siyu_operator;

GRANT UPDATE(ended_at) ON TABLE orders.aftersale TO siyu_gifts;
GRANT SELECT(ended_at) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(ended_at) ON TABLE orders.aftersale TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE orders.aftersale TO siyu_gifts;
GRANT SELECT(updated_at) ON TABLE orders.aftersale TO siyu_reports;
GRANT SELECT(updated_at) ON TABLE orders.aftersale TO siyu_operator;

GRANT SELECT,INSERT,DELETE ON TABLE orders.bill TO siyu_operator;
GRANT SELECT ON TABLE orders.bill TO siyu_reports;

GRANT UPDATE(row_count) ON TABLE orders.bill TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.bill_row TO siyu_operator;
GRANT SELECT ON TABLE orders.bill_row TO siyu_reports;

GRANT SELECT ON TABLE orders.category TO siyu_gifts;
GRANT SELECT ON TABLE orders.category TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.category TO siyu_operator;

GRANT SELECT ON TABLE orders.category_place TO siyu_gifts;
GRANT SELECT ON TABLE orders.category_place TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.category_place TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.customer_order TO siyu_ingest;
GRANT SELECT ON TABLE orders.customer_order TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.customer_order TO siyu_operator;
GRANT SELECT,INSERT ON TABLE orders.customer_order TO siyu_gifts;
GRANT SELECT ON TABLE orders.customer_order TO siyu_redeem;

GRANT UPDATE(person_id) ON TABLE orders.customer_order TO siyu_ingest;
GRANT UPDATE(person_id) ON TABLE orders.customer_order TO siyu_operator;

GRANT UPDATE(version) ON TABLE orders.customer_order TO siyu_ingest;
GRANT UPDATE(version) ON TABLE orders.customer_order TO siyu_operator;
GRANT UPDATE(version) ON TABLE orders.customer_order TO siyu_gifts;

GRANT UPDATE(status) ON TABLE orders.customer_order TO siyu_ingest;
GRANT UPDATE(status) ON TABLE orders.customer_order TO siyu_operator;
GRANT UPDATE(status) ON TABLE orders.customer_order TO siyu_gifts;

GRANT UPDATE(placed_at) ON TABLE orders.customer_order TO siyu_ingest;
GRANT UPDATE(placed_at) ON TABLE orders.customer_order TO siyu_operator;

GRANT UPDATE(quantity) ON TABLE orders.customer_order TO siyu_ingest;
GRANT UPDATE(quantity) ON TABLE orders.customer_order TO siyu_operator;

GRANT UPDATE(amount_fen) ON TABLE orders.customer_order TO siyu_ingest;
GRANT UPDATE(amount_fen) ON TABLE orders.customer_order TO siyu_operator;
GRANT UPDATE(amount_fen) ON TABLE orders.customer_order TO siyu_gifts;

GRANT UPDATE(changed_at) ON TABLE orders.customer_order TO siyu_ingest;
GRANT UPDATE(changed_at) ON TABLE orders.customer_order TO siyu_operator;
GRANT UPDATE(changed_at) ON TABLE orders.customer_order TO siyu_gifts;

GRANT UPDATE(updated_at) ON TABLE orders.customer_order TO siyu_ingest;
GRANT UPDATE(updated_at) ON TABLE orders.customer_order TO siyu_operator;
GRANT UPDATE(updated_at) ON TABLE orders.customer_order TO siyu_gifts;
GRANT UPDATE(updated_at) ON TABLE orders.customer_order TO siyu_redeem;

GRANT SELECT,INSERT ON TABLE orders.fee_cursor TO siyu_ingest;
GRANT SELECT ON TABLE orders.fee_cursor TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.fee_cursor TO siyu_operator;

GRANT UPDATE(last_xid) ON TABLE orders.fee_cursor TO siyu_ingest;
GRANT UPDATE(last_xid) ON TABLE orders.fee_cursor TO siyu_operator;

GRANT UPDATE(last_transfer_id) ON TABLE orders.fee_cursor TO siyu_ingest;
GRANT UPDATE(last_transfer_id) ON TABLE orders.fee_cursor TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE orders.fee_cursor TO siyu_ingest;
GRANT UPDATE(updated_at) ON TABLE orders.fee_cursor TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.fee_meter TO siyu_ingest;
GRANT SELECT ON TABLE orders.fee_meter TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.fee_meter TO siyu_operator;

GRANT UPDATE(volume_fen) ON TABLE orders.fee_meter TO siyu_ingest;
GRANT UPDATE(volume_fen) ON TABLE orders.fee_meter TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE orders.fee_meter TO siyu_ingest;
GRANT UPDATE(updated_at) ON TABLE orders.fee_meter TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.guarantee TO siyu_gifts;
GRANT SELECT ON TABLE orders.guarantee TO siyu_reports;
GRANT SELECT ON TABLE orders.guarantee TO siyu_operator;

GRANT UPDATE(shipped_at) ON TABLE orders.guarantee TO siyu_gifts;

GRANT UPDATE(refund_asked_at) ON TABLE orders.guarantee TO siyu_gifts;

GRANT UPDATE(refund_by) ON TABLE orders.guarantee TO siyu_gifts;

GRANT UPDATE(refunded_at) ON TABLE orders.guarantee TO siyu_gifts;

GRANT UPDATE(compensated_at) ON TABLE orders.guarantee TO siyu_gifts;

GRANT UPDATE(updated_at) ON TABLE orders.guarantee TO siyu_gifts;

GRANT SELECT,INSERT ON TABLE orders.guarantee_fact TO siyu_gifts;

GRANT SELECT(brand_id) ON TABLE orders.guarantee_fact TO siyu_reports;
GRANT SELECT(brand_id) ON TABLE orders.guarantee_fact TO siyu_operator;

GRANT SELECT(order_id) ON TABLE orders.guarantee_fact TO siyu_reports;
GRANT SELECT(order_id) ON TABLE orders.guarantee_fact TO siyu_operator;

GRANT SELECT(fact) ON TABLE orders.guarantee_fact TO siyu_reports;
GRANT SELECT(fact) ON TABLE orders.guarantee_fact TO siyu_operator;

GRANT SELECT(happened_at) ON TABLE orders.guarantee_fact TO siyu_reports;
GRANT SELECT(happened_at) ON TABLE orders.guarantee_fact TO siyu_operator;

GRANT SELECT(recorded_at) ON TABLE orders.guarantee_fact TO siyu_reports;
GRANT SELECT(recorded_at) ON TABLE orders.guarantee_fact TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.import TO siyu_ingest;
GRANT SELECT ON TABLE orders.import TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.import TO siyu_operator;

GRANT UPDATE(state) ON TABLE orders.import TO siyu_ingest;
GRANT UPDATE(state) ON TABLE orders.import TO siyu_operator;

GRANT UPDATE(checkpoint_line) ON TABLE orders.import TO siyu_ingest;
GRANT UPDATE(checkpoint_line) ON TABLE orders.import TO siyu_operator;

GRANT UPDATE(added) ON TABLE orders.import TO siyu_ingest;
GRANT UPDATE(added) ON TABLE orders.import TO siyu_operator;

GRANT UPDATE(changed) ON TABLE orders.import TO siyu_ingest;
GRANT UPDATE(changed) ON TABLE orders.import TO siyu_operator;

GRANT UPDATE(unchanged) ON TABLE orders.import TO siyu_ingest;
GRANT UPDATE(unchanged) ON TABLE orders.import TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE orders.import TO siyu_ingest;
GRANT UPDATE(updated_at) ON TABLE orders.import TO siyu_operator;

GRANT SELECT,INSERT,DELETE ON TABLE orders.import_customer TO siyu_ingest;
GRANT SELECT,INSERT,DELETE ON TABLE orders.import_customer TO siyu_operator;

GRANT UPDATE(person_id) ON TABLE orders.import_customer TO siyu_ingest;
GRANT UPDATE(person_id) ON TABLE orders.import_customer TO siyu_operator;

GRANT SELECT,INSERT,DELETE ON TABLE orders.import_line TO siyu_ingest;
GRANT SELECT,INSERT,DELETE ON TABLE orders.import_line TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.import_refusal TO siyu_ingest;
GRANT SELECT,INSERT ON TABLE orders.import_refusal TO siyu_operator;

GRANT SELECT ON TABLE orders.merchant TO siyu_gifts;
GRANT SELECT ON TABLE orders.merchant TO siyu_ingest;
GRANT SELECT,INSERT ON TABLE orders.merchant TO siyu_operator;

GRANT UPDATE(appid) ON TABLE orders.merchant TO siyu_operator;

GRANT UPDATE(base_url) ON TABLE orders.merchant TO siyu_operator;

GRANT UPDATE(notify_base) ON TABLE orders.merchant TO siyu_operator;

GRANT UPDATE(sealed_credentials) ON TABLE orders.merchant TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE orders.merchant TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.mismatch TO siyu_operator;
GRANT SELECT ON TABLE orders.mismatch TO siyu_reports;

GRANT UPDATE(line_no) ON TABLE orders.mismatch TO siyu_operator;

GRANT UPDATE(bill_fen) ON TABLE orders.mismatch TO siyu_operator;

GRANT UPDATE(our_fen) ON TABLE orders.mismatch TO siyu_operator;

GRANT UPDATE(seen_at) ON TABLE orders.mismatch TO siyu_operator;

GRANT UPDATE(resolved_at) ON TABLE orders.mismatch TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.order_line TO siyu_gifts;
GRANT SELECT ON TABLE orders.order_line TO siyu_reports;
GRANT SELECT ON TABLE orders.order_line TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.order_version TO siyu_ingest;
GRANT SELECT ON TABLE orders.order_version TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.order_version TO siyu_operator;
GRANT SELECT,INSERT ON TABLE orders.order_version TO siyu_gifts;

GRANT SELECT,INSERT ON TABLE orders.payment TO siyu_ingest;
GRANT SELECT ON TABLE orders.payment TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.payment TO siyu_operator;
GRANT SELECT,INSERT ON TABLE orders.payment TO siyu_gifts;

GRANT UPDATE(status) ON TABLE orders.payment TO siyu_ingest;
GRANT UPDATE(status) ON TABLE orders.payment TO siyu_operator;
GRANT UPDATE(status) ON TABLE orders.payment TO siyu_gifts;

GRANT UPDATE(updated_at) ON TABLE orders.payment TO siyu_ingest;
GRANT UPDATE(updated_at) ON TABLE orders.payment TO siyu_operator;
GRANT UPDATE(updated_at) ON TABLE orders.payment TO siyu_gifts;

GRANT SELECT,INSERT ON TABLE orders.payment_intent TO siyu_gifts;
GRANT SELECT ON TABLE orders.payment_intent TO siyu_reports;
GRANT SELECT ON TABLE orders.payment_intent TO siyu_operator;

GRANT UPDATE(state) ON TABLE orders.payment_intent TO siyu_gifts;

GRANT UPDATE(prepay_id) ON TABLE orders.payment_intent TO siyu_gifts;

GRANT UPDATE(transaction_id) ON TABLE orders.payment_intent TO siyu_gifts;

GRANT UPDATE(paid_fen) ON TABLE orders.payment_intent TO siyu_gifts;

GRANT UPDATE(refund_reserved_fen) ON TABLE orders.payment_intent TO siyu_gifts;
GRANT UPDATE(refund_reserved_fen) ON TABLE orders.payment_intent TO siyu_operator;

GRANT UPDATE(paid_at) ON TABLE orders.payment_intent TO siyu_gifts;

GRANT UPDATE(updated_at) ON TABLE orders.payment_intent TO siyu_gifts;
GRANT UPDATE(updated_at) ON TABLE orders.payment_intent TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.payout TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE orders.payout TO siyu_gifts;
GRANT SELECT,INSERT ON TABLE orders.payout TO siyu_operator;

GRANT UPDATE(mchid) ON TABLE orders.payout TO siyu_gifts;

GRANT UPDATE(state) ON TABLE orders.payout TO siyu_gifts;
GRANT UPDATE(state) ON TABLE orders.payout TO siyu_operator;

GRANT UPDATE(provider_bill_no) ON TABLE orders.payout TO siyu_gifts;

GRANT UPDATE(provider_word) ON TABLE orders.payout TO siyu_gifts;

GRANT UPDATE(sealed_package) ON TABLE orders.payout TO siyu_gifts;
GRANT UPDATE(sealed_package) ON TABLE orders.payout TO siyu_operator;

GRANT UPDATE(confirm_until) ON TABLE orders.payout TO siyu_gifts;

GRANT UPDATE(attempts) ON TABLE orders.payout TO siyu_gifts;
GRANT UPDATE(attempts) ON TABLE orders.payout TO siyu_operator;

GRANT UPDATE(sent_at) ON TABLE orders.payout TO siyu_gifts;

GRANT UPDATE(finished_at) ON TABLE orders.payout TO siyu_gifts;

GRANT UPDATE(attention_since) ON TABLE orders.payout TO siyu_gifts;
GRANT UPDATE(attention_since) ON TABLE orders.payout TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE orders.payout TO siyu_gifts;
GRANT UPDATE(updated_at) ON TABLE orders.payout TO siyu_operator;

GRANT UPDATE(abandoned_at) ON TABLE orders.payout TO siyu_gifts;

GRANT SELECT,INSERT ON TABLE orders.product TO siyu_ingest;
GRANT SELECT ON TABLE orders.product TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.product TO siyu_operator;
GRANT SELECT ON TABLE orders.product TO siyu_gifts;

GRANT SELECT(brand_id) ON TABLE orders.product TO siyu_redeem;

GRANT SELECT(product_id) ON TABLE orders.product TO siyu_redeem;

GRANT SELECT(title) ON TABLE orders.product TO siyu_redeem;

GRANT SELECT ON TABLE orders.product_category TO siyu_gifts;
GRANT SELECT ON TABLE orders.product_category TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.product_category TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.rating TO siyu_gifts;
GRANT SELECT ON TABLE orders.rating TO siyu_reports;
GRANT SELECT ON TABLE orders.rating TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.rating_visit TO siyu_gifts;
GRANT SELECT ON TABLE orders.rating_visit TO siyu_reports;
GRANT SELECT ON TABLE orders.rating_visit TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.refund TO siyu_gifts;
GRANT SELECT ON TABLE orders.refund TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.refund TO siyu_operator;

GRANT UPDATE(state) ON TABLE orders.refund TO siyu_gifts;
GRANT UPDATE(state) ON TABLE orders.refund TO siyu_operator;

GRANT UPDATE(provider_refund_id) ON TABLE orders.refund TO siyu_gifts;

GRANT UPDATE(provider_word) ON TABLE orders.refund TO siyu_gifts;

GRANT UPDATE(attempts) ON TABLE orders.refund TO siyu_gifts;
GRANT UPDATE(attempts) ON TABLE orders.refund TO siyu_operator;

GRANT UPDATE(sent_at) ON TABLE orders.refund TO siyu_gifts;

GRANT UPDATE(finished_at) ON TABLE orders.refund TO siyu_gifts;
GRANT UPDATE(finished_at) ON TABLE orders.refund TO siyu_operator;

GRANT UPDATE(attention_since) ON TABLE orders.refund TO siyu_gifts;
GRANT UPDATE(attention_since) ON TABLE orders.refund TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE orders.refund TO siyu_gifts;
GRANT UPDATE(updated_at) ON TABLE orders.refund TO siyu_operator;

GRANT UPDATE(last_sent_at) ON TABLE orders.refund TO siyu_gifts;

GRANT UPDATE(settled_at) ON TABLE orders.refund TO siyu_operator;

GRANT UPDATE(settled_by) ON TABLE orders.refund TO siyu_operator;

GRANT UPDATE(settled_with) ON TABLE orders.refund TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.refund_approval TO siyu_operator;

GRANT UPDATE(approved_at) ON TABLE orders.refund_approval TO siyu_operator;

GRANT UPDATE(used_at) ON TABLE orders.refund_approval TO siyu_operator;

GRANT UPDATE(settled_with) ON TABLE orders.refund_approval TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.sale_effect TO siyu_ingest;
GRANT SELECT,INSERT ON TABLE orders.sale_effect TO siyu_gifts;
GRANT SELECT ON TABLE orders.sale_effect TO siyu_reports;
GRANT SELECT ON TABLE orders.sale_effect TO siyu_operator;
GRANT SELECT,INSERT ON TABLE orders.sale_effect TO siyu_redeem;

GRANT UPDATE(returned_fen) ON TABLE orders.sale_effect TO siyu_ingest;
GRANT UPDATE(returned_fen) ON TABLE orders.sale_effect TO siyu_gifts;

GRANT UPDATE(updated_at) ON TABLE orders.sale_effect TO siyu_ingest;
GRANT UPDATE(updated_at) ON TABLE orders.sale_effect TO siyu_gifts;

GRANT SELECT,INSERT ON TABLE orders.shop TO siyu_ingest;
GRANT SELECT ON TABLE orders.shop TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.shop TO siyu_operator;
GRANT SELECT ON TABLE orders.shop TO siyu_gifts;
GRANT SELECT ON TABLE orders.shop TO siyu_redeem;

GRANT SELECT ON TABLE orders.stock TO siyu_gifts;
GRANT SELECT ON TABLE orders.stock TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.stock TO siyu_operator;

GRANT UPDATE(available) ON TABLE orders.stock TO siyu_gifts;
GRANT UPDATE(available) ON TABLE orders.stock TO siyu_operator;

GRANT UPDATE(updated_at) ON TABLE orders.stock TO siyu_gifts;
GRANT UPDATE(updated_at) ON TABLE orders.stock TO siyu_operator;

GRANT SELECT,INSERT ON TABLE orders.stock_movement TO siyu_gifts;
GRANT SELECT ON TABLE orders.stock_movement TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.stock_movement TO siyu_operator;

GRANT SELECT ON TABLE orders.variant TO siyu_gifts;
GRANT SELECT ON TABLE orders.variant TO siyu_reports;
GRANT SELECT,INSERT ON TABLE orders.variant TO siyu_operator;

GRANT SELECT ON TABLE policies.setting TO siyu_worker;
GRANT INSERT ON TABLE policies.setting TO siyu_operator;

GRANT SELECT ON TABLE policies.standard TO siyu_worker;

GRANT SELECT,INSERT ON TABLE promotions.card TO siyu_gifts;
GRANT SELECT ON TABLE promotions.card TO siyu_reports;
GRANT SELECT ON TABLE promotions.card TO siyu_operator;

GRANT UPDATE(state) ON TABLE promotions.card TO siyu_gifts;

GRANT UPDATE(used_fen) ON TABLE promotions.card TO siyu_gifts;

GRANT UPDATE(charged_fen) ON TABLE promotions.card TO siyu_gifts;

GRANT UPDATE(settled_at) ON TABLE promotions.card TO siyu_gifts;

GRANT UPDATE(updated_at) ON TABLE promotions.card TO siyu_gifts;

GRANT SELECT,INSERT ON TABLE promotions.card_event TO siyu_gifts;
GRANT SELECT ON TABLE promotions.card_event TO siyu_reports;
GRANT SELECT ON TABLE promotions.card_event TO siyu_operator;

GRANT SELECT,INSERT ON TABLE promotions.card_goal TO siyu_gifts;
GRANT SELECT ON TABLE promotions.card_goal TO siyu_reports;
GRANT SELECT ON TABLE promotions.card_goal TO siyu_operator;

GRANT UPDATE(reached) ON TABLE promotions.card_goal TO siyu_gifts;

GRANT SELECT,INSERT ON TABLE promotions.coupon TO siyu_redeem;
GRANT SELECT ON TABLE promotions.coupon TO siyu_reports;
GRANT SELECT ON TABLE promotions.coupon TO siyu_operator;

GRANT UPDATE(state) ON TABLE promotions.coupon TO siyu_redeem;

GRANT UPDATE(uses) ON TABLE promotions.coupon TO siyu_redeem;

GRANT UPDATE(expires_at) ON TABLE promotions.coupon TO siyu_redeem;

GRANT UPDATE(updated_at) ON TABLE promotions.coupon TO siyu_redeem;

GRANT SELECT,INSERT ON TABLE promotions.coupon_use TO siyu_redeem;
GRANT SELECT ON TABLE promotions.coupon_use TO siyu_reports;
GRANT SELECT ON TABLE promotions.coupon_use TO siyu_operator;

GRANT UPDATE(given_back_at) ON TABLE promotions.coupon_use TO siyu_redeem;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE reporting.dirty_day TO siyu_reports;
GRANT SELECT ON TABLE reporting.dirty_day TO siyu_operator;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE reporting.member_day TO siyu_reports;
GRANT SELECT ON TABLE reporting.member_day TO siyu_operator;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE reporting.period_figure TO siyu_reports;
GRANT SELECT ON TABLE reporting.period_figure TO siyu_operator;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE reporting.rollup TO siyu_reports;
GRANT SELECT ON TABLE reporting.rollup TO siyu_operator;

GRANT SELECT ON TABLE siyu.brand TO siyu_worker;
GRANT INSERT ON TABLE siyu.brand TO siyu_operator;

GRANT UPDATE(name) ON TABLE siyu.brand TO siyu_operator;

GRANT SELECT ON TABLE siyu.migration TO siyu_worker;

GRANT SELECT,INSERT ON TABLE touch.touch TO siyu_redeem;
GRANT SELECT ON TABLE touch.touch TO siyu_reports;
GRANT SELECT ON TABLE touch.touch TO siyu_operator;

GRANT SELECT,INSERT ON TABLE vault.address TO siyu_gifts;
GRANT SELECT ON TABLE vault.address TO siyu_operator;

GRANT UPDATE(sealed_value) ON TABLE vault.address TO siyu_operator;
GRANT UPDATE(sealed_value) ON TABLE vault.address TO siyu_gifts;

GRANT UPDATE(erased_at) ON TABLE vault.address TO siyu_operator;
GRANT UPDATE(erased_at) ON TABLE vault.address TO siyu_gifts;

GRANT SELECT,INSERT ON TABLE vault.person TO siyu_ingest;
GRANT SELECT,INSERT ON TABLE vault.person TO siyu_operator;
GRANT SELECT,INSERT ON TABLE vault.person TO siyu_redeem;
GRANT SELECT,INSERT ON TABLE vault.person TO siyu_gifts;

GRANT UPDATE(blind_index) ON TABLE vault.person TO siyu_operator;

GRANT UPDATE(sealed_value) ON TABLE vault.person TO siyu_operator;

GRANT UPDATE(wrapped_key) ON TABLE vault.person TO siyu_operator;

GRANT UPDATE(erased_at) ON TABLE vault.person TO siyu_operator;
