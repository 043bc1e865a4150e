-- Why: how people come to give: what they looked at and searched for, in which cohort of the release they are, and by which limits givers are told
-- apart.
-- Locks: gifting.gift, ACCESS EXCLUSIVE (two columns without a default, instant), SHARE while its index is built; creates the rest.

-- In which hundredth of the people a giver stands for `gift.rollout`, from 0: too coarse to know a person by. NULL for gifts from before.
ALTER TABLE gifting.gift
    ADD COLUMN cohort integer,
    ADD CONSTRAINT gift_cohort_is_a_hundredth CHECK (cohort BETWEEN 0 AND 99);
ALTER TABLE gifting.gift_group
    ADD COLUMN cohort integer,
    ADD CONSTRAINT gift_group_cohort_is_a_hundredth CHECK (cohort BETWEEN 0 AND 99);

CREATE INDEX gift_sender_idx ON gifting.gift (brand_id, sender_id, created_at);

-- Somebody was shown that they may give something. Append-only; nothing depends on it but reports.
CREATE TABLE gifting.look (
    brand_id    uuid        NOT NULL,
    look_id     uuid        NOT NULL,
    shop_id     uuid        NOT NULL,
    product_id  uuid        NOT NULL,
    person_id   uuid        NOT NULL,
    entry_code  text,
    cohort      integer     NOT NULL,
    looked_at   timestamptz NOT NULL,
    CONSTRAINT look_pkey PRIMARY KEY (brand_id, look_id),
    CONSTRAINT look_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT look_cohort_is_a_hundredth CHECK (cohort BETWEEN 0 AND 99)
);

CREATE INDEX look_time_idx ON gifting.look (brand_id, looked_at);
CREATE INDEX look_person_idx ON gifting.look (brand_id, person_id, looked_at);

-- What people searched for when they wanted to give, day by day and without the people.
CREATE TABLE gifting.search (
    brand_id  uuid     NOT NULL,
    shop_id   uuid     NOT NULL,
    day       date     NOT NULL,
    keyword   text     NOT NULL,
    searches  bigint   NOT NULL,
    CONSTRAINT search_pkey PRIMARY KEY (brand_id, shop_id, day, keyword),
    CONSTRAINT search_shop_fkey FOREIGN KEY (brand_id, shop_id) REFERENCES orders.shop (brand_id, shop_id),
    CONSTRAINT search_keyword_is_short CHECK (length(keyword) BETWEEN 1 AND 40),
    CONSTRAINT search_is_counted CHECK (searches >= 1)
);

-- The share of givers, by what they gave, who are `top`, and who are `top` or `high`; the others are `mass`.
INSERT INTO policies.standard (name, valid_from, value, source)
VALUES
    ('gift.segments', '2024-01-01 00:00:00+00', '{"top_ppm": 10000, "high_ppm": 100000}',
        'Our own: the hundredth and the tenth of the givers who give most.');

GRANT SELECT, INSERT ON gifting.look, gifting.search TO siyu_gifts;
GRANT UPDATE (searches) ON gifting.search TO siyu_gifts;
GRANT SELECT ON gifting.look, gifting.search TO siyu_reports, siyu_operator;
GRANT SELECT (cohort) ON gifting.gift TO siyu_reports, siyu_operator;
GRANT SELECT (cohort) ON gifting.gift_group TO siyu_reports, siyu_operator;
