-- Why: what shops guarantee for an order: shipped by, refunded by, and a compensation if not, with a trail of evidence.
-- Locks: creates only; siyu.brand for the new foreign key (SHARE ROW EXCLUSIVE, instant).

-- The clock of one order. What it promises is written once: no role has UPDATE on it. The last instant of each time is in time.
CREATE TABLE orders.guarantee (
    brand_id          uuid        NOT NULL,
    order_id          uuid        NOT NULL,
    shop_id           uuid        NOT NULL,
    payer_id          uuid        NOT NULL,
    amount_fen        bigint      NOT NULL,
    compensation_fen  bigint      NOT NULL,
    ship_by           timestamptz NOT NULL,
    shipped_at        timestamptz,
    refund_asked_at   timestamptz,
    refund_by         timestamptz,
    refunded_at       timestamptz,
    compensated_at    timestamptz,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    CONSTRAINT guarantee_pkey PRIMARY KEY (brand_id, order_id),
    CONSTRAINT guarantee_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT guarantee_amounts_not_negative CHECK (amount_fen >= 0 AND compensation_fen >= 0),
    CONSTRAINT guarantee_refund_has_its_time CHECK ((refund_asked_at IS NULL) = (refund_by IS NULL) AND refund_by >= refund_asked_at)
);

-- What happened to it, each fact once, with the number by which it can be looked up elsewhere. Insert-only.
CREATE TABLE orders.guarantee_fact (
    brand_id     uuid        NOT NULL,
    order_id     uuid        NOT NULL,
    fact         text        NOT NULL,
    happened_at  timestamptz NOT NULL,
    evidence     text,
    recorded_at  timestamptz NOT NULL,
    CONSTRAINT guarantee_fact_pkey PRIMARY KEY (brand_id, order_id, fact),
    CONSTRAINT guarantee_fact_guarantee_fkey FOREIGN KEY (brand_id, order_id) REFERENCES orders.guarantee (brand_id, order_id),
    CONSTRAINT guarantee_fact_known CHECK (fact IN (
        'opened', 'shipped', 'ship_late', 'refund_asked', 'refunded', 'refund_late', 'compensated')),
    CONSTRAINT guarantee_fact_evidence_is_short CHECK (length(evidence) BETWEEN 1 AND 64)
);

INSERT INTO policies.standard (name, valid_from, value, source) VALUES
    ('orders.guarantee', '2024-01-01T00:00:00+08:00',
     '{"ship_seconds": 172800, "refund_seconds": 172800, "compensation_ppm": 50000, "min_fen": 500, "max_fen": 10000}',
     'our own until a brand says what its platform asks: shipped and refunded within 48 hours, or 5 % of the order, of 5 to 100 yuan');

GRANT SELECT, INSERT ON orders.guarantee, orders.guarantee_fact TO siyu_gifts;
GRANT UPDATE (shipped_at, refund_asked_at, refund_by, refunded_at, compensated_at, updated_at) ON orders.guarantee TO siyu_gifts;
GRANT SELECT ON orders.guarantee TO siyu_reports, siyu_operator;
GRANT SELECT (brand_id, order_id, fact, happened_at, recorded_at) ON orders.guarantee_fact TO siyu_reports, siyu_operator;
