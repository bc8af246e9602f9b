-- What became of an enrolment, each with the day from which it holds; the row of `enrolments` shows the latest.
CREATE TABLE enrolment_events (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    enrolment_id BIGINT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('entered', 'terms', 'left')),
    valid_on     DATE NOT NULL,
    day_rate_fen BIGINT NOT NULL CHECK (day_rate_fen >= 0),
    card         BYTEA,
    card_index   TEXT,
    bank_name    TEXT,
    recorded_at  BIGINT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, enrolment_id) REFERENCES enrolments (project_id, id)
);
CREATE INDEX enrolment_events_of ON enrolment_events (project_id, enrolment_id, valid_on);
