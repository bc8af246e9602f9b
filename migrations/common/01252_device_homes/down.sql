ALTER TABLE device_turns DROP COLUMN was_project_id;
