-- Why: what people do by hand is written down, in a chain that shows what was changed afterwards.
-- Locks: creates only.

CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA audit TO siyu_gifts, siyu_reports, siyu_operator;

-- One entry for each act. `hash` says what this entry and all before it say; see Libraries/Audit. The trail of those who run the installation
-- has a brand of zeros, hence no foreign key.
CREATE TABLE audit.entry (
    brand_id  uuid        NOT NULL,
    number    bigint      NOT NULL,
    acted_at  timestamptz NOT NULL,
    author    text        NOT NULL,
    act       text        NOT NULL,
    subject   text        NOT NULL,
    reason    text        NOT NULL,
    details   text        NOT NULL,
    hash      bytea       NOT NULL,
    CONSTRAINT entry_pkey PRIMARY KEY (brand_id, number),
    CONSTRAINT entry_number_from_1 CHECK (number >= 1),
    CONSTRAINT entry_author_is_named CHECK (author <> ''),
    CONSTRAINT entry_act_is_named CHECK (act <> ''),
    CONSTRAINT entry_hash_is_digest CHECK (octet_length(hash) = 32)
);

-- The end of each trail; whoever writes holds it.
CREATE TABLE audit.trail (
    brand_id  uuid    NOT NULL,
    number    bigint  NOT NULL,
    hash      bytea   NOT NULL,
    CONSTRAINT trail_pkey PRIMARY KEY (brand_id),
    CONSTRAINT trail_number_not_negative CHECK (number >= 0),
    CONSTRAINT trail_hash_is_digest CHECK (octet_length(hash) = 32)
);

GRANT SELECT, INSERT ON audit.entry TO siyu_gifts, siyu_reports, siyu_operator;
GRANT SELECT, INSERT, UPDATE (number, hash) ON audit.trail TO siyu_gifts, siyu_reports, siyu_operator;
