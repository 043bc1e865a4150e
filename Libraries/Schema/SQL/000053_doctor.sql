-- Why: `siyu doctor invariants` asks whether any delivery or request was answered twice; it reads whose, and nothing of what was said.
-- Locks: none that anybody could wait for; a right is granted.

GRANT SELECT (brand_id, source_id, delivery_id) ON hooks.inbox TO siyu_operator;
GRANT SELECT (brand_id, caller, route, key) ON hooks.idempotency TO siyu_operator;
