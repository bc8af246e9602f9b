-- Several papers of one sheet cannot be told by the older program: the constraint comes back where each sheet has one. Written anew, so
-- that a later upgrade finds its names free.
CREATE TABLE opening_before (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    sheet_id     BIGINT NOT NULL,
    document_id  BIGINT NOT NULL,
    note         TEXT NOT NULL,
    imported_by  TEXT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, sheet_id),
    FOREIGN KEY (project_id, sheet_id) REFERENCES pay_sheets (project_id, id)
);
INSERT INTO opening_before (project_id, id, sheet_id, document_id, note, imported_by, recorded_seq)
SELECT project_id, id, sheet_id, document_id, note, imported_by, recorded_seq FROM opening_sheets;
DROP TABLE opening_sheets;
ALTER TABLE opening_before RENAME TO opening_sheets;
