-- The older service takes an explanation for one whoever said it: what waits here for a second person counts there again.
ALTER TABLE match_decisions DROP COLUMN confirms;
