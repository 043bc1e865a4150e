-- Why: cards whose benefits come first and whose goals come later, settled when their time is over.
-- Locks: creates only; siyu.brand for the new foreign key (SHARE ROW EXCLUSIVE, instant).

CREATE SCHEMA promotions;

-- One card. Its terms are written once: no role has UPDATE on them. `ends_at` is the last instant that counts.
CREATE TABLE promotions.card (
    brand_id     uuid        NOT NULL,
    card_id      uuid        NOT NULL,
    shop_id      uuid        NOT NULL,
    person_id    uuid        NOT NULL,
    cap_fen      bigint      NOT NULL,
    ends_at      timestamptz NOT NULL,
    state        text        NOT NULL,
    used_fen     bigint      NOT NULL,
    charged_fen  bigint      NOT NULL,
    settled_at   timestamptz,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    CONSTRAINT card_pkey PRIMARY KEY (brand_id, card_id),
    CONSTRAINT card_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT card_state_known CHECK (state IN ('active', 'kept', 'missed')),
    CONSTRAINT card_settled_after_its_end CHECK ((state = 'active') = (settled_at IS NULL) AND settled_at > ends_at),
    CONSTRAINT card_charges_no_more_than_agreed CHECK (cap_fen >= 0 AND used_fen >= 0
        AND charged_fen BETWEEN 0 AND least(cap_fen, used_fen) AND (charged_fen = 0 OR state = 'missed')),
    CONSTRAINT card_ends_after_it_began CHECK (ends_at > created_at)
);

-- What was promised: how often, and how often it was done less what was undone (below zero while the undoing is known first).
CREATE TABLE promotions.card_goal (
    brand_id  uuid    NOT NULL,
    card_id   uuid    NOT NULL,
    goal      text    NOT NULL,
    wanted    integer NOT NULL,
    reached   integer NOT NULL,
    CONSTRAINT card_goal_pkey PRIMARY KEY (brand_id, card_id, goal),
    CONSTRAINT card_goal_card_fkey FOREIGN KEY (brand_id, card_id) REFERENCES promotions.card (brand_id, card_id),
    CONSTRAINT card_goal_is_short CHECK (length(goal) BETWEEN 1 AND 40),
    CONSTRAINT card_goal_wants_something CHECK (wanted >= 1)
);

-- News of a card, once for each serial number: a goal done or undone, or a benefit that was used. Insert-only.
CREATE TABLE promotions.card_event (
    brand_id     uuid        NOT NULL,
    card_id      uuid        NOT NULL,
    serial       text        NOT NULL,
    goal         text,
    count        integer,
    amount_fen   bigint,
    order_id     uuid,
    recorded_at  timestamptz NOT NULL,
    CONSTRAINT card_event_pkey PRIMARY KEY (brand_id, card_id, serial),
    CONSTRAINT card_event_card_fkey FOREIGN KEY (brand_id, card_id) REFERENCES promotions.card (brand_id, card_id),
    CONSTRAINT card_event_serial_is_short CHECK (length(serial) BETWEEN 1 AND 100),
    CONSTRAINT card_event_is_one_thing CHECK (num_nonnulls(goal, count) IN (0, 2) AND (goal IS NULL) = (amount_fen IS NOT NULL)
        AND count <> 0 AND amount_fen > 0)
);
-- What an order counted for is found when its money goes back.
CREATE INDEX card_event_order_idx ON promotions.card_event (brand_id, order_id) WHERE order_id IS NOT NULL;

GRANT USAGE ON SCHEMA promotions TO siyu_gifts, siyu_reports, siyu_operator;
GRANT SELECT, INSERT ON promotions.card, promotions.card_goal, promotions.card_event TO siyu_gifts;
GRANT UPDATE (state, used_fen, charged_fen, settled_at, updated_at) ON promotions.card TO siyu_gifts;
GRANT UPDATE (reached) ON promotions.card_goal TO siyu_gifts;
GRANT SELECT ON promotions.card, promotions.card_goal, promotions.card_event TO siyu_reports, siyu_operator;
