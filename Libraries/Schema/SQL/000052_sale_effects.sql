-- Why: what a sale gave others (commission, points, a coupon) goes back with each refund, in proportion and to the fen.
-- Locks: creates only; siyu.brand for the new foreign key (SHARE ROW EXCLUSIVE, instant).

-- What a sale gave somebody: commission, points, a coupon. `sale_fen` is what the order cost then, `returned_fen` how much of that is back.
CREATE TABLE orders.sale_effect (
    brand_id           uuid        NOT NULL,
    order_id           uuid        NOT NULL,
    kind               text        NOT NULL,
    back_kind          text        NOT NULL,
    debit_account_id   uuid        NOT NULL,
    credit_account_id  uuid        NOT NULL,
    amount_fen         bigint      NOT NULL,
    sale_fen           bigint      NOT NULL,
    returned_fen       bigint      NOT NULL,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    CONSTRAINT sale_effect_pkey PRIMARY KEY (brand_id, order_id, kind),
    CONSTRAINT sale_effect_back_kind_key UNIQUE (brand_id, order_id, back_kind),
    CONSTRAINT sale_effect_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT sale_effect_kinds_are_short CHECK (length(kind) BETWEEN 1 AND 40 AND length(back_kind) BETWEEN 1 AND 40),
    CONSTRAINT sale_effect_amount_is_positive CHECK (amount_fen > 0),
    CONSTRAINT sale_effect_returned_within_sale CHECK (sale_fen > 0 AND returned_fen BETWEEN 0 AND sale_fen)
);

GRANT SELECT ON orders.sale_effect TO siyu_ingest, siyu_gifts, siyu_reports, siyu_operator;
GRANT INSERT ON orders.sale_effect TO siyu_ingest, siyu_gifts;
GRANT UPDATE (returned_fen, updated_at) ON orders.sale_effect TO siyu_ingest, siyu_gifts;
