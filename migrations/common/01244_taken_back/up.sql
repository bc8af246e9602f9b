-- A surplus that the bank gave back may be answered with the entry by which it took it back. A list of allowed words cannot be changed in
-- place on both databases, so the table is made anew; it is locked while its rows are copied, which are a few for each entry in doubt.
CREATE TABLE doubt_steps_anew (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    doubt_id     BIGINT NOT NULL,
    step         TEXT NOT NULL CHECK (step IN ('asked', 'settled', 'dropped')),
    answer       TEXT NOT NULL CHECK (answer IN ('refund_of_line', 'no_wage_refund', 'explained', 'bank_took_back')),
    payment      TEXT,
    note         TEXT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    document_id  BIGINT,
    PRIMARY KEY (project_id, id)
);
INSERT INTO doubt_steps_anew (project_id, id, doubt_id, step, answer, payment, note, recorded_by, recorded_at, recorded_seq, document_id)
SELECT project_id, id, doubt_id, step, answer, payment, note, recorded_by, recorded_at, recorded_seq, document_id FROM doubt_steps;
DROP TABLE doubt_steps;
ALTER TABLE doubt_steps_anew RENAME TO doubt_steps;
CREATE INDEX doubt_steps_of_doubt ON doubt_steps (project_id, doubt_id, id);
