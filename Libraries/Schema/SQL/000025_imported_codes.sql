-- Why: codes that somebody else printed (a printer, a brand's own machine, WeChat) are redeemed like minted ones. They follow no key of
-- ours, so they are rows.
-- Locks: siyu.brand for the new foreign key (SHARE ROW EXCLUSIVE, instant).

-- A file of codes on its way in. Its batch comes into being with the last of its codes, under `batch_id`: nothing is half alive.
-- `request_hash` is what was asked for, `file_hash` the file. `loaded` counts the codes that stand in imported_code, from the file's first
-- on; a refused import with `loaded` above zero still has rows to be removed. `code_length` and `alphabet` are what its codes look like.
CREATE TABLE codes.import (
    brand_id      uuid        NOT NULL,
    import_id     uuid        NOT NULL,
    request_id    text        NOT NULL,
    request_hash  bytea       NOT NULL,
    file_hash     bytea       NOT NULL,
    batch_id      uuid        NOT NULL,
    origin        text        NOT NULL,
    codes         bigint      NOT NULL,
    loaded        bigint      NOT NULL,
    code_length   integer     NOT NULL,
    alphabet      text        NOT NULL,
    state         text        NOT NULL,
    author        text        NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT import_pkey PRIMARY KEY (brand_id, import_id),
    CONSTRAINT import_request_key UNIQUE (brand_id, request_id),
    CONSTRAINT import_batch_key UNIQUE (brand_id, batch_id),
    CONSTRAINT import_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT import_request_is_short CHECK (length(request_id) BETWEEN 1 AND 100),
    CONSTRAINT import_hashes_are_digests CHECK (octet_length(request_hash) = 32 AND octet_length(file_hash) = 32),
    CONSTRAINT import_origin_known CHECK (origin IN ('file', 'marketcode')),
    CONSTRAINT import_loads_in_order CHECK (loaded BETWEEN 0 AND codes AND codes > 0),
    CONSTRAINT import_form_is_a_code CHECK (code_length BETWEEN 1 AND 64 AND length(alphabet) BETWEEN 1 AND 95),
    CONSTRAINT import_state_known CHECK (state IN ('loading', 'loaded', 'refused')),
    CONSTRAINT import_is_whole_when_loaded CHECK (state <> 'loaded' OR loaded = codes),
    CONSTRAINT import_author_is_short CHECK (length(author) BETWEEN 1 AND 100)
);

-- A code that somebody else made: never in clear, but the first half of an HMAC-SHA256 under the installation's key and the brand.
-- `code_index` is its place in the file, from 0. No foreign keys: the import's row would be locked by each (Libraries/Codes/Decisions/0005).
CREATE TABLE codes.imported_code (
    brand_id    uuid   NOT NULL,
    code_hash   bytea  NOT NULL,
    batch_id    uuid   NOT NULL,
    code_index  bigint NOT NULL,
    CONSTRAINT imported_code_pkey PRIMARY KEY (brand_id, code_hash),
    CONSTRAINT imported_code_index_key UNIQUE (brand_id, batch_id, code_index),
    CONSTRAINT imported_code_hash_has_16_bytes CHECK (octet_length(code_hash) = 16),
    CONSTRAINT imported_code_index_not_negative CHECK (code_index >= 0)
);

GRANT SELECT ON codes.import, codes.imported_code TO siyu_redeem, siyu_operator;
GRANT INSERT ON codes.import TO siyu_operator;
GRANT UPDATE (loaded, state, updated_at) ON codes.import TO siyu_operator;
GRANT INSERT, DELETE ON codes.imported_code TO siyu_operator;
