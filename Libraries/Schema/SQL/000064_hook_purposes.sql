-- Why: the secret of a source of hooks opened every hook of its brand, decisions about money included. It opens what it is for, and for a
-- source of one shop what is that shop's.
-- Locks: hooks.source, ACCESS EXCLUSIVE while its few rows are checked against the new rules (no rewrite).

-- Sources from before keep what they could do; one that is made without a word, by an older binary too, may do nothing. A new purpose is
-- a new list in both rules; which of them are a shop's stands in Libraries/Hooks/HookPurpose.swift too.
ALTER TABLE hooks.source
    ADD COLUMN shop_id uuid,
    ADD COLUMN purposes text[] NOT NULL DEFAULT '{scans,handovers,draws,aftersales}',
    ADD CONSTRAINT source_purposes_are_known CHECK (purposes <@ '{scans,handovers,draws,aftersales}'::text[]),
    ADD CONSTRAINT source_of_a_shop_does_what_is_the_shops CHECK (shop_id IS NULL OR purposes <@ '{aftersales}'::text[]);
ALTER TABLE hooks.source ALTER COLUMN purposes SET DEFAULT '{}';

GRANT UPDATE (shop_id, purposes) ON hooks.source TO siyu_operator;
