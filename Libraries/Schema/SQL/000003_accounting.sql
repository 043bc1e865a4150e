-- Why: money moves as transfers. One row holds both legs, so the books balance by construction.
-- Locks: creates only; nothing existing is locked beyond siyu.brand for the new foreign keys (SHARE ROW EXCLUSIVE, instant).

CREATE SCHEMA accounting;

-- A pot of money of a brand. `subject_id` is what it belongs to (a shop, a gift, a person); the zero UUID is the brand itself.
CREATE TABLE accounting.account (
    brand_id    uuid        NOT NULL,
    account_id  uuid        NOT NULL,
    kind        text        NOT NULL,
    subject_id  uuid        NOT NULL,
    floor_fen   bigint,
    created_at  timestamptz NOT NULL,
    CONSTRAINT account_pkey PRIMARY KEY (brand_id, account_id),
    CONSTRAINT account_subject_key UNIQUE (brand_id, kind, subject_id),
    CONSTRAINT account_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT account_kind_is_short CHECK (length(kind) BETWEEN 1 AND 40)
);

-- Append-only: no role may UPDATE or DELETE. Mistakes are corrected by another transfer in the other direction.
-- The accounts carry no foreign keys: every posting would lock the same two account rows (Libraries/Accounting/Decisions/0001);
-- they are looked up before posting, and nobody may delete an account.
-- `subject_id` with `kind` is why the money moved, and makes a repeated posting a no-op.
-- `occurred_at` is the business instant the money counts for, `posted_at` when it was written down.
CREATE TABLE accounting.transfer (
    brand_id           uuid        NOT NULL,
    transfer_id        uuid        NOT NULL,
    debit_account_id   uuid        NOT NULL,
    credit_account_id  uuid        NOT NULL,
    amount_fen         bigint      NOT NULL,
    kind               text        NOT NULL,
    subject_id         uuid        NOT NULL,
    occurred_at        timestamptz NOT NULL,
    posted_at          timestamptz NOT NULL,
    CONSTRAINT transfer_pkey PRIMARY KEY (brand_id, transfer_id),
    CONSTRAINT transfer_subject_key UNIQUE (brand_id, kind, subject_id),
    CONSTRAINT transfer_amount_is_positive CHECK (amount_fen > 0),
    CONSTRAINT transfer_accounts_differ CHECK (debit_account_id <> credit_account_id),
    CONSTRAINT transfer_kind_is_short CHECK (length(kind) BETWEEN 1 AND 40)
);

-- Reports and reconciliation read by kind and period.
CREATE INDEX transfer_period_idx ON accounting.transfer (brand_id, kind, occurred_at);

-- Credits less debits, kept only for accounts that have a floor; all others are folded from their transfers when asked.
CREATE TABLE accounting.balance (
    brand_id     uuid        NOT NULL,
    account_id   uuid        NOT NULL,
    floor_fen    bigint      NOT NULL,
    balance_fen  bigint      NOT NULL,
    updated_at   timestamptz NOT NULL,
    CONSTRAINT balance_pkey PRIMARY KEY (brand_id, account_id),
    CONSTRAINT balance_account_fkey FOREIGN KEY (brand_id, account_id)
        REFERENCES accounting.account (brand_id, account_id),
    CONSTRAINT balance_not_below_floor CHECK (balance_fen >= floor_fen)
);

GRANT USAGE ON SCHEMA accounting TO siyu_ingest, siyu_redeem, siyu_gifts, siyu_reports, siyu_operator;
GRANT SELECT ON accounting.account, accounting.transfer, accounting.balance
    TO siyu_ingest, siyu_redeem, siyu_gifts, siyu_reports, siyu_operator;
GRANT INSERT ON accounting.account, accounting.transfer, accounting.balance
    TO siyu_ingest, siyu_redeem, siyu_gifts, siyu_operator;
GRANT UPDATE (balance_fen, updated_at) ON accounting.balance
    TO siyu_ingest, siyu_redeem, siyu_gifts, siyu_operator;
