-- Why: a case may go on from one dealer to another; from that instant on its packs belong into the other's region, and until then they did not.
-- Locks: codes.pack_case and codes.dealer for the foreign keys, instant; codes.pack_case is read once.

-- Where a case went, and when; append-only. The last row is what codes.pack_case says. Whoever adds one holds the case's row.
CREATE TABLE codes.case_route (
    brand_id    uuid        NOT NULL,
    batch_id    uuid        NOT NULL,
    from_index  bigint      NOT NULL,
    shipped_at  timestamptz NOT NULL,
    dealer_id   uuid        NOT NULL,
    author      text        NOT NULL,
    reason      text        NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT case_route_pkey PRIMARY KEY (brand_id, batch_id, from_index, shipped_at),
    CONSTRAINT case_route_case_fkey FOREIGN KEY (brand_id, batch_id, from_index)
        REFERENCES codes.pack_case (brand_id, batch_id, from_index),
    CONSTRAINT case_route_dealer_fkey FOREIGN KEY (brand_id, dealer_id) REFERENCES codes.dealer (brand_id, dealer_id),
    CONSTRAINT case_route_author_is_short CHECK (length(author) BETWEEN 1 AND 100),
    CONSTRAINT case_route_reason_is_given CHECK (length(reason) BETWEEN 1 AND 500),
    CONSTRAINT case_route_is_past CHECK (shipped_at <= created_at)
);

INSERT INTO codes.case_route (brand_id, batch_id, from_index, shipped_at, dealer_id, author, reason, created_at)
SELECT brand_id, batch_id, from_index, shipped_at, dealer_id, 'siyu', 'shipped before routes were kept', greatest(shipped_at, created_at)
FROM codes.pack_case
WHERE dealer_id IS NOT NULL;

GRANT SELECT ON codes.case_route TO siyu_redeem, siyu_reports, siyu_operator;
GRANT INSERT ON codes.case_route TO siyu_operator;
