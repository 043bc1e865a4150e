-- Why: who may call (API keys) and what was answered before (idempotency), so that a partner may repeat any request.
-- Locks: none that anybody could wait for; everything here is new.

CREATE SCHEMA hooks;
GRANT USAGE ON SCHEMA hooks TO siyu_worker;

-- API keys, global because the key is what names the brand. The token itself is not stored, only its SHA-256.
CREATE TABLE hooks.api_key (
    key_hash bytea PRIMARY KEY CHECK (length(key_hash) = 32),
    key_id uuid NOT NULL UNIQUE,
    brand_id uuid NOT NULL REFERENCES siyu.brand (brand_id),
    role text NOT NULL CHECK (role IN ('partner', 'staff')),
    shop_id uuid,
    label text NOT NULL CHECK (length(label) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT api_key_revoked_after_created CHECK (revoked_at >= created_at)
);
CREATE INDEX api_key_brand_id_idx ON hooks.api_key (brand_id, created_at);
GRANT SELECT ON hooks.api_key TO siyu_ingest, siyu_reports, siyu_operator;
GRANT INSERT, UPDATE (revoked_at) ON hooks.api_key TO siyu_operator;

-- The answer to each request that came with an Idempotency-Key, valid for seven days. The row is written in the
-- transaction of the effect, so that there is an answer exactly if there is an effect.
CREATE TABLE hooks.idempotency (
    brand_id uuid NOT NULL REFERENCES siyu.brand (brand_id),
    caller uuid NOT NULL,
    route text NOT NULL CHECK (length(route) BETWEEN 1 AND 200),
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    body_hash bytea NOT NULL CHECK (length(body_hash) = 32),
    status integer NOT NULL CHECK (status BETWEEN 200 AND 599),
    content_type text NOT NULL,
    response bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (brand_id, caller, route, key)
);
CREATE INDEX idempotency_brand_id_created_at_idx ON hooks.idempotency (brand_id, created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON hooks.idempotency TO siyu_ingest, siyu_reports;
