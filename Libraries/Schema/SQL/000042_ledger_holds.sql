-- Why: money can be held for a while, and then be posted, wholly or in part, or let go.
-- Locks: accounting.balance (ACCESS EXCLUSIVE; it is read once for the checks, the new column rewrites nothing).

-- What is held of an account cannot be spent otherwise: the floor counts without it.
ALTER TABLE accounting.balance ADD COLUMN held_fen bigint NOT NULL DEFAULT 0;
ALTER TABLE accounting.balance
    DROP CONSTRAINT balance_not_below_floor,
    ADD CONSTRAINT balance_not_below_floor CHECK (balance_fen - held_fen >= floor_fen),
    ADD CONSTRAINT balance_held_not_negative CHECK (held_fen >= 0);
GRANT UPDATE (held_fen) ON accounting.balance TO siyu_ingest, siyu_redeem, siyu_gifts, siyu_operator;

-- Money that is to move later, reserved on the side it comes from. What it is never changes; how it ended is written once.
CREATE TABLE accounting.hold (
    brand_id           uuid        NOT NULL,
    hold_id            uuid        NOT NULL,
    debit_account_id   uuid        NOT NULL,
    credit_account_id  uuid        NOT NULL,
    amount_fen         bigint      NOT NULL,
    kind               text        NOT NULL,
    subject_id         uuid        NOT NULL,
    held_at            timestamptz NOT NULL,
    expires_at         timestamptz NOT NULL,
    state              text        NOT NULL DEFAULT 'held',
    posted_fen         bigint,
    transfer_id        uuid,
    ended_at           timestamptz,
    CONSTRAINT hold_pkey PRIMARY KEY (brand_id, hold_id),
    CONSTRAINT hold_subject_key UNIQUE (brand_id, kind, subject_id),
    CONSTRAINT hold_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT hold_amount_is_positive CHECK (amount_fen > 0),
    CONSTRAINT hold_accounts_differ CHECK (debit_account_id <> credit_account_id),
    CONSTRAINT hold_kind_is_short CHECK (length(kind) BETWEEN 1 AND 40),
    CONSTRAINT hold_lasts CHECK (expires_at > held_at),
    CONSTRAINT hold_state_known CHECK (state IN ('held', 'posted', 'voided', 'expired')),
    CONSTRAINT hold_ends_once CHECK ((state = 'held') = (ended_at IS NULL)),
    CONSTRAINT hold_posts_a_transfer
        CHECK ((state = 'posted') = (transfer_id IS NOT NULL) AND (state = 'posted') = (posted_fen IS NOT NULL)),
    CONSTRAINT hold_posts_no_more CHECK (posted_fen BETWEEN 1 AND amount_fen)
);

-- What may run out, and what an account has held: the open ones alone.
CREATE INDEX hold_expiry_idx ON accounting.hold (brand_id, expires_at) WHERE state = 'held';
CREATE INDEX hold_account_idx ON accounting.hold (brand_id, debit_account_id) WHERE state = 'held';

GRANT SELECT ON accounting.hold TO siyu_ingest, siyu_redeem, siyu_gifts, siyu_reports, siyu_operator;
GRANT INSERT (brand_id, hold_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id, held_at, expires_at)
    ON accounting.hold TO siyu_ingest, siyu_redeem, siyu_gifts, siyu_operator;
GRANT UPDATE (state, posted_fen, transfer_id, ended_at)
    ON accounting.hold TO siyu_ingest, siyu_redeem, siyu_gifts, siyu_operator;
