-- What of a payment came back while the rest stayed paid: that part is owed again. A column with a constant default; locks nothing long.
ALTER TABLE pay_run_lines ADD COLUMN returned_fen BIGINT NOT NULL DEFAULT 0;
-- Payments of which the bank has said both paid and refused: a handful, asked for with every answer of a gate.
CREATE INDEX pay_run_lines_contradicted ON pay_run_lines (project_id) WHERE reason = 'contradicted';
