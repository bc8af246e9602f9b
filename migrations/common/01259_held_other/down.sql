ALTER TABLE device_states DROP COLUMN held_other;
