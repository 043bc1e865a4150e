-- Why: the secret of a source may be for coupons, too: they count for orders, which are a shop's.
-- Locks: hooks.source, ACCESS EXCLUSIVE while its few rows are checked against the new rules (no rewrite).

ALTER TABLE hooks.source
    DROP CONSTRAINT source_purposes_are_known,
    ADD CONSTRAINT source_purposes_are_known CHECK (purposes <@ '{scans,handovers,draws,aftersales,shipments,coupons}'::text[]),
    DROP CONSTRAINT source_of_a_shop_does_what_is_the_shops,
    ADD CONSTRAINT source_of_a_shop_does_what_is_the_shops
        CHECK (shop_id IS NULL OR purposes <@ '{handovers,aftersales,shipments,coupons}'::text[]);
