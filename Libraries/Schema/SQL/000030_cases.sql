-- Why: whoever was shipped a case shall sell it in their own region. Which codes lie in which case, who got it, and where they sell say when
-- a pack is shown somewhere else; nobody is held up for it, it is listed.
-- Locks: codes.batch and siyu.brand for the foreign keys, codes.scan_signal for its check and a column, all instant.

CREATE TABLE codes.dealer (
    brand_id    uuid             NOT NULL,
    dealer_id   uuid             NOT NULL,
    code        text             NOT NULL,
    name        text             NOT NULL,
    lat         double precision NOT NULL,
    lon         double precision NOT NULL,
    radius_km   integer          NOT NULL,
    created_at  timestamptz      NOT NULL,
    updated_at  timestamptz      NOT NULL,
    CONSTRAINT dealer_pkey PRIMARY KEY (brand_id, dealer_id),
    CONSTRAINT dealer_code_key UNIQUE (brand_id, code),
    CONSTRAINT dealer_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT dealer_code_fits CHECK (code ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'),
    CONSTRAINT dealer_name_is_short CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT dealer_is_on_earth CHECK (lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180),
    CONSTRAINT dealer_region_is_one CHECK (radius_km BETWEEN 1 AND 20000)
);
GRANT SELECT ON codes.dealer TO siyu_redeem, siyu_reports, siyu_operator;
GRANT INSERT, UPDATE (name, lat, lon, radius_km, updated_at) ON codes.dealer TO siyu_operator;

-- The codes of a case, by index. Cases of a batch do not overlap: whoever adds some holds the batch's row.
CREATE TABLE codes.pack_case (
    brand_id    uuid        NOT NULL,
    batch_id    uuid        NOT NULL,
    from_index  bigint      NOT NULL,
    to_index    bigint      NOT NULL,
    case_code   text        NOT NULL,
    dealer_id   uuid,
    shipped_at  timestamptz,
    created_at  timestamptz NOT NULL,
    CONSTRAINT pack_case_pkey PRIMARY KEY (brand_id, batch_id, from_index),
    CONSTRAINT pack_case_code_key UNIQUE (brand_id, case_code),
    CONSTRAINT pack_case_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch (brand_id, batch_id),
    CONSTRAINT pack_case_dealer_fkey FOREIGN KEY (brand_id, dealer_id) REFERENCES codes.dealer (brand_id, dealer_id),
    CONSTRAINT pack_case_holds_some CHECK (from_index >= 0 AND from_index < to_index),
    CONSTRAINT pack_case_code_is_short CHECK (length(case_code) BETWEEN 1 AND 64),
    CONSTRAINT pack_case_shipped_to_somebody CHECK ((dealer_id IS NULL) = (shipped_at IS NULL))
);
GRANT SELECT ON codes.pack_case TO siyu_redeem, siyu_reports, siyu_operator;
GRANT INSERT, UPDATE (dealer_id, shipped_at) ON codes.pack_case TO siyu_operator;

-- Another thing that looks odd: a pack outside the region of the dealer that its case was shipped to.
ALTER TABLE codes.scan_signal
    ADD COLUMN dealer_id uuid,
    DROP CONSTRAINT scan_signal_rule_known,
    ADD CONSTRAINT scan_signal_rule_known CHECK (rule IN ('travel', 'many_people', 'shared_device', 'burst', 'region')),
    ADD CONSTRAINT scan_signal_region_has_dealer CHECK ((rule = 'region') = (dealer_id IS NOT NULL));
