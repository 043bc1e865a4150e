-- Why: a refund that WeChat Pay has closed for good is renewed under its next number by a person at the command line, who takes room of the
-- payment for it again.
-- Locks: none that anybody could wait for; rights are granted.

GRANT INSERT ON orders.refund TO siyu_operator;
GRANT UPDATE (refund_reserved_fen, updated_at) ON orders.payment_intent TO siyu_operator;
