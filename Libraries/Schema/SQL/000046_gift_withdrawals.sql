-- Why: a shop that cannot deliver what was accepted takes the gift back; neither giver nor recipient can, and the lock does not bind the shop.
-- Locks: gifting.gift, ACCESS EXCLUSIVE while its rows are checked against the new rule (one scan, no rewrite); creates the rest.

-- Who took an accepted gift back, and why. Insert-only, one row a gift; how the gift ended stays what it was.
CREATE TABLE gifting.withdrawal (
    brand_id      uuid        NOT NULL,
    gift_id       uuid        NOT NULL,
    author        text        NOT NULL,
    reason        text        NOT NULL,
    withdrawn_at  timestamptz NOT NULL,
    CONSTRAINT withdrawal_pkey PRIMARY KEY (brand_id, gift_id),
    CONSTRAINT withdrawal_gift_fkey FOREIGN KEY (brand_id, gift_id) REFERENCES gifting.gift (brand_id, gift_id),
    CONSTRAINT withdrawal_author_is_named CHECK (length(author) BETWEEN 1 AND 100),
    CONSTRAINT withdrawal_reason_is_given CHECK (length(reason) BETWEEN 1 AND 500)
);

ALTER TABLE gifting.gift
    ADD COLUMN withdrawn_at timestamptz,
    ADD CONSTRAINT gift_withdrawn_once_accepted CHECK (withdrawn_at >= accepted_at AND (withdrawn_at IS NULL OR state = 'accepted')),
    DROP CONSTRAINT gift_refund_of_what_ended,
    ADD CONSTRAINT gift_refund_of_what_ended CHECK (CASE
        WHEN state IN ('expired', 'declined') THEN refund_id IS NOT NULL
        WHEN state = 'cancelled' THEN refund_id IS NULL OR payment_id IS NOT NULL
        WHEN state = 'accepted' THEN (refund_id IS NULL) = (withdrawn_at IS NULL)
        ELSE refund_id IS NULL END AND (refunded_at IS NULL OR refund_id IS NOT NULL));

GRANT SELECT, INSERT ON gifting.withdrawal TO siyu_gifts;
GRANT SELECT ON gifting.withdrawal TO siyu_reports, siyu_operator;
GRANT UPDATE (withdrawn_at) ON gifting.gift TO siyu_gifts;
GRANT SELECT (withdrawn_at) ON gifting.gift TO siyu_reports, siyu_operator;
