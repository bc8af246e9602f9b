ALTER TABLE pay_run_lines DROP COLUMN returned_fen;
