-- Why: WeChat makes codes of its own kind (一物一碼) for a brand's service account: they are applied for, fetched, imported and activated
-- there by jobs, and what is scanned is a ticket that WeChat alone can read.
-- Locks: siyu.brand for the new foreign keys (SHARE ROW EXCLUSIVE, instant); everything else is new.

-- The service account that a brand speaks with WeChat by; the secret and the key of packages lie sealed.
CREATE TABLE codes.marketcode_account (
    brand_id            uuid        NOT NULL,
    appid               text        NOT NULL,
    base_url            text        NOT NULL,
    sealed_credentials  bytea       NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CONSTRAINT marketcode_account_pkey PRIMARY KEY (brand_id),
    CONSTRAINT marketcode_account_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT marketcode_account_texts_are_short CHECK (length(appid) BETWEEN 1 AND 64 AND length(base_url) BETWEEN 1 AND 200)
);

-- A wish for codes of WeChat, and how far it has come. Our id is its number towards WeChat, so that asking again is the same application.
-- `step` grows with every job: a job of another step has been overtaken and does nothing. `attempts` counts calls since the last progress.
-- `import_id` is the import whose codes come chunk by chunk; the batch comes into being with the last of them.
CREATE TABLE codes.marketcode_application (
    brand_id         uuid        NOT NULL,
    application_id   uuid        NOT NULL,
    request_id       text        NOT NULL,
    request_hash     bytea       NOT NULL,
    wish             text        NOT NULL,
    count            bigint      NOT NULL,
    appid            text        NOT NULL,
    state            text        NOT NULL,
    step             bigint      NOT NULL,
    attempts         integer     NOT NULL,
    wechat_id        text,
    wechat_word      text,
    import_id        uuid,
    author           text        NOT NULL,
    created_at       timestamptz NOT NULL,
    finished_at      timestamptz,
    attention_since  timestamptz,
    updated_at       timestamptz NOT NULL,
    CONSTRAINT marketcode_application_pkey PRIMARY KEY (brand_id, application_id),
    CONSTRAINT marketcode_application_request_key UNIQUE (brand_id, request_id),
    CONSTRAINT marketcode_application_account_fkey FOREIGN KEY (brand_id) REFERENCES codes.marketcode_account (brand_id),
    CONSTRAINT marketcode_application_request_is_short CHECK (length(request_id) BETWEEN 1 AND 100),
    CONSTRAINT marketcode_application_hash_is_a_digest CHECK (octet_length(request_hash) = 32),
    CONSTRAINT marketcode_application_count_fits CHECK (count BETWEEN 10000 AND 20000000 AND count % 10000 = 0),
    CONSTRAINT marketcode_application_state_known CHECK (state IN ('requested', 'generating', 'loading', 'loaded', 'refused')),
    CONSTRAINT marketcode_application_known_before_loading CHECK (state NOT IN ('generating', 'loading', 'loaded') OR wechat_id IS NOT NULL),
    CONSTRAINT marketcode_application_import_while_loading CHECK (state NOT IN ('loading', 'loaded') OR import_id IS NOT NULL),
    CONSTRAINT marketcode_application_finished_iff_loaded CHECK ((state = 'loaded') = (finished_at IS NOT NULL)),
    CONSTRAINT marketcode_application_word_is_short CHECK (length(wechat_word) <= 300),
    CONSTRAINT marketcode_application_author_is_short CHECK (length(author) BETWEEN 1 AND 100)
);

-- The packages that WeChat has made of an application: from `code_first` to `code_last`, both of them part of it.
CREATE TABLE codes.marketcode_chunk (
    brand_id        uuid   NOT NULL,
    application_id  uuid   NOT NULL,
    code_first      bigint NOT NULL,
    code_last       bigint NOT NULL,
    CONSTRAINT marketcode_chunk_pkey PRIMARY KEY (brand_id, application_id, code_first),
    CONSTRAINT marketcode_chunk_application_fkey FOREIGN KEY (brand_id, application_id)
        REFERENCES codes.marketcode_application (brand_id, application_id),
    CONSTRAINT marketcode_chunk_is_not_empty CHECK (code_first >= 0 AND code_last >= code_first)
);

-- Codes that are activated at WeChat: by our index, the end not included. Activations of an application never overlap, which is decided
-- under the application's lock; our own activation of the same codes is a row of codes.code_range.
CREATE TABLE codes.marketcode_activation (
    brand_id         uuid        NOT NULL,
    activation_id    uuid        NOT NULL,
    application_id   uuid        NOT NULL,
    index_from       bigint      NOT NULL,
    index_to         bigint      NOT NULL,
    activity         text        NOT NULL,
    state            text        NOT NULL,
    step             bigint      NOT NULL,
    attempts         integer     NOT NULL,
    wechat_word      text,
    author           text        NOT NULL,
    created_at       timestamptz NOT NULL,
    finished_at      timestamptz,
    attention_since  timestamptz,
    updated_at       timestamptz NOT NULL,
    CONSTRAINT marketcode_activation_pkey PRIMARY KEY (brand_id, activation_id),
    CONSTRAINT marketcode_activation_start_key UNIQUE (brand_id, application_id, index_from),
    CONSTRAINT marketcode_activation_application_fkey FOREIGN KEY (brand_id, application_id)
        REFERENCES codes.marketcode_application (brand_id, application_id),
    CONSTRAINT marketcode_activation_is_not_empty CHECK (index_from >= 0 AND index_to > index_from),
    CONSTRAINT marketcode_activation_state_known CHECK (state IN ('requested', 'sent', 'unknown', 'active', 'refused')),
    CONSTRAINT marketcode_activation_finished_iff_active CHECK ((state = 'active') = (finished_at IS NOT NULL)),
    CONSTRAINT marketcode_activation_word_is_short CHECK (length(wechat_word) <= 300),
    CONSTRAINT marketcode_activation_author_is_short CHECK (length(author) BETWEEN 1 AND 100)
);

-- The code behind the ticket of a scan: a ticket may be good for one exchange alone, and the same scan may be told again. The ticket and
-- who showed it stand here as half of an HMAC, the code sealed; forgotten with the bodies of hooks.
CREATE TABLE codes.marketcode_ticket (
    brand_id     uuid        NOT NULL,
    ticket_hash  bytea       NOT NULL,
    sealed_code  bytea       NOT NULL,
    created_at   timestamptz NOT NULL,
    CONSTRAINT marketcode_ticket_pkey PRIMARY KEY (brand_id, ticket_hash),
    CONSTRAINT marketcode_ticket_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT marketcode_ticket_hash_has_16_bytes CHECK (octet_length(ticket_hash) = 16)
);

CREATE INDEX marketcode_ticket_age_idx ON codes.marketcode_ticket (brand_id, created_at);

-- The operator wishes; siyu-ingest speaks with WeChat and loads; siyu-redeem reads the account and exchanges tickets.
GRANT SELECT ON codes.marketcode_account TO siyu_ingest, siyu_redeem, siyu_operator;
GRANT INSERT, UPDATE (appid, base_url, sealed_credentials, updated_at) ON codes.marketcode_account TO siyu_operator;
GRANT SELECT, INSERT ON codes.marketcode_application, codes.marketcode_activation TO siyu_operator;
GRANT UPDATE (state, step, attempts, wechat_word, attention_since, updated_at)
    ON codes.marketcode_application, codes.marketcode_activation TO siyu_operator;
GRANT SELECT ON codes.marketcode_chunk TO siyu_operator;
GRANT SELECT, INSERT ON codes.marketcode_ticket TO siyu_redeem;

GRANT USAGE ON SCHEMA codes TO siyu_ingest;
GRANT SELECT ON codes.marketcode_application, codes.marketcode_activation TO siyu_ingest;
GRANT UPDATE (state, step, attempts, wechat_id, wechat_word, import_id, finished_at, attention_since, updated_at)
    ON codes.marketcode_application TO siyu_ingest;
GRANT UPDATE (state, step, attempts, wechat_word, finished_at, attention_since, updated_at)
    ON codes.marketcode_activation TO siyu_ingest;
GRANT SELECT, INSERT ON codes.marketcode_chunk TO siyu_ingest;
GRANT SELECT, DELETE ON codes.marketcode_ticket TO siyu_ingest;
-- What makes a batch of what was loaded; no minted one, whose key files nobody but the operator writes.
GRANT SELECT, INSERT ON codes.import, codes.imported_code, codes.handle, codes.batch, codes.prize, codes.rules, codes.batch_fact
    TO siyu_ingest;
GRANT UPDATE (loaded, state, updated_at) ON codes.import TO siyu_ingest;
GRANT DELETE ON codes.imported_code TO siyu_ingest;
GRANT SELECT ON codes.prize_shuffle, codes.campaign TO siyu_ingest;
