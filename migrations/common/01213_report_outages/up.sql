-- Since when and how often a record was told in vain, when it goes out again, and the record of the same person that goes before it; and
-- of a queue since when its platform takes nothing, what it says, and when it is tried again. Columns only; locks nothing long.
ALTER TABLE report_records ADD COLUMN previous TEXT;
ALTER TABLE report_records ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE report_records ADD COLUMN failing_since BIGINT;
ALTER TABLE report_records ADD COLUMN next_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE report_queues ADD COLUMN down_since BIGINT;
ALTER TABLE report_queues ADD COLUMN down_tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE report_queues ADD COLUMN down_why TEXT;
ALTER TABLE report_queues ADD COLUMN down_sends INTEGER NOT NULL DEFAULT 0;
ALTER TABLE report_queues ADD COLUMN probe_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE report_queues ADD COLUMN up_at BIGINT;
