-- That a company's part in a project is over: from which day, why, who said it. The participation itself stays as it was recorded.
-- Locks nothing that is in use: the table is new.
CREATE TABLE participation_ends (
    project_id       BIGINT NOT NULL,
    id               BIGINT NOT NULL,
    participation_id BIGINT NOT NULL,
    ended_on         DATE NOT NULL,
    reason           TEXT NOT NULL,
    recorded_by      TEXT NOT NULL,
    recorded_at      BIGINT NOT NULL,
    recorded_seq     BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX participation_ends_once ON participation_ends (project_id, participation_id);
