-- Why: whoever runs the installation signs in to the queue's console, which goes across brands. Their keys are a table of
-- their own and not another role of a brand's keys: no look-up of a caller can find one, and no brand's key opens the console.
-- Locks: none that anybody could wait for; everything here is new.

-- Global: an operations key speaks for no brand. The token itself is not stored, only its SHA-256. The label is who holds
-- the key: what they do is written down under that name.
CREATE TABLE hooks.operations_key (
    key_hash bytea PRIMARY KEY CHECK (length(key_hash) = 32),
    key_id uuid NOT NULL UNIQUE,
    label text NOT NULL CHECK (length(label) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT operations_key_revoked_after_created CHECK (revoked_at >= created_at)
);
-- Only siyu-reports serves the console, and only the operator's command makes keys.
GRANT SELECT ON hooks.operations_key TO siyu_reports, siyu_operator;
GRANT INSERT, UPDATE (revoked_at) ON hooks.operations_key TO siyu_operator;
