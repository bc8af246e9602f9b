-- Each entry of a statement is looked for among those on record, by amount and day and by the bank's reference. Without these a
-- statement of ten thousand entries reads a hundred million rows. Building them reads bank_entries once and locks it for that time.
CREATE INDEX bank_entries_alike ON bank_entries (project_id, match_key, booked_on);
CREATE INDEX bank_entries_by_ref ON bank_entries (project_id, bank_ref) WHERE bank_ref IS NOT NULL;
