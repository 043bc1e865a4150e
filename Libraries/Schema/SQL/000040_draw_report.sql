-- Why: what draws were entered, won and cost is reported, and held against the books.
-- Locks: none: grants alone.

-- Not the seed: whoever reads that before the end knows what every entry wins.
GRANT SELECT (brand_id, campaign_id, code, name, mode, entries_max, starts_at, ends_at, extended_to, published_at, cost_account_id)
    ON codes.campaign TO siyu_reports;
GRANT SELECT ON codes.campaign_prize, codes.draw_day, codes.draw_entry TO siyu_reports;
