ALTER TABLE entry_doubts DROP COLUMN named_run;
