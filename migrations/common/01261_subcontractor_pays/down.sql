-- Back to the payers before: what a subcontractor paid stands as the contractor's, whose debt it was as well; the older service does not know
-- the word. The tables are locked while their rows are copied.
CREATE TABLE told_clearings_before (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    payer        TEXT NOT NULL CHECK (payer IN ('contractor', 'owner')),
    reference    TEXT NOT NULL,
    paid_on      DATE NOT NULL,
    document_id  BIGINT NOT NULL,
    items        TEXT NOT NULL,
    told_by      BIGINT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
INSERT INTO told_clearings_before (project_id, id, payer, reference, paid_on, document_id, items, told_by, recorded_by, recorded_at, recorded_seq)
SELECT project_id, id, CASE payer WHEN 'subcontractor' THEN 'contractor' ELSE payer END, reference, paid_on, document_id, items, told_by, recorded_by, recorded_at, recorded_seq FROM told_clearings;
DROP TABLE told_clearings;
ALTER TABLE told_clearings_before RENAME TO told_clearings;
CREATE TABLE cleared_lines_before (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    line_id      BIGINT NOT NULL,
    payer        TEXT NOT NULL CHECK (payer IN ('contractor', 'owner', 'deposit')),
    amount_fen   BIGINT NOT NULL CHECK (amount_fen > 0),
    paid_on      DATE NOT NULL,
    reference    TEXT NOT NULL,
    document_id  BIGINT,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, line_id, reference),
    FOREIGN KEY (project_id, line_id) REFERENCES pay_lines (project_id, id)
);
INSERT INTO cleared_lines_before (project_id, id, line_id, payer, amount_fen, paid_on, reference, document_id, recorded_seq)
SELECT project_id, id, line_id, CASE payer WHEN 'subcontractor' THEN 'contractor' ELSE payer END, amount_fen, paid_on, reference, document_id, recorded_seq FROM cleared_lines;
DROP TABLE cleared_lines;
ALTER TABLE cleared_lines_before RENAME TO cleared_lines;
