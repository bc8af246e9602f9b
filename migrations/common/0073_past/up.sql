-- What was known before: a row of a registry that may change leaves the version that it replaces here, with the place in its chain
-- at which that ended. A question with `known_at` reads these beside the rows of today (src/store/past.rs). `until_*` comes first, so
-- that a column which a later migration adds to both tables ends up in the same place in each.
-- The two added columns have a default: no table is rewritten. On a large PostgreSQL the triggers take a short lock on each table.

CREATE TABLE enrolments_was AS SELECT CAST(0 AS BIGINT) AS until_seq, t.* FROM enrolments t WHERE 1 = 0;
CREATE INDEX enrolments_was_by_end ON enrolments_was (project_id, until_seq);

CREATE TABLE wage_accounts_was AS SELECT CAST(0 AS BIGINT) AS until_seq, t.* FROM wage_accounts t WHERE 1 = 0;
CREATE INDEX wage_accounts_was_by_end ON wage_accounts_was (project_id, until_seq);

CREATE TABLE bank_entries_was AS SELECT CAST(0 AS BIGINT) AS until_seq, t.* FROM bank_entries t WHERE 1 = 0;
CREATE INDEX bank_entries_was_by_end ON bank_entries_was (project_id, until_seq);

CREATE TABLE pay_sheets_was AS SELECT CAST(0 AS BIGINT) AS until_seq, t.* FROM pay_sheets t WHERE 1 = 0;
CREATE INDEX pay_sheets_was_by_end ON pay_sheets_was (project_id, until_seq);

CREATE TABLE pay_lines_was AS SELECT CAST(0 AS BIGINT) AS until_seq, t.* FROM pay_lines t WHERE 1 = 0;
CREATE INDEX pay_lines_was_by_end ON pay_lines_was (project_id, until_seq);

CREATE TABLE cases_was AS SELECT CAST(0 AS BIGINT) AS until_seq, t.* FROM cases t WHERE 1 = 0;
CREATE INDEX cases_was_by_end ON cases_was (project_id, until_seq);

CREATE TABLE devices_was AS SELECT CAST(0 AS BIGINT) AS until_seq, t.* FROM devices t WHERE 1 = 0;
CREATE INDEX devices_was_by_end ON devices_was (id, until_seq);

-- Work days are folded from punches by a job that writes to no chain, so their versions go by the moment of folding.
ALTER TABLE work_days ADD COLUMN folded_at BIGINT NOT NULL DEFAULT 0;
CREATE TABLE work_days_was AS SELECT CAST(0 AS BIGINT) AS until_at, t.* FROM work_days t WHERE 1 = 0;
CREATE INDEX work_days_was_by_end ON work_days_was (project_id, until_at);

-- A day that waited to be folded counts as one on which somebody worked, so it is remembered how long it waited.
ALTER TABLE dirty_days ADD COLUMN marked_at BIGINT NOT NULL DEFAULT 0;
CREATE TABLE dirty_days_was AS SELECT CAST(0 AS BIGINT) AS until_at, t.* FROM dirty_days t WHERE 1 = 0;
CREATE INDEX dirty_days_was_by_end ON dirty_days_was (project_id, until_at);

-- The days on which a device was seen, each with the first moment; `device_states` keeps the last moment only.
CREATE TABLE device_days (
    device_id BIGINT NOT NULL,
    local_day INTEGER NOT NULL,
    first_at  BIGINT NOT NULL,
    PRIMARY KEY (device_id, local_day)
);
-- A device that was seen before has been seen once at least: when it was seen last (28,800 seconds are China's eight hours).
INSERT INTO device_days (device_id, local_day, first_at)
SELECT device_id, CAST((last_seen_at / 1000000 + 28800) / 86400 AS INTEGER), last_seen_at FROM device_states;

-- Which law the service answered by from which moment on: the book by its hash, and the operator's policy.
CREATE TABLE law_activations (
    at              BIGINT NOT NULL,
    ordinal         INTEGER NOT NULL,
    law_book        TEXT NOT NULL REFERENCES law_books (hash),
    permit_gate     BOOLEAN NOT NULL,
    completion_gate BOOLEAN NOT NULL,
    PRIMARY KEY (at, ordinal)
);
