-- Back to the answers before: those that name an entry go, since the older service does not know the word, and the doubts are open again.
-- The table is locked while its rows are copied.
CREATE TABLE doubt_steps_before (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    doubt_id     BIGINT NOT NULL,
    step         TEXT NOT NULL CHECK (step IN ('asked', 'settled', 'dropped')),
    answer       TEXT NOT NULL CHECK (answer IN ('refund_of_line', 'no_wage_refund', 'explained')),
    payment      TEXT,
    note         TEXT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    document_id  BIGINT,
    PRIMARY KEY (project_id, id)
);
INSERT INTO doubt_steps_before (project_id, id, doubt_id, step, answer, payment, note, recorded_by, recorded_at, recorded_seq, document_id)
SELECT project_id, id, doubt_id, step, answer, payment, note, recorded_by, recorded_at, recorded_seq, document_id FROM doubt_steps WHERE answer <> 'bank_took_back';
DROP TABLE doubt_steps;
ALTER TABLE doubt_steps_before RENAME TO doubt_steps;
CREATE INDEX doubt_steps_of_doubt ON doubt_steps (project_id, doubt_id, id);
