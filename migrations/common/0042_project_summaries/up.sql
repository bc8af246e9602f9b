-- What the last assessment of a project came to, one row each: lists of projects read this and never compute. A projection of
-- `assessments` and the pay lines, written in their transaction; dropping it loses nothing that an assessment does not bring back.
-- Locks nothing that is in use: the table is new; the reference to projects takes a short lock on PostgreSQL.
CREATE TABLE project_summaries (
    project_id      BIGINT PRIMARY KEY REFERENCES projects (id),
    as_of           DATE NOT NULL,
    arrears         TEXT NOT NULL CHECK (arrears IN ('owed', 'clear', 'unknown')),
    arrears_fen     BIGINT NOT NULL,
    arrears_workers INTEGER NOT NULL,
    oldest_due_on   DATE,
    broken          INTEGER NOT NULL,
    not_known       INTEGER NOT NULL,
    level           TEXT NOT NULL,
    assessed_at     BIGINT NOT NULL
);
