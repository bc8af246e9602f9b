-- What of a payment came back while the rest stayed paid: that part is owed again. A column with a constant default; locks nothing long.
ALTER TABLE pay_run_lines ADD COLUMN returned_fen BIGINT NOT NULL DEFAULT 0;
