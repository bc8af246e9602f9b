DROP TABLE void_steps;
ALTER TABLE bank_entries_was DROP COLUMN voided_by;
ALTER TABLE bank_entries_was DROP COLUMN told_by;
ALTER TABLE bank_entries DROP COLUMN voided_by;
ALTER TABLE bank_entries DROP COLUMN told_by;
