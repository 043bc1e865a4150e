-- Why: what happens here is told to those who asked for it: endpoints with secrets of their own, what is to be told, and
-- how far the telling is. Rows and jobs are written in the transaction of what they tell of; a worker does the telling.
-- Locks: siyu.brand for the foreign key, instant; everything else is new.

-- Who is told. failures_in_a_row and open_until are the circuit breaker: until then nobody calls, then one call tries.
CREATE TABLE hooks.endpoint (
    brand_id           uuid        NOT NULL,
    endpoint_id        uuid        NOT NULL,
    name               text        NOT NULL,
    url                text        NOT NULL,
    events             text[]      NOT NULL,
    state              text        NOT NULL,
    state_reason       text,
    failures_in_a_row  integer     NOT NULL DEFAULT 0,
    open_until         timestamptz,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    CONSTRAINT endpoint_pkey PRIMARY KEY (brand_id, endpoint_id),
    CONSTRAINT endpoint_name_key UNIQUE (brand_id, name),
    CONSTRAINT endpoint_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT endpoint_name_fits CHECK (name ~ '^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$'),
    CONSTRAINT endpoint_url_is_short CHECK (length(url) BETWEEN 8 AND 2000),
    CONSTRAINT endpoint_hears_something CHECK (cardinality(events) BETWEEN 1 AND 50),
    CONSTRAINT endpoint_state_known CHECK (state IN ('active', 'disabled')),
    CONSTRAINT endpoint_failures_counted CHECK (failures_in_a_row >= 0)
);
GRANT SELECT ON hooks.endpoint TO siyu_ingest, siyu_redeem, siyu_gifts, siyu_operator;
GRANT INSERT, UPDATE (url, events) ON hooks.endpoint TO siyu_operator;
GRANT UPDATE (state, state_reason, failures_in_a_row, open_until, updated_at) ON hooks.endpoint TO siyu_ingest, siyu_operator;

-- As hooks.source_secret: sealed; two are valid while one is being replaced; instants are real time.
CREATE TABLE hooks.endpoint_secret (
    brand_id       uuid        NOT NULL,
    endpoint_id    uuid        NOT NULL,
    number         integer     NOT NULL,
    sealed_secret  bytea       NOT NULL,
    created_at     timestamptz NOT NULL,
    valid_until    timestamptz,
    CONSTRAINT endpoint_secret_pkey PRIMARY KEY (brand_id, endpoint_id, number),
    CONSTRAINT endpoint_secret_endpoint_fkey FOREIGN KEY (brand_id, endpoint_id)
        REFERENCES hooks.endpoint (brand_id, endpoint_id),
    CONSTRAINT endpoint_secret_number_from_1 CHECK (number >= 1),
    CONSTRAINT endpoint_secret_ends_after_it_began CHECK (valid_until >= created_at)
);
GRANT SELECT ON hooks.endpoint_secret TO siyu_ingest, siyu_operator;
GRANT INSERT, UPDATE (valid_until) ON hooks.endpoint_secret TO siyu_operator;

-- What happened, as it is told, byte for byte: ids, kinds, instants, amounts; no personal data. Kept for 30 days.
-- A thing is told once: the key on event and subject refuses the second time.
CREATE TABLE hooks.outgoing (
    brand_id     uuid        NOT NULL,
    message_id   uuid        NOT NULL,
    event        text        NOT NULL,
    subject_id   uuid        NOT NULL,
    lane         text        NOT NULL,
    payload      bytea       NOT NULL,
    occurred_at  timestamptz NOT NULL,
    CONSTRAINT outgoing_pkey PRIMARY KEY (brand_id, message_id),
    CONSTRAINT outgoing_subject_key UNIQUE (brand_id, event, subject_id),
    CONSTRAINT outgoing_event_is_dotted CHECK (event ~ '^[a-z_]+([.][a-z_]+)+$' AND length(event) <= 60),
    CONSTRAINT outgoing_lane_is_short CHECK (length(lane) BETWEEN 1 AND 80),
    CONSTRAINT outgoing_payload_is_thin CHECK (octet_length(payload) <= 20480)
);
CREATE INDEX outgoing_period_idx ON hooks.outgoing (brand_id, occurred_at);
GRANT INSERT, SELECT ON hooks.outgoing TO siyu_ingest, siyu_redeem, siyu_gifts;
GRANT DELETE ON hooks.outgoing TO siyu_ingest;
GRANT SELECT ON hooks.outgoing TO siyu_operator;

-- One telling: pending until the endpoint took it (delivered), said no for good (refused), or had its time (discarded).
-- No foreign keys: these rows are written on the way of a scan.
CREATE TABLE hooks.outgoing_delivery (
    brand_id      uuid        NOT NULL,
    message_id    uuid        NOT NULL,
    endpoint_id   uuid        NOT NULL,
    state         text        NOT NULL,
    attempts      integer     NOT NULL DEFAULT 0,
    strikes       integer     NOT NULL DEFAULT 0,
    redeliveries  integer     NOT NULL DEFAULT 0,
    last_status   integer,
    last_error    text,
    since         timestamptz NOT NULL,
    due_at        timestamptz,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT outgoing_delivery_pkey PRIMARY KEY (brand_id, message_id, endpoint_id),
    CONSTRAINT outgoing_delivery_state_known CHECK (state IN ('pending', 'delivered', 'refused', 'discarded')),
    CONSTRAINT outgoing_delivery_counts CHECK (attempts >= 0 AND strikes BETWEEN 0 AND attempts AND redeliveries >= 0),
    CONSTRAINT outgoing_delivery_error_is_short CHECK (length(last_error) <= 200)
);
CREATE INDEX outgoing_delivery_left_idx ON hooks.outgoing_delivery (brand_id, endpoint_id, message_id)
    WHERE state <> 'delivered';
GRANT INSERT, SELECT ON hooks.outgoing_delivery TO siyu_ingest, siyu_redeem, siyu_gifts;
GRANT UPDATE, DELETE ON hooks.outgoing_delivery TO siyu_ingest;
GRANT SELECT, UPDATE (state, attempts, strikes, redeliveries, since, due_at, updated_at) ON hooks.outgoing_delivery
    TO siyu_operator;
