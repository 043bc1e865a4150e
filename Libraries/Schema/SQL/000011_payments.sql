-- Why: to be written.
-- Locks: none.
SELECT 1;
