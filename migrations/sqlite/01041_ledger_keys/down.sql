-- Rows in the order of their arrival, with the key beside them.
CREATE TABLE postings_by_row (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    natural_key  TEXT NOT NULL,
    kind         TEXT NOT NULL,
    booked_on    DATE NOT NULL,
    reverses_id  BIGINT,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, natural_key)
);
INSERT INTO postings_by_row (project_id, id, natural_key, kind, booked_on, reverses_id, recorded_at, recorded_seq)
    SELECT project_id, id, natural_key, kind, booked_on, reverses_id, recorded_at, recorded_seq FROM postings ORDER BY project_id, id;

CREATE TABLE posting_lines_by_row (
    project_id   BIGINT NOT NULL,
    posting_id   BIGINT NOT NULL,
    ordinal      INTEGER NOT NULL,
    account      TEXT NOT NULL,
    amount_fen   BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, posting_id, ordinal),
    FOREIGN KEY (project_id, posting_id) REFERENCES postings_by_row (project_id, id)
);
INSERT INTO posting_lines_by_row (project_id, posting_id, ordinal, account, amount_fen, recorded_seq)
    SELECT project_id, posting_id, ordinal, account, amount_fen, recorded_seq FROM posting_lines ORDER BY project_id, posting_id, ordinal;

DROP TABLE posting_lines;
DROP TABLE postings;
ALTER TABLE postings_by_row RENAME TO postings;
ALTER TABLE posting_lines_by_row RENAME TO posting_lines;
