-- Why: a thing that was won is handed over by a store, once; what a store handed over is owed to it; what nobody fetches ends.
-- Locks: orders.shop for the new foreign key (SHARE ROW EXCLUSIVE, instant).

-- A won thing, waiting for its winner. `voucher_id` is the redemption's id. What the winner shows at a store is computed from it; only
-- the hash of that stands here. The batch carries no foreign key: scans write here (Libraries/Codes/Decisions/0002).
CREATE TABLE codes.voucher (
    brand_id    uuid        NOT NULL,
    voucher_id  uuid        NOT NULL,
    batch_id    uuid        NOT NULL,
    code_index  bigint      NOT NULL,
    tier        integer     NOT NULL,
    person_id   uuid        NOT NULL,
    token_hash  bytea       NOT NULL,
    cost_fen    bigint      NOT NULL,
    state       text        NOT NULL,
    handovers   integer     NOT NULL,
    issued_at   timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT voucher_pkey PRIMARY KEY (brand_id, voucher_id),
    CONSTRAINT voucher_token_key UNIQUE (brand_id, token_hash),
    CONSTRAINT voucher_state_known CHECK (state IN ('open', 'handed_over', 'expired')),
    CONSTRAINT voucher_token_hash_is_digest CHECK (octet_length(token_hash) = 32),
    CONSTRAINT voucher_cost_not_negative CHECK (cost_fen >= 0),
    CONSTRAINT voucher_expires_after_issue CHECK (issued_at < expires_at),
    CONSTRAINT voucher_handovers_not_negative CHECK (handovers >= 0),
    CONSTRAINT voucher_handed_over_is_counted CHECK (state <> 'handed_over' OR handovers >= 1)
);

-- Reports count by batch.
CREATE INDEX voucher_batch_idx ON codes.voucher (brand_id, batch_id, tier);

-- Who handed over what; append-only. `number` counts the handovers of a voucher, so that two stores cannot both be the first.
-- `cost_fen` is what the store is owed for it.
CREATE TABLE codes.handover (
    brand_id        uuid        NOT NULL,
    handover_id     uuid        NOT NULL,
    voucher_id      uuid        NOT NULL,
    number          integer     NOT NULL,
    shop_id         uuid        NOT NULL,
    source_id       uuid        NOT NULL,
    cost_fen        bigint      NOT NULL,
    handed_over_at  timestamptz NOT NULL,
    CONSTRAINT handover_pkey PRIMARY KEY (brand_id, handover_id),
    CONSTRAINT handover_number_key UNIQUE (brand_id, voucher_id, number),
    CONSTRAINT handover_voucher_fkey FOREIGN KEY (brand_id, voucher_id) REFERENCES codes.voucher (brand_id, voucher_id),
    CONSTRAINT handover_shop_fkey FOREIGN KEY (brand_id, shop_id) REFERENCES orders.shop (brand_id, shop_id),
    CONSTRAINT handover_number_from_1 CHECK (number >= 1),
    CONSTRAINT handover_cost_not_negative CHECK (cost_fen >= 0)
);

-- Settlement reads by store and period.
CREATE INDEX handover_settlement_idx ON codes.handover (brand_id, shop_id, handed_over_at);

-- Handovers that were taken back: once each, and why; append-only. Store and cost are those of the handover.
CREATE TABLE codes.handover_reversal (
    brand_id     uuid        NOT NULL,
    handover_id  uuid        NOT NULL,
    shop_id      uuid        NOT NULL,
    source_id    uuid        NOT NULL,
    cost_fen     bigint      NOT NULL,
    reason       text        NOT NULL,
    reversed_at  timestamptz NOT NULL,
    CONSTRAINT handover_reversal_pkey PRIMARY KEY (brand_id, handover_id),
    CONSTRAINT handover_reversal_handover_fkey FOREIGN KEY (brand_id, handover_id)
        REFERENCES codes.handover (brand_id, handover_id),
    CONSTRAINT handover_reversal_cost_not_negative CHECK (cost_fen >= 0),
    CONSTRAINT handover_reversal_reason_is_given CHECK (length(reason) BETWEEN 1 AND 200)
);

CREATE INDEX handover_reversal_settlement_idx ON codes.handover_reversal (brand_id, shop_id, reversed_at);

INSERT INTO policies.standard (name, valid_from, value, source) VALUES
    ('codes.voucher_breakage', '2020-01-01T00:00:00+08:00', '{"reduces_cost": false}',
     'our own: what nobody fetches is booked as breakage; true takes it back out of the cost of prizes'),
    ('codes.reversal_window', '2020-01-01T00:00:00+08:00', '{"seconds": 604800}',
     'our own: a week, the usual period of settlement');

GRANT SELECT, INSERT ON codes.voucher, codes.handover, codes.handover_reversal TO siyu_redeem;
GRANT UPDATE (state, handovers, updated_at) ON codes.voucher TO siyu_redeem;
-- A store is named by its code.
GRANT USAGE ON SCHEMA orders TO siyu_redeem;
GRANT SELECT ON orders.shop TO siyu_redeem;
-- Reports count; what a winner shows is none of their business.
GRANT SELECT (brand_id, voucher_id, batch_id, tier, cost_fen, state, handovers, issued_at, expires_at, updated_at)
    ON codes.voucher TO siyu_reports, siyu_operator;
GRANT SELECT ON codes.handover, codes.handover_reversal TO siyu_reports, siyu_operator;
