-- Why: to be written.
-- Locks: none.
CREATE SCHEMA policies;
