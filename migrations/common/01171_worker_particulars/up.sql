-- What the national roster says of a worker beside the enrolment: nation, address, papers and the like, encrypted under the project's key;
-- append only, the latest row of a worker holds. Locks nothing that is in use: the table is new.
CREATE TABLE worker_particulars (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    worker_id    BIGINT NOT NULL,
    enrolment_id BIGINT NOT NULL,
    body         BYTEA  NOT NULL,
    recorded_by  TEXT   NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX worker_particulars_of ON worker_particulars (project_id, worker_id);
