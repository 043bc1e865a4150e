-- Why: who sends hooks to us (sources and their secrets), and what came in with the answer it got, so that a delivery
-- that is repeated changes nothing and reads the same bytes.
-- Locks: creates only; siyu.brand for the new foreign keys (SHARE ROW EXCLUSIVE, instant).

-- Global, because the name in the path is what tells the brand.
CREATE TABLE hooks.source (
    name        text        NOT NULL,
    source_id   uuid        NOT NULL,
    brand_id    uuid        NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT source_pkey PRIMARY KEY (name),
    CONSTRAINT source_id_key UNIQUE (brand_id, source_id),
    CONSTRAINT source_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT source_name_fits_a_path CHECK (name ~ '^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$')
);

-- Secrets, sealed under the master key. While one is being rotated two are valid: the newest without an end, and the one
-- before it until `valid_until`. Instants are real time, as everything about signatures.
CREATE TABLE hooks.source_secret (
    brand_id       uuid        NOT NULL,
    source_id      uuid        NOT NULL,
    number         integer     NOT NULL,
    sealed_secret  bytea       NOT NULL,
    created_at     timestamptz NOT NULL,
    valid_until    timestamptz,
    CONSTRAINT source_secret_pkey PRIMARY KEY (brand_id, source_id, number),
    CONSTRAINT source_secret_source_fkey FOREIGN KEY (brand_id, source_id) REFERENCES hooks.source (brand_id, source_id),
    CONSTRAINT source_secret_number_from_1 CHECK (number >= 1),
    CONSTRAINT source_secret_ends_after_it_began CHECK (valid_until >= created_at)
);

GRANT SELECT ON hooks.source, hooks.source_secret TO siyu_ingest, siyu_redeem, siyu_gifts, siyu_operator;
GRANT INSERT ON hooks.source, hooks.source_secret TO siyu_operator;
GRANT UPDATE (valid_until) ON hooks.source_secret TO siyu_operator;

-- Deliveries with the answers they got; written in the transaction of their effect. The body is sealed and dropped after 14
-- days, the rest stays. `source_id` is a hook source's or another sender's (a payment provider's), hence no foreign key.
CREATE TABLE hooks.inbox (
    brand_id      uuid        NOT NULL,
    source_id     uuid        NOT NULL,
    delivery_id   text        NOT NULL,
    body_hash     bytea       NOT NULL,
    status        integer     NOT NULL,
    content_type  text        NOT NULL,
    response      bytea       NOT NULL,
    sealed_body   bytea,
    received_at   timestamptz NOT NULL,
    CONSTRAINT inbox_pkey PRIMARY KEY (brand_id, source_id, delivery_id),
    CONSTRAINT inbox_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT inbox_delivery_id_is_short CHECK (length(delivery_id) BETWEEN 1 AND 255),
    CONSTRAINT inbox_body_hash_is_digest CHECK (octet_length(body_hash) = 32),
    CONSTRAINT inbox_status_is_final CHECK (status BETWEEN 200 AND 599)
);

-- Bodies that are still there, oldest first: what the daily sweep reads.
CREATE INDEX inbox_bodies_idx ON hooks.inbox (brand_id, received_at) WHERE sealed_body IS NOT NULL;

GRANT SELECT, INSERT ON hooks.inbox TO siyu_ingest, siyu_redeem, siyu_gifts;
GRANT UPDATE (sealed_body) ON hooks.inbox TO siyu_ingest;

-- When a brand's expired bodies and answers were last looked for: whoever moves the instant on pushes the job, in the same commit.
CREATE TABLE hooks.sweep (
    brand_id  uuid        NOT NULL,
    swept_at  timestamptz NOT NULL,
    CONSTRAINT sweep_pkey PRIMARY KEY (brand_id),
    CONSTRAINT sweep_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id)
);
GRANT SELECT, INSERT, UPDATE ON hooks.sweep TO siyu_ingest;

-- Partners call these services too.
GRANT SELECT ON hooks.api_key TO siyu_redeem, siyu_gifts;
GRANT SELECT, INSERT, UPDATE, DELETE ON hooks.idempotency TO siyu_redeem, siyu_gifts;
