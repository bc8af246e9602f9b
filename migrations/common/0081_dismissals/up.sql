-- A dead letter that a person has dismissed with a note keeps its row until it is pruned. The columns are added without a rewrite; each
-- index reads its table once and locks it for that time. Counting and listing what is dead then reads no more than what is dead.
ALTER TABLE jobs ADD COLUMN dismissed_at BIGINT;
ALTER TABLE jobs ADD COLUMN note TEXT;
ALTER TABLE mails ADD COLUMN dismissed_at BIGINT;
ALTER TABLE mails ADD COLUMN note TEXT;
CREATE INDEX jobs_dead ON jobs (id) WHERE state = 'dead';
CREATE INDEX mails_dead ON mails (id) WHERE state = 'dead';
CREATE INDEX notices_cured ON notices (cured_at) WHERE state = 'cured';
CREATE INDEX quarantine_open_by_id ON quarantine (id) WHERE state = 'open';
