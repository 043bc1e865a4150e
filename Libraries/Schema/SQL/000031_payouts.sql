-- Why: a prize may be money: it is given by WeChat Pay's merchant transfer, once, whatever is lost on the way.
-- Locks: codes.prize for its changed constraint (ACCESS EXCLUSIVE, a scan of a table of prizes); everything else is new.

ALTER TABLE codes.prize
    DROP CONSTRAINT prize_kind_known,
    ADD CONSTRAINT prize_kind_known CHECK (kind IN ('points', 'coupon', 'item', 'redraw', 'cash')),
    ADD CONSTRAINT prize_cash_costs_what_it_pays CHECK (kind <> 'cash' OR cost_fen > 0);

-- One attempt to give somebody money: a number towards the provider, never used for anything else. A new one is made only after FAIL.
-- `subject_id` is what it is for (a redemption), `owed_account_id` where it is owed. `mchid` is chosen with the first call and then kept,
-- because a number means something to one merchant alone. `sealed_package` lets the winner's mini program ask for the money until
-- `confirm_until`. `attempts` counts calls; `attention_since` is set while a person should look.
CREATE TABLE orders.payout (
    brand_id          uuid        NOT NULL,
    payout_id         uuid        NOT NULL,
    subject_id        uuid        NOT NULL,
    number            integer     NOT NULL,
    person_id         uuid        NOT NULL,
    amount_fen        bigint      NOT NULL,
    owed_account_id   uuid        NOT NULL,
    activity          text        NOT NULL,
    reward            text        NOT NULL,
    owner_queue       text        NOT NULL,
    mchid             text,
    state             text        NOT NULL,
    provider_bill_no  text,
    provider_word     text,
    sealed_package    bytea,
    confirm_until     timestamptz,
    attempts          integer     NOT NULL,
    requested_at      timestamptz NOT NULL,
    sent_at           timestamptz,
    finished_at       timestamptz,
    attention_since   timestamptz,
    updated_at        timestamptz NOT NULL,
    CONSTRAINT payout_pkey PRIMARY KEY (brand_id, payout_id),
    CONSTRAINT payout_number_key UNIQUE (brand_id, subject_id, number),
    CONSTRAINT payout_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT payout_number_from_1 CHECK (number >= 1),
    CONSTRAINT payout_amount_is_positive CHECK (amount_fen > 0),
    CONSTRAINT payout_texts_are_short CHECK (length(activity) BETWEEN 1 AND 200 AND length(reward) BETWEEN 1 AND 200),
    CONSTRAINT payout_queue_is_short CHECK (length(owner_queue) BETWEEN 1 AND 40),
    CONSTRAINT payout_state_known CHECK (state IN (
        'requested', 'sent', 'unknown', 'processing', 'waiting', 'succeeded', 'refused', 'failed')),
    CONSTRAINT payout_sent_before_answers CHECK (state = 'requested' OR (sent_at IS NOT NULL AND mchid IS NOT NULL)),
    CONSTRAINT payout_finished_iff_over CHECK ((state IN ('succeeded', 'failed')) = (finished_at IS NOT NULL))
);

-- At most one attempt for a subject may still pay out, or has: only FAIL frees the place for the next number.
CREATE UNIQUE INDEX payout_one_live_idx ON orders.payout (brand_id, subject_id) WHERE state <> 'failed';
-- What a person should look at.
CREATE INDEX payout_attention_idx ON orders.payout (brand_id, attention_since) WHERE attention_since IS NOT NULL;

INSERT INTO policies.standard (name, valid_from, value, source) VALUES
    ('payouts.amount', '2020-01-01T00:00:00+08:00', '{"min_fen": 100, "max_fen": 20000}',
     'WeChat Pay: cash for marketing is 1 to 200 yuan; a brand may be stricter'),
    ('payouts.quiet_hours', '2020-01-01T00:00:00+08:00', '{"from_hour": 0, "to_hour": 8}',
     'WeChat Pay gives no cash from 00:00 to 08:00 in Beijing; a brand may keep quiet for longer');

-- siyu-redeem asks for prizes to be paid; siyu-gifts pays.
GRANT SELECT, INSERT ON orders.payout TO siyu_redeem, siyu_gifts;
GRANT UPDATE (state, mchid, provider_bill_no, provider_word, sealed_package, confirm_until, attempts, sent_at, finished_at,
    attention_since, updated_at) ON orders.payout TO siyu_gifts;
GRANT SELECT, INSERT ON orders.payout TO siyu_operator;
GRANT UPDATE (state, attempts, attention_since, updated_at) ON orders.payout TO siyu_operator;
