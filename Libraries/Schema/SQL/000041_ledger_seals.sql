-- Why: whoever changes, removes or slips in a transfer past the grants is found, by the row; and balances as of an instant.
-- Locks: accounting.transfer (ACCESS EXCLUSIVE while three indexes are built; the new column rewrites nothing: rows that were
-- there before have 0).

-- The transaction that wrote a transfer. Those below the oldest that still runs can become no more (Libraries/Accounting/Decisions/0002).
ALTER TABLE accounting.transfer ADD COLUMN posted_xid bigint NOT NULL DEFAULT 0;
ALTER TABLE accounting.transfer ALTER COLUMN posted_xid SET DEFAULT pg_current_xact_id()::text::bigint;

-- The order in which transfers are sealed and read again.
CREATE INDEX transfer_posted_idx ON accounting.transfer (brand_id, posted_xid, transfer_id);

-- One side of an account up to an instant, from the index alone.
CREATE INDEX transfer_debit_idx ON accounting.transfer (brand_id, debit_account_id, occurred_at) INCLUDE (amount_fen);
CREATE INDEX transfer_credit_idx ON accounting.transfer (brand_id, credit_account_id, occurred_at) INCLUDE (amount_fen);

-- Whoever posts may say everything of a transfer but which transaction wrote it.
REVOKE INSERT ON accounting.transfer FROM siyu_ingest, siyu_redeem, siyu_gifts, siyu_operator;
GRANT INSERT (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id, occurred_at, posted_at)
    ON accounting.transfer TO siyu_ingest, siyu_redeem, siyu_gifts, siyu_operator;

-- A link of a brand's chain: which transfers stood behind the seal before it, in their order. Append-only.
-- `transfer_ids` holds 16 bytes for each, `marks` the first 8 of each one's hash: they tell which row a broken seal is about.
-- `hash` covers all of them and the seal before (Libraries/Accounting/Decisions/0002 has the bytes).
CREATE TABLE accounting.seal (
    brand_id          uuid        NOT NULL,
    seal_no           bigint      NOT NULL,
    transfers         bigint      NOT NULL,
    last_xid          bigint      NOT NULL,
    last_transfer_id  uuid        NOT NULL,
    transfer_ids      bytea       NOT NULL,
    marks             bytea       NOT NULL,
    hash              bytea       NOT NULL,
    sealed_at         timestamptz NOT NULL,
    CONSTRAINT seal_pkey PRIMARY KEY (brand_id, seal_no),
    CONSTRAINT seal_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT seal_number_is_positive CHECK (seal_no > 0),
    CONSTRAINT seal_is_of_something CHECK (transfers > 0),
    CONSTRAINT seal_names_each CHECK (octet_length(transfer_ids) = 16 * transfers),
    CONSTRAINT seal_marks_each CHECK (octet_length(marks) = 8 * transfers),
    CONSTRAINT seal_hash_is_sha256 CHECK (octet_length(hash) = 32)
);

-- Neither ids nor hashes get shorter by compression.
ALTER TABLE accounting.seal
    ALTER COLUMN transfer_ids SET STORAGE EXTERNAL,
    ALTER COLUMN marks SET STORAGE EXTERNAL;

GRANT SELECT ON accounting.seal TO siyu_ingest, siyu_reports, siyu_operator;
GRANT INSERT ON accounting.seal TO siyu_ingest, siyu_operator;
