-- Why: what friends give each other: one giver, one recipient, and exactly one end.
-- Locks: creates only; siyu.brand for the new foreign key (SHARE ROW EXCLUSIVE, instant).

CREATE SCHEMA gifting;

-- One gift. What is NULL has not happened yet; the CHECKs tie the states to their instants, so that no code can leave a gift half
-- moved. `variant_id` is what will be delivered, `swapped_from` what was bought if that is something else. `captured_price_fen` is
-- the list price at which it was quoted and paid. `pay_until` ends a gift that nobody pays for, `accept_until` one that nobody takes.
-- Nobody may ever change giver or recipient: no role has UPDATE on these columns.
-- Shop, product, order, payment and address carry no foreign keys: every gift of a shop would lock the same rows
-- (Libraries/Orders/Decisions/0001); they are looked up in the transaction that writes them, and none of them is ever deleted but
-- an address, whose person may ask for that.
CREATE TABLE gifting.gift (
    brand_id            uuid        NOT NULL,
    gift_id             uuid        NOT NULL,
    shop_id             uuid        NOT NULL,
    product_id          uuid        NOT NULL,
    variant_id          uuid        NOT NULL,
    swapped_from        uuid,
    sender_id           uuid        NOT NULL,
    recipient_id        uuid        NOT NULL,
    greeting            text,
    state               text        NOT NULL,
    captured_price_fen  bigint,
    pay_until           timestamptz NOT NULL,
    payment_id          uuid,
    order_id            uuid,
    sent_at             timestamptz,
    accept_until        timestamptz,
    claimed_at          timestamptz,
    address_id          uuid,
    accepted_at         timestamptz,
    locked_until        timestamptz,
    ended_at            timestamptz,
    refund_id           uuid,
    refunded_at         timestamptz,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CONSTRAINT gift_pkey PRIMARY KEY (brand_id, gift_id),
    CONSTRAINT gift_payment_key UNIQUE (brand_id, payment_id),
    CONSTRAINT gift_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT gift_state_known CHECK (state IN ('draft', 'quoted', 'paying', 'sent', 'claimed', 'accepted', 'expired', 'declined',
        'cancelled')),
    CONSTRAINT gift_not_to_oneself CHECK (sender_id <> recipient_id),
    CONSTRAINT gift_greeting_is_short CHECK (octet_length(greeting) BETWEEN 1 AND 4000),
    CONSTRAINT gift_swapped_for_another CHECK (swapped_from <> variant_id),
    CONSTRAINT gift_price_is_positive CHECK (captured_price_fen > 0),
    CONSTRAINT gift_price_once_quoted CHECK (state IN ('draft', 'cancelled') OR captured_price_fen IS NOT NULL),
    CONSTRAINT gift_payment_once_paying CHECK (CASE
        WHEN state IN ('draft', 'quoted') THEN payment_id IS NULL
        ELSE payment_id IS NOT NULL OR state = 'cancelled' END),
    CONSTRAINT gift_sent_once_paid CHECK (
        (state IN ('sent', 'claimed', 'accepted', 'expired', 'declined')) = (sent_at IS NOT NULL)
        AND (sent_at IS NULL) = (accept_until IS NULL) AND (sent_at IS NULL) = (order_id IS NULL)
        AND sent_at < accept_until),
    CONSTRAINT gift_claimed_in_time CHECK (CASE
        WHEN state IN ('draft', 'quoted', 'paying', 'sent', 'cancelled') THEN claimed_at IS NULL
        WHEN state IN ('claimed', 'accepted') THEN claimed_at IS NOT NULL
        ELSE true END AND claimed_at BETWEEN sent_at AND accept_until),
    CONSTRAINT gift_address_once_claimed CHECK (address_id IS NULL OR claimed_at IS NOT NULL),
    CONSTRAINT gift_swapped_once_claimed CHECK (swapped_from IS NULL OR claimed_at IS NOT NULL),
    CONSTRAINT gift_accepted_in_time CHECK (
        (state = 'accepted') = (accepted_at IS NOT NULL) AND (accepted_at IS NULL) = (locked_until IS NULL)
        AND accepted_at BETWEEN claimed_at AND accept_until AND accepted_at <= locked_until
        AND (state <> 'accepted' OR address_id IS NOT NULL)),
    CONSTRAINT gift_ended_with_its_state CHECK (
        (state IN ('accepted', 'expired', 'declined', 'cancelled')) = (ended_at IS NOT NULL)
        AND CASE state
            WHEN 'accepted' THEN ended_at = accepted_at
            WHEN 'expired' THEN ended_at > accept_until
            WHEN 'declined' THEN ended_at BETWEEN sent_at AND accept_until
            ELSE true END),
    CONSTRAINT gift_refund_of_what_ended CHECK (CASE
        WHEN state IN ('expired', 'declined') THEN refund_id IS NOT NULL
        WHEN state = 'cancelled' THEN refund_id IS NULL OR payment_id IS NOT NULL
        ELSE refund_id IS NULL END AND (refunded_at IS NULL OR refund_id IS NOT NULL))
);

-- Reports read the gifts of a shop, or of all, by the day they were sent.
CREATE INDEX gift_sent_idx ON gifting.gift (brand_id, sent_at, shop_id) WHERE sent_at IS NOT NULL;

-- The list prices of all variants of the product when the gift was quoted, and again when it was paid for: what a recipient may
-- choose instead follows from these alone, whatever prices do later.
CREATE TABLE gifting.captured_price (
    brand_id        uuid        NOT NULL,
    gift_id         uuid        NOT NULL,
    variant_id      uuid        NOT NULL,
    list_price_fen  bigint      NOT NULL,
    captured_at     timestamptz NOT NULL,
    CONSTRAINT captured_price_pkey PRIMARY KEY (brand_id, gift_id, variant_id),
    CONSTRAINT captured_price_gift_fkey FOREIGN KEY (brand_id, gift_id) REFERENCES gifting.gift (brand_id, gift_id),
    CONSTRAINT captured_price_not_negative CHECK (list_price_fen >= 0)
);

-- Every change of what will be delivered. Append-only; `swap_id` is the subject of both its stock movements.
CREATE TABLE gifting.swap (
    brand_id         uuid        NOT NULL,
    swap_id          uuid        NOT NULL,
    gift_id          uuid        NOT NULL,
    from_variant_id  uuid        NOT NULL,
    to_variant_id    uuid        NOT NULL,
    swapped_at       timestamptz NOT NULL,
    CONSTRAINT swap_pkey PRIMARY KEY (brand_id, swap_id),
    CONSTRAINT swap_gift_fkey FOREIGN KEY (brand_id, gift_id) REFERENCES gifting.gift (brand_id, gift_id),
    CONSTRAINT swap_variants_differ CHECK (from_variant_id <> to_variant_id)
);

CREATE INDEX swap_gift_idx ON gifting.swap (brand_id, gift_id, swapped_at);

-- How a gift ended. Insert-only, one row a gift: the second end of a gift is refused by the key, whatever its state says.
CREATE TABLE gifting.outcome (
    brand_id    uuid        NOT NULL,
    gift_id     uuid        NOT NULL,
    outcome     text        NOT NULL,
    decided_by  text        NOT NULL,
    decided_at  timestamptz NOT NULL,
    CONSTRAINT outcome_pkey PRIMARY KEY (brand_id, gift_id),
    CONSTRAINT outcome_gift_fkey FOREIGN KEY (brand_id, gift_id) REFERENCES gifting.gift (brand_id, gift_id),
    CONSTRAINT outcome_known CHECK ((outcome, decided_by) IN (('accepted', 'recipient'), ('declined', 'recipient'),
        ('expired', 'deadline'), ('cancelled', 'sender'), ('cancelled', 'deadline')))
);

-- Times are seconds. A price ceiling is judged on list prices; `inclusive` says whether the ceiling itself may be given.
INSERT INTO policies.standard (name, valid_from, value, source)
VALUES
    ('gift.accept_window', '2024-01-01 00:00:00+00', '{"seconds": 86400}',
        'A gift that is not accepted for more than 24 hours is cancelled and refunded to its giver.'),
    ('gift.lock_window', '2024-01-01 00:00:00+00', '{"seconds": 86400}',
        'For 24 hours after a gift was accepted neither side may change or cancel it.'),
    ('gift.payment_window', '2024-01-01 00:00:00+00', '{"seconds": 900}',
        'What is kept for a gift goes back on sale when nobody pays for it in time.'),
    ('gift.price_ceiling', '2024-01-01 00:00:00+00', '{"max_fen": 1000000, "inclusive": false}',
        'Only goods of less than 10,000 yuan may be given.');

GRANT USAGE ON SCHEMA gifting TO siyu_gifts, siyu_reports, siyu_operator;
GRANT SELECT, INSERT ON gifting.gift, gifting.captured_price, gifting.swap, gifting.outcome TO siyu_gifts;
GRANT UPDATE (variant_id, swapped_from, state, captured_price_fen, pay_until, payment_id, order_id, sent_at, accept_until, claimed_at,
    address_id, accepted_at, locked_until, ended_at, refund_id, refunded_at, updated_at) ON gifting.gift TO siyu_gifts;
GRANT UPDATE (list_price_fen, captured_at) ON gifting.captured_price TO siyu_gifts;
-- Who only counts sees neither what was written nor whether there is an address.
GRANT SELECT (brand_id, gift_id, shop_id, product_id, variant_id, swapped_from, sender_id, recipient_id, state, captured_price_fen,
    pay_until, payment_id, order_id, sent_at, accept_until, claimed_at, accepted_at, locked_until, ended_at, refund_id, refunded_at,
    created_at, updated_at) ON gifting.gift TO siyu_reports, siyu_operator;
GRANT SELECT ON gifting.swap, gifting.outcome TO siyu_reports, siyu_operator;
