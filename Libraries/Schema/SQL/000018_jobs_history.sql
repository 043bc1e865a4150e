-- Why: the history of jobs lies in one table for each day, so that forgetting a day is dropping its table: no dead rows, no
-- log of deletions, disk space back at once. What lies there already becomes the partition for everything else.
-- Locks: jobs.done and jobs.attempt exclusively for the time of a rename; no row is moved.

ALTER TABLE jobs.done RENAME TO done_rest;
ALTER INDEX jobs.done_id RENAME TO done_rest_id;
ALTER INDEX jobs.done_finished_at RENAME TO done_rest_finished_at;
CREATE TABLE jobs.done (LIKE jobs.done_rest INCLUDING DEFAULTS) PARTITION BY RANGE (finished_at);
ALTER TABLE jobs.done ATTACH PARTITION jobs.done_rest DEFAULT;
CREATE INDEX done_id ON jobs.done (id);
CREATE INDEX done_finished_at ON jobs.done USING brin (finished_at);
GRANT SELECT, INSERT, DELETE ON jobs.done TO siyu_worker;

ALTER TABLE jobs.attempt RENAME TO attempt_rest;
ALTER INDEX jobs.attempt_id RENAME TO attempt_rest_id;
ALTER INDEX jobs.attempt_failed_at RENAME TO attempt_rest_failed_at;
CREATE TABLE jobs.attempt (LIKE jobs.attempt_rest INCLUDING DEFAULTS) PARTITION BY RANGE (failed_at);
ALTER TABLE jobs.attempt ATTACH PARTITION jobs.attempt_rest DEFAULT;
CREATE INDEX attempt_id ON jobs.attempt (id, run_no);
CREATE INDEX attempt_failed_at ON jobs.attempt USING brin (failed_at);
GRANT SELECT, INSERT, DELETE ON jobs.attempt TO siyu_worker;

-- Makes the partitions of today and the next days (UTC) where they are missing, and drops those that are older than asked
-- for, but never one younger than a day. With the rights of the owner, because tables are made and dropped; what can be
-- asked for is bounded. Never waits long for a lock: who reads the history, or writes it, goes first, and the next call
-- tries again. A day that has rows in the rest already stays there. Returns how many tables were made and dropped.
CREATE FUNCTION jobs.roll_history(p_done interval, p_attempt interval) RETURNS TABLE (made integer, dropped integer)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '100ms'
AS $roll$
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
$roll$;
REVOKE ALL ON FUNCTION jobs.roll_history(interval, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION jobs.roll_history(interval, interval) TO siyu_worker;
