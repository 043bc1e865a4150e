-- Why: each day WeChat Pay's bills are held against orders, refunds, payouts and the books; what differs is kept until it no longer does.
-- Locks: creates only; siyu.brand for the new foreign keys (SHARE ROW EXCLUSIVE, instant).

-- A bill as it was last read; reading it again replaces its rows.
CREATE TABLE orders.bill (
    brand_id    uuid        NOT NULL,
    bill_id     uuid        NOT NULL,
    mchid       text        NOT NULL,
    kind        text        NOT NULL,
    bill_date   date        NOT NULL,
    sha1        text        NOT NULL,
    row_count   integer     NOT NULL,
    taken_at    timestamptz NOT NULL,
    CONSTRAINT bill_pkey PRIMARY KEY (brand_id, bill_id),
    CONSTRAINT bill_of_a_day_key UNIQUE (brand_id, mchid, kind, bill_date),
    CONSTRAINT bill_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT bill_kind_known CHECK (kind IN ('trade', 'fund_flow')),
    CONSTRAINT bill_rows_not_negative CHECK (row_count >= 0)
);

-- One line of a bill, as far as it is compared: no openid and no text.
CREATE TABLE orders.bill_row (
    brand_id    uuid     NOT NULL,
    bill_id     uuid     NOT NULL,
    line_no     integer  NOT NULL,
    kind        text     NOT NULL,
    our_no      text     NOT NULL,
    amount_fen  bigint   NOT NULL,
    state       text     NOT NULL,
    CONSTRAINT bill_row_pkey PRIMARY KEY (brand_id, bill_id, line_no),
    CONSTRAINT bill_row_bill_fkey FOREIGN KEY (brand_id, bill_id) REFERENCES orders.bill (brand_id, bill_id) ON DELETE CASCADE,
    CONSTRAINT bill_row_kind_known CHECK (kind IN ('payment', 'refund', 'payout', 'other'))
);
CREATE INDEX bill_row_our_no_idx ON orders.bill_row (brand_id, our_no);

-- What differs: found by one day's run, and resolved by a later one that does not find it any more.
CREATE TABLE orders.mismatch (
    brand_id      uuid        NOT NULL,
    mismatch_id   uuid        NOT NULL,
    mchid         text        NOT NULL,
    bill_kind     text        NOT NULL,
    bill_date     date        NOT NULL,
    reason        text        NOT NULL,
    our_no        text        NOT NULL,
    line_no       integer,
    bill_fen      bigint,
    our_fen       bigint,
    found_at      timestamptz NOT NULL,
    seen_at       timestamptz NOT NULL,
    resolved_at   timestamptz,
    CONSTRAINT mismatch_pkey PRIMARY KEY (brand_id, mismatch_id),
    CONSTRAINT mismatch_once_key UNIQUE (brand_id, mchid, bill_kind, bill_date, reason, our_no),
    CONSTRAINT mismatch_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT mismatch_seen_after_found CHECK (seen_at >= found_at)
);
CREATE INDEX mismatch_open_idx ON orders.mismatch (brand_id, found_at) WHERE resolved_at IS NULL;

-- The rows of a bill go with it.
-- The tiers of the technical fee are for what a shop sells itself.
INSERT INTO policies.standard (name, valid_from, value, source) VALUES
    ('orders.technical_fee_base', '2024-01-01T00:00:00+08:00', '{"self_operated_only": true, "run_by_others": []}',
     'The first million is of self-operated trade (自營交易額); a brand names the shops whose trade others run');

GRANT SELECT, INSERT, DELETE, UPDATE (row_count) ON orders.bill TO siyu_operator;
GRANT SELECT, INSERT ON orders.bill_row TO siyu_operator;
GRANT SELECT, INSERT ON orders.mismatch TO siyu_operator;
GRANT UPDATE (line_no, bill_fen, our_fen, seen_at, resolved_at) ON orders.mismatch TO siyu_operator;
GRANT SELECT ON orders.bill, orders.bill_row, orders.mismatch TO siyu_reports;
