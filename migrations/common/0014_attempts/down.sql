ALTER TABLE pay_run_lines DROP COLUMN reason;
ALTER TABLE pay_run_lines DROP COLUMN state;
ALTER TABLE pay_lines DROP COLUMN paid_fen;
