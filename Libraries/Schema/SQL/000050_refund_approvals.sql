-- Why: a large refund is tried again by hand only when two persons say so.
-- Locks: orders.refund for the new foreign key (SHARE ROW EXCLUSIVE, instant).

-- A person's word that a refund be tried again; it stands until it is used, or until the policy says that it is too old.
CREATE TABLE orders.refund_approval (
    brand_id     uuid        NOT NULL,
    approval_id  uuid        NOT NULL,
    refund_id    uuid        NOT NULL,
    author       text        NOT NULL,
    approved_at  timestamptz NOT NULL,
    used_at      timestamptz,
    CONSTRAINT refund_approval_pkey PRIMARY KEY (brand_id, approval_id),
    CONSTRAINT refund_approval_refund_fkey FOREIGN KEY (brand_id, refund_id) REFERENCES orders.refund (brand_id, refund_id),
    CONSTRAINT refund_approval_author_is_named CHECK (length(author) BETWEEN 1 AND 100),
    CONSTRAINT refund_approval_used_after_given CHECK (used_at >= approved_at)
);
-- One word of a person at a time.
CREATE UNIQUE INDEX refund_approval_open_idx ON orders.refund_approval (brand_id, refund_id, author) WHERE used_at IS NULL;

INSERT INTO policies.standard (name, valid_from, value, source) VALUES
    ('refunds.two_persons', '2024-01-01 00:00:00+00', '{"above_fen": 1000000, "valid_seconds": 86400}',
     'More than 10,000 yuan go back by hand only when a second person says so within a day.');

GRANT SELECT, INSERT, UPDATE (approved_at, used_at) ON orders.refund_approval TO siyu_operator;
