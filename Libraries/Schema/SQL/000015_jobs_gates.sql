-- Why: what a job may ask for beyond "run me": to be the only one of its key, to wait for other jobs, to run one at a time
-- and in order with others of its lane, to respect a quota (so many at once, so many per second, fairly among brands);
-- and what operators may do: pause by queue, kind, brand or quota, cancel by key, and be written down in the audit.
-- The claim stays what it was: everything that must wait for anything waits outside jobs.hot, and jobs.admit lets it in.
-- Locks: ALTER TABLE of the queue's tables, each for a moment (no rewrite: constant defaults).

-- A job's further properties, alike in all tables that hold jobs. version: of the payload's shape. marks: 1 = others wait
-- for this job, 2 = it has a checkpoint. quota_id, lane: what it must be admitted to. lane_max: how many of a lane at once.
-- key: how the business calls it. uniq: its unique key. deadline_at: after which it need not start. trace: the W3C trace
-- context of the push. in_lane: it has its place in the lane already, and keeps it while it waits for another try.
ALTER TABLE jobs.hot
    ADD COLUMN version smallint NOT NULL DEFAULT 1, ADD COLUMN marks smallint NOT NULL DEFAULT 0,
    ADD COLUMN quota_id integer, ADD COLUMN lane_max smallint, ADD COLUMN lane text, ADD COLUMN key text,
    ADD COLUMN uniq text, ADD COLUMN deadline_at timestamptz, ADD COLUMN trace bytea;
CREATE INDEX hot_quota ON jobs.hot (quota_id) WHERE quota_id IS NOT NULL;
CREATE INDEX hot_lane ON jobs.hot (lane) WHERE lane IS NOT NULL;
CREATE INDEX hot_key ON jobs.hot (kind_id, key) WHERE key IS NOT NULL;

ALTER TABLE jobs.later
    ADD COLUMN version smallint NOT NULL DEFAULT 1, ADD COLUMN marks smallint NOT NULL DEFAULT 0,
    ADD COLUMN quota_id integer, ADD COLUMN lane_max smallint, ADD COLUMN lane text, ADD COLUMN key text,
    ADD COLUMN uniq text, ADD COLUMN deadline_at timestamptz, ADD COLUMN trace bytea,
    ADD COLUMN in_lane boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT later_reason_check,
    ADD CONSTRAINT later_reason_check CHECK (
        reason IN ('delayed', 'retry', 'snoozed', 'rescued', 'unknown_kind', 'dependent', 'paused', 'redriven'));
CREATE INDEX later_lane ON jobs.later (lane) WHERE in_lane;
CREATE INDEX later_key ON jobs.later (kind_id, key) WHERE key IS NOT NULL;
CREATE INDEX later_paused ON jobs.later (queue_id, kind_id) WHERE reason = 'paused';
-- What a queue's waiting jobs are counted along.
CREATE INDEX later_queue ON jobs.later (queue_id);

ALTER TABLE jobs.discarded
    ADD COLUMN version smallint NOT NULL DEFAULT 1, ADD COLUMN marks smallint NOT NULL DEFAULT 0,
    ADD COLUMN quota_id integer, ADD COLUMN lane_max smallint, ADD COLUMN lane text, ADD COLUMN key text,
    ADD COLUMN uniq text, ADD COLUMN deadline_at timestamptz, ADD COLUMN trace bytea,
    DROP CONSTRAINT discarded_reason_check,
    ADD CONSTRAINT discarded_reason_check CHECK (
        reason IN ('permanent', 'exhausted', 'poison', 'cancelled', 'late'));
-- Whom others wait for is marked, also among the discarded.
GRANT UPDATE (marks) ON jobs.discarded TO siyu_worker;
CREATE INDEX discarded_key ON jobs.discarded (kind_id, key) WHERE key IS NOT NULL;
-- With the id, so that a list of them can be gone through page by page.
DROP INDEX jobs.discarded_queue;
CREATE INDEX discarded_queue ON jobs.discarded (queue_id, discarded_at, id);

-- Jobs that are due and wait to be admitted: their quota is used up, or another of their lane goes first. blocked: it
-- waits for its lane, and is not looked at until somebody leaves that lane.
CREATE TABLE jobs.gate (
    id uuid PRIMARY KEY,
    queue_id integer NOT NULL,
    kind_id integer NOT NULL,
    ord bigint NOT NULL DEFAULT nextval('jobs.ord'),
    enqueued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ready_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_no integer NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    crashes smallint NOT NULL DEFAULT 0,
    priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 4),
    max_tries integer NOT NULL DEFAULT 0 CHECK (max_tries >= 0),
    version smallint NOT NULL DEFAULT 1,
    marks smallint NOT NULL DEFAULT 0,
    -- 0 where the job has no quota: then only its lane counts.
    quota_id integer NOT NULL,
    lane_max smallint,
    -- The brand, or nil: fairness needs an answer for jobs of nobody, too.
    tenant uuid NOT NULL,
    blocked boolean NOT NULL DEFAULT false,
    in_lane boolean NOT NULL DEFAULT false,
    brand_id uuid,
    lane text,
    key text,
    uniq text,
    deadline_at timestamptz,
    trace bytea,
    payload bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX gate_turn ON jobs.gate (queue_id, quota_id, priority, ord) WHERE NOT blocked;
CREATE INDEX gate_tenant ON jobs.gate (queue_id, quota_id, tenant, priority, ord) WHERE NOT blocked;
CREATE INDEX gate_lane ON jobs.gate (lane, ord) WHERE lane IS NOT NULL;
CREATE INDEX gate_blocked ON jobs.gate (queue_id) WHERE blocked;
CREATE INDEX gate_key ON jobs.gate (kind_id, key) WHERE key IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs.gate TO siyu_worker;

-- How many jobs of a name may be admitted at once (running_max), and how fast (one each rate_interval, burst of them at
-- once after a rest: GCRA, whose state is turn_at). is_fair: brands take turns by weight (jobs.share) instead of by age;
-- vtime is the virtual time of the last admission.
CREATE TABLE jobs.quota (
    quota_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> ''),
    running_max integer CHECK (running_max >= 0),
    rate_interval interval CHECK (rate_interval > '0'),
    burst integer NOT NULL DEFAULT 1 CHECK (burst >= 1),
    is_fair boolean NOT NULL DEFAULT false,
    turn_at timestamptz NOT NULL DEFAULT 'epoch',
    vtime double precision NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE ON jobs.quota TO siyu_worker;

-- A brand's part in a fair quota. A weight of 2 gets twice the turns of a weight of 1.
CREATE TABLE jobs.share (
    quota_id integer NOT NULL,
    tenant uuid NOT NULL,
    weight double precision NOT NULL DEFAULT 1 CHECK (weight > 0 AND weight <= 1000),
    vtime double precision NOT NULL DEFAULT 0,
    PRIMARY KEY (quota_id, tenant)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE ON jobs.share TO siyu_worker;

-- What jobs.admit must hear of: somebody left a lane, or a job that others wait for completed. Rows and not locks, so
-- that a long transaction that completes a job makes nobody wait.
CREATE TABLE jobs.signal (
    signal_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lane text,
    job_id uuid,
    CONSTRAINT signal_says_something CHECK (lane IS NOT NULL OR job_id IS NOT NULL)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
GRANT SELECT, INSERT, DELETE ON jobs.signal TO siyu_worker;

-- Unique keys that are taken. scope: released when the job is claimed (queued), when it ended (done), or at until
-- (window). The key belongs to the job and not to a state of it: no later move of the job can meet a conflict.
CREATE TABLE jobs.uniq (
    kind_id integer NOT NULL,
    key text NOT NULL,
    job_id uuid NOT NULL,
    scope text NOT NULL CHECK (scope IN ('queued', 'done', 'window')),
    until timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (kind_id, key)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE INDEX uniq_until ON jobs.uniq (until) WHERE scope = 'window';
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs.uniq TO siyu_worker;

-- job_id waits for needs.
CREATE TABLE jobs.dependency (
    job_id uuid NOT NULL,
    needs uuid NOT NULL,
    PRIMARY KEY (job_id, needs)
);
CREATE INDEX dependency_needs ON jobs.dependency (needs);
GRANT SELECT, INSERT, DELETE ON jobs.dependency TO siyu_worker;

-- How far a job has come, written in the transactions that took it there; kept until the job is completed.
CREATE TABLE jobs.checkpoint (
    job_id uuid PRIMARY KEY,
    run_no integer NOT NULL,
    state bytea,
    done bigint NOT NULL DEFAULT 0 CHECK (done >= 0),
    total bigint CHECK (total >= 0),
    note text,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs.checkpoint TO siyu_worker;

-- Jobs that shall stop although they run: their worker reads this with each heartbeat.
CREATE TABLE jobs.cancellation (
    job_id uuid PRIMARY KEY,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    author text NOT NULL,
    reason text NOT NULL
);
GRANT SELECT, INSERT, UPDATE (reason), DELETE ON jobs.cancellation TO siyu_worker;

-- What does not run at present, and who said so. All named columns must fit a job; until is by siyu.clock(). Paused jobs
-- are taken out of hot when they come up (reason paused), so that they cost no polls and no tries.
CREATE TABLE jobs.pause (
    pause_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue_id integer,
    kind_id integer,
    brand_id uuid,
    quota_id integer,
    reason text NOT NULL CHECK (reason <> ''),
    author text NOT NULL CHECK (author <> ''),
    paused_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    until timestamptz NOT NULL DEFAULT 'infinity',
    CONSTRAINT pause_has_a_scope CHECK (num_nonnulls(queue_id, kind_id, brand_id, quota_id) >= 1)
);
GRANT SELECT ON jobs.pause TO siyu_worker;
-- Pauses that are over are removed by whoever notices. The column is written by nobody: without it no row can be locked.
GRANT DELETE, UPDATE (paused_at) ON jobs.pause TO siyu_worker;
GRANT INSERT ON jobs.pause TO siyu_operator, siyu_reports;

-- What people did to the queue. Append-only by grants.
CREATE TABLE jobs.audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    author text NOT NULL CHECK (author <> ''),
    action text NOT NULL CHECK (action <> ''),
    target text NOT NULL,
    reason text NOT NULL,
    jobs bigint NOT NULL DEFAULT 0
);
GRANT SELECT ON jobs.audit TO siyu_worker;
GRANT INSERT ON jobs.audit TO siyu_operator, siyu_reports;

ALTER TABLE jobs.queue DROP CONSTRAINT queue_paused_iff_reason, DROP COLUMN paused_at, DROP COLUMN pause_reason;

-- What a job leaves behind when it ends: signals for those that wait, its unique key, its checkpoint. Called only for
-- jobs that have any of it.
CREATE FUNCTION jobs.leave(p_rows jobs.hot[], p_completed boolean) RETURNS void
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
    SET plan_cache_mode = force_generic_plan SET jit = off
AS $leave$
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
$leave$;

-- Releases a unique key that counts only while its job is queued.
CREATE FUNCTION jobs.unqueue(p_kind_id integer, p_key text, p_id uuid) RETURNS boolean
    LANGUAGE sql VOLATILE
AS $unqueue$
    DELETE FROM jobs.uniq u
    WHERE u.kind_id = p_kind_id AND u.key = p_key AND u.job_id = p_id AND u.scope = 'queued'
    RETURNING true;
$unqueue$;

-- Pushes jobs of one kind that ask for something. Returns for each the id that stands for it: its own, or that of the job
-- that has its unique key already. SJ002: a job that another shall wait for is not known.
CREATE FUNCTION jobs.push(
    p_queue_id integer, p_kind_id integer, p_ids uuid[], p_payloads bytea[], p_version smallint, p_priority smallint,
    p_max_tries integer, p_brand_id uuid, p_delay interval, p_deadline interval, p_trace bytea, p_quota_id integer,
    p_lane_max smallint, p_lanes text[], p_keys text[], p_uniqs text[], p_scope text, p_window interval, p_needs uuid[]
) RETURNS TABLE (id uuid)
    LANGUAGE plpgsql VOLATILE
AS $push$
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
$push$;

-- Whether a job is kept from running.
CREATE FUNCTION jobs.is_paused(p_queue_id integer, p_kind_id integer, p_brand_id uuid, p_quota_id integer)
RETURNS boolean
    LANGUAGE sql STABLE
    RETURN EXISTS (
        SELECT FROM jobs.pause p
        WHERE p.until > siyu.clock() AND (p.queue_id IS NULL OR p.queue_id = p_queue_id)
            AND (p.kind_id IS NULL OR p.kind_id = p_kind_id)
            AND (p.brand_id IS NULL OR p.brand_id = p_brand_id)
            AND (p.quota_id IS NULL OR p.quota_id = p_quota_id));

-- As before, and: a pause of the queue stops the claim; under any other pause the head of the queue is looked through
-- first, and what is paused leaves hot.
DROP FUNCTION jobs.claim(uuid, bigint, integer, bigint[], integer);
CREATE FUNCTION jobs.claim(
    p_worker uuid, p_claim_no bigint, p_queue_id integer, p_floors bigint[], p_limit integer
) RETURNS TABLE (
    priority smallint, ord bigint, id uuid, kind_id integer, run_no integer, tries integer, crashes smallint,
    max_tries integer, brand_id uuid, enqueued_at timestamptz, ready_at timestamptz, claimed_at timestamptz,
    version smallint, is_gated boolean, key text, deadline_at timestamptz, time_left interval, trace bytea,
    payload bytea
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
            h.payload;
        GET DIAGNOSTICS taken = ROW_COUNT;
        wanted := wanted - taken;
        EXIT WHEN wanted <= 0;
    END LOOP;
END
$claim$;

-- Takes paused jobs out of the head of a queue, until as many are left there as are wanted; each job once, so that a pause
-- costs no more than the jobs that it holds. The pauses are locked until the jobs are in their place: whoever ends one waits
-- for that and finds them all; and a pause that is just being ended holds nobody any more.
CREATE FUNCTION jobs.set_aside(p_queue_id integer, p_level smallint, p_floor bigint, p_wanted integer) RETURNS void
    LANGUAGE plpgsql VOLATILE
    SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off SET enable_incremental_sort = off
    SET plan_cache_mode = force_generic_plan SET jit = off
AS $set_aside$
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
$set_aside$;

-- As before; what a job leaves behind is seen to only for those that have something.
CREATE OR REPLACE FUNCTION jobs.ack(p_worker uuid, p_ids uuid[], p_claims bigint[]) RETURNS uuid[]
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
    SET plan_cache_mode = force_generic_plan SET jit = off
AS $ack$
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
$ack$;

-- Completes one job within the caller's transaction. Null if it is not the caller's any more.
CREATE FUNCTION jobs.complete(p_worker uuid, p_id uuid, p_claim_no bigint) RETURNS integer
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan SET jit = off
AS $complete$
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
$complete$;

-- As before, with a job's further properties; a job that waits for another try keeps its place in its lane.
CREATE OR REPLACE FUNCTION jobs.settle(
    p_worker uuid, p_ids uuid[], p_claims bigint[], p_discard boolean[], p_failed boolean[], p_delays interval[],
    p_reasons text[], p_errors text[]
) RETURNS SETOF uuid
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
    SET plan_cache_mode = force_generic_plan SET jit = off
AS $settle$
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
$settle$;

-- Brings due jobs from later into hot, or to the gate, earliest first; lifts pauses that are over. Returns the queues
-- that received some.
CREATE OR REPLACE FUNCTION jobs.promote(p_limit integer) RETURNS SETOF integer
    LANGUAGE plpgsql VOLATILE
    SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off
    SET plan_cache_mode = force_generic_plan SET jit = off
AS $promote$
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
$promote$;

-- What a pause held becomes due at once; what another pause holds as well is set aside again when it comes up.
CREATE FUNCTION jobs.unpause(p_pause jobs.pause) RETURNS bigint
    LANGUAGE sql VOLATILE
AS $unpause$
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
$unpause$;

-- Lets jobs of some queues in from the gate: as many as quotas and lanes have room for. One at a time in the whole
-- database (others go on claiming): so places can be counted instead of handed out, and none can leak. A place in a quota
-- is taken by being in hot; a place in a lane by being in hot, or by waiting for another try. Returns the queues that
-- received jobs, and how long to wait for the next turn of a rate, if somebody waits for one.
CREATE FUNCTION jobs.admit(p_queue_ids integer[], p_limit integer)
RETURNS TABLE (queue_id integer, again interval)
    LANGUAGE plpgsql VOLATILE
    SET enable_bitmapscan = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off
AS $admit$
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
$admit$;

-- As before, with a job's further properties.
CREATE OR REPLACE FUNCTION jobs.rescue(p_hold interval, p_crashes_max integer, p_limit integer)
RETURNS TABLE (worker_id uuid, queue_id integer, rescued bigint, discarded bigint)
    LANGUAGE plpgsql VOLATILE SET jit = off
AS $rescue$
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
$rescue$;

-- Discards jobs that do not run (reason cancelled) and asks the workers of the running ones to stop. The author and the
-- reason are kept with each. Returns what became of which; ids that are unknown or have ended are not returned.
CREATE FUNCTION jobs.cancel(p_ids uuid[], p_author text, p_reason text)
RETURNS TABLE (id uuid, was_running boolean)
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off
AS $cancel$
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
$cancel$;

-- Puts a job that was taken out of its table among the discarded.
CREATE FUNCTION jobs.bury(p_row jobs.hot, p_author text, p_reason text) RETURNS void
    LANGUAGE plpgsql VOLATILE
AS $bury$
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
$bury$;

-- Cancels the jobs that shall stop and whose worker cannot hear of it any more: it was lost, or gave them back, or put
-- them off in the moment of the request. Returns how many requests it saw to; those whose job ended go with jobs.sweep.
CREATE FUNCTION jobs.cancel_unheard() RETURNS integer
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off
AS $cancel_unheard$
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
$cancel_unheard$;

-- Removes what nothing else does: unique keys whose time is over, and wishes to cancel jobs that ended all the same.
CREATE FUNCTION jobs.sweep(p_limit integer) RETURNS bigint
    LANGUAGE sql VOLATILE
AS $sweep$
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
$sweep$;

-- The ids of a kind's jobs that the business calls by a key and that have not ended.
CREATE FUNCTION jobs.ids_of_key(p_kind_id integer, p_key text) RETURNS uuid[]
    LANGUAGE sql STABLE
    RETURN ARRAY (
        SELECT h.id FROM jobs.hot h WHERE h.kind_id = p_kind_id AND h.key = p_key
        UNION ALL SELECT l.id FROM jobs.later l WHERE l.kind_id = p_kind_id AND l.key = p_key
        UNION ALL SELECT g.id FROM jobs.gate g WHERE g.kind_id = p_kind_id AND g.key = p_key);

-- Lets discarded jobs run again, with their tries and crashes forgiven: they become due after p_start, one p_spacing after
-- the other.
-- A job whose unique key another one has taken meanwhile stays where it is. Returns the ids that were revived.
CREATE FUNCTION jobs.revive(p_ids uuid[], p_spacing interval, p_start interval DEFAULT '0') RETURNS SETOF uuid
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off
AS $revive$
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
$revive$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jobs FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs TO siyu_worker;
