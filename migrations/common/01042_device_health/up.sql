-- When passages of a machine were last judged by their times (a heartbeat says nothing of its clock), and how many of its passages were
-- stored when its log was ordered to be cleared: what it says that it holds is compared with what came since.
ALTER TABLE device_states ADD COLUMN told_at BIGINT;
ALTER TABLE device_states ADD COLUMN cleared_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device_states ADD COLUMN cleared_before BIGINT NOT NULL DEFAULT 0;
