-- What was found and what was answered.

CREATE TABLE assessments (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    as_of        DATE NOT NULL,
    law_book     TEXT NOT NULL,
    card         TEXT NOT NULL,
    findings     TEXT NOT NULL,
    made_at      BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE TABLE gate_answers (
    id            BIGINT PRIMARY KEY,
    gate          TEXT NOT NULL,
    project_id    BIGINT,
    owner_id      BIGINT,
    contractor_id BIGINT,
    region        INTEGER NOT NULL,
    as_of         DATE NOT NULL,
    verdict       TEXT NOT NULL,
    basis         TEXT,
    law_book      TEXT NOT NULL,
    engine        TEXT NOT NULL,
    facts         BYTEA NOT NULL,
    facts_hash    TEXT NOT NULL,
    answer        TEXT NOT NULL,
    answer_hash   TEXT NOT NULL,
    asked_by      TEXT NOT NULL,
    asked_at      BIGINT NOT NULL,
    recorded_seq  BIGINT NOT NULL
);
CREATE INDEX gate_answers_of_project ON gate_answers (project_id, id);
