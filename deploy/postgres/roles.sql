-- The roles of a Siyu cluster: one owner that migrates, one group of all services, one login for each service.
--
-- Run as a superuser (or a role with CREATEROLE), in any database of the cluster, as often as you like:
--     psql -X -v ON_ERROR_STOP=1 -d postgres -f deploy/postgres/roles.sql
-- Passwords are not set here: give each login its own with \password, or let pg_hba.conf name another method.
-- What each role may do in a database stands in the numbered files of Libraries/Schema/SQL; here stand only
-- membership, timeouts and search_path. They belong to the role because connection options do not pass a pooler.

-- Roles are shared by the cluster: two runs at once would race between the look and the CREATE.
DO $roles$
DECLARE
    login text;
BEGIN
    PERFORM pg_advisory_xact_lock(7311985);  -- "siyu": the same number as in TestSupport, held until this block commits

    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'siyu_worker') THEN
        CREATE ROLE siyu_worker NOLOGIN;
    END IF;

    FOREACH login IN ARRAY ARRAY[
        'siyu_owner', 'siyu_ingest', 'siyu_redeem', 'siyu_gifts', 'siyu_reports', 'siyu_operator'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', login);
        END IF;
        -- Every statement names its schema; an empty path leaves nothing that a stray object could shadow.
        EXECUTE format('ALTER ROLE %I SET search_path = %L', login, '');
        EXECUTE format('ALTER ROLE %I SET timezone = %L', login, 'UTC');
    END LOOP;

    FOREACH login IN ARRAY ARRAY[
        'siyu_ingest', 'siyu_redeem', 'siyu_gifts', 'siyu_reports', 'siyu_operator'
    ] LOOP
        IF NOT pg_has_role(login, 'siyu_worker', 'MEMBER') THEN
            EXECUTE format('GRANT siyu_worker TO %I', login);
        END IF;
        EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', login, '60s');
        -- A request lives ten seconds at most; a lock that takes five is held by someone in trouble.
        EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', login, '5s');
        -- Shorter than the lease of a worker (15 s): a stopped process must not keep its rows from the rescue.
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', login, '10s');
    END LOOP;

    -- A migration may rewrite a table, but must not queue behind a long reader and block everybody after it.
    ALTER ROLE siyu_owner SET statement_timeout = 0;
    ALTER ROLE siyu_owner SET lock_timeout = '10s';
    ALTER ROLE siyu_owner SET idle_in_transaction_session_timeout = '60s';

    -- The operator runs reports over years and checks whole ledgers by hand.
    ALTER ROLE siyu_operator SET statement_timeout = '15min';

    -- siyu doctor names the session that keeps the queue's tables from being cleaned, and for how long it has done so.
    IF NOT pg_has_role('siyu_operator', 'pg_read_all_stats', 'MEMBER') THEN
        GRANT pg_read_all_stats TO siyu_operator;
    END IF;
END
$roles$;
