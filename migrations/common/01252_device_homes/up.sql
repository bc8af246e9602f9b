-- On which project a machine hung until a turn, so that what it told of before a move stays that project's however late it arrives. Empty
-- for turns from before this migration: of those the versions of the machine's own row tell it (`devices_was`).
-- Locks `device_turns` for a moment; no row is rewritten.
ALTER TABLE device_turns ADD COLUMN was_project_id BIGINT;
