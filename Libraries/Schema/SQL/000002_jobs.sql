-- Why: the job queue. `hot` holds what may run now or runs, `later` what waits for an instant, `done`, `attempt` and
-- `discarded` what was. Every change of a claimed row is fenced by (worker, claim_no). Libraries/Jobs/README.md has
-- the picture. Plain tables, no partitions, no foreign keys: a queue must stay movable and its deletes cheap.
-- Locks: none that anybody could wait for; everything here is new.

CREATE SCHEMA jobs;
GRANT USAGE ON SCHEMA jobs TO siyu_worker;

-- Names, so that a job carries four bytes and not a word. Cached for ever by the processes: never deleted.
CREATE TABLE jobs.queue (
    queue_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> ''),
    paused_at timestamptz,
    pause_reason text,
    CONSTRAINT queue_paused_iff_reason CHECK ((paused_at IS NULL) = (pause_reason IS NULL))
);
GRANT SELECT, INSERT ON jobs.queue TO siyu_worker;
GRANT UPDATE (paused_at, pause_reason) ON jobs.queue TO siyu_operator;

CREATE TABLE jobs.kind (
    kind_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> '')
);
GRANT SELECT, INSERT ON jobs.kind TO siyu_worker;

-- One row for each living processor: its lease covers every job that it holds. lease_until is not indexed, so that a
-- heartbeat stays HOT. claim_floor refuses claims that were sent before the connection was lost and arrive after it.
CREATE TABLE jobs.worker (
    worker_id uuid PRIMARY KEY,
    app text NOT NULL,
    host text NOT NULL,
    process_id integer NOT NULL,
    queue_ids integer[] NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_until timestamptz NOT NULL,
    claim_floor bigint NOT NULL DEFAULT 0,
    idle boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs.worker TO siyu_worker;

CREATE SEQUENCE jobs.ord;
GRANT USAGE ON SEQUENCE jobs.ord TO siyu_worker;

-- Claimable and running jobs, nothing else. The three claim columns are NOT NULL with defaults, so that a claim does
-- not make the row longer, and no column that a claim touches is indexed: with half of each page free, a claim is a
-- HOT update and writes to no index. priority: 0 is served first. max_tries 0: the handler's strategy decides.
-- crashes: lost processes that this job was running in; counted before the job starts once it is under suspicion.
CREATE TABLE jobs.hot (
    queue_id integer NOT NULL,
    kind_id integer NOT NULL,
    ord bigint NOT NULL DEFAULT nextval('jobs.ord'),
    id uuid NOT NULL,
    worker uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    claim_no bigint NOT NULL DEFAULT 0,
    claimed_at timestamptz NOT NULL DEFAULT 'epoch',
    enqueued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ready_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_no integer NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    crashes smallint NOT NULL DEFAULT 0,
    priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 4),
    max_tries integer NOT NULL DEFAULT 0 CHECK (max_tries >= 0),
    brand_id uuid,
    payload bytea NOT NULL,
    PRIMARY KEY (queue_id, priority, ord)
) WITH (
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_insert_scale_factor = 0.2, autovacuum_vacuum_cost_delay = 0
);
CREATE UNIQUE INDEX hot_id ON jobs.hot (id);
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs.hot TO siyu_worker;

-- Jobs that wait for an instant of siyu.clock(): delayed, to be tried again, snoozed, rescued, or without a handler.
CREATE TABLE jobs.later (
    id uuid PRIMARY KEY,
    queue_id integer NOT NULL,
    kind_id integer NOT NULL,
    due_at timestamptz NOT NULL,
    enqueued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_no integer NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    crashes smallint NOT NULL DEFAULT 0,
    priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 4),
    max_tries integer NOT NULL DEFAULT 0 CHECK (max_tries >= 0),
    brand_id uuid,
    reason text NOT NULL CHECK (reason IN ('delayed', 'retry', 'snoozed', 'rescued', 'unknown_kind')),
    payload bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX later_due ON jobs.later (due_at);
CREATE INDEX later_unknown_kind ON jobs.later (queue_id, kind_id) WHERE reason = 'unknown_kind';
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs.later TO siyu_worker;

-- Completed runs, written by the ack or by the transaction that completed the job. Kept for some days, then deleted.
CREATE TABLE jobs.done (
    id uuid NOT NULL,
    queue_id integer NOT NULL,
    kind_id integer NOT NULL,
    run_no integer NOT NULL,
    tries integer NOT NULL,
    worker uuid NOT NULL,
    enqueued_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    brand_id uuid
);
CREATE INDEX done_id ON jobs.done (id);
CREATE INDEX done_finished_at ON jobs.done USING brin (finished_at);
GRANT SELECT, INSERT, DELETE ON jobs.done TO siyu_worker;

-- One row for each run that failed or was lost with its process.
CREATE TABLE jobs.attempt (
    id uuid NOT NULL,
    run_no integer NOT NULL,
    worker uuid NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    error text NOT NULL
);
CREATE INDEX attempt_id ON jobs.attempt (id, run_no);
CREATE INDEX attempt_failed_at ON jobs.attempt USING brin (failed_at);
GRANT SELECT, INSERT, DELETE ON jobs.attempt TO siyu_worker;

-- Jobs that will not run again unless an operator says so.
CREATE TABLE jobs.discarded (
    id uuid PRIMARY KEY,
    queue_id integer NOT NULL,
    kind_id integer NOT NULL,
    discarded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    enqueued_at timestamptz NOT NULL,
    run_no integer NOT NULL,
    tries integer NOT NULL,
    crashes smallint NOT NULL,
    priority smallint NOT NULL,
    max_tries integer NOT NULL,
    brand_id uuid,
    reason text NOT NULL CHECK (reason IN ('permanent', 'exhausted', 'poison', 'cancelled')),
    last_error text NOT NULL,
    payload bytea NOT NULL
);
CREATE INDEX discarded_queue ON jobs.discarded (queue_id, discarded_at);
GRANT SELECT, INSERT, DELETE ON jobs.discarded TO siyu_worker;

-- Takes up to p_limit free jobs of a queue for a worker, most urgent first. p_floors: for each priority the smallest
-- ord worth looking at, so that a scan does not walk over the dead entries of yesterday's jobs again and again.
-- The settings pin the plan: whatever the statistics say, it is a walk along the primary key that stops at the limit.
-- (jit is off because a forbidden plan costs 10^10 by decree, which would start the compiler for five seconds.)
-- SJ001: the lease is over or this claim is older than the worker's present connection. FOR KEY SHARE holds rescue and
-- resync off until this claim is committed: no job can be given to a worker after its rescue.
CREATE FUNCTION jobs.claim(
    p_worker uuid, p_claim_no bigint, p_queue_id integer, p_floors bigint[], p_limit integer
) RETURNS TABLE (
    queue_id integer, priority smallint, ord bigint, id uuid, kind_id integer, run_no integer, tries integer,
    crashes smallint, max_tries integer, brand_id uuid, enqueued_at timestamptz, ready_at timestamptz,
    claimed_at timestamptz, payload bytea
)
    LANGUAGE plpgsql VOLATILE
    SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off SET enable_incremental_sort = off
    SET plan_cache_mode = force_generic_plan SET jit = off
AS $claim$
DECLARE
    wanted integer := p_limit;
    taken integer;
    level smallint;
BEGIN
    PERFORM FROM jobs.worker w
    WHERE w.worker_id = p_worker AND w.lease_until > clock_timestamp() AND w.claim_floor < p_claim_no
    FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'worker % holds no lease', p_worker USING ERRCODE = 'SJ001';
    END IF;
    IF EXISTS (SELECT FROM jobs.queue q WHERE q.queue_id = p_queue_id AND q.paused_at IS NOT NULL) THEN
        RETURN;
    END IF;
    FOREACH level IN ARRAY ARRAY[0, 1, 2, 3, 4] LOOP
        RETURN QUERY
        UPDATE jobs.hot AS h
        SET worker = p_worker, claim_no = p_claim_no, claimed_at = clock_timestamp(), run_no = h.run_no + 1
        WHERE h.ctid = ANY (ARRAY (
            SELECT f.ctid
            FROM jobs.hot f
            WHERE f.queue_id = p_queue_id AND f.priority = level AND f.ord >= p_floors[level + 1]
                AND f.worker = '00000000-0000-0000-0000-000000000000'
            ORDER BY f.ord
            LIMIT wanted
            FOR UPDATE SKIP LOCKED))
        RETURNING h.queue_id, h.priority, h.ord, h.id, h.kind_id, h.run_no, h.tries, h.crashes, h.max_tries,
            h.brand_id, h.enqueued_at, h.ready_at, h.claimed_at, h.payload;
        GET DIAGNOSTICS taken = ROW_COUNT;
        wanted := wanted - taken;
        EXIT WHEN wanted <= 0;
    END LOOP;
END
$claim$;

-- Completes jobs: deletes them from hot and records them in done. Returns the ids that were neither this worker's
-- claims any more nor completed by it before (a batch may be sent twice after a lost connection): leases lost.
CREATE FUNCTION jobs.ack(p_worker uuid, p_ids uuid[], p_claims bigint[]) RETURNS uuid[]
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
    SET plan_cache_mode = force_generic_plan SET jit = off
AS $ack$
DECLARE
    finished integer;
BEGIN
    WITH taken AS (
        DELETE FROM jobs.hot h
        USING unnest(p_ids, p_claims) AS a (id, claim_no)
        WHERE h.id = a.id AND h.worker = p_worker AND h.claim_no = a.claim_no
        RETURNING h.*
    )
    INSERT INTO jobs.done (id, queue_id, kind_id, run_no, tries, worker, enqueued_at, started_at, brand_id)
    SELECT t.id, t.queue_id, t.kind_id, t.run_no, t.tries, t.worker, t.enqueued_at, t.claimed_at, t.brand_id
    FROM taken t;
    GET DIAGNOSTICS finished = ROW_COUNT;
    IF finished = cardinality(p_ids) THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY (
        SELECT a FROM unnest(p_ids) a
        WHERE NOT EXISTS (SELECT FROM jobs.done d WHERE d.id = a AND d.worker = p_worker));
END
$ack$;

-- Moves claimed jobs away that did not complete: to discarded, or to later. failed: the run counts as a try and is
-- noted as an attempt. A job of an unknown kind did not start: its crashes stay as they are; any other orderly end
-- proves that the job does not kill its process. Returns the ids that were this worker's claims.
CREATE FUNCTION jobs.settle(
    p_worker uuid, p_ids uuid[], p_claims bigint[], p_discard boolean[], p_failed boolean[], p_delays interval[],
    p_reasons text[], p_errors text[]
) RETURNS SETOF uuid
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
    SET plan_cache_mode = force_generic_plan SET jit = off
AS $settle$
BEGIN
    RETURN QUERY
    WITH outcome AS MATERIALIZED (
        SELECT * FROM unnest(p_ids, p_claims, p_discard, p_failed, p_delays, p_reasons, p_errors)
            AS o (id, claim_no, discard, failed, delay, reason, error)
    ), taken AS (
        DELETE FROM jobs.hot h
        USING outcome o
        WHERE h.id = o.id AND h.worker = p_worker AND h.claim_no = o.claim_no
        RETURNING h.*, o.discard, o.failed, o.delay, o.reason, o.error
    ), postponed AS (
        INSERT INTO jobs.later (
            id, queue_id, kind_id, due_at, enqueued_at, run_no, tries, crashes, priority, max_tries, brand_id,
            reason, payload)
        SELECT t.id, t.queue_id, t.kind_id, siyu.clock() + t.delay, t.enqueued_at, t.run_no,
            t.tries + t.failed::integer, CASE WHEN t.reason = 'unknown_kind' THEN t.crashes ELSE 0 END, t.priority,
            t.max_tries, t.brand_id, t.reason, t.payload
        FROM taken t
        WHERE NOT t.discard
        ON CONFLICT (id) DO NOTHING
    ), dropped AS (
        INSERT INTO jobs.discarded (
            id, queue_id, kind_id, enqueued_at, run_no, tries, crashes, priority, max_tries, brand_id, reason,
            last_error, payload)
        SELECT t.id, t.queue_id, t.kind_id, t.enqueued_at, t.run_no, t.tries + t.failed::integer, t.crashes,
            t.priority, t.max_tries, t.brand_id, t.reason, t.error, t.payload
        FROM taken t
        WHERE t.discard
        ON CONFLICT (id) DO NOTHING
    ), noted AS (
        INSERT INTO jobs.attempt (id, run_no, worker, error)
        SELECT t.id, t.run_no, t.worker, t.error FROM taken t WHERE t.failed
    )
    SELECT t.id FROM taken t;
END
$settle$;

-- Gives claimed jobs back unchanged, in their old place: they did not start, or were interrupted by a shutdown.
-- p_marked: the crash that was counted in advance is taken back.
CREATE FUNCTION jobs.release(p_worker uuid, p_ids uuid[], p_claims bigint[], p_marked boolean[]) RETURNS integer
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
    SET plan_cache_mode = force_generic_plan SET jit = off
AS $release$
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
$release$;

-- Brings due jobs from later into hot, earliest first. Returns the queues that received some.
CREATE FUNCTION jobs.promote(p_limit integer) RETURNS SETOF integer
    LANGUAGE plpgsql VOLATILE
    SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off
    SET plan_cache_mode = force_generic_plan SET jit = off
AS $promote$
BEGIN
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
    ), ready AS (
        INSERT INTO jobs.hot (
            queue_id, kind_id, id, enqueued_at, run_no, tries, crashes, priority, max_tries, brand_id, payload)
        SELECT d.queue_id, d.kind_id, d.id, d.enqueued_at, d.run_no, d.tries, d.crashes, d.priority, d.max_tries,
            d.brand_id, d.payload
        FROM due d
        ORDER BY d.due_at
        ON CONFLICT (id) DO NOTHING
        RETURNING queue_id
    )
    SELECT DISTINCT r.queue_id FROM ready r;
END
$promote$;

-- Takes the jobs of workers whose lease is over. The first crash puts a job under suspicion and lets it run again at
-- once; from then on crashes are counted before each start (jobs.suspect), so that a job which was merely held by the
-- same process is not blamed; at p_crashes_max the job is discarded as poison. Jobs in a transaction that is completing
-- them are locked: they are left alone until it ends. While the server itself is younger than p_hold nothing is
-- rescued: a restart took the lease from everybody, and the living need a moment to say so.
-- Walks over the whole of hot, but only when a lease is over.
CREATE FUNCTION jobs.rescue(p_hold interval, p_crashes_max integer, p_limit integer)
RETURNS TABLE (worker_id uuid, queue_id integer, rescued bigint, discarded bigint)
    LANGUAGE plpgsql VOLATILE SET jit = off
AS $rescue$
DECLARE
    lost uuid[];
BEGIN
    IF clock_timestamp() < pg_postmaster_start_time() + p_hold THEN
        RETURN;
    END IF;
    lost := ARRAY (
        SELECT w.worker_id FROM jobs.worker w WHERE w.lease_until < clock_timestamp() FOR UPDATE SKIP LOCKED);
    IF lost = '{}' THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH taken AS (
        DELETE FROM jobs.hot h
        WHERE h.ctid = ANY (ARRAY (
            SELECT f.ctid FROM jobs.hot f WHERE f.worker = ANY (lost) LIMIT p_limit FOR UPDATE SKIP LOCKED))
        RETURNING h.*, greatest(h.crashes, 1::smallint) AS crashed
    ), postponed AS (
        INSERT INTO jobs.later (
            id, queue_id, kind_id, due_at, enqueued_at, run_no, tries, crashes, priority, max_tries, brand_id, reason,
            payload)
        SELECT t.id, t.queue_id, t.kind_id,
            siyu.clock() + CASE WHEN t.crashed = 1 THEN INTERVAL '0' ELSE INTERVAL '2.5 s' * 2 ^ t.crashed END,
            t.enqueued_at, t.run_no, t.tries, t.crashed, t.priority, t.max_tries, t.brand_id, 'rescued', t.payload
        FROM taken t
        WHERE t.crashed < p_crashes_max
        ON CONFLICT (id) DO NOTHING
    ), dropped AS (
        INSERT INTO jobs.discarded (
            id, queue_id, kind_id, enqueued_at, run_no, tries, crashes, priority, max_tries, brand_id, reason,
            last_error, payload)
        SELECT t.id, t.queue_id, t.kind_id, t.enqueued_at, t.run_no, t.tries, t.crashed, t.priority, t.max_tries,
            t.brand_id, 'poison', 'its process was lost ' || t.crashed || ' times', t.payload
        FROM taken t
        WHERE t.crashed >= p_crashes_max
        ON CONFLICT (id) DO NOTHING
    ), noted AS (
        INSERT INTO jobs.attempt (id, run_no, worker, error)
        SELECT t.id, t.run_no, t.worker, 'process lost' FROM taken t
    )
    SELECT t.worker, t.queue_id, count(*) FILTER (WHERE t.crashed < p_crashes_max),
        count(*) FILTER (WHERE t.crashed >= p_crashes_max)
    FROM taken t
    GROUP BY t.worker, t.queue_id;
    DELETE FROM jobs.worker w
    WHERE w.worker_id = ANY (lost) AND NOT EXISTS (SELECT FROM jobs.hot h WHERE h.worker = w.worker_id);
END
$rescue$;

-- Enters a worker, and gives back what its former self (same process, fenced) still holds: no crash is counted,
-- because that process lives and has stopped those jobs. A former self that another process is rescuing is left to it.
CREATE FUNCTION jobs.register(
    p_worker uuid, p_former uuid, p_app text, p_host text, p_process_id integer, p_queue_ids integer[], p_lease interval
) RETURNS void
    LANGUAGE plpgsql VOLATILE
AS $register$
BEGIN
    PERFORM jobs.deregister(p_former);
    INSERT INTO jobs.worker (worker_id, app, host, process_id, queue_ids, lease_until)
    VALUES (p_worker, p_app, p_host, p_process_id, p_queue_ids, clock_timestamp() + p_lease);
END
$register$;

-- Ends a worker in an orderly way: jobs that it still holds go back to their old place, untouched. A job that is locked
-- by a transaction in the act of completing it stays, and the row with it: it is looked at again by rescue.
CREATE FUNCTION jobs.deregister(p_worker uuid) RETURNS void
    LANGUAGE plpgsql VOLATILE
AS $deregister$
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
$deregister$;

-- After a lost connection: claims sent before (numbers up to p_claim_no) can no longer arrive, and jobs that this
-- worker holds by the table but not by its own memory (p_known) go back: answers that never came, or acks that a
-- crash of the server forgot. Returns false if the lease is over.
CREATE FUNCTION jobs.resync(p_worker uuid, p_claim_no bigint, p_known uuid[]) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
AS $resync$
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
$resync$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jobs FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs TO siyu_worker;
