-- Why: the brand of a member is read in the statement that inserts them (FROM siyu.brand b), and an identity is inserted by the transaction
--      that inserted its member or read it from an identity; members and brands are never deleted. The foreign keys read and locked the
--      brand's row and the member's once more for each row, at every scan of somebody new. As hooks.inbox and vault.person.
-- Locks: members.member, members.identity and siyu.brand, for an instant.
ALTER TABLE members.identity DROP CONSTRAINT identity_member_fkey;
ALTER TABLE members.member DROP CONSTRAINT member_brand_fkey;
-- A touch is what it records: nothing refers to an id of its own, and each scan paid for the index.
ALTER TABLE touch.touch DROP CONSTRAINT touch_subject_key;
ALTER TABLE touch.touch DROP COLUMN touch_id;
ALTER TABLE touch.touch ADD CONSTRAINT touch_pkey PRIMARY KEY (brand_id, kind, subject_id);
