DELETE FROM sheet_notes WHERE step = 'reopened';
ALTER TABLE sheet_notes DROP CONSTRAINT sheet_notes_step_check;
ALTER TABLE sheet_notes ADD CONSTRAINT sheet_notes_step_check CHECK (step IN ('sent_back', 'published', 'closed'));
