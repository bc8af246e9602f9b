-- Payees whom the bank names and who are not the worker that was to be paid, and what people found of differences between attendance,
-- pay sheet and bank. Locks nothing that is in use: the tables are new.
CREATE TABLE entry_payees (
    project_id           BIGINT NOT NULL,
    id                   BIGINT NOT NULL,
    entry_id             BIGINT NOT NULL,
    line_id              BIGINT NOT NULL,
    end_to_end_id        TEXT NOT NULL,
    amount_fen           BIGINT NOT NULL,
    counterparty         TEXT,
    counterparty_account BYTEA,
    counterparty_index   TEXT,
    recorded_seq         BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX entry_payees_once ON entry_payees (project_id, entry_id, end_to_end_id);
CREATE INDEX entry_payees_line ON entry_payees (project_id, line_id);

CREATE TABLE match_decisions (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    month        DATE NOT NULL,
    subject      TEXT NOT NULL,
    kind         TEXT NOT NULL,
    basis        TEXT NOT NULL,
    verdict      TEXT NOT NULL CHECK (verdict IN ('explained', 'pursued')),
    note         TEXT NOT NULL,
    document_id  BIGINT,
    decided_by   TEXT NOT NULL,
    decided_at   BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX match_decisions_month ON match_decisions (project_id, month);
