-- Why: addresses, sealed per person; and erasing a person, which destroys the key of everything that is sealed with it.
-- Locks: vault.person, ACCESS EXCLUSIVE while its rows are checked against the new rule (one scan, no rewrite).

-- An erased person keeps the id, to which orders and money refer, and nothing else. Without a blind index nobody finds them:
-- the same identifier is a new person from then on.
ALTER TABLE vault.person
    ALTER COLUMN blind_index DROP NOT NULL,
    ALTER COLUMN sealed_value DROP NOT NULL,
    ALTER COLUMN wrapped_key DROP NOT NULL,
    ADD COLUMN erased_at timestamptz,
    ADD CONSTRAINT person_erased_or_whole
        CHECK (num_nulls(blind_index, sealed_value, wrapped_key) = CASE WHEN erased_at IS NULL THEN 0 ELSE 3 END);

-- Where something is to be delivered, under the person's own data key. Never changed: another address is another row.
CREATE TABLE vault.address (
    brand_id      uuid        NOT NULL,
    address_id    uuid        NOT NULL,
    person_id     uuid        NOT NULL,
    sealed_value  bytea,
    created_at    timestamptz NOT NULL,
    erased_at     timestamptz,
    CONSTRAINT address_pkey PRIMARY KEY (brand_id, address_id),
    CONSTRAINT address_person_fkey FOREIGN KEY (brand_id, person_id) REFERENCES vault.person (brand_id, person_id),
    CONSTRAINT address_erased_or_whole CHECK ((sealed_value IS NULL) = (erased_at IS NOT NULL))
);

-- Erasing finds a person's addresses.
CREATE INDEX address_person_idx ON vault.address (brand_id, person_id);

-- Scans and gifts name people; gifts alone take addresses; only an operator erases.
GRANT USAGE ON SCHEMA vault TO siyu_redeem, siyu_gifts;
GRANT SELECT, INSERT ON vault.person TO siyu_redeem, siyu_gifts;
GRANT SELECT, INSERT ON vault.address TO siyu_gifts;
GRANT SELECT ON vault.address TO siyu_operator;
GRANT UPDATE (blind_index, sealed_value, wrapped_key, erased_at) ON vault.person TO siyu_operator;
GRANT UPDATE (sealed_value, erased_at) ON vault.address TO siyu_operator;
