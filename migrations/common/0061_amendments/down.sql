ALTER TABLE login_throttles DROP COLUMN noted_at;
DROP TABLE session_ends;
DROP TABLE amendment_decisions;
DROP TABLE amendments;
