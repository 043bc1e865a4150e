-- Why: a batch whose codes are redeemed ten times as fast as ever before may have been leaked whole. It is listed and counted; nobody is held up
-- for it, since the first day of a campaign looks the same.
-- Locks: codes.batch for the foreign keys, instant; everything else is new.

-- How many codes of a batch were redeemed in a minute, in minutes in which any were. Processes count in memory and add what they saw when the
-- minute is over: a process that is killed takes its last minute with it. Kept for eight days.
CREATE TABLE codes.batch_minute (
    brand_id  uuid        NOT NULL,
    batch_id  uuid        NOT NULL,
    minute    timestamptz NOT NULL,
    redeemed  bigint      NOT NULL,
    CONSTRAINT batch_minute_pkey PRIMARY KEY (brand_id, batch_id, minute),
    CONSTRAINT batch_minute_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch (brand_id, batch_id),
    CONSTRAINT batch_minute_has_some CHECK (redeemed > 0)
);

-- Minutes that stood out. `usual` is the 99th percentile of the minutes of the seven days before.
CREATE TABLE codes.batch_burst (
    brand_id  uuid        NOT NULL,
    batch_id  uuid        NOT NULL,
    minute    timestamptz NOT NULL,
    redeemed  bigint      NOT NULL,
    usual     bigint      NOT NULL,
    CONSTRAINT batch_burst_pkey PRIMARY KEY (brand_id, batch_id, minute),
    CONSTRAINT batch_burst_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch (brand_id, batch_id),
    CONSTRAINT batch_burst_stands_out CHECK (usual > 0 AND redeemed > usual)
);
CREATE INDEX batch_burst_list_idx ON codes.batch_burst (brand_id, minute);

GRANT SELECT, INSERT, DELETE ON codes.batch_minute TO siyu_redeem;
GRANT UPDATE (redeemed) ON codes.batch_minute TO siyu_redeem;
GRANT SELECT, INSERT ON codes.batch_burst TO siyu_redeem;
GRANT UPDATE (redeemed) ON codes.batch_burst TO siyu_redeem;
GRANT SELECT ON codes.batch_burst TO siyu_reports, siyu_operator;
