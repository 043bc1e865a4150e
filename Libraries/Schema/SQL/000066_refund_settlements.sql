-- Why: money that WeChat Pay will not give back any more is given back another way, by a person who says so at the command line.
-- Locks: orders.refund and orders.refund_approval, ACCESS EXCLUSIVE while the first one's rows are checked (one scan, no rewrite).

-- When money went back outside of WeChat Pay, who says so, and by what (the number of a bank transfer). The number towards WeChat Pay is
-- closed from then on, and succeeds with the books.
ALTER TABLE orders.refund
    ADD COLUMN settled_at timestamptz,
    ADD COLUMN settled_by text,
    ADD COLUMN settled_with text,
    ADD CONSTRAINT refund_settled_by_somebody CHECK (
        (settled_at IS NULL) = (settled_by IS NULL) AND (settled_at IS NULL) = (settled_with IS NULL)
        AND length(settled_by) BETWEEN 1 AND 100 AND length(settled_with) BETWEEN 1 AND 200),
    ADD CONSTRAINT refund_settled_once_over CHECK (settled_at IS NULL OR state IN ('closed', 'succeeded'));

-- By what the money goes back; NULL for a word that WeChat Pay be asked again.
ALTER TABLE orders.refund_approval ADD COLUMN settled_with text;

GRANT UPDATE (finished_at, settled_at, settled_by, settled_with) ON orders.refund TO siyu_operator;
GRANT UPDATE (settled_with) ON orders.refund_approval TO siyu_operator;
