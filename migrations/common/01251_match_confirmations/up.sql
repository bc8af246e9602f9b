-- The explanation of unpaid wages that a second person confirms. Only the description of the table is locked.
ALTER TABLE match_decisions ADD COLUMN confirms BIGINT;
