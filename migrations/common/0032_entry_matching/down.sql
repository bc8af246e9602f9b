DROP INDEX bank_entries_by_ref;
DROP INDEX bank_entries_alike;
