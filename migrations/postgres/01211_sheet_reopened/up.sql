-- A closed sheet is opened again by money that came back, and its history says so. The table is small: a few rows for each sheet.
ALTER TABLE sheet_notes DROP CONSTRAINT sheet_notes_step_check;
ALTER TABLE sheet_notes ADD CONSTRAINT sheet_notes_step_check CHECK (step IN ('sent_back', 'published', 'closed', 'reopened'));
