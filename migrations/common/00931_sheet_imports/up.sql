-- How the columns of a sheet made elsewhere were understood, by its headings, and what became of each file. Appended only.
CREATE TABLE sheet_layouts (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    layout       TEXT NOT NULL,
    mapping      TEXT NOT NULL,
    confirmed_by TEXT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX sheet_layouts_of_project ON sheet_layouts (project_id, layout, id);

CREATE TABLE sheet_imports (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    sheet_id     BIGINT NOT NULL,
    inbox_id     BIGINT NOT NULL,
    layout       TEXT NOT NULL,
    taken        INTEGER NOT NULL,
    refused      INTEGER NOT NULL,
    imported_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, sheet_id) REFERENCES pay_sheets (project_id, id)
);
CREATE INDEX sheet_imports_of_sheet ON sheet_imports (project_id, sheet_id, id);
