-- Signed certificates of gate answers: the signed text as it was given out, found by a random token that tells nothing.
-- Locks nothing that is in use: the table is new; the reference to gate_answers takes a short lock on PostgreSQL.
CREATE TABLE certificates (
    id           BIGINT PRIMARY KEY,
    answer_id    BIGINT NOT NULL REFERENCES gate_answers (id),
    project_id   BIGINT,
    token        TEXT NOT NULL UNIQUE,
    kid          TEXT NOT NULL,
    issued_at    BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    signed       TEXT NOT NULL,
    issued_by    TEXT NOT NULL,
    recorded_seq BIGINT NOT NULL
);
CREATE INDEX certificates_of_answer ON certificates (answer_id, expires_at);
