-- Reporting: what was sold, rolled up so that a board reads a few hundred rows instead of every order.
--
-- Why these tables. Orders arrive late, twice and in any order, so no figure is ever counted up: whoever changes orders
-- names the days it touched, and those days are computed again from the orders themselves. Members (payers, new,
-- returning, repeat) cannot be added over days, because a person who buys on two days is one person. `member_day`
-- therefore keeps one row per member and day, linked to that member's day before and day after: any range, however
-- cut, is then one scan without sorting or counting distinct (a member's first row in the range has prev_day before
-- the range or none; the last row has next_day after it or none).
--
-- Locks: creates only; siyu.brand for the new foreign key (SHARE ROW EXCLUSIVE, instant).

CREATE SCHEMA reporting;

-- One row per brand: whoever rolls up a brand holds it (FOR UPDATE), so two roll-ups of a brand never overlap.
CREATE TABLE reporting.rollup (
    brand_id uuid NOT NULL,
    turns bigint NOT NULL DEFAULT 0,
    rolled_at timestamptz,
    CONSTRAINT rollup_pkey PRIMARY KEY (brand_id),
    CONSTRAINT rollup_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id)
);

-- Days that must be computed again. Append and delete only, keyed by the job that says so: two jobs that name the same
-- day never wait for each other, and a job run twice marks once.
CREATE TABLE reporting.dirty_day (
    brand_id uuid NOT NULL,
    day date NOT NULL,
    shop_id uuid NOT NULL,
    mark_id uuid NOT NULL,
    CONSTRAINT dirty_day_pkey PRIMARY KEY (brand_id, day, shop_id, mark_id)
);

-- scope_id is a shop, or all zeros for the whole brand. `turn` is the turn that added the row, or emptied it: it tells
-- whose days must be linked anew. A row with orders = 0 lives only inside the transaction that removes it: it keeps the
-- member findable until the neighbours are linked to each other.
CREATE TABLE reporting.member_day (
    brand_id uuid NOT NULL,
    scope_id uuid NOT NULL,
    person_id uuid NOT NULL,
    day date NOT NULL,
    orders integer NOT NULL,
    zero_orders integer NOT NULL,
    gmv_fen bigint NOT NULL,
    input_hash bigint NOT NULL,
    prev_day date,
    next_day date,
    turn bigint NOT NULL,
    CONSTRAINT member_day_pkey PRIMARY KEY (brand_id, scope_id, person_id, day),
    CONSTRAINT member_day_orders_counted CHECK (orders >= 0 AND zero_orders BETWEEN 0 AND orders),
    CONSTRAINT member_day_gmv_iff_paid CHECK (gmv_fen >= 0 AND (gmv_fen = 0) = (orders = zero_orders)),
    CONSTRAINT member_day_links_ordered CHECK (prev_day < day AND next_day > day)
);

-- Every range question is answered from this index alone; hence the columns it carries.
CREATE INDEX member_day_day_idx ON reporting.member_day (brand_id, scope_id, day)
    INCLUDE (orders, zero_orders, gmv_fen, prev_day, next_day);

-- The board's rows: days and months, ready to be read.
CREATE TABLE reporting.period_figure (
    brand_id uuid NOT NULL,
    scope_id uuid NOT NULL,
    grain text NOT NULL,
    starts_on date NOT NULL,
    gmv_fen bigint NOT NULL,
    orders bigint NOT NULL,
    zero_orders bigint NOT NULL,
    payers bigint NOT NULL,
    new_members bigint NOT NULL,
    returning_members bigint NOT NULL,
    single_members bigint NOT NULL,
    repeat_members bigint NOT NULL,
    input_hash bigint NOT NULL,
    CONSTRAINT period_figure_pkey PRIMARY KEY (brand_id, scope_id, grain, starts_on),
    CONSTRAINT period_figure_grain_known CHECK (grain IN ('day', 'month')),
    CONSTRAINT period_figure_month_starts_first CHECK (grain = 'day' OR extract(day FROM starts_on) = 1)
);

GRANT USAGE ON SCHEMA reporting TO siyu_reports, siyu_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON reporting.rollup, reporting.dirty_day, reporting.member_day,
    reporting.period_figure TO siyu_reports;
GRANT SELECT ON reporting.rollup, reporting.dirty_day, reporting.member_day, reporting.period_figure TO siyu_operator;
