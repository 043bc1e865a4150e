-- Why: draws apart from packs, whose outcome is fixed before the first entry and can be computed again by anybody afterwards; a prize of
-- a pack or of a draw may be the right to one more draw.
-- Locks: codes.prize, codes.voucher (ACCESS EXCLUSIVE; both are read once for their new checks); siyu.brand (SHARE ROW EXCLUSIVE, instant).

-- A draw, published with its commitment before it starts. `rules_hash` covers the seed and all terms (Libraries/Codes/README.md), and they
-- never change; `extended_to` is a later end than the promised one. `entries` counts the entries, `drawn_at` is the last one's instant:
-- this row is the order of the draw, and is locked for each entry. The seed is shown when the draw is over.
CREATE TABLE codes.campaign (
    brand_id          uuid        NOT NULL,
    campaign_id       uuid        NOT NULL,
    code              text        NOT NULL,
    name              text        NOT NULL,
    mode              text        NOT NULL,
    entries_max       bigint      NOT NULL,
    per_person_max    integer     NOT NULL,
    redraw_depth_max  integer     NOT NULL,
    claim_days        integer     NOT NULL,
    starts_at         timestamptz NOT NULL,
    ends_at           timestamptz NOT NULL,
    extended_to       timestamptz,
    wrapped_seed      bytea       NOT NULL,
    rules_hash        bytea       NOT NULL,
    cost_account_id   uuid        NOT NULL,
    owed_account_id   uuid        NOT NULL,
    author            text        NOT NULL,
    published_at      timestamptz NOT NULL,
    entries           bigint      NOT NULL,
    drawn_at          timestamptz,
    revealed_seed     bytea,
    revealed_at       timestamptz,
    CONSTRAINT campaign_pkey PRIMARY KEY (brand_id, campaign_id),
    CONSTRAINT campaign_code_key UNIQUE (brand_id, code),
    CONSTRAINT campaign_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT campaign_code_fits_a_path CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    CONSTRAINT campaign_name_is_short CHECK (length(name) BETWEEN 1 AND 80),
    CONSTRAINT campaign_mode_known CHECK (mode IN ('ranks', 'odds')),
    CONSTRAINT campaign_entries_are_bounded CHECK (entries BETWEEN 0 AND entries_max AND entries_max <= 34359738368),
    CONSTRAINT campaign_cap_not_negative CHECK (per_person_max >= 0),
    CONSTRAINT campaign_chain_ends CHECK (redraw_depth_max BETWEEN 0 AND 10),
    CONSTRAINT campaign_claim_days_usual CHECK (claim_days BETWEEN 1 AND 3650),
    CONSTRAINT campaign_published_first CHECK (published_at <= starts_at AND starts_at < ends_at),
    CONSTRAINT campaign_extended_later CHECK (extended_to > ends_at),
    CONSTRAINT campaign_rules_hash_is_digest CHECK (octet_length(rules_hash) = 32),
    CONSTRAINT campaign_drawn_iff_entered CHECK ((entries = 0) = (drawn_at IS NULL)),
    CONSTRAINT campaign_seed_is_shown_at_the_end CHECK ((revealed_seed IS NULL) = (revealed_at IS NULL)
        AND revealed_at >= COALESCE(extended_to, ends_at)),
    CONSTRAINT campaign_author_is_short CHECK (length(author) BETWEEN 1 AND 100)
);

-- What a draw wins. The stock is money in an account that cannot fall below zero: `stock` prizes of `cost_fen` each. `day_stock` is what one
-- day may give, `odds_ppm` the chance of an entry in a million, both for draws by odds alone.
CREATE TABLE codes.campaign_prize (
    brand_id          uuid    NOT NULL,
    campaign_id       uuid    NOT NULL,
    tier              integer NOT NULL,
    prize_id          uuid    NOT NULL,
    name              text    NOT NULL,
    kind              text    NOT NULL,
    points            integer NOT NULL,
    cost_fen          bigint  NOT NULL,
    stock             bigint  NOT NULL,
    day_stock         bigint,
    odds_ppm          integer,
    stock_account_id  uuid    NOT NULL,
    CONSTRAINT campaign_prize_pkey PRIMARY KEY (brand_id, campaign_id, tier),
    CONSTRAINT campaign_prize_campaign_fkey FOREIGN KEY (brand_id, campaign_id)
        REFERENCES codes.campaign (brand_id, campaign_id),
    CONSTRAINT campaign_prize_tier_from_1 CHECK (tier >= 1),
    CONSTRAINT campaign_prize_name_is_short CHECK (length(name) BETWEEN 1 AND 80),
    CONSTRAINT campaign_prize_kind_known CHECK (kind IN ('points', 'item', 'redraw')),
    CONSTRAINT campaign_prize_points_go_with_kind CHECK (points >= 0 AND (points > 0) = (kind = 'points')),
    CONSTRAINT campaign_prize_cost_counts_stock CHECK (cost_fen > 0 AND stock > 0 AND day_stock > 0),
    CONSTRAINT campaign_prize_odds_are_ppm CHECK (odds_ppm BETWEEN 1 AND 1000000)
);

-- What a day was given of a tier's stock, made with the first entry of the day that asks for it.
CREATE TABLE codes.draw_day (
    brand_id     uuid    NOT NULL,
    campaign_id  uuid    NOT NULL,
    tier         integer NOT NULL,
    day          date    NOT NULL,
    day_id       uuid    NOT NULL,
    account_id   uuid    NOT NULL,
    CONSTRAINT draw_day_pkey PRIMARY KEY (brand_id, campaign_id, tier, day),
    CONSTRAINT draw_day_prize_fkey FOREIGN KEY (brand_id, campaign_id, tier)
        REFERENCES codes.campaign_prize (brand_id, campaign_id, tier)
);

-- A right to one more draw: `right_id` is the id of what granted it, a redemption or an entry, so that each grants one, however often it is
-- told. `depth` counts the rights of the chain. Scans write here: no foreign keys (Libraries/Codes/Decisions/0002).
CREATE TABLE codes.draw_right (
    brand_id     uuid        NOT NULL,
    right_id     uuid        NOT NULL,
    campaign_id  uuid        NOT NULL,
    person_id    uuid        NOT NULL,
    depth        integer     NOT NULL,
    granted_at   timestamptz NOT NULL,
    CONSTRAINT draw_right_pkey PRIMARY KEY (brand_id, right_id),
    CONSTRAINT draw_right_depth_is_bounded CHECK (depth BETWEEN 1 AND 10)
);

CREATE INDEX draw_right_person_idx ON codes.draw_right (brand_id, campaign_id, person_id);

-- An entry; append-only. `ordinal` is its place in the order of the draw, from 0 without gaps. `drawn_tier` is what the seed gives it, `tier`
-- what it won: less only where the stock was gone or the chain of rights had to end. It used up a right, or one of the person's own draws.
CREATE TABLE codes.draw_entry (
    brand_id     uuid        NOT NULL,
    campaign_id  uuid        NOT NULL,
    ordinal      bigint      NOT NULL,
    entry_id     uuid        NOT NULL,
    person_id    uuid        NOT NULL,
    right_id     uuid,
    free_number  integer,
    depth        integer     NOT NULL,
    drawn_tier   integer,
    tier         integer,
    source_id    uuid        NOT NULL,
    drawn_at     timestamptz NOT NULL,
    CONSTRAINT draw_entry_pkey PRIMARY KEY (brand_id, campaign_id, ordinal),
    CONSTRAINT draw_entry_id_key UNIQUE (brand_id, entry_id),
    CONSTRAINT draw_entry_right_key UNIQUE (brand_id, right_id),
    CONSTRAINT draw_entry_free_key UNIQUE (brand_id, campaign_id, person_id, free_number),
    CONSTRAINT draw_entry_ordinal_from_0 CHECK (ordinal >= 0),
    CONSTRAINT draw_entry_by_right_or_free CHECK ((right_id IS NULL) <> (free_number IS NULL)
        AND (depth = 0) = (right_id IS NULL) AND depth >= 0 AND free_number >= 1),
    CONSTRAINT draw_entry_won_what_was_drawn CHECK (tier IS NULL OR (drawn_tier IS NOT NULL AND tier = drawn_tier))
);

-- A prize of a batch may be a right to a draw.
ALTER TABLE codes.prize
    DROP CONSTRAINT prize_kind_known,
    ADD CONSTRAINT prize_kind_known CHECK (kind IN ('points', 'coupon', 'item', 'redraw')),
    ADD COLUMN campaign_id uuid,
    ADD CONSTRAINT prize_redraw_has_campaign CHECK ((kind = 'redraw') = (campaign_id IS NOT NULL)),
    ADD CONSTRAINT prize_redraw_is_free CHECK (kind <> 'redraw' OR cost_fen = 0),
    ADD CONSTRAINT prize_campaign_fkey FOREIGN KEY (brand_id, campaign_id)
        REFERENCES codes.campaign (brand_id, campaign_id);

-- A thing may be won by a code or in a draw; then `voucher_id` is the entry's id.
ALTER TABLE codes.voucher
    ALTER COLUMN batch_id DROP NOT NULL,
    ALTER COLUMN code_index DROP NOT NULL,
    ADD COLUMN campaign_id uuid,
    ADD CONSTRAINT voucher_of_pack_or_draw CHECK ((batch_id IS NULL) <> (campaign_id IS NULL)
        AND (batch_id IS NULL) = (code_index IS NULL));

INSERT INTO policies.standard (name, valid_from, value, source) VALUES
    ('codes.redraw_depth_max', '2020-01-01T00:00:00+08:00', '{"draws": 3}',
     'our own: a chain of rights to draw again has to end; a draw keeps the number that it was published with');

GRANT SELECT ON codes.campaign, codes.campaign_prize, codes.draw_day, codes.draw_right, codes.draw_entry
    TO siyu_redeem, siyu_operator;
GRANT INSERT ON codes.campaign, codes.campaign_prize TO siyu_operator;
GRANT UPDATE (extended_to, revealed_seed, revealed_at) ON codes.campaign TO siyu_operator;
GRANT INSERT ON codes.draw_day, codes.draw_right, codes.draw_entry TO siyu_redeem;
GRANT UPDATE (entries, drawn_at) ON codes.campaign TO siyu_redeem;
