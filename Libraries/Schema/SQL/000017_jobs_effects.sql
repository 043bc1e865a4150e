-- Why: calls to providers whose outcome can remain unknown. That a call is intended is written down before it is made, so
-- that a later run of the job asks what became of it, instead of making it again.
-- Locks: none that anybody could wait for; everything here is new.

-- One row for each step of a job that calls a provider. state: open = may be called (the last call did not arrive);
-- intended = a call is under way, or its process was lost; unknown = the call was made and not answered; ok and refused
-- are the provider's word, and final. answer: what it answered, returned to later runs. calls, looks: how often it was
-- called, and how often it was asked what became of the call without knowing.
CREATE TABLE jobs.effect (
    job_id uuid NOT NULL,
    step text NOT NULL CHECK (step <> ''),
    state text NOT NULL CHECK (state IN ('open', 'intended', 'unknown', 'ok', 'refused')),
    run_no integer NOT NULL,
    calls integer NOT NULL DEFAULT 0 CHECK (calls >= 0),
    looks integer NOT NULL DEFAULT 0 CHECK (looks >= 0),
    answer bytea,
    reason text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (job_id, step),
    CONSTRAINT effect_ok_iff_answer CHECK ((state = 'ok') = (answer IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX effect_unsettled ON jobs.effect (updated_at) WHERE state IN ('intended', 'unknown');
CREATE INDEX effect_updated_at ON jobs.effect USING brin (updated_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs.effect TO siyu_worker;
