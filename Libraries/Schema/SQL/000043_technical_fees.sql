-- Why: the platform's technical fee: 1 % of what a shop sells first, more beyond, to the fen.
-- Locks: creates only; siyu.brand for the new foreign keys (SHARE ROW EXCLUSIVE, instant).

-- How far a brand's transfers were looked at; whoever charges locks it.
CREATE TABLE orders.fee_cursor (
    brand_id          uuid        NOT NULL,
    last_xid          bigint      NOT NULL,
    last_transfer_id  uuid        NOT NULL,
    updated_at        timestamptz NOT NULL,
    CONSTRAINT fee_cursor_pkey PRIMARY KEY (brand_id),
    CONSTRAINT fee_cursor_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id)
);

-- What a shop sold while a rate held, net of refunds: `valid_from` is the policy's.
CREATE TABLE orders.fee_meter (
    brand_id    uuid        NOT NULL,
    shop_id     uuid        NOT NULL,
    valid_from  timestamptz NOT NULL,
    volume_fen  bigint      NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT fee_meter_pkey PRIMARY KEY (brand_id, shop_id, valid_from),
    CONSTRAINT fee_meter_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id)
);

INSERT INTO policies.standard (name, valid_from, value, source) VALUES
    ('orders.technical_fee', '2024-01-01T00:00:00+08:00',
     '{"tiers": [{"up_to_fen": 100000000, "ppm": 10000}], "beyond_ppm": 50000, "restarts": false}',
     'The platform takes 1 % of the first 1,000,000 yuan of a shop. Beyond, categories differ: 5 % is supposed until a brand says its own');

GRANT SELECT ON orders.fee_cursor, orders.fee_meter TO siyu_ingest, siyu_reports, siyu_operator;
GRANT INSERT ON orders.fee_cursor, orders.fee_meter TO siyu_ingest, siyu_operator;
GRANT UPDATE (last_xid, last_transfer_id, updated_at) ON orders.fee_cursor TO siyu_ingest, siyu_operator;
GRANT UPDATE (volume_fen, updated_at) ON orders.fee_meter TO siyu_ingest, siyu_operator;
