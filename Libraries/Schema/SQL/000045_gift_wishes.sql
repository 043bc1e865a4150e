-- Why: what a giver may say besides what they give: in which cover, from which entry, and when it shall be sent; and who looks at greetings.
-- Locks: gifting.gift, ACCESS EXCLUSIVE while its rows are checked against the new rules (one scan, no rewrite); creates the rest.

-- What a gift may be wrapped in, for as long as the licence lasts; nil at the end is for ever. Who licenses longer, or ends it, says so here.
CREATE TABLE gifting.cover (
    brand_id     uuid        NOT NULL,
    code         text        NOT NULL,
    title        text        NOT NULL,
    image_url    text,
    valid_from   timestamptz NOT NULL,
    valid_until  timestamptz,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    CONSTRAINT cover_pkey PRIMARY KEY (brand_id, code),
    CONSTRAINT cover_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT cover_code_fits CHECK (code ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'),
    CONSTRAINT cover_title_is_short CHECK (length(title) BETWEEN 1 AND 100),
    CONSTRAINT cover_image_is_encrypted CHECK (image_url LIKE 'https://%' AND length(image_url) <= 1000),
    CONSTRAINT cover_ends_after_it_begins CHECK (valid_until > valid_from)
);

-- Where gifts are begun: the chat, the live room. A new one is a row, not a program.
CREATE TABLE gifting.entry (
    brand_id    uuid        NOT NULL,
    code        text        NOT NULL,
    title       text        NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT entry_pkey PRIMARY KEY (brand_id, code),
    CONSTRAINT entry_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT entry_code_fits CHECK (code ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$' AND code <> 'unknown'),
    CONSTRAINT entry_title_is_short CHECK (length(title) BETWEEN 1 AND 100)
);

-- Who looks at greetings before anybody else does, the secret that the questions are signed with sealed.
CREATE TABLE gifting.greeting_screen (
    brand_id       uuid        NOT NULL,
    url            text        NOT NULL,
    sealed_secret  bytea       NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT greeting_screen_pkey PRIMARY KEY (brand_id),
    CONSTRAINT greeting_screen_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id)
);

-- A gift that is paid for and shall be sent later is `scheduled`: it has its order, and no clock of the recipient's runs.
ALTER TABLE gifting.gift
    ADD COLUMN entry_code text,
    ADD COLUMN cover_code text,
    ADD COLUMN send_at timestamptz,
    DROP CONSTRAINT gift_state_known,
    ADD CONSTRAINT gift_state_known CHECK (state IN ('draft', 'quoted', 'paying', 'scheduled', 'sent', 'claimed', 'accepted', 'expired',
        'declined', 'cancelled')),
    DROP CONSTRAINT gift_sent_once_paid,
    ADD CONSTRAINT gift_sent_once_paid CHECK (
        (state IN ('sent', 'claimed', 'accepted', 'expired', 'declined')) = (sent_at IS NOT NULL)
        AND (sent_at IS NULL) = (accept_until IS NULL) AND sent_at < accept_until
        AND CASE state
            WHEN 'scheduled' THEN order_id IS NOT NULL AND send_at IS NOT NULL
            WHEN 'cancelled' THEN order_id IS NULL OR send_at IS NOT NULL
            ELSE (sent_at IS NULL) = (order_id IS NULL) END),
    DROP CONSTRAINT gift_claimed_in_time,
    ADD CONSTRAINT gift_claimed_in_time CHECK (CASE
        WHEN state IN ('draft', 'quoted', 'paying', 'scheduled', 'sent', 'cancelled') THEN claimed_at IS NULL
        WHEN state IN ('claimed', 'accepted') THEN claimed_at IS NOT NULL
        ELSE true END AND claimed_at BETWEEN sent_at AND accept_until),
    ADD CONSTRAINT gift_sent_when_it_should CHECK (send_at > created_at AND (sent_at IS NULL OR sent_at >= send_at));

-- `admit_when_unavailable` says whether a greeting goes unseen where nobody looks at it in time.
INSERT INTO policies.standard (name, valid_from, value, source)
VALUES
    ('gift.greeting_screening', '2024-01-01 00:00:00+00', '{"admit_when_unavailable": false}',
        'What nobody has looked at is not shown to anybody.'),
    ('gift.send_ahead', '2024-01-01 00:00:00+00', '{"seconds": 2592000}',
        'A gift may be paid for up to thirty days before it is sent; money can be refunded for a year.');

GRANT SELECT ON gifting.cover, gifting.entry TO siyu_gifts, siyu_reports;
GRANT SELECT ON gifting.greeting_screen TO siyu_gifts;
GRANT SELECT, INSERT ON gifting.cover, gifting.entry, gifting.greeting_screen TO siyu_operator;
GRANT UPDATE (title, image_url, valid_from, valid_until, updated_at) ON gifting.cover TO siyu_operator;
GRANT UPDATE (title) ON gifting.entry TO siyu_operator;
GRANT UPDATE (url, sealed_secret, updated_at) ON gifting.greeting_screen TO siyu_operator;
GRANT DELETE ON gifting.greeting_screen TO siyu_operator;
GRANT SELECT (entry_code, cover_code, send_at) ON gifting.gift TO siyu_reports, siyu_operator;
