-- What the bank said of each attempt, and what of a line has reached the worker: a late word on an old attempt must not be read as
-- a word on the new one. Adds columns only; locks the two tables for a moment.

ALTER TABLE pay_lines ADD COLUMN paid_fen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pay_run_lines ADD COLUMN state TEXT NOT NULL DEFAULT 'sent';
ALTER TABLE pay_run_lines ADD COLUMN reason TEXT;
