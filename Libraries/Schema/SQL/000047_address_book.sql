-- Why: among close friends the giver knows the address. They may fill it in where the brand allows it and the recipient has said so before.
-- Locks: gifting.gift for a column (ACCESS EXCLUSIVE, instant); siyu.brand for the new foreign key.

-- Who lets whom fill in their address. The newest word counts: `revoked_at` takes it back, and granting again clears that.
CREATE TABLE gifting.address_consent (
    brand_id      uuid        NOT NULL,
    recipient_id  uuid        NOT NULL,
    sender_id     uuid        NOT NULL,
    granted_at    timestamptz NOT NULL,
    revoked_at    timestamptz,
    CONSTRAINT address_consent_pkey PRIMARY KEY (brand_id, recipient_id, sender_id),
    CONSTRAINT address_consent_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT address_consent_to_another CHECK (recipient_id <> sender_id)
);

-- What the giver filled in; it becomes the gift's address when the recipient opens it, if they still let the giver.
ALTER TABLE gifting.gift ADD COLUMN prefilled_address_id uuid;

INSERT INTO policies.standard (name, valid_from, value, source)
VALUES
    ('gift.address_book', '2024-01-01 00:00:00+00', '{"enabled": false}',
        'Addresses are the recipients'' to fill in, unless a brand lets close friends do it.');

GRANT SELECT, INSERT, UPDATE (granted_at, revoked_at) ON gifting.address_consent TO siyu_gifts;
GRANT UPDATE (prefilled_address_id) ON gifting.gift TO siyu_gifts;
