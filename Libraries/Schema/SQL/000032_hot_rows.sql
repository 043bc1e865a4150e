-- Why: the brand of an answered delivery and of a person is read in the statement that inserts them (FROM siyu.brand b), and brands are
--      never deleted; the foreign keys read and locked the brand's row once more for each row, at every scan. As codes.redemption.
-- Locks: hooks.inbox, vault.person and siyu.brand, for an instant.
ALTER TABLE hooks.inbox DROP CONSTRAINT inbox_brand_fkey;
ALTER TABLE vault.person DROP CONSTRAINT person_brand_fkey;
