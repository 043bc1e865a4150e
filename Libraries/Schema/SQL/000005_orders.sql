-- Why: shops, what they sell, what was bought, and the files that orders arrive in.
-- Locks: creates only; siyu.brand for the new foreign keys (SHARE ROW EXCLUSIVE, instant).

CREATE SCHEMA orders;

CREATE TABLE orders.shop (
    brand_id    uuid        NOT NULL,
    shop_id     uuid        NOT NULL,
    code        text        NOT NULL,
    name        text        NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT shop_pkey PRIMARY KEY (brand_id, shop_id),
    CONSTRAINT shop_code_key UNIQUE (brand_id, code),
    CONSTRAINT shop_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT shop_code_is_a_word CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    CONSTRAINT shop_name_is_short CHECK (length(name) BETWEEN 1 AND 80)
);

CREATE TABLE orders.product (
    brand_id        uuid        NOT NULL,
    product_id      uuid        NOT NULL,
    shop_id         uuid        NOT NULL,
    sku             text        NOT NULL,
    title           text        NOT NULL,
    list_price_fen  bigint      NOT NULL,
    created_at      timestamptz NOT NULL,
    CONSTRAINT product_pkey PRIMARY KEY (brand_id, product_id),
    CONSTRAINT product_sku_key UNIQUE (brand_id, shop_id, sku),
    CONSTRAINT product_shop_fkey FOREIGN KEY (brand_id, shop_id) REFERENCES orders.shop (brand_id, shop_id),
    CONSTRAINT product_sku_is_short CHECK (length(sku) BETWEEN 1 AND 64),
    CONSTRAINT product_title_is_short CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT product_list_price_not_negative CHECK (list_price_fen >= 0)
);

-- The newest version of an order. `external_key` names it within its source: an order number, or a digest where the source has none;
-- never a customer's id in clear. `changed_at` is when the source last changed it, `updated_at` when we heard of it.
-- The shop carries no foreign key: every order of a shop would lock the same row (Libraries/Orders/Decisions/0001).
CREATE TABLE orders.customer_order (
    brand_id      uuid        NOT NULL,
    order_id      uuid        NOT NULL,
    shop_id       uuid        NOT NULL,
    person_id     uuid        NOT NULL,
    source        text        NOT NULL,
    external_key  bytea       NOT NULL,
    version       integer     NOT NULL,
    status        text        NOT NULL,
    placed_at     timestamptz NOT NULL,
    quantity      integer     NOT NULL,
    amount_fen    bigint      NOT NULL,
    changed_at    timestamptz NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT customer_order_pkey PRIMARY KEY (brand_id, order_id),
    CONSTRAINT customer_order_external_key UNIQUE (brand_id, shop_id, source, external_key),
    CONSTRAINT customer_order_version_from_1 CHECK (version >= 1),
    CONSTRAINT customer_order_status_known CHECK (status IN ('paid', 'completed', 'cancelled')),
    CONSTRAINT customer_order_quantity_not_negative CHECK (quantity >= 0),
    CONSTRAINT customer_order_amount_not_negative CHECK (amount_fen >= 0)
);

-- Lists of a shop and of a person, newest first, by key; reports read days of a shop from the first.
CREATE INDEX customer_order_shop_idx ON orders.customer_order (brand_id, shop_id, placed_at, order_id);
CREATE INDEX customer_order_person_idx ON orders.customer_order (brand_id, person_id, placed_at, order_id);

-- Versions that a later one replaced, as they were. Append-only.
CREATE TABLE orders.order_version (
    brand_id       uuid        NOT NULL,
    order_id       uuid        NOT NULL,
    version        integer     NOT NULL,
    person_id      uuid        NOT NULL,
    status         text        NOT NULL,
    placed_at      timestamptz NOT NULL,
    quantity       integer     NOT NULL,
    amount_fen     bigint      NOT NULL,
    changed_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    superseded_at  timestamptz NOT NULL,
    CONSTRAINT order_version_pkey PRIMARY KEY (brand_id, order_id, version),
    CONSTRAINT order_version_order_fkey FOREIGN KEY (brand_id, order_id)
        REFERENCES orders.customer_order (brand_id, order_id)
);

-- Money taken for one version of an order; none for an order of zero or a cancelled one. A later version that changes the money
-- reverses the payment and brings its own, so that the paid payments of an order always equal its amount. Written only by statements
-- that join the order, hence no foreign key (Libraries/Orders/Decisions/0001).
CREATE TABLE orders.payment (
    brand_id       uuid        NOT NULL,
    payment_id     uuid        NOT NULL,
    order_id       uuid        NOT NULL,
    order_version  integer     NOT NULL,
    amount_fen     bigint      NOT NULL,
    status         text        NOT NULL,
    paid_at        timestamptz NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT payment_pkey PRIMARY KEY (brand_id, payment_id),
    CONSTRAINT payment_order_key UNIQUE (brand_id, order_id, order_version),
    CONSTRAINT payment_amount_is_positive CHECK (amount_fen > 0),
    CONSTRAINT payment_status_known CHECK (status IN ('paid', 'reversed'))
);

-- A file of orders on its way in: accepted -> loading -> loaded | refused | checked (a dry run).
-- `checkpoint_line` is the last line of the file that a committed chunk has dealt with.
CREATE TABLE orders.import (
    brand_id         uuid        NOT NULL,
    import_id        uuid        NOT NULL,
    shop_id          uuid        NOT NULL,
    format           text        NOT NULL,
    mode             text        NOT NULL,
    dry_run          boolean     NOT NULL,
    state            text        NOT NULL,
    job_id           uuid        NOT NULL,
    lines            integer     NOT NULL,
    refused          integer     NOT NULL,
    last_line        integer     NOT NULL,
    checkpoint_line  integer     NOT NULL,
    added            integer     NOT NULL,
    changed          integer     NOT NULL,
    unchanged        integer     NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    CONSTRAINT import_pkey PRIMARY KEY (brand_id, import_id),
    CONSTRAINT import_shop_fkey FOREIGN KEY (brand_id, shop_id) REFERENCES orders.shop (brand_id, shop_id),
    CONSTRAINT import_format_known CHECK (format IN ('cdnow', 'csv')),
    CONSTRAINT import_mode_known CHECK (mode IN ('all_or_nothing', 'skip_bad')),
    CONSTRAINT import_state_known CHECK (state IN ('accepted', 'loading', 'loaded', 'refused', 'checked')),
    CONSTRAINT import_counts_add_up CHECK (added + changed + unchanged + refused <= lines)
);

-- Staging: the good lines of a file until they are loaded. A line names its customer by the line on which they first appear, and
-- brings the id that its order will have. No foreign keys and no index beyond the key: this is written by COPY and read once.
-- The planner has no statistics of a file that just came in and takes it for one line: statements look up, they do not join.
CREATE TABLE orders.import_line (
    brand_id       uuid        NOT NULL,
    import_id      uuid        NOT NULL,
    line           integer     NOT NULL,
    customer_line  integer     NOT NULL,
    order_id       uuid        NOT NULL,
    external_key   bytea       NOT NULL,
    status         text        NOT NULL,
    placed_at      timestamptz NOT NULL,
    quantity       integer     NOT NULL,
    amount_fen     bigint      NOT NULL,
    changed_at     timestamptz NOT NULL,
    CONSTRAINT import_line_pkey PRIMARY KEY (brand_id, import_id, line)
);

-- Staging: the customers of a file, each sealed once, by the line on which they first appear.
-- `person_id` is the id a new person will have, until loading finds that the vault knows the person already.
CREATE TABLE orders.import_customer (
    brand_id      uuid        NOT NULL,
    import_id     uuid        NOT NULL,
    first_line    integer     NOT NULL,
    person_id     uuid        NOT NULL,
    blind_index   bytea       NOT NULL,
    sealed_value  bytea       NOT NULL,
    wrapped_key   bytea       NOT NULL,
    CONSTRAINT import_customer_pkey PRIMARY KEY (brand_id, import_id, first_line)
);

-- Every line that was not taken, and why. The reason never quotes the line: it may hold personal data.
CREATE TABLE orders.import_refusal (
    brand_id   uuid    NOT NULL,
    import_id  uuid    NOT NULL,
    line       integer NOT NULL,
    reason     text    NOT NULL,
    CONSTRAINT import_refusal_pkey PRIMARY KEY (brand_id, import_id, line)
);

GRANT USAGE ON SCHEMA orders TO siyu_ingest, siyu_reports, siyu_operator;
GRANT SELECT ON orders.shop, orders.product, orders.customer_order, orders.order_version, orders.payment, orders.import
    TO siyu_ingest, siyu_reports, siyu_operator;
GRANT INSERT ON orders.shop, orders.product, orders.customer_order, orders.order_version, orders.payment, orders.import
    TO siyu_ingest, siyu_operator;
GRANT UPDATE (person_id, version, status, placed_at, quantity, amount_fen, changed_at, updated_at) ON orders.customer_order
    TO siyu_ingest, siyu_operator;
GRANT UPDATE (status, updated_at) ON orders.payment TO siyu_ingest, siyu_operator;
GRANT UPDATE (state, checkpoint_line, added, changed, unchanged, updated_at) ON orders.import
    TO siyu_ingest, siyu_operator;
GRANT SELECT, INSERT, DELETE ON orders.import_line, orders.import_customer TO siyu_ingest, siyu_operator;
GRANT UPDATE (person_id) ON orders.import_customer TO siyu_ingest, siyu_operator;
GRANT SELECT, INSERT ON orders.import_refusal TO siyu_ingest, siyu_operator;
