-- Whom an uploaded record is about, as the keyed index of the number of the papers: trainings and credentials are told of people who are
-- not on a roll yet, and are found when they are. A column without a value and an index; locks nothing long.
ALTER TABLE realname_records ADD COLUMN person_index TEXT;
CREATE INDEX realname_records_person ON realname_records (person_index, project_id);
