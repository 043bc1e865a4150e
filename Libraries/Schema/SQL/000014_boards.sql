-- Why: the boards of prizes and gifts read what their rooms wrote, live; one of their questions needs an index.
-- Locks: codes.redemption, SHARE while the index is built (new in the same release, so it is empty or small).

-- Who won what in a batch, as of an instant: answered from this index alone.
CREATE INDEX redemption_won_idx ON codes.redemption (brand_id, batch_id, tier, redeemed_at) WHERE tier IS NOT NULL;
