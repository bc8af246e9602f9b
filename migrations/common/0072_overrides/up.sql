-- Overrides of a blocked gate: asked for by one person, approved by another, for a time. What was answered stays as it is.
-- Locks nothing that is in use: the tables are new; the references take a short lock on PostgreSQL.
CREATE TABLE gate_overrides (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    gate         TEXT NOT NULL,
    answer_id    BIGINT NOT NULL REFERENCES gate_answers (id),
    reason       TEXT NOT NULL,
    legal_ground TEXT NOT NULL,
    until_on     DATE NOT NULL,
    asked_by     BIGINT NOT NULL REFERENCES users (id),
    asked_at     BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE TABLE gate_override_decisions (
    project_id   BIGINT NOT NULL,
    override_id  BIGINT NOT NULL,
    verdict      TEXT NOT NULL CHECK (verdict IN ('approved', 'rejected', 'ended')),
    note         TEXT NOT NULL,
    decided_by   BIGINT NOT NULL REFERENCES users (id),
    decided_at   BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, override_id, verdict)
);
