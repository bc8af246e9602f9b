-- Corrections of work days: what one person proposes and another confirms. The punches stay as they came. Locks nothing that is in use:
-- the tables are new.
CREATE TABLE day_corrections (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    enrolment_id BIGINT NOT NULL,
    worker_id    BIGINT NOT NULL,
    worked_on    DATE NOT NULL,
    first_time   INTEGER NOT NULL,
    last_time    INTEGER NOT NULL,
    hundredths   INTEGER NOT NULL CHECK (hundredths BETWEEN 0 AND 100),
    was_hundredths INTEGER,
    reason       TEXT NOT NULL,
    document_id  BIGINT,
    proposed_by  BIGINT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX day_corrections_day ON day_corrections (project_id, worked_on, enrolment_id);

CREATE TABLE correction_steps (
    project_id    BIGINT NOT NULL,
    id            BIGINT NOT NULL,
    correction_id BIGINT NOT NULL,
    step          TEXT NOT NULL CHECK (step IN ('confirmed', 'refused', 'withdrawn')),
    note          TEXT NOT NULL,
    decided_by    BIGINT NOT NULL,
    recorded_by   TEXT NOT NULL,
    recorded_at   BIGINT NOT NULL,
    recorded_seq  BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX correction_steps_of ON correction_steps (project_id, correction_id);
