-- Why: whoever tries wrong codes at one process pauses at all of them, and still does when a process has started anew.
-- Locks: siyu.brand for the foreign key, instant; everything else is new.

-- What was tried by whom, as all processes together have seen it; each brings its news about once a second. Real time, not the
-- business clock: moving that lifts no pause. `subject` is the first half of an HMAC, never an identifier or an address.
CREATE TABLE hooks.limit_count (
    brand_id      uuid        NOT NULL,
    scope         text        NOT NULL,
    subject       bytea       NOT NULL,
    wrong         integer     NOT NULL,
    since         timestamptz NOT NULL,
    in_a_row      integer     NOT NULL,
    pauses        integer     NOT NULL,
    paused_until  timestamptz,
    used          integer     NOT NULL,
    used_since    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT limit_count_pkey PRIMARY KEY (brand_id, scope, subject),
    CONSTRAINT limit_count_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT limit_count_scope_known CHECK (scope IN ('member', 'device', 'network', 'store')),
    CONSTRAINT limit_count_subject_is_blind CHECK (octet_length(subject) = 16),
    CONSTRAINT limit_count_not_negative CHECK (wrong >= 0 AND in_a_row >= 0 AND pauses >= 0 AND used >= 0)
);
-- What others have brought since the last look, and what is old enough to go.
CREATE INDEX limit_count_news_idx ON hooks.limit_count (updated_at);

GRANT SELECT, INSERT ON hooks.limit_count TO siyu_redeem;
GRANT UPDATE (wrong, since, in_a_row, pauses, paused_until, used, used_since, updated_at) ON hooks.limit_count TO siyu_redeem;
GRANT SELECT, DELETE ON hooks.limit_count TO siyu_ingest;
GRANT SELECT ON hooks.limit_count TO siyu_operator;
