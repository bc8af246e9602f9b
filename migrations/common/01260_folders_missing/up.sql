-- Watched folders that are not there, or cannot be looked at, since when, and whose they are: a mount may come late. The row goes when the
-- folder is back. Locks nothing that is in use: the table is new.
CREATE TABLE folders_missing (
    id         BIGINT PRIMARY KEY,
    path       TEXT NOT NULL UNIQUE,
    project_id BIGINT NOT NULL,
    since      BIGINT NOT NULL
);
