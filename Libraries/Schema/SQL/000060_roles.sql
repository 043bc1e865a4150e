-- Why: a token for each sort of work, so that who sees prices sees no addresses, and who hands over sees neither.
-- Locks: hooks.api_key, ACCESS EXCLUSIVE while its few rows are checked against the new rules.

ALTER TABLE hooks.api_key
    DROP CONSTRAINT api_key_role_check,
    ADD CONSTRAINT api_key_role_is_known
        CHECK (role IN ('partner', 'staff', 'finance', 'store', 'provider', 'auditor')),
    ADD COLUMN expires_at timestamptz,
    ADD CONSTRAINT api_key_expires_after_created CHECK (expires_at > created_at);
