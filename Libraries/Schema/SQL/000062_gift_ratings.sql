-- Why: whoever received a gift says what they think of it, once, and passes that on; who comes by the link is remembered with whoever passed it on.
-- Locks: creates only; gifting.gift for the new foreign key (SHARE ROW EXCLUSIVE, instant).

-- One rating a gift. Insert-only: it stays what it was.
CREATE TABLE gifting.rating (
    brand_id    uuid         NOT NULL,
    gift_id     uuid         NOT NULL,
    shop_id     uuid         NOT NULL,
    product_id  uuid         NOT NULL,
    person_id   uuid         NOT NULL,
    stars       integer      NOT NULL,
    rated_at    timestamptz  NOT NULL,
    CONSTRAINT rating_pkey PRIMARY KEY (brand_id, gift_id),
    CONSTRAINT rating_gift_fkey FOREIGN KEY (brand_id, gift_id) REFERENCES gifting.gift (brand_id, gift_id),
    CONSTRAINT rating_has_stars CHECK (stars BETWEEN 1 AND 5)
);

-- Who came by a rating's link first when, apart from whoever passed it on. Insert-only.
CREATE TABLE gifting.rating_visit (
    brand_id    uuid         NOT NULL,
    gift_id     uuid         NOT NULL,
    person_id   uuid         NOT NULL,
    visited_at  timestamptz  NOT NULL,
    CONSTRAINT rating_visit_pkey PRIMARY KEY (brand_id, gift_id, person_id),
    CONSTRAINT rating_visit_rating_fkey FOREIGN KEY (brand_id, gift_id) REFERENCES gifting.rating (brand_id, gift_id)
);

GRANT SELECT, INSERT ON gifting.rating, gifting.rating_visit TO siyu_gifts;
GRANT SELECT ON gifting.rating, gifting.rating_visit TO siyu_reports, siyu_operator;
