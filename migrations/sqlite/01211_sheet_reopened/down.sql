CREATE TABLE sheet_notes_anew (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    sheet_id     BIGINT NOT NULL,
    step         TEXT NOT NULL CHECK (step IN ('sent_back', 'published', 'closed')),
    note         TEXT NOT NULL,
    recorded_by  TEXT NOT NULL,
    happened_on  DATE NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, sheet_id) REFERENCES pay_sheets (project_id, id)
);
INSERT INTO sheet_notes_anew (project_id, id, sheet_id, step, note, recorded_by, happened_on, recorded_at, recorded_seq)
    SELECT project_id, id, sheet_id, step, note, recorded_by, happened_on, recorded_at, recorded_seq FROM sheet_notes WHERE step <> 'reopened' ORDER BY project_id, id;
DROP TABLE sheet_notes;
ALTER TABLE sheet_notes_anew RENAME TO sheet_notes;
CREATE INDEX sheet_notes_of_sheet ON sheet_notes (project_id, sheet_id, id);
