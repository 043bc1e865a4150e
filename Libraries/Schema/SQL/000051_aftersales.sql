-- Why: one machine for after-sales of normal orders and of gifts: asked for, agreed or refused, goods sent back and received, refunded.
-- Locks: creates only; siyu.brand for the new foreign keys (SHARE ROW EXCLUSIVE, instant).

-- What an order is made of, where it is more than one thing; an order without lines is one thing.
CREATE TABLE orders.order_line (
    brand_id    uuid        NOT NULL,
    order_id    uuid        NOT NULL,
    line_no     integer     NOT NULL,
    variant_id  uuid        NOT NULL,
    quantity    integer     NOT NULL,
    amount_fen  bigint      NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT order_line_pkey PRIMARY KEY (brand_id, order_id, line_no),
    CONSTRAINT order_line_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT order_line_no_from_1 CHECK (line_no >= 1),
    CONSTRAINT order_line_quantity_is_positive CHECK (quantity > 0),
    CONSTRAINT order_line_amount_not_negative CHECK (amount_fen >= 0)
);

-- One case: what somebody wants back, of which order, and how far it has come. `payer_id` gets the money, whoever asks.
-- Nothing here is a text that a person wrote: reasons are words of a list. `line_no` is null for the whole order.
CREATE TABLE orders.aftersale (
    brand_id      uuid        NOT NULL,
    aftersale_id  uuid        NOT NULL,
    order_id      uuid        NOT NULL,
    payment_id    uuid        NOT NULL,
    shop_id       uuid        NOT NULL,
    subject       text        NOT NULL,
    payer_id      uuid        NOT NULL,
    applicant_id  uuid        NOT NULL,
    party         text        NOT NULL,
    kind          text        NOT NULL,
    line_no       integer,
    variant_id    uuid,
    quantity      integer     NOT NULL,
    amount_fen    bigint      NOT NULL,
    reason        text        NOT NULL,
    state         text        NOT NULL,
    refusal       text,
    decided_by    text,
    carrier       text,
    waybill       text,
    restocked     boolean     NOT NULL DEFAULT false,
    refund_id     uuid,
    due_at        timestamptz,
    requested_at  timestamptz NOT NULL,
    ended_at      timestamptz,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT aftersale_pkey PRIMARY KEY (brand_id, aftersale_id),
    CONSTRAINT aftersale_intent_fkey FOREIGN KEY (brand_id, payment_id) REFERENCES orders.payment_intent (brand_id, intent_id),
    CONSTRAINT aftersale_party_known CHECK (party IN ('payer', 'recipient')),
    CONSTRAINT aftersale_payer_is_the_applicant CHECK ((party = 'payer') = (payer_id = applicant_id)),
    CONSTRAINT aftersale_kind_known CHECK (kind IN ('refund', 'return')),
    CONSTRAINT aftersale_state_known CHECK (state IN (
        'requested', 'returning', 'returned', 'refunding', 'refunded', 'refused', 'withdrawn', 'timed_out')),
    CONSTRAINT aftersale_quantity_is_positive CHECK (quantity > 0),
    CONSTRAINT aftersale_amount_is_positive CHECK (amount_fen > 0),
    CONSTRAINT aftersale_decider_known CHECK (decided_by IN ('merchant', 'deadline')),
    CONSTRAINT aftersale_refused_with_a_reason CHECK ((state = 'refused') = (refusal IS NOT NULL)),
    CONSTRAINT aftersale_goods_of_returns CHECK (kind = 'return' OR (waybill IS NULL AND state NOT IN ('returning', 'returned'))),
    CONSTRAINT aftersale_returned_by_waybill CHECK (state <> 'returned' OR waybill IS NOT NULL),
    CONSTRAINT aftersale_waits_until CHECK ((state IN ('requested', 'returning', 'returned')) = (due_at IS NOT NULL)),
    CONSTRAINT aftersale_money_has_refund CHECK ((state IN ('refunding', 'refunded')) = (refund_id IS NOT NULL)),
    CONSTRAINT aftersale_ended_iff_over CHECK (
        (state IN ('refunded', 'refused', 'withdrawn', 'timed_out')) = (ended_at IS NOT NULL))
);
CREATE INDEX aftersale_order_idx ON orders.aftersale (brand_id, order_id);
-- One case at a time for a line, and for an order as a whole.
CREATE UNIQUE INDEX aftersale_one_open_idx ON orders.aftersale (brand_id, order_id, COALESCE(line_no, 0))
    WHERE state IN ('requested', 'returning', 'returned', 'refunding');
-- What a shop has to answer, oldest first.
CREATE INDEX aftersale_waiting_idx ON orders.aftersale (brand_id, state, requested_at) WHERE ended_at IS NULL;

INSERT INTO policies.standard (name, valid_from, value, source) VALUES
    ('aftersale.windows', '2024-01-01T00:00:00+08:00',
     '{"open_seconds": 2592000, "answer_seconds": 172800, "send_seconds": 604800, "receive_seconds": 864000}',
     'A case may be opened for 30 days; the shop answers within 48 hours or has agreed; goods are sent within 7 days or the case is over; '
     'they are received within 10 days or count as received'),
    ('gift.aftersales', '2024-01-01T00:00:00+08:00', '{"sender": ["refund"], "recipient": ["return"]}',
     'Whoever has the goods may send them back, whoever paid may ask for the money; it goes to the payer in both cases');

GRANT SELECT, INSERT ON orders.order_line TO siyu_gifts;
GRANT SELECT, INSERT ON orders.aftersale TO siyu_gifts;
GRANT UPDATE (state, refusal, decided_by, carrier, waybill, restocked, refund_id, due_at, ended_at, updated_at) ON orders.aftersale
    TO siyu_gifts;
GRANT SELECT ON orders.order_line TO siyu_reports, siyu_operator;
-- Neither needs to know by which parcel somebody sent something back.
GRANT SELECT (brand_id, aftersale_id, order_id, payment_id, shop_id, subject, payer_id, applicant_id, party, kind, line_no, variant_id,
    quantity, amount_fen, reason, state, refusal, decided_by, restocked, refund_id, due_at, requested_at, ended_at, updated_at)
    ON orders.aftersale TO siyu_reports, siyu_operator;
