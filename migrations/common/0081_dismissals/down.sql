DROP INDEX quarantine_open_by_id;
DROP INDEX notices_cured;
DROP INDEX mails_dead;
DROP INDEX jobs_dead;
ALTER TABLE mails DROP COLUMN note;
ALTER TABLE mails DROP COLUMN dismissed_at;
ALTER TABLE jobs DROP COLUMN note;
ALTER TABLE jobs DROP COLUMN dismissed_at;
