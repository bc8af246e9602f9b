CREATE TABLE signatures_before (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    line_id      BIGINT NOT NULL,
    means        TEXT NOT NULL CHECK (means IN ('paper', 'device', 'link_with_second_means')),
    device       TEXT,
    evidence     TEXT,
    document_id  BIGINT,
    signed_on    DATE NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, line_id)
);
INSERT INTO signatures_before (project_id, id, line_id, means, device, evidence, document_id, signed_on, recorded_by, recorded_seq)
    SELECT project_id, id, line_id, means, device, evidence, document_id, signed_on, recorded_by, recorded_seq FROM signatures s
    WHERE NOT EXISTS (SELECT 1 FROM signatures n WHERE n.project_id = s.project_id AND n.line_id = s.line_id AND n.recorded_seq > s.recorded_seq);
DROP TABLE signatures;
ALTER TABLE signatures_before RENAME TO signatures;
DROP TABLE sheet_periods;
DROP TABLE sheet_notes;
DROP TABLE line_versions;
DROP TABLE item_steps;
DROP TABLE line_items;
