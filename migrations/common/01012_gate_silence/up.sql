-- When a gate machine was out of reach in working hours, from its last sign of life to its next: what it did not tell of those hours is
-- not known. Steps are appended, never changed. Locks nothing that is in use: the table is new.
CREATE TABLE device_silences (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    device_id    BIGINT NOT NULL,
    step         TEXT NOT NULL CHECK (step IN ('began', 'ended')),
    at           BIGINT NOT NULL,
    noticed_at   BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX device_silences_of_device ON device_silences (device_id, id);
