ALTER TABLE item_steps DROP COLUMN document_id;
