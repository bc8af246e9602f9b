DROP INDEX realname_records_person;
ALTER TABLE realname_records DROP COLUMN person_index;
