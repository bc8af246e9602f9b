DROP INDEX pay_run_lines_contradicted;
ALTER TABLE pay_run_lines DROP COLUMN returned_fen;
