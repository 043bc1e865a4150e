-- Why: what may be given follows from dated facts: where a product stands in the tree of categories, whether its shop has gifts at all, what is
-- excluded, and for whom gifts are released. Each is read as of an instant, so that a change never alters what was decided before it.
-- Locks: creates only; siyu.brand, orders.product and orders.shop for the new foreign keys (SHARE ROW EXCLUSIVE, instant).

-- A kind of goods, by the short word that policies and commands use.
CREATE TABLE orders.category (
    brand_id     uuid        NOT NULL,
    category_id  uuid        NOT NULL,
    code         text        NOT NULL,
    title        text        NOT NULL,
    created_at   timestamptz NOT NULL,
    CONSTRAINT category_pkey PRIMARY KEY (brand_id, category_id),
    CONSTRAINT category_code_key UNIQUE (brand_id, code),
    CONSTRAINT category_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT category_code_fits CHECK (code ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'),
    CONSTRAINT category_title_is_short CHECK (length(title) BETWEEN 1 AND 100)
);

-- Where a category stands from an instant on: below another one, or at the top. Append-only. Whoever moves one holds the brand's tree by
-- an advisory lock, and no move counts before the newest one: so no two moves can make a circle.
CREATE TABLE orders.category_place (
    brand_id     uuid        NOT NULL,
    category_id  uuid        NOT NULL,
    valid_from   timestamptz NOT NULL,
    parent_id    uuid,
    created_at   timestamptz NOT NULL,
    CONSTRAINT category_place_pkey PRIMARY KEY (brand_id, category_id, valid_from),
    CONSTRAINT category_place_category_fkey FOREIGN KEY (brand_id, category_id) REFERENCES orders.category (brand_id, category_id),
    CONSTRAINT category_place_parent_fkey FOREIGN KEY (brand_id, parent_id) REFERENCES orders.category (brand_id, category_id),
    CONSTRAINT category_place_not_below_itself CHECK (parent_id <> category_id),
    CONSTRAINT category_place_not_backdated CHECK (valid_from >= created_at)
);

-- Which category a product is of from an instant on; NULL takes it out of all of them. Append-only.
CREATE TABLE orders.product_category (
    brand_id     uuid        NOT NULL,
    product_id   uuid        NOT NULL,
    valid_from   timestamptz NOT NULL,
    category_id  uuid,
    created_at   timestamptz NOT NULL,
    CONSTRAINT product_category_pkey PRIMARY KEY (brand_id, product_id, valid_from),
    CONSTRAINT product_category_product_fkey FOREIGN KEY (brand_id, product_id) REFERENCES orders.product (brand_id, product_id),
    CONSTRAINT product_category_category_fkey FOREIGN KEY (brand_id, category_id) REFERENCES orders.category (brand_id, category_id),
    CONSTRAINT product_category_not_backdated CHECK (valid_from >= created_at)
);

-- Whether a shop has gifts at all, from an instant on; a shop of which nothing is said has them. Append-only. There is no switch for a
-- product: it is all of a shop or nothing.
CREATE TABLE gifting.shop_switch (
    brand_id    uuid        NOT NULL,
    shop_id     uuid        NOT NULL,
    valid_from  timestamptz NOT NULL,
    is_on       boolean     NOT NULL,
    author      text        NOT NULL,
    reason      text        NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT shop_switch_pkey PRIMARY KEY (brand_id, shop_id, valid_from),
    CONSTRAINT shop_switch_shop_fkey FOREIGN KEY (brand_id, shop_id) REFERENCES orders.shop (brand_id, shop_id),
    CONSTRAINT shop_switch_author_is_named CHECK (length(author) BETWEEN 1 AND 100),
    CONSTRAINT shop_switch_reason_is_given CHECK (length(reason) BETWEEN 1 AND 500),
    CONSTRAINT shop_switch_not_backdated CHECK (valid_from >= created_at)
);

-- Categories are named by their codes. A share is in parts per million of the people who give.
INSERT INTO policies.standard (name, valid_from, value, source)
VALUES
    ('gift.excluded_categories', '2024-01-01 00:00:00+00', '{"codes": ["jewellery", "education"]}',
        'All categories but jewellery and education may be given.'),
    ('gift.rollout', '2024-01-01 00:00:00+00', '{"share_ppm": 1000000}',
        'Gifts are open to everybody unless a brand releases them step by step.');

GRANT SELECT ON orders.category, orders.category_place, orders.product_category TO siyu_gifts, siyu_reports;
GRANT SELECT, INSERT ON orders.category, orders.category_place, orders.product_category TO siyu_operator;
GRANT SELECT ON gifting.shop_switch TO siyu_gifts, siyu_reports;
GRANT SELECT, INSERT ON gifting.shop_switch TO siyu_operator;
