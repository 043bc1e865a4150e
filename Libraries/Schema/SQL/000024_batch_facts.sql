-- Why: a scan tells what is in the pack, printers need the address of the page behind a code, and a freeze without an end must be
-- liftable without losing what was decided.
-- Locks: codes.batch and codes.code_range for the new foreign keys (SHARE ROW EXCLUSIVE, instant).

-- What a pack tells beside its code: written with the batch, never changed, so that processes may keep it in memory. `link_base` is
-- what the address of a code begins with; its letters are capitals, so that a QR symbol can hold it in alphanumeric mode.
CREATE TABLE codes.batch_fact (
    brand_id     uuid        NOT NULL,
    batch_id     uuid        NOT NULL,
    gtin         text,
    lot          text,
    made_on      date,
    best_before  date,
    link_base    text,
    created_at   timestamptz NOT NULL,
    CONSTRAINT batch_fact_pkey PRIMARY KEY (brand_id, batch_id),
    CONSTRAINT batch_fact_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch (brand_id, batch_id),
    CONSTRAINT batch_fact_gtin_has_14_digits CHECK (gtin ~ '^[0-9]{14}$'),
    CONSTRAINT batch_fact_lot_is_short CHECK (length(lot) BETWEEN 1 AND 20),
    CONSTRAINT batch_fact_keeps CHECK (made_on <= best_before),
    CONSTRAINT batch_fact_link_fits_alphanumeric_mode
        CHECK (link_base ~ '^HTTPS://[0-9A-Z.:/-]{1,80}$' AND link_base !~ '/$')
);

-- Freezes that were lifted: each once, by whom and why, and what end it had before. Append-only. The range itself then ends at
-- `ends_at`: a range is never removed, and scans read one table.
CREATE TABLE codes.range_end (
    brand_id         uuid        NOT NULL,
    batch_id         uuid        NOT NULL,
    range_id         uuid        NOT NULL,
    former_valid_to  timestamptz,
    ends_at          timestamptz NOT NULL,
    author           text        NOT NULL,
    reason           text        NOT NULL,
    CONSTRAINT range_end_pkey PRIMARY KEY (brand_id, batch_id, range_id),
    CONSTRAINT range_end_range_fkey FOREIGN KEY (brand_id, batch_id, range_id)
        REFERENCES codes.code_range (brand_id, batch_id, range_id),
    CONSTRAINT range_end_comes_earlier CHECK (ends_at < former_valid_to),
    CONSTRAINT range_end_author_is_short CHECK (length(author) BETWEEN 1 AND 100),
    CONSTRAINT range_end_reason_is_given CHECK (length(reason) BETWEEN 1 AND 500)
);

GRANT SELECT ON codes.batch_fact TO siyu_redeem, siyu_operator, siyu_reports;
GRANT INSERT ON codes.batch_fact TO siyu_operator;
GRANT SELECT, INSERT ON codes.range_end TO siyu_operator;
GRANT UPDATE (valid_to) ON codes.code_range TO siyu_operator;
-- The name of what was scanned.
GRANT USAGE ON SCHEMA orders TO siyu_redeem;
GRANT SELECT (brand_id, product_id, title) ON orders.product TO siyu_redeem;
