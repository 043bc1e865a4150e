-- Why: one item, one code: batches of codes, what they win, which of them are alive, and who redeemed them.
-- Codes are no rows: a code is its batch and its index, computed from the batch's key. Only a redemption is a row.
-- Locks: siyu.brand, orders.shop and orders.product for the new foreign keys (SHARE ROW EXCLUSIVE, instant).

CREATE SCHEMA codes;

-- Codes that were minted together. `count` codes, by index from 0; `wrapped_key` is the batch's key under the master key.
-- A request is minted once: `request_id` is the caller's name for it, `request_hash` what it asked for.
-- `rules_hash` commits to the prizes before anything is printed (Libraries/Codes/README.md). The shop and the product are what the
-- batch is for; none means any. The two accounts stand in the ledger from the day of minting, so that a scan opens none.
CREATE TABLE codes.batch (
    brand_id         uuid        NOT NULL,
    batch_id         uuid        NOT NULL,
    request_id       text        NOT NULL,
    request_hash     bytea       NOT NULL,
    handle           integer     NOT NULL,
    shop_id          uuid,
    product_id       uuid,
    count            bigint      NOT NULL,
    wrapped_key      bytea       NOT NULL,
    prize_mode       text        NOT NULL,
    rules_hash       bytea       NOT NULL,
    label            text        NOT NULL,
    cost_account_id  uuid        NOT NULL,
    owed_account_id  uuid        NOT NULL,
    created_at       timestamptz NOT NULL,
    closed_at        timestamptz,
    CONSTRAINT batch_pkey PRIMARY KEY (brand_id, batch_id),
    CONSTRAINT batch_request_key UNIQUE (brand_id, request_id),
    CONSTRAINT batch_handle_key UNIQUE (brand_id, handle),
    CONSTRAINT batch_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT batch_shop_fkey FOREIGN KEY (brand_id, shop_id) REFERENCES orders.shop (brand_id, shop_id),
    CONSTRAINT batch_product_fkey FOREIGN KEY (brand_id, product_id) REFERENCES orders.product (brand_id, product_id),
    CONSTRAINT batch_request_is_short CHECK (length(request_id) BETWEEN 1 AND 100),
    CONSTRAINT batch_request_hash_is_digest CHECK (octet_length(request_hash) = 32),
    CONSTRAINT batch_handle_has_20_bits CHECK (handle BETWEEN 0 AND 1048575),
    CONSTRAINT batch_count_has_35_bits CHECK (count BETWEEN 1 AND 34359738368),
    CONSTRAINT batch_prize_mode_known CHECK (prize_mode IN ('none', 'ranks')),
    CONSTRAINT batch_rules_hash_is_digest CHECK (octet_length(rules_hash) = 32),
    CONSTRAINT batch_label_is_short CHECK (length(label) BETWEEN 1 AND 100),
    CONSTRAINT batch_closed_after_created CHECK (closed_at >= created_at)
);

-- The first four characters of a code, global: a code names its batch before anybody knows the brand.
CREATE TABLE codes.handle (
    handle      integer     NOT NULL,
    brand_id    uuid        NOT NULL,
    batch_id    uuid        NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT handle_pkey PRIMARY KEY (handle),
    CONSTRAINT handle_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch (brand_id, batch_id)
);

-- What a batch wins: the codes whose rank lies in [first_rank, first_rank + count) win this tier, so that counts are exact by
-- construction. `cost_fen` is what one prize costs the brand; `points` is what a prize of points is worth to its winner.
CREATE TABLE codes.prize (
    brand_id    uuid    NOT NULL,
    batch_id    uuid    NOT NULL,
    tier        integer NOT NULL,
    name        text    NOT NULL,
    kind        text    NOT NULL,
    points      integer NOT NULL,
    cost_fen    bigint  NOT NULL,
    count       bigint  NOT NULL,
    first_rank  bigint  NOT NULL,
    CONSTRAINT prize_pkey PRIMARY KEY (brand_id, batch_id, tier),
    CONSTRAINT prize_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch (brand_id, batch_id),
    CONSTRAINT prize_tier_from_1 CHECK (tier >= 1),
    CONSTRAINT prize_name_is_short CHECK (length(name) BETWEEN 1 AND 80),
    CONSTRAINT prize_kind_known CHECK (kind IN ('points', 'coupon', 'item')),
    CONSTRAINT prize_points_go_with_kind CHECK (points >= 0 AND (points > 0) = (kind = 'points')),
    CONSTRAINT prize_cost_not_negative CHECK (cost_fen >= 0),
    CONSTRAINT prize_count_is_positive CHECK (count > 0),
    CONSTRAINT prize_first_rank_not_negative CHECK (first_rank >= 0)
);

-- Which codes are alive: half-open over the index, half-open in time, an open end for ever. Ranges of one kind never overlap in both;
-- that is decided under a lock of the batch's row. Append-only: what was decided stays readable.
CREATE TABLE codes.code_range (
    brand_id    uuid        NOT NULL,
    batch_id    uuid        NOT NULL,
    range_id    uuid        NOT NULL,
    kind        text        NOT NULL,
    from_index  bigint      NOT NULL,
    to_index    bigint      NOT NULL,
    valid_from  timestamptz NOT NULL,
    valid_to    timestamptz,
    author      text        NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT code_range_pkey PRIMARY KEY (brand_id, batch_id, range_id),
    CONSTRAINT code_range_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch (brand_id, batch_id),
    CONSTRAINT code_range_kind_known CHECK (kind IN ('activate', 'void', 'freeze')),
    CONSTRAINT code_range_is_half_open CHECK (from_index >= 0 AND from_index < to_index),
    CONSTRAINT code_range_validity_is_half_open CHECK (valid_from < valid_to),
    CONSTRAINT code_range_author_is_short CHECK (length(author) BETWEEN 1 AND 100)
);

-- A code that was used, once and for all: insert-or-read, never changed. `tier` is what it won, none for nothing.
-- The batch carries no foreign key: every scan of a batch would lock the same row (Libraries/Codes/Decisions/0002).
CREATE TABLE codes.redemption (
    brand_id       uuid        NOT NULL,
    batch_id       uuid        NOT NULL,
    code_index     bigint      NOT NULL,
    redemption_id  uuid        NOT NULL,
    person_id      uuid        NOT NULL,
    tier           integer,
    source_id      uuid        NOT NULL,
    redeemed_at    timestamptz NOT NULL,
    CONSTRAINT redemption_pkey PRIMARY KEY (brand_id, batch_id, code_index),
    CONSTRAINT redemption_id_key UNIQUE (brand_id, redemption_id),
    CONSTRAINT redemption_index_not_negative CHECK (code_index >= 0),
    CONSTRAINT redemption_tier_from_1 CHECK (tier >= 1)
);

-- Reports read by period.
CREATE INDEX redemption_period_idx ON codes.redemption (brand_id, redeemed_at);

-- Who opened a batch's key by hand, and what for: whoever holds it can list the winners. Append-only.
CREATE TABLE codes.key_use (
    brand_id  uuid        NOT NULL,
    batch_id  uuid        NOT NULL,
    use_id    uuid        NOT NULL,
    purpose   text        NOT NULL,
    author    text        NOT NULL,
    used_at   timestamptz NOT NULL,
    CONSTRAINT key_use_pkey PRIMARY KEY (brand_id, batch_id, use_id),
    CONSTRAINT key_use_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch (brand_id, batch_id),
    CONSTRAINT key_use_purpose_known CHECK (purpose IN ('mint', 'verify', 'audit')),
    CONSTRAINT key_use_author_is_short CHECK (length(author) BETWEEN 1 AND 100)
);

GRANT USAGE ON SCHEMA codes TO siyu_redeem, siyu_reports, siyu_operator;
GRANT SELECT ON codes.handle, codes.batch, codes.prize, codes.code_range, codes.redemption TO siyu_redeem, siyu_operator;
GRANT INSERT ON codes.redemption TO siyu_redeem;
GRANT INSERT ON codes.handle, codes.batch, codes.prize, codes.code_range TO siyu_operator;
GRANT UPDATE (closed_at) ON codes.batch TO siyu_operator;
GRANT SELECT, INSERT ON codes.key_use TO siyu_operator;
-- Reports count; they need no keys.
GRANT SELECT (brand_id, batch_id, handle, shop_id, product_id, count, prize_mode, rules_hash, label, created_at, closed_at)
    ON codes.batch TO siyu_reports;
GRANT SELECT ON codes.prize, codes.code_range, codes.redemption TO siyu_reports;
-- Whoever scans becomes a person.
GRANT USAGE ON SCHEMA vault TO siyu_redeem;
GRANT SELECT, INSERT ON vault.person TO siyu_redeem;
