-- Rows of a pay sheet made elsewhere that were refused, by whose they are, and the labour manager's word that somebody stands on the sheet
-- by attendance and not from the file. Appended only; nothing is locked.
CREATE TABLE sheet_refusals (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    sheet_id     BIGINT NOT NULL,
    inbox_id     BIGINT NOT NULL,
    enrolment_id BIGINT NOT NULL,
    file_row     INTEGER NOT NULL,
    place        TEXT NOT NULL,
    reason       TEXT NOT NULL,
    zh           TEXT NOT NULL,
    en           TEXT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, sheet_id) REFERENCES pay_sheets (project_id, id)
);
CREATE INDEX sheet_refusals_of_sheet ON sheet_refusals (project_id, sheet_id, id);

CREATE TABLE left_out_confirmations (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    sheet_id     BIGINT NOT NULL,
    line_id      BIGINT NOT NULL,
    net_fen      BIGINT NOT NULL,
    note         TEXT NOT NULL,
    confirmed_by TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, sheet_id) REFERENCES pay_sheets (project_id, id)
);
CREATE INDEX left_out_confirmations_of_sheet ON left_out_confirmations (project_id, sheet_id, id);
