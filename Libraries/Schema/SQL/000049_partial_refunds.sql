-- Why: a payment may go back in parts, each for a cause of its own, as often and as fast as WeChat Pay allows.
-- Locks: orders.refund, ACCESS EXCLUSIVE while its rows are written once (a table of refunds).

-- `cause_id` is what money goes back for: the payment itself where all of it does, or a case. `round` counts the numbers of one cause,
-- `number` those of the payment. Both are NULL where a process of the version before wrote the row, which still runs while this file is
-- applied: then the cause is the payment, and the round its number. `last_sent_at` is when it was last sent: WeChat Pay asks for a minute between refunds of one payment.
ALTER TABLE orders.refund
    ADD COLUMN cause_id uuid,
    ADD COLUMN round integer,
    ADD COLUMN last_sent_at timestamptz;
UPDATE orders.refund SET cause_id = payment_id, round = number, last_sent_at = sent_at;
ALTER TABLE orders.refund
    ADD CONSTRAINT refund_round_within_number CHECK (round BETWEEN 1 AND number),
    ADD CONSTRAINT refund_number_within_limit CHECK (number <= 50);

-- At most one number of a cause may still pay out, or has: only CLOSED frees the place for the next. All causes together stay within
-- what was paid by payment_intent_refunds_within_paid.
DROP INDEX orders.refund_one_live_idx;
CREATE UNIQUE INDEX refund_one_live_idx ON orders.refund (brand_id, payment_id, COALESCE(cause_id, payment_id)) WHERE state <> 'closed';

GRANT UPDATE (last_sent_at) ON orders.refund TO siyu_gifts;
-- An order of which a part goes back is worth less from then on.
GRANT UPDATE (amount_fen) ON orders.customer_order TO siyu_gifts;
