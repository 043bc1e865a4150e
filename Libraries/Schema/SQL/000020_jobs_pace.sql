-- Why: a drained queue leaves no dead rows behind. The claim tells where each row version lies; the ack finds it there,
-- without a walk down an index and without touching the page's other rows; and when the ack is committed and nobody sees
-- the old versions any more, one look at these pages (jobs.tidy) lets PostgreSQL clear them.
-- Locks: jobs.hot exclusively, for an instant; functions are made and replaced.

-- A claimed row is eight bytes longer than one that waits, and a page is filled a little less: so a page whose jobs have ended is
-- fuller than its fill factor says, however often it was cleared in between, and PostgreSQL clears it when it is looked at.
ALTER TABLE jobs.hot ALTER COLUMN claimed_at DROP NOT NULL, ALTER COLUMN claimed_at DROP DEFAULT;
ALTER TABLE jobs.hot SET (fillfactor = 45);

-- As before, and where the claimed version lies.
DROP FUNCTION jobs.claim(uuid, bigint, integer, bigint[], integer);
CREATE FUNCTION jobs.claim(
    p_worker uuid, p_claim_no bigint, p_queue_id integer, p_floors bigint[], p_limit integer
) RETURNS TABLE (
    priority smallint, ord bigint, id uuid, kind_id integer, run_no integer, tries integer, crashes smallint,
    max_tries integer, brand_id uuid, enqueued_at timestamptz, ready_at timestamptz, claimed_at timestamptz,
    version smallint, is_gated boolean, key text, deadline_at timestamptz, time_left interval, trace bytea,
    payload bytea, place tid
)
    LANGUAGE plpgsql VOLATILE
    SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off SET enable_incremental_sort = off
    SET plan_cache_mode = force_generic_plan SET jit = off
AS $claim$
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
$claim$;

-- Completes jobs where they lie. One that was moved within the table since its claim (a suspect, one that others wait for)
-- is looked for by its id, as is one that is no longer this worker's: whether it is ours is for the other ack to say.
CREATE FUNCTION jobs.ack(p_worker uuid, p_ids uuid[], p_claims bigint[], p_places tid[]) RETURNS uuid[]
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
    SET plan_cache_mode = force_generic_plan SET jit = off
AS $ack$
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
$ack$;

-- Looks at pages of hot, each part from a place up to another: PostgreSQL clears a page that is looked at and too full of
-- what nobody sees any more. Changes nothing that anybody could see; where a transaction still sees the old versions they
-- stay, and autovacuum takes them later.
CREATE FUNCTION jobs.tidy(p_from tid[], p_to tid[]) RETURNS integer
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off SET enable_bitmapscan = off
    SET plan_cache_mode = force_generic_plan SET jit = off
AS $tidy$
BEGIN
    FOR part IN 1..cardinality(p_from) LOOP
        PERFORM count(*) FROM jobs.hot h WHERE h.ctid >= p_from[part] AND h.ctid < p_to[part];
    END LOOP;
    RETURN cardinality(p_from);
END
$tidy$;

REVOKE ALL ON FUNCTION jobs.claim(uuid, bigint, integer, bigint[], integer), jobs.ack(uuid, uuid[], bigint[], tid[]),
    jobs.tidy(tid[], tid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION jobs.claim(uuid, bigint, integer, bigint[], integer), jobs.ack(uuid, uuid[], bigint[], tid[]),
    jobs.tidy(tid[], tid[]) TO siyu_worker;
