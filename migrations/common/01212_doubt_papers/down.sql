ALTER TABLE doubt_steps DROP COLUMN document_id;
