-- Why: what is kept in stock, whose WeChat merchant takes the money, and every payment and refund from the wish to the provider's word.
-- Locks: creates only; orders.product and siyu.brand for the new foreign keys (SHARE ROW EXCLUSIVE, instant).

-- One size, colour or taste of a product: what has a price and is counted.
CREATE TABLE orders.variant (
    brand_id        uuid        NOT NULL,
    variant_id      uuid        NOT NULL,
    product_id      uuid        NOT NULL,
    sku             text        NOT NULL,
    title           text        NOT NULL,
    list_price_fen  bigint      NOT NULL,
    created_at      timestamptz NOT NULL,
    CONSTRAINT variant_pkey PRIMARY KEY (brand_id, variant_id),
    CONSTRAINT variant_sku_key UNIQUE (brand_id, product_id, sku),
    CONSTRAINT variant_product_fkey FOREIGN KEY (brand_id, product_id) REFERENCES orders.product (brand_id, product_id),
    CONSTRAINT variant_sku_is_short CHECK (length(sku) BETWEEN 1 AND 64),
    CONSTRAINT variant_title_is_short CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT variant_list_price_not_negative CHECK (list_price_fen >= 0)
);

-- What of a variant is free to be taken: always the sum of its movements. Whoever moves stock holds these rows, in variant order.
CREATE TABLE orders.stock (
    brand_id    uuid        NOT NULL,
    variant_id  uuid        NOT NULL,
    available   bigint      NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT stock_pkey PRIMARY KEY (brand_id, variant_id),
    CONSTRAINT stock_variant_fkey FOREIGN KEY (brand_id, variant_id) REFERENCES orders.variant (brand_id, variant_id),
    CONSTRAINT stock_not_oversold CHECK (available >= 0)
);

-- Append-only: no role may UPDATE or DELETE. `kind` with `subject_id` is why a variant moved, and makes a repeated movement a no-op.
CREATE TABLE orders.stock_movement (
    brand_id     uuid        NOT NULL,
    movement_id  uuid        NOT NULL,
    variant_id   uuid        NOT NULL,
    quantity     bigint      NOT NULL,
    kind         text        NOT NULL,
    subject_id   uuid        NOT NULL,
    occurred_at  timestamptz NOT NULL,
    CONSTRAINT stock_movement_pkey PRIMARY KEY (brand_id, movement_id),
    CONSTRAINT stock_movement_subject_key UNIQUE (brand_id, variant_id, kind, subject_id),
    CONSTRAINT stock_movement_moves CHECK (quantity <> 0),
    CONSTRAINT stock_movement_kind_is_short CHECK (length(kind) BETWEEN 1 AND 40)
);

-- WeChat Pay merchants. Global, because a notification names the merchant before anybody knows the brand; a merchant belongs to one brand.
-- `sealed_credentials` is bound to brand and mchid, so that it opens in no other row. `merchant_id` names the merchant as a source of hooks.
CREATE TABLE orders.merchant (
    mchid               text        NOT NULL,
    merchant_id         uuid        NOT NULL,
    brand_id            uuid        NOT NULL,
    appid               text        NOT NULL,
    base_url            text        NOT NULL,
    notify_base         text        NOT NULL,
    sealed_credentials  bytea       NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CONSTRAINT merchant_pkey PRIMARY KEY (mchid),
    CONSTRAINT merchant_id_key UNIQUE (brand_id, merchant_id),
    CONSTRAINT merchant_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT merchant_mchid_is_number CHECK (mchid ~ '^[0-9]{1,32}$')
);
CREATE INDEX merchant_brand_idx ON orders.merchant (brand_id, created_at);

-- Money that is asked for. `intent_id` is the payment's id, and as 32 hex digits the provider's out_trade_no.
-- created -> prepaid -> paid; created | prepaid -> closed; what is paid for a closed intent, or with another amount, is `unwanted` and goes back.
-- `refund_reserved_fen` is what refunds may take at most: reserved with each, given back when one ends without paying out.
CREATE TABLE orders.payment_intent (
    brand_id             uuid        NOT NULL,
    intent_id            uuid        NOT NULL,
    order_id             uuid        NOT NULL,
    shop_id              uuid        NOT NULL,
    person_id            uuid        NOT NULL,
    mchid                text        NOT NULL,
    amount_fen           bigint      NOT NULL,
    quantity             integer     NOT NULL,
    description          text        NOT NULL,
    subject              text        NOT NULL,
    owner_queue          text        NOT NULL,
    state                text        NOT NULL,
    prepay_id            text,
    transaction_id       text,
    paid_fen             bigint      NOT NULL DEFAULT 0,
    refund_reserved_fen  bigint      NOT NULL DEFAULT 0,
    expires_at           timestamptz NOT NULL,
    paid_at              timestamptz,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    CONSTRAINT payment_intent_pkey PRIMARY KEY (brand_id, intent_id),
    CONSTRAINT payment_intent_order_key UNIQUE (brand_id, order_id),
    CONSTRAINT payment_intent_amount_is_positive CHECK (amount_fen > 0),
    CONSTRAINT payment_intent_quantity_is_positive CHECK (quantity > 0),
    CONSTRAINT payment_intent_subject_is_short CHECK (length(subject) BETWEEN 1 AND 80),
    CONSTRAINT payment_intent_queue_is_short CHECK (length(owner_queue) BETWEEN 1 AND 40),
    CONSTRAINT payment_intent_state_known CHECK (state IN ('created', 'prepaid', 'paid', 'closed', 'unwanted')),
    CONSTRAINT payment_intent_prepaid_has_id CHECK (state <> 'prepaid' OR prepay_id IS NOT NULL),
    CONSTRAINT payment_intent_paid_iff_money CHECK (
        (state IN ('paid', 'unwanted')) = (paid_fen > 0 AND paid_at IS NOT NULL AND transaction_id IS NOT NULL)),
    CONSTRAINT payment_intent_paid_is_what_was_asked CHECK (state <> 'paid' OR paid_fen = amount_fen),
    CONSTRAINT payment_intent_refunds_within_paid CHECK (refund_reserved_fen BETWEEN 0 AND paid_fen)
);
CREATE INDEX payment_intent_subject_idx ON orders.payment_intent (brand_id, subject);

-- One attempt to give money back: a number towards the provider, never used for anything else. A new one is made only after CLOSED.
-- `attempts` counts calls to the provider. `attention_since` is set while a person should look: the machine has given up or must not decide.
CREATE TABLE orders.refund (
    brand_id            uuid        NOT NULL,
    refund_id           uuid        NOT NULL,
    payment_id          uuid        NOT NULL,
    number              integer     NOT NULL,
    out_refund_no       text        NOT NULL,
    amount_fen          bigint      NOT NULL,
    reason              text        NOT NULL,
    subject             text        NOT NULL,
    owner_queue         text        NOT NULL,
    state               text        NOT NULL,
    provider_refund_id  text,
    provider_word       text,
    attempts            integer     NOT NULL,
    requested_at        timestamptz NOT NULL,
    sent_at             timestamptz,
    finished_at         timestamptz,
    attention_since     timestamptz,
    updated_at          timestamptz NOT NULL,
    CONSTRAINT refund_pkey PRIMARY KEY (brand_id, refund_id),
    CONSTRAINT refund_number_key UNIQUE (brand_id, payment_id, number),
    CONSTRAINT refund_out_refund_no_key UNIQUE (brand_id, out_refund_no),
    CONSTRAINT refund_intent_fkey FOREIGN KEY (brand_id, payment_id) REFERENCES orders.payment_intent (brand_id, intent_id),
    CONSTRAINT refund_number_from_1 CHECK (number >= 1),
    CONSTRAINT refund_amount_is_positive CHECK (amount_fen > 0),
    CONSTRAINT refund_reason_is_short CHECK (length(reason) BETWEEN 1 AND 80),
    CONSTRAINT refund_state_known CHECK (state IN (
        'requested', 'sent', 'unknown', 'processing', 'abnormal', 'succeeded', 'refused', 'closed')),
    CONSTRAINT refund_sent_before_answers CHECK (state = 'requested' OR sent_at IS NOT NULL),
    CONSTRAINT refund_finished_iff_over CHECK ((state IN ('succeeded', 'closed')) = (finished_at IS NOT NULL))
);

-- At most one refund of a payment may still pay out, or has: only CLOSED frees the place for the next number.
CREATE UNIQUE INDEX refund_one_live_idx ON orders.refund (brand_id, payment_id) WHERE state <> 'closed';
-- What a person should look at.
CREATE INDEX refund_attention_idx ON orders.refund (brand_id, attention_since) WHERE attention_since IS NOT NULL;

-- siyu-gifts asks for money, works the jobs of payments and refunds, and writes the orders that are paid.
GRANT USAGE ON SCHEMA orders TO siyu_gifts;
GRANT SELECT ON orders.shop, orders.product, orders.customer_order, orders.order_version, orders.payment TO siyu_gifts;
GRANT INSERT ON orders.customer_order, orders.order_version, orders.payment TO siyu_gifts;
GRANT UPDATE (version, status, changed_at, updated_at) ON orders.customer_order TO siyu_gifts;
GRANT UPDATE (status, updated_at) ON orders.payment TO siyu_gifts;
GRANT SELECT ON orders.merchant TO siyu_gifts;
GRANT SELECT, INSERT ON orders.payment_intent, orders.refund TO siyu_gifts;
GRANT UPDATE (state, prepay_id, transaction_id, paid_fen, refund_reserved_fen, paid_at, updated_at) ON orders.payment_intent
    TO siyu_gifts;
GRANT UPDATE (state, provider_refund_id, provider_word, attempts, sent_at, finished_at, attention_since, updated_at)
    ON orders.refund TO siyu_gifts;
GRANT SELECT ON orders.variant, orders.stock TO siyu_gifts;
GRANT UPDATE (available, updated_at) ON orders.stock TO siyu_gifts;
GRANT SELECT, INSERT ON orders.stock_movement TO siyu_gifts;

-- siyu-ingest verifies notifications with the merchant's keys; the rest of a payment's life is a job.
GRANT SELECT ON orders.merchant TO siyu_ingest;

GRANT SELECT ON orders.variant, orders.stock, orders.stock_movement, orders.payment_intent, orders.refund TO siyu_reports;

-- The operator enters the catalogue, deliveries and merchants, and looks after refunds.
GRANT SELECT, INSERT ON orders.variant, orders.stock, orders.stock_movement TO siyu_operator;
GRANT UPDATE (available, updated_at) ON orders.stock TO siyu_operator;
GRANT SELECT, INSERT ON orders.merchant TO siyu_operator;
GRANT UPDATE (appid, base_url, notify_base, sealed_credentials, updated_at) ON orders.merchant TO siyu_operator;
GRANT SELECT ON orders.payment_intent, orders.refund TO siyu_operator;
GRANT UPDATE (state, attempts, attention_since, updated_at) ON orders.refund TO siyu_operator;
