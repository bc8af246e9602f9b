-- How people said that the columns of a bank's sheets are read, by the bank and the header, and which files were read so. Appended only.
-- Locks nothing that is in use: the tables are new.
CREATE TABLE bank_layouts (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    account_id   BIGINT NOT NULL,
    bank         TEXT NOT NULL,
    fingerprint  TEXT NOT NULL,
    mapping      TEXT NOT NULL,
    encoding     TEXT,
    step         TEXT NOT NULL CHECK (step IN ('said', 'removed')),
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX bank_layouts_of_header ON bank_layouts (fingerprint, id);

CREATE TABLE bank_layout_uses (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    inbox_id     BIGINT NOT NULL,
    layout_id    BIGINT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX bank_layout_uses_of_file ON bank_layout_uses (inbox_id);
