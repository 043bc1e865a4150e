-- Why: jobs that run by the calendar, without a leader: whoever comes first writes down (name, instant), and the key
-- makes a second job for the same instant impossible.
-- Locks: none that anybody could wait for; everything here is new.

-- One row for each schedule that some process registered. rule, queue and kind are for people, and to tell a changed
-- schedule from an unchanged one: the process that registered last decides, the others leave it alone. settled_to: up to
-- which instant of siyu.clock() all fires are decided. next_fire_at: when to look again, null for never.
CREATE TABLE jobs.schedule (
    name text PRIMARY KEY CHECK (name <> ''),
    rule text NOT NULL,
    queue text NOT NULL,
    kind text NOT NULL,
    catch_up text NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_to timestamptz NOT NULL,
    last_fire_at timestamptz,
    next_fire_at timestamptz,
    paused_at timestamptz,
    pause_reason text,
    pause_author text,
    CONSTRAINT schedule_paused_iff_explained CHECK (num_nonnulls(paused_at, pause_reason, pause_author) IN (0, 3))
) WITH (fillfactor = 50);
GRANT SELECT, INSERT ON jobs.schedule TO siyu_worker;
GRANT UPDATE (rule, queue, kind, catch_up, registered_at, settled_to, last_fire_at, next_fire_at) ON jobs.schedule
    TO siyu_worker;
GRANT UPDATE (paused_at, pause_reason, pause_author) ON jobs.schedule TO siyu_operator, siyu_reports;

-- What was fired. Kept for some weeks, then deleted.
CREATE TABLE jobs.fire (
    name text NOT NULL,
    fire_at timestamptz NOT NULL,
    job_id uuid,
    fired_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, fire_at)
);
CREATE INDEX fire_fired_at ON jobs.fire USING brin (fired_at);
GRANT SELECT, INSERT, UPDATE (job_id), DELETE ON jobs.fire TO siyu_worker;
