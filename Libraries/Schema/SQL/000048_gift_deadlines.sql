-- Why: gifts whose time is over are found by their deadline and ended in sets; no job waits for each of them.
-- Locks: gifting.gift, SHARE while the index is built: gifts are read meanwhile, and not changed.

CREATE INDEX gift_due_idx ON gifting.gift (brand_id, accept_until) WHERE state IN ('sent', 'claimed');
