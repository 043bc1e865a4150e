-- Why: the numbers of the business (24 hours, a limit in yuan) are dated rows, read as of an instant, so that a change never
-- alters what was decided before it.
-- Locks: creates only; siyu.brand for the new foreign key (SHARE ROW EXCLUSIVE, instant).

CREATE SCHEMA policies;
GRANT USAGE ON SCHEMA policies TO siyu_worker;

-- What holds for every brand that says nothing else. Written by migrations alone; `source` says where the number is from.
CREATE TABLE policies.standard (
    name        text        NOT NULL,
    valid_from  timestamptz NOT NULL,
    value       jsonb       NOT NULL,
    source      text        NOT NULL,
    CONSTRAINT standard_pkey PRIMARY KEY (name, valid_from),
    CONSTRAINT standard_name_is_a_path CHECK (name ~ '^[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)+$' AND length(name) <= 80)
);

-- What a brand decided for itself. Append-only: a change is a later row, with who made it and why.
CREATE TABLE policies.setting (
    brand_id    uuid        NOT NULL,
    name        text        NOT NULL,
    valid_from  timestamptz NOT NULL,
    value       jsonb       NOT NULL,
    author      text        NOT NULL,
    reason      text        NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT setting_pkey PRIMARY KEY (brand_id, name, valid_from),
    CONSTRAINT setting_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT setting_name_is_short CHECK (length(name) BETWEEN 1 AND 80),
    CONSTRAINT setting_author_is_named CHECK (length(author) BETWEEN 1 AND 100),
    CONSTRAINT setting_reason_is_given CHECK (length(reason) BETWEEN 1 AND 500),
    CONSTRAINT setting_not_backdated CHECK (valid_from >= created_at)
);

GRANT SELECT ON policies.standard, policies.setting TO siyu_worker;
GRANT INSERT ON policies.setting TO siyu_operator;
