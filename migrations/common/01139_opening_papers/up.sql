-- A sheet of what was owed before may rest on several papers: what was refused of the first list comes with the next one. The table is
-- written anew without the constraint that allowed one; it is locked for that time and holds a row for each paper.
CREATE TABLE opening_papers (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    sheet_id     BIGINT NOT NULL,
    document_id  BIGINT NOT NULL,
    note         TEXT NOT NULL,
    imported_by  TEXT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, sheet_id) REFERENCES pay_sheets (project_id, id)
);
INSERT INTO opening_papers (project_id, id, sheet_id, document_id, note, imported_by, recorded_seq)
SELECT project_id, id, sheet_id, document_id, note, imported_by, recorded_seq FROM opening_sheets;
DROP TABLE opening_sheets;
ALTER TABLE opening_papers RENAME TO opening_sheets;
CREATE INDEX opening_sheets_of ON opening_sheets (project_id, sheet_id);
