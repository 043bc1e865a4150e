-- Why: whoever bought something says what they think of each line of their order, once, and passes that on.
-- Locks: creates only; orders.customer_order for the new foreign key (SHARE ROW EXCLUSIVE, instant).

-- One rating a line; an order without lines is one. `product_id` is NULL where the order does not say what was bought. Insert-only.
CREATE TABLE orders.rating (
    brand_id    uuid         NOT NULL,
    order_id    uuid         NOT NULL,
    line_no     integer      NOT NULL,
    shop_id     uuid         NOT NULL,
    product_id  uuid,
    person_id   uuid         NOT NULL,
    stars       integer      NOT NULL,
    rated_at    timestamptz  NOT NULL,
    CONSTRAINT rating_pkey PRIMARY KEY (brand_id, order_id, line_no),
    CONSTRAINT rating_order_fkey FOREIGN KEY (brand_id, order_id) REFERENCES orders.customer_order (brand_id, order_id),
    CONSTRAINT rating_line_from_1 CHECK (line_no >= 1),
    CONSTRAINT rating_has_stars CHECK (stars BETWEEN 1 AND 5)
);

-- Who came by a rating's link first when, apart from whoever passed it on. Insert-only.
CREATE TABLE orders.rating_visit (
    brand_id    uuid         NOT NULL,
    order_id    uuid         NOT NULL,
    line_no     integer      NOT NULL,
    person_id   uuid         NOT NULL,
    visited_at  timestamptz  NOT NULL,
    CONSTRAINT rating_visit_pkey PRIMARY KEY (brand_id, order_id, line_no, person_id),
    CONSTRAINT rating_visit_rating_fkey FOREIGN KEY (brand_id, order_id, line_no)
        REFERENCES orders.rating (brand_id, order_id, line_no)
);

GRANT SELECT, INSERT ON orders.rating, orders.rating_visit TO siyu_gifts;
GRANT SELECT ON orders.rating, orders.rating_visit TO siyu_reports, siyu_operator;
