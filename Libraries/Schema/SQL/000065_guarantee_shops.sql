-- Why: shops that guarantee what they sell are named by policy, and their systems tell of shipments by hook; a source of one shop may hand over there.
-- Locks: hooks.source, ACCESS EXCLUSIVE while its few rows are checked against the new rules (no rewrite).

-- Nobody guarantees anything before the brand says so.
INSERT INTO policies.standard (name, valid_from, value, source) VALUES
    ('orders.guarantee_shops', '2024-01-01T00:00:00+08:00', '{"all": false, "shops": []}',
     'our own: a guarantee costs money, so each brand names the shops that give it');

-- A new purpose, a shop's; no source has it before somebody says so. What a store hands over is that store's, too: its till may be its own source.
ALTER TABLE hooks.source
    DROP CONSTRAINT source_purposes_are_known,
    DROP CONSTRAINT source_of_a_shop_does_what_is_the_shops,
    ADD CONSTRAINT source_purposes_are_known CHECK (purposes <@ '{scans,handovers,draws,aftersales,shipments}'::text[]),
    ADD CONSTRAINT source_of_a_shop_does_what_is_the_shops
        CHECK (shop_id IS NULL OR purposes <@ '{handovers,aftersales,shipments}'::text[]);
