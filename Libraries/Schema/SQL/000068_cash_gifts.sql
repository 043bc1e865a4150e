-- Why: people give each other money: paid by the giver, paid out to the recipient who takes it in time, and given back otherwise.
-- Locks: orders.payout, ACCESS EXCLUSIVE (a column without a default, instant); creates the rest.

-- One gift of money. Whose it is and how much is written once; what nobody takes, or cannot be paid out, goes back to the giver.
CREATE TABLE gifting.cash_gift (
    brand_id      uuid        NOT NULL,
    cash_gift_id  uuid        NOT NULL,
    shop_id       uuid        NOT NULL,
    sender_id     uuid        NOT NULL,
    recipient_id  uuid        NOT NULL,
    amount_fen    bigint      NOT NULL,
    payment_id    uuid        NOT NULL,
    state         text        NOT NULL,
    pay_until     timestamptz NOT NULL,
    sent_at       timestamptz,
    accept_until  timestamptz,
    accepted_at   timestamptz,
    ended_at      timestamptz,
    refund_id     uuid,
    refunded_at   timestamptz,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT cash_gift_pkey PRIMARY KEY (brand_id, cash_gift_id),
    CONSTRAINT cash_gift_payment_key UNIQUE (brand_id, payment_id),
    CONSTRAINT cash_gift_payment_fkey FOREIGN KEY (brand_id, payment_id) REFERENCES orders.payment_intent (brand_id, intent_id),
    CONSTRAINT cash_gift_amount_is_positive CHECK (amount_fen > 0),
    CONSTRAINT cash_gift_is_for_somebody_else CHECK (sender_id <> recipient_id),
    CONSTRAINT cash_gift_state_known CHECK (state IN
        ('created', 'sent', 'accepted', 'paid_out', 'declined', 'expired', 'failed', 'cancelled')),
    CONSTRAINT cash_gift_sent_once_paid CHECK ((sent_at IS NULL) = (state IN ('created', 'cancelled'))
        AND (sent_at IS NULL) = (accept_until IS NULL)),
    CONSTRAINT cash_gift_accepted_in_time CHECK (
        (accepted_at IS NOT NULL) = (state IN ('accepted', 'paid_out', 'failed')) AND accepted_at <= accept_until),
    CONSTRAINT cash_gift_ended_iff_over CHECK ((ended_at IS NULL) = (state IN ('created', 'sent', 'accepted'))),
    CONSTRAINT cash_gift_refund_of_what_ended CHECK (
        (refund_id IS NOT NULL) = (state IN ('declined', 'expired', 'failed')) AND (refunded_at IS NULL OR refund_id IS NOT NULL))
);

GRANT SELECT, INSERT ON gifting.cash_gift TO siyu_gifts;
GRANT UPDATE (state, sent_at, accept_until, accepted_at, ended_at, refund_id, refunded_at, updated_at) ON gifting.cash_gift TO siyu_gifts;
GRANT SELECT ON gifting.cash_gift TO siyu_operator;

-- When whoever asked for a payout that failed for good gave the money back to where it came from: no other number is begun.
ALTER TABLE orders.payout ADD COLUMN abandoned_at timestamptz;
GRANT UPDATE (abandoned_at) ON orders.payout TO siyu_gifts;
