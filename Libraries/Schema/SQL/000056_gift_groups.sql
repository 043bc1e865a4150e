-- Why: one giver gives to several people at once, and lots say to whom: when enough have entered, or at a set time. The seed of the lots is
-- committed to before anybody enters, and shown with the draw, so that everybody can compute it again.
-- Locks: gifting.gift, ACCESS EXCLUSIVE while its rows are checked against the changed rules (one scan, no rewrite); creates the rest.

-- One group gift. Its terms, its commitment and its sealed seed are written once: no role has UPDATE on them. What is NULL has not happened
-- yet. `entries_max` is how many may enter; where the draw is `when_full`, the draw waits for exactly as many. `enter_until` is its last
-- instant to enter (`when_full`), or the instant of the draw (`at_time`). No foreign keys to shop, product and payment, as with gifts.
CREATE TABLE gifting.gift_group (
    brand_id            uuid        NOT NULL,
    group_id            uuid        NOT NULL,
    shop_id             uuid        NOT NULL,
    product_id          uuid        NOT NULL,
    variant_id          uuid        NOT NULL,
    sender_id           uuid        NOT NULL,
    greeting            text,
    cover_code          text,
    entry_code          text,
    units               integer     NOT NULL,
    places              integer     NOT NULL,
    split               text        NOT NULL,
    draw                text        NOT NULL,
    entries_max         integer     NOT NULL,
    draw_at             timestamptz,
    commitment          bytea       NOT NULL,
    wrapped_seed        bytea       NOT NULL,
    state               text        NOT NULL,
    captured_price_fen  bigint      NOT NULL,
    pay_until           timestamptz NOT NULL,
    payment_id          uuid,
    order_id            uuid,
    opened_at           timestamptz,
    enter_until         timestamptz,
    entries             integer     NOT NULL,
    drawn_at            timestamptz,
    accept_until        timestamptz,
    revealed_seed       bytea,
    ended_at            timestamptz,
    refund_id           uuid,
    refund_fen          bigint,
    refunded_at         timestamptz,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CONSTRAINT gift_group_pkey PRIMARY KEY (brand_id, group_id),
    CONSTRAINT gift_group_payment_key UNIQUE (brand_id, payment_id),
    CONSTRAINT gift_group_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT gift_group_state_known CHECK (state IN ('quoted', 'paying', 'open', 'drawn', 'settled', 'failed', 'cancelled')),
    CONSTRAINT gift_group_split_known CHECK (split IN ('fixed', 'lucky')),
    CONSTRAINT gift_group_draw_known CHECK (draw IN ('when_full', 'at_time') AND (draw = 'at_time') = (draw_at IS NOT NULL)),
    CONSTRAINT gift_group_sizes_fit CHECK (places BETWEEN 1 AND entries_max AND places <= units
        AND (split = 'lucky' OR units % places = 0)),
    CONSTRAINT gift_group_entries_within CHECK (entries BETWEEN 0 AND entries_max),
    CONSTRAINT gift_group_price_is_positive CHECK (captured_price_fen > 0),
    CONSTRAINT gift_group_greeting_is_short CHECK (octet_length(greeting) BETWEEN 1 AND 4000),
    CONSTRAINT gift_group_commitment_is_a_hash CHECK (octet_length(commitment) = 32 AND octet_length(revealed_seed) = 32),
    CONSTRAINT gift_group_payment_once_paying CHECK (CASE
        WHEN state = 'quoted' THEN payment_id IS NULL
        ELSE payment_id IS NOT NULL OR state = 'cancelled' END),
    CONSTRAINT gift_group_open_once_paid CHECK (
        (state IN ('open', 'drawn', 'settled', 'failed')) = (opened_at IS NOT NULL)
        AND (opened_at IS NULL) = (order_id IS NULL) AND (opened_at IS NULL) = (enter_until IS NULL)
        AND (entries = 0 OR opened_at IS NOT NULL)),
    CONSTRAINT gift_group_seed_with_the_draw CHECK (
        (state IN ('drawn', 'settled')) = (drawn_at IS NOT NULL) AND (drawn_at IS NULL) = (revealed_seed IS NULL)
        AND (drawn_at IS NULL) = (accept_until IS NULL) AND (drawn_at IS NULL OR entries > 0)
        AND drawn_at < accept_until),
    CONSTRAINT gift_group_ended_with_its_state CHECK ((state IN ('settled', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
    CONSTRAINT gift_group_refund_of_what_ended CHECK ((refund_id IS NULL) = (refund_fen IS NULL) AND refund_fen > 0
        AND (refund_id IS NULL OR state IN ('settled', 'failed', 'cancelled')) AND (refunded_at IS NULL OR refund_id IS NOT NULL)
        AND (state <> 'failed' OR refund_id IS NOT NULL))
);

-- The list prices of all variants of the product when the group was paid for: each gift that is won gets them.
CREATE TABLE gifting.group_price (
    brand_id        uuid        NOT NULL,
    group_id        uuid        NOT NULL,
    variant_id      uuid        NOT NULL,
    list_price_fen  bigint      NOT NULL,
    captured_at     timestamptz NOT NULL,
    CONSTRAINT group_price_pkey PRIMARY KEY (brand_id, group_id, variant_id),
    CONSTRAINT group_price_group_fkey FOREIGN KEY (brand_id, group_id) REFERENCES gifting.gift_group (brand_id, group_id),
    CONSTRAINT group_price_not_negative CHECK (list_price_fen >= 0)
);

-- Who entered, in which order, from 0 without gaps; a person once. Insert-only. `entry_id` is what is published, and says nothing of the person.
CREATE TABLE gifting.group_entry (
    brand_id    uuid        NOT NULL,
    group_id    uuid        NOT NULL,
    ordinal     integer     NOT NULL,
    entry_id    uuid        NOT NULL,
    person_id   uuid        NOT NULL,
    entered_at  timestamptz NOT NULL,
    CONSTRAINT group_entry_pkey PRIMARY KEY (brand_id, group_id, ordinal),
    CONSTRAINT group_entry_id_key UNIQUE (brand_id, entry_id),
    CONSTRAINT group_entry_person_key UNIQUE (brand_id, group_id, person_id),
    CONSTRAINT group_entry_group_fkey FOREIGN KEY (brand_id, group_id) REFERENCES gifting.gift_group (brand_id, group_id),
    CONSTRAINT group_entry_ordinal_from_0 CHECK (ordinal >= 0)
);

-- What the lots gave to whom: each win is a gift of its own. Insert-only, one win an entry: a second draw is refused by the keys.
CREATE TABLE gifting.group_win (
    brand_id  uuid     NOT NULL,
    group_id  uuid     NOT NULL,
    rank      integer  NOT NULL,
    entry_id  uuid     NOT NULL,
    units     integer  NOT NULL,
    gift_id   uuid     NOT NULL,
    CONSTRAINT group_win_pkey PRIMARY KEY (brand_id, group_id, rank),
    CONSTRAINT group_win_entry_key UNIQUE (brand_id, entry_id),
    CONSTRAINT group_win_gift_key UNIQUE (brand_id, gift_id),
    CONSTRAINT group_win_gift_fkey FOREIGN KEY (brand_id, gift_id) REFERENCES gifting.gift (brand_id, gift_id),
    CONSTRAINT group_win_entry_fkey FOREIGN KEY (brand_id, entry_id) REFERENCES gifting.group_entry (brand_id, entry_id),
    CONSTRAINT group_win_rank_from_1 CHECK (rank >= 1),
    CONSTRAINT group_win_has_units CHECK (units >= 1)
);

-- A gift that was won in a group: so many pieces of one variant, paid for with the group's one payment. What is not taken of it goes back with
-- the group's refund, so that such a gift has none of its own.
ALTER TABLE gifting.gift
    ADD COLUMN group_id uuid,
    ADD COLUMN quantity integer NOT NULL DEFAULT 1,
    ADD CONSTRAINT gift_quantity_is_positive CHECK (quantity >= 1 AND (quantity = 1 OR group_id IS NOT NULL)),
    ADD CONSTRAINT gift_group_fkey FOREIGN KEY (brand_id, group_id) REFERENCES gifting.gift_group (brand_id, group_id),
    DROP CONSTRAINT gift_payment_key,
    DROP CONSTRAINT gift_refund_of_what_ended,
    ADD CONSTRAINT gift_refund_of_what_ended CHECK (CASE
        WHEN group_id IS NOT NULL THEN refund_id IS NULL
        WHEN state IN ('expired', 'declined') THEN refund_id IS NOT NULL
        WHEN state = 'cancelled' THEN refund_id IS NULL OR payment_id IS NOT NULL
        WHEN state = 'accepted' THEN (refund_id IS NULL) = (withdrawn_at IS NULL)
        ELSE refund_id IS NULL END AND (refunded_at IS NULL OR refund_id IS NOT NULL));

CREATE UNIQUE INDEX gift_payment_key ON gifting.gift (brand_id, payment_id) WHERE group_id IS NULL;
-- Gifts of a group are due with their group, and looked for by nobody else.
DROP INDEX gifting.gift_due_idx;
CREATE INDEX gift_due_idx ON gifting.gift (brand_id, accept_until) WHERE state IN ('sent', 'claimed') AND group_id IS NULL;
CREATE INDEX gift_group_idx ON gifting.gift (brand_id, group_id) WHERE group_id IS NOT NULL;

-- How large a group gift may be, how long it waits to be full, and how far ahead its draw may be.
INSERT INTO policies.standard (name, valid_from, value, source)
VALUES
    ('gift.group', '2024-01-01 00:00:00+00',
        '{"units_max": 500, "places_max": 200, "entries_max": 1000, "fill_seconds": 86400, "ahead_seconds": 604800}',
        'A group gift that is not full in 24 hours goes back to its giver; the other numbers are our own.');

GRANT SELECT, INSERT ON gifting.gift_group, gifting.group_price, gifting.group_entry, gifting.group_win TO siyu_gifts;
GRANT UPDATE (state, pay_until, payment_id, order_id, opened_at, enter_until, entries, drawn_at, accept_until, revealed_seed, ended_at,
    refund_id, refund_fen, refunded_at, updated_at) ON gifting.gift_group TO siyu_gifts;
GRANT SELECT (brand_id, group_id, shop_id, product_id, variant_id, sender_id, cover_code, entry_code, units, places, split, draw, entries_max,
    draw_at, commitment, state, captured_price_fen, pay_until, payment_id, order_id, opened_at, enter_until, entries, drawn_at,
    accept_until, revealed_seed, ended_at, refund_id, refund_fen, refunded_at, created_at, updated_at)
    ON gifting.gift_group TO siyu_reports, siyu_operator;
GRANT SELECT (brand_id, group_id, ordinal, entry_id, entered_at) ON gifting.group_entry TO siyu_reports, siyu_operator;
GRANT SELECT ON gifting.group_win TO siyu_reports, siyu_operator;
GRANT SELECT (group_id, quantity) ON gifting.gift TO siyu_reports, siyu_operator;
