-- Why: batches of fewer than 10,000 codes have prizes, too: by a shuffle, since a permutation by walking would walk long.
-- Locks: codes.batch (ACCESS EXCLUSIVE; it is read once for the new check).

ALTER TABLE codes.batch
    DROP CONSTRAINT batch_prize_mode_known,
    ADD CONSTRAINT batch_prize_mode_known CHECK (prize_mode IN ('none', 'ranks', 'shuffle'));

-- The rank of each code of a small batch, by index, two bytes each, sealed: whoever reads it knows what wins. It follows from the batch's
-- key, and an audit compares the two; it stands here so that it never has to be made again.
CREATE TABLE codes.prize_shuffle (
    brand_id      uuid   NOT NULL,
    batch_id      uuid   NOT NULL,
    sealed_ranks  bytea  NOT NULL,
    CONSTRAINT prize_shuffle_pkey PRIMARY KEY (brand_id, batch_id),
    CONSTRAINT prize_shuffle_batch_fkey FOREIGN KEY (brand_id, batch_id) REFERENCES codes.batch (brand_id, batch_id),
    CONSTRAINT prize_shuffle_is_small CHECK (octet_length(sealed_ranks) BETWEEN 30 AND 20100)
);

GRANT SELECT ON codes.prize_shuffle TO siyu_redeem, siyu_operator;
GRANT INSERT ON codes.prize_shuffle TO siyu_operator;
