-- Rosters that were handed in, the steps of taking them, and rows that were refused or mended: so that the taking of a long one is
-- seen, goes on after a restart, and what was refused can be put right in place. Locks nothing that is in use: the tables are new.
CREATE TABLE roster_imports (
    project_id     BIGINT NOT NULL,
    id             BIGINT NOT NULL,
    inbox_id       BIGINT NOT NULL,
    file_name      TEXT NOT NULL,
    day_rate_fen   BIGINT,
    entered_on     DATE NOT NULL,
    paper          TEXT NOT NULL,
    safety_trained BOOLEAN NOT NULL,
    good_rows      INTEGER NOT NULL,
    bad_rows       INTEGER NOT NULL,
    read_on        DATE NOT NULL,
    recorded_by    TEXT NOT NULL,
    recorded_at    BIGINT NOT NULL,
    recorded_seq   BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE TABLE roster_steps (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    import_id    BIGINT NOT NULL,
    step         TEXT NOT NULL CHECK (step IN ('begun', 'begun_whole', 'taken', 'ended')),
    from_place   INTEGER NOT NULL,
    until_place  INTEGER NOT NULL,
    enrolled     INTEGER NOT NULL,
    known        INTEGER NOT NULL,
    refused      INTEGER NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX roster_steps_once ON roster_steps (project_id, import_id, step, from_place);

CREATE TABLE roster_rows (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    import_id    BIGINT NOT NULL,
    row_number   INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('refused', 'mended', 'odd')),
    told         TEXT NOT NULL,
    enrolment_id BIGINT,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX roster_rows_of_import ON roster_rows (project_id, import_id, row_number);
