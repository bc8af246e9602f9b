-- The lines that a payment notice names to the deposit's bank, that are let go again, and what the bank paid of them beyond what was
-- owed. Locks nothing that is in use: the table is new.
CREATE TABLE notice_lines (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    matter_id    BIGINT NOT NULL,
    line_id      BIGINT NOT NULL,
    word         TEXT NOT NULL CHECK (word IN ('named', 'released', 'paid_beyond')),
    amount_fen   BIGINT NOT NULL,
    reference    TEXT,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX notice_lines_of_matter ON notice_lines (project_id, matter_id, id);
