-- A bank's file whose bytes two persons had voided and that was handed in again with a reason: which message it is, and which one was
-- voided. Locks nothing that is in use: the table is new.
CREATE TABLE file_returns (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    inbox_id     BIGINT NOT NULL,
    voided_id    BIGINT NOT NULL,
    note         TEXT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
