ALTER TABLE device_states DROP COLUMN cleared_before;
ALTER TABLE device_states DROP COLUMN cleared_count;
ALTER TABLE device_states DROP COLUMN told_at;
