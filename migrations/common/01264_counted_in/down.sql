DROP INDEX bank_statements_of_kind;
DROP INDEX bank_entries_counted;
ALTER TABLE bank_entries_was DROP COLUMN counted_in;
ALTER TABLE bank_entries DROP COLUMN counted_in;
