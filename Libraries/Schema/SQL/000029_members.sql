-- Why: who is a member, which identifiers are one human being, and what brought people to a brand: the first pack that
-- somebody scans makes them a member, by a job that runs after the scan.
-- Locks: siyu.brand for the foreign key, instant; everything else is new.

CREATE SCHEMA members;
CREATE SCHEMA touch;
GRANT USAGE ON SCHEMA members, touch TO siyu_redeem, siyu_reports, siyu_operator;

-- A member is new once. Where they came from is the earliest contact that is known; jobs may learn of it late.
CREATE TABLE members.member (
    brand_id     uuid        NOT NULL,
    member_id    uuid        NOT NULL,
    source_kind  text        NOT NULL,
    source_id    uuid        NOT NULL,
    joined_at    timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    CONSTRAINT member_pkey PRIMARY KEY (brand_id, member_id),
    CONSTRAINT member_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT member_source_known CHECK (source_kind IN ('pack'))
);
CREATE INDEX member_source_idx ON members.member (brand_id, source_kind, source_id, joined_at);

-- Which persons of the vault (an openid, a unionid) are which member. The key decides who is new, not a look-up.
CREATE TABLE members.identity (
    brand_id   uuid        NOT NULL,
    person_id  uuid        NOT NULL,
    member_id  uuid        NOT NULL,
    kind       text        NOT NULL,
    linked_at  timestamptz NOT NULL,
    CONSTRAINT identity_pkey PRIMARY KEY (brand_id, person_id),
    CONSTRAINT identity_member_fkey FOREIGN KEY (brand_id, member_id) REFERENCES members.member (brand_id, member_id),
    CONSTRAINT identity_kind_known CHECK (kind IN ('openid', 'unionid'))
);
CREATE INDEX identity_member_idx ON members.identity (brand_id, member_id);

-- Two members that one contact showed to be one human being; nobody is merged by a machine alone.
CREATE TABLE members.merge_candidate (
    brand_id   uuid        NOT NULL,
    member_id  uuid        NOT NULL,
    other_id   uuid        NOT NULL,
    seen_at    timestamptz NOT NULL,
    CONSTRAINT merge_candidate_pkey PRIMARY KEY (brand_id, member_id, other_id),
    CONSTRAINT merge_candidate_ordered CHECK (member_id < other_id)
);

-- A contact of a member with the brand: what kind, by what (a redemption), through what (a batch).
CREATE TABLE touch.touch (
    brand_id    uuid        NOT NULL,
    touch_id    uuid        NOT NULL,
    member_id   uuid        NOT NULL,
    kind        text        NOT NULL,
    subject_id  uuid        NOT NULL,
    source_id   uuid        NOT NULL,
    product_id  uuid,
    shop_id     uuid,
    touched_at  timestamptz NOT NULL,
    CONSTRAINT touch_pkey PRIMARY KEY (brand_id, touch_id),
    CONSTRAINT touch_subject_key UNIQUE (brand_id, kind, subject_id),
    CONSTRAINT touch_kind_known CHECK (kind IN ('pack.redeemed'))
);
CREATE INDEX touch_source_idx ON touch.touch (brand_id, source_id, touched_at);
CREATE INDEX touch_member_idx ON touch.touch (brand_id, member_id, touched_at);

GRANT SELECT, INSERT ON members.member, members.identity, members.merge_candidate, touch.touch TO siyu_redeem;
GRANT UPDATE (source_kind, source_id, joined_at) ON members.member TO siyu_redeem;
GRANT SELECT ON members.member, members.identity, members.merge_candidate, touch.touch TO siyu_reports, siyu_operator;
