-- Why: somebody who was made to pause by mistake must not have to wait for it to end; who ended it, and why, is written down. Pages of codes
-- count their visitors as hooks count theirs.
-- Locks: hooks.limit_count (ACCESS EXCLUSIVE; it is read once for the new check); siyu.brand for the foreign key, instant.

-- A visitor is a network that opens pages: apart from networks that hooks tell of, so that nobody can hold up the scans of a street by
-- opening pages from it.
ALTER TABLE hooks.limit_count
    DROP CONSTRAINT limit_count_scope_known,
    ADD CONSTRAINT limit_count_scope_known CHECK (scope IN ('member', 'device', 'network', 'store', 'visitor'));

-- A pause that somebody ended before its time; append-only. Processes read the rows of the last seconds and forget the subject. Real time, as
-- the pauses are. `subject` is the first half of an HMAC, never an identifier or an address.
CREATE TABLE hooks.limit_lift (
    brand_id      uuid        NOT NULL,
    lift_id       uuid        NOT NULL,
    scope         text        NOT NULL,
    subject       bytea       NOT NULL,
    paused_until  timestamptz NOT NULL,
    in_a_row      integer     NOT NULL,
    pauses        integer     NOT NULL,
    author        text        NOT NULL,
    reason        text        NOT NULL,
    lifted_at     timestamptz NOT NULL,
    CONSTRAINT limit_lift_pkey PRIMARY KEY (brand_id, lift_id),
    CONSTRAINT limit_lift_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT limit_lift_subject_is_blind CHECK (octet_length(subject) = 16),
    CONSTRAINT limit_lift_was_a_pause CHECK (paused_until > lifted_at),
    CONSTRAINT limit_lift_author_is_short CHECK (length(author) BETWEEN 1 AND 100),
    CONSTRAINT limit_lift_reason_is_given CHECK (length(reason) BETWEEN 1 AND 500)
);
-- What was lifted since the last look.
CREATE INDEX limit_lift_news_idx ON hooks.limit_lift (lifted_at);

GRANT SELECT ON hooks.limit_lift TO siyu_redeem, siyu_operator;
GRANT INSERT ON hooks.limit_lift TO siyu_operator;
GRANT UPDATE (wrong, since, in_a_row, pauses, paused_until, used, used_since, updated_at) ON hooks.limit_count TO siyu_operator;
