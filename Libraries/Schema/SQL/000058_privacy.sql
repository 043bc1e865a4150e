-- Why: master keys rotate under load, and addresses are kept for a time only.
-- Locks: vault.address and gifting.gift for three indexes (SHARE, for as long as a scan takes).

-- What is sealed under the master keys is sealed again by the operator's command, wherever it stands.
GRANT UPDATE (sealed_secret) ON hooks.source_secret, hooks.endpoint_secret TO siyu_operator;
GRANT SELECT (brand_id, source_id, delivery_id, sealed_body), UPDATE (sealed_body) ON hooks.inbox TO siyu_operator;
GRANT UPDATE (sealed_package) ON orders.payout TO siyu_operator;
GRANT UPDATE (wrapped_key) ON codes.batch TO siyu_operator;
GRANT UPDATE (wrapped_seed) ON codes.campaign TO siyu_operator;
GRANT SELECT (brand_id, group_id, wrapped_seed), UPDATE (wrapped_seed) ON gifting.gift_group TO siyu_operator;
GRANT UPDATE (sealed_ranks) ON codes.prize_shuffle TO siyu_operator;
GRANT SELECT (brand_id, trace_id, sealed_place), UPDATE (sealed_place) ON codes.scan_trace TO siyu_operator;
GRANT SELECT (brand_id, ticket_hash, sealed_code), UPDATE (sealed_code) ON codes.marketcode_ticket TO siyu_operator;

-- Addresses whose time is over are found by their age, and what they are for by the gift that names them.
CREATE INDEX address_kept_idx ON vault.address (brand_id, created_at) WHERE erased_at IS NULL;
CREATE INDEX gift_address_idx ON gifting.gift (brand_id, address_id) WHERE address_id IS NOT NULL;
CREATE INDEX gift_prefilled_address_idx ON gifting.gift (brand_id, prefilled_address_id)
    WHERE prefilled_address_id IS NOT NULL;
GRANT UPDATE (sealed_value, erased_at) ON vault.address TO siyu_gifts;

INSERT INTO policies.standard (name, valid_from, value, source)
VALUES
    ('privacy.address_retention', '2024-01-01 00:00:00+00', '{"seconds": 2592000}',
        'Thirty days after a gift has ended; personal information is kept no longer than its purpose needs (PIPL, article 19).');
