-- Why: a code that is shown in two cities within minutes was copied; one phone with many accounts is a farm. Nobody is held up for it: what
-- was seen is looked at beside the scans, and listed.
-- Locks: siyu.brand for the foreign key, instant; everything else is new.

-- Where and with what a code was shown, as far as the sender told. The place is sealed, the device an HMAC's first half; kept for 14 days.
-- No foreign keys: these rows are written on the way of a scan (Libraries/Codes/Decisions/0002).
CREATE TABLE codes.scan_trace (
    brand_id      uuid        NOT NULL,
    trace_id      uuid        NOT NULL,
    batch_id      uuid        NOT NULL,
    code_index    bigint      NOT NULL,
    person_id     uuid        NOT NULL,
    device_hash   bytea,
    sealed_place  bytea,
    is_first      boolean     NOT NULL,
    seen_at       timestamptz NOT NULL,
    CONSTRAINT scan_trace_pkey PRIMARY KEY (brand_id, trace_id),
    CONSTRAINT scan_trace_device_is_blind CHECK (octet_length(device_hash) = 16),
    CONSTRAINT scan_trace_says_something CHECK (device_hash IS NOT NULL OR sealed_place IS NOT NULL)
);
CREATE INDEX scan_trace_order_idx ON codes.scan_trace (brand_id, seen_at, trace_id);
CREATE INDEX scan_trace_code_idx ON codes.scan_trace (brand_id, batch_id, code_index, seen_at);
CREATE INDEX scan_trace_person_idx ON codes.scan_trace (brand_id, person_id, seen_at);
CREATE INDEX scan_trace_device_idx ON codes.scan_trace (brand_id, device_hash, seen_at) WHERE device_hash IS NOT NULL;

-- How far the traces of a brand have been looked at.
CREATE TABLE codes.scan_look (
    brand_id  uuid        NOT NULL,
    seen_at   timestamptz NOT NULL,
    trace_id  uuid        NOT NULL,
    CONSTRAINT scan_look_pkey PRIMARY KEY (brand_id),
    CONSTRAINT scan_look_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id)
);

-- What looks odd: it blocks nobody. Kilometres and minutes, no places. Once for a rule and a trace, however often it is looked at.
CREATE TABLE codes.scan_signal (
    brand_id    uuid        NOT NULL,
    signal_id   uuid        NOT NULL,
    rule        text        NOT NULL,
    trace_id    uuid        NOT NULL,
    batch_id    uuid        NOT NULL,
    code_index  bigint      NOT NULL,
    person_id   uuid        NOT NULL,
    score       integer     NOT NULL,
    km          integer,
    minutes     integer,
    others      integer,
    seen_at     timestamptz NOT NULL,
    CONSTRAINT scan_signal_pkey PRIMARY KEY (brand_id, signal_id),
    CONSTRAINT scan_signal_once_key UNIQUE (brand_id, rule, trace_id),
    CONSTRAINT scan_signal_rule_known CHECK (rule IN ('travel', 'many_people', 'shared_device', 'burst')),
    CONSTRAINT scan_signal_score_is_percent CHECK (score BETWEEN 1 AND 100),
    CONSTRAINT scan_signal_not_negative CHECK (km >= 0 AND minutes >= 0 AND others >= 0)
);
CREATE INDEX scan_signal_list_idx ON codes.scan_signal (brand_id, seen_at);

GRANT SELECT, INSERT, DELETE ON codes.scan_trace TO siyu_redeem;
GRANT SELECT, INSERT, UPDATE (seen_at, trace_id) ON codes.scan_look TO siyu_redeem;
GRANT SELECT, INSERT ON codes.scan_signal TO siyu_redeem;
GRANT SELECT ON codes.scan_signal TO siyu_reports, siyu_operator;
