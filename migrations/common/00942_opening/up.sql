-- Sheets of what was owed before this service, each with the paper that says so. Appended only.
CREATE TABLE opening_sheets (
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
