-- Why: what is promised about a batch's prizes is published before the first code lives, and afterwards changes in the
-- consumer's favour alone; no prize is worth more than the law allows.
-- Locks: codes.batch for the new foreign key (SHARE ROW EXCLUSIVE, instant).

-- What was published about a batch, version after version; append-only. Version 1 comes with the minting. A later version keeps the
-- start of a campaign that runs, hence the exception. `document_hash` is SHA-256 of the published lines (Libraries/Codes/README.md).
CREATE TABLE codes.rules (
    brand_id       uuid        NOT NULL,
    batch_id       uuid        NOT NULL,
    version        integer     NOT NULL,
    starts_at      timestamptz NOT NULL,
    ends_at        timestamptz,
    claim_days     integer     NOT NULL,
    document_hash  bytea       NOT NULL,
    author         text        NOT NULL,
    published_at   timestamptz NOT NULL,
    CONSTRAINT rules_pkey PRIMARY KEY (brand_id, batch_id, version),
    CONSTRAINT rules_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch (brand_id, batch_id),
    CONSTRAINT rules_version_from_1 CHECK (version >= 1),
    CONSTRAINT rules_window_is_half_open CHECK (starts_at < ends_at),
    CONSTRAINT rules_published_first CHECK (version > 1 OR published_at <= starts_at),
    CONSTRAINT rules_claim_days_usual CHECK (claim_days BETWEEN 1 AND 3650),
    CONSTRAINT rules_document_hash_is_digest CHECK (octet_length(document_hash) = 32),
    CONSTRAINT rules_author_is_short CHECK (length(author) BETWEEN 1 AND 100)
);

-- Batches from before there were rules: from their minting on, without an end, the same lines as the program writes.
INSERT INTO codes.rules (brand_id, batch_id, version, starts_at, ends_at, claim_days, document_hash, author, published_at)
SELECT b.brand_id, b.batch_id, 1, b.created_at, NULL, 30,
    sha256(convert_to('siyu-rules-1' || chr(10) || encode(b.rules_hash, 'hex') || chr(10)
        || to_char(b.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || chr(10) || '-' || chr(10)
        || '30' || chr(10), 'UTF8')),
    'migration', b.created_at
FROM codes.batch b;

INSERT INTO policies.standard (name, valid_from, value, source) VALUES
    ('codes.top_prize_max', '2020-12-01T00:00:00+08:00', '{"fen": 5000000}',
     '規範促銷行為暫行規定, in force since 2020-12-01: the first prize of a lottery is at most 50,000 yuan; a brand may be stricter'),
    ('codes.claim_days', '2020-01-01T00:00:00+08:00', '{"days": 30}', 'our own: a month to fetch a bottle');

GRANT SELECT ON codes.rules TO siyu_redeem, siyu_reports, siyu_operator;
GRANT INSERT ON codes.rules TO siyu_operator;
