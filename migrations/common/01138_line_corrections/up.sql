-- Corrections of lines after audit or payment: what is paid in addition, what was paid too much, what of it is taken back with the
-- worker's consent. The corrected line stays as it was. Locks nothing that is in use: the table is new.
CREATE TABLE line_corrections (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    line_id      BIGINT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('back_pay', 'overpaid', 'taken_back')),
    amount_fen   BIGINT NOT NULL CHECK (amount_fen > 0),
    reason       TEXT NOT NULL,
    new_sheet_id BIGINT,
    new_line_id  BIGINT,
    item_id      BIGINT,
    document_id  BIGINT,
    recorded_by  TEXT NOT NULL,
    happened_on  DATE NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, line_id) REFERENCES pay_lines (project_id, id)
);
CREATE INDEX line_corrections_of ON line_corrections (project_id, line_id);
CREATE INDEX line_corrections_by ON line_corrections (project_id, new_line_id);
