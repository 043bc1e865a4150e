-- Why: a coupon that is won is the winner's: used once, for an order, and theirs again when all of that order's money went back.
-- Locks: codes.prize, codes.campaign_prize and orders.sale_effect for their new columns and changed constraints (ACCESS EXCLUSIVE, scans of
-- tables of prizes and of sale effects); siyu.brand for a new foreign key (SHARE ROW EXCLUSIVE, instant); everything else is new.

-- What a coupon of this prize takes off is its cost: here stand from what an order costs on, and for how many days. Coupons that were published
-- before have neither, and stay what they were.
ALTER TABLE codes.prize
    ADD COLUMN coupon_threshold_fen bigint,
    ADD COLUMN coupon_days integer,
    ADD CONSTRAINT prize_coupon_terms_are_whole CHECK ((coupon_threshold_fen IS NULL) = (coupon_days IS NULL)),
    ADD CONSTRAINT prize_coupon_terms_are_a_coupons CHECK (coupon_days IS NULL
        OR (kind = 'coupon' AND cost_fen > 0 AND coupon_threshold_fen > cost_fen AND coupon_days BETWEEN 1 AND 366));

ALTER TABLE codes.campaign_prize
    DROP CONSTRAINT campaign_prize_kind_known,
    ADD CONSTRAINT campaign_prize_kind_known CHECK (kind IN ('points', 'coupon', 'item', 'redraw')),
    ADD COLUMN coupon_threshold_fen bigint,
    ADD COLUMN coupon_days integer,
    ADD CONSTRAINT campaign_prize_coupon_has_terms CHECK ((kind = 'coupon') = (coupon_days IS NOT NULL)
        AND (coupon_threshold_fen IS NULL) = (coupon_days IS NULL)),
    ADD CONSTRAINT campaign_prize_coupon_terms_make_sense CHECK (coupon_threshold_fen > cost_fen AND coupon_days BETWEEN 1 AND 366);

-- Who is told when all of a sale's money is back, or some of it is due again; NULL for nobody.
ALTER TABLE orders.sale_effect
    ADD COLUMN owner_queue text,
    ADD CONSTRAINT sale_effect_queue_is_short CHECK (length(owner_queue) BETWEEN 1 AND 40);

-- A coupon. `coupon_id` is what won it, a redemption or an entry in a draw, so that each brings one; `origin_id` is its batch or its draw. Its
-- terms are written once: no role has UPDATE on them. `expires_at` is the last instant that counts; it moves when the coupon is given back.
CREATE TABLE promotions.coupon (
    brand_id       uuid        NOT NULL,
    coupon_id      uuid        NOT NULL,
    origin_id      uuid        NOT NULL,
    person_id      uuid        NOT NULL,
    name           text        NOT NULL,
    off_fen        bigint      NOT NULL,
    threshold_fen  bigint      NOT NULL,
    state          text        NOT NULL,
    uses           integer     NOT NULL,
    expires_at     timestamptz NOT NULL,
    granted_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT coupon_pkey PRIMARY KEY (brand_id, coupon_id),
    CONSTRAINT coupon_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT coupon_name_is_short CHECK (length(name) BETWEEN 1 AND 80),
    CONSTRAINT coupon_leaves_something_to_pay CHECK (off_fen > 0 AND threshold_fen > off_fen),
    CONSTRAINT coupon_state_known CHECK (state IN ('granted', 'used', 'expired')),
    CONSTRAINT coupon_used_was_used CHECK (uses >= 0 AND (state <> 'used' OR uses > 0))
);
-- Whoever holds coupons sees the last first.
CREATE INDEX coupon_person_idx ON promotions.coupon (brand_id, person_id, coupon_id);

-- A use of a coupon, the how many-th `number` says; over when it was given back.
CREATE TABLE promotions.coupon_use (
    brand_id       uuid        NOT NULL,
    coupon_id      uuid        NOT NULL,
    number         integer     NOT NULL,
    use_id         uuid        NOT NULL,
    order_id       uuid        NOT NULL,
    shop_id        uuid        NOT NULL,
    used_at        timestamptz NOT NULL,
    given_back_at  timestamptz,
    CONSTRAINT coupon_use_pkey PRIMARY KEY (brand_id, coupon_id, number),
    CONSTRAINT coupon_use_coupon_fkey FOREIGN KEY (brand_id, coupon_id) REFERENCES promotions.coupon (brand_id, coupon_id),
    CONSTRAINT coupon_use_number_from_1 CHECK (number >= 1),
    CONSTRAINT coupon_use_given_back_after_it CHECK (given_back_at >= used_at)
);
-- A coupon counts for one order, and an order has one coupon.
CREATE UNIQUE INDEX coupon_use_one_live_idx ON promotions.coupon_use (brand_id, coupon_id) WHERE given_back_at IS NULL;
CREATE UNIQUE INDEX coupon_use_one_of_order_idx ON promotions.coupon_use (brand_id, order_id) WHERE given_back_at IS NULL;
-- What an order used is found when its money moves.
CREATE INDEX coupon_use_order_idx ON promotions.coupon_use (brand_id, order_id);

-- siyu-redeem keeps coupons. Using one counts against the order, whose row is held meanwhile: FOR UPDATE asks for a right to change something.
GRANT USAGE ON SCHEMA promotions TO siyu_redeem;
GRANT SELECT, INSERT ON promotions.coupon, promotions.coupon_use TO siyu_redeem;
GRANT UPDATE (state, uses, expires_at, updated_at) ON promotions.coupon TO siyu_redeem;
GRANT UPDATE (given_back_at) ON promotions.coupon_use TO siyu_redeem;
GRANT SELECT ON promotions.coupon, promotions.coupon_use TO siyu_reports, siyu_operator;
GRANT SELECT, INSERT ON orders.sale_effect TO siyu_redeem;
GRANT SELECT, UPDATE (updated_at) ON orders.customer_order TO siyu_redeem;
