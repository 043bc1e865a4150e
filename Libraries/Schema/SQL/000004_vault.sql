-- Why: personal data lives here and nowhere else; every other room knows a person by id.
-- Locks: creates only; siyu.brand for the new foreign key (SHARE ROW EXCLUSIVE, instant).

CREATE SCHEMA vault;

-- One identifier of one person. `blind_index` finds it without revealing it (a keyed digest of brand, kind and value);
-- `sealed_value` is the value under this person's own data key; `wrapped_key` is that key under the master key.
CREATE TABLE vault.person (
    brand_id      uuid        NOT NULL,
    person_id     uuid        NOT NULL,
    kind          text        NOT NULL,
    blind_index   bytea       NOT NULL,
    sealed_value  bytea       NOT NULL,
    wrapped_key   bytea       NOT NULL,
    created_at    timestamptz NOT NULL,
    CONSTRAINT person_pkey PRIMARY KEY (brand_id, person_id),
    CONSTRAINT person_blind_index_key UNIQUE (brand_id, kind, blind_index),
    CONSTRAINT person_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT person_kind_is_short CHECK (length(kind) BETWEEN 1 AND 80),
    CONSTRAINT person_blind_index_is_digest CHECK (octet_length(blind_index) = 32)
);

GRANT USAGE ON SCHEMA vault TO siyu_ingest, siyu_operator;
GRANT SELECT, INSERT ON vault.person TO siyu_ingest, siyu_operator;
