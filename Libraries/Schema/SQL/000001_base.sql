-- Why: what every room stands on: the record of applied files, the environment of this database, its clock, and
-- the brand, which is the tenant.
-- Locks: none that anybody could wait for; everything here is new.

DO $check$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ' ORDER BY name)
    INTO missing
    FROM unnest(ARRAY[
        'siyu_owner', 'siyu_worker', 'siyu_ingest', 'siyu_redeem', 'siyu_gifts', 'siyu_reports', 'siyu_operator'
    ]) AS name
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'The roles % are missing: run deploy/postgres/roles.sql as a superuser first.', missing
            USING ERRCODE = 'undefined_object';
    END IF;
    -- Only the roles of Siyu may enter this database; the owner of the database is the one who may say so.
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO siyu_worker', current_database());
END
$check$;

CREATE SCHEMA siyu;
GRANT USAGE ON SCHEMA siyu TO siyu_worker;

-- One row for each applied file. Services read it to tell whether they fit (/readyz).
CREATE TABLE siyu.migration (
    version integer PRIMARY KEY CHECK (version > 0),
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON siyu.migration TO siyu_worker;

-- What this database is for. Written by the first migrate and never changed: production must not become a
-- playground by a forgotten variable, nor carry over a clock that was moved.
CREATE TABLE siyu.environment (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    name text NOT NULL CHECK (name IN ('development', 'production')),
    clock_offset interval NOT NULL DEFAULT '0',
    CONSTRAINT environment_production_has_no_offset CHECK (name <> 'production' OR clock_offset = '0')
);
GRANT SELECT ON siyu.environment TO siyu_worker;
GRANT UPDATE (clock_offset) ON siyu.environment TO siyu_operator;

-- The clock of the business: the instant at which the transaction began, moved by the offset (zero in production).
-- STABLE, so that a comparison with it can use an index. Leases and signatures use real time, not this.
CREATE FUNCTION siyu.clock() RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN transaction_timestamp()
        + COALESCE((SELECT e.clock_offset FROM siyu.environment e WHERE e.name <> 'production'), INTERVAL '0');
REVOKE ALL ON FUNCTION siyu.clock() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION siyu.clock() TO siyu_worker;

-- The tenant. Every business table's keys begin with brand_id.
CREATE TABLE siyu.brand (
    brand_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    created_at timestamptz NOT NULL
);
GRANT SELECT ON siyu.brand TO siyu_worker;
GRANT INSERT, UPDATE (name) ON siyu.brand TO siyu_operator;
