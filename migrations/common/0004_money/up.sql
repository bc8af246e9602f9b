-- The wage account and its entries, the ledger, pay sheets, pay runs.

CREATE TABLE wage_accounts (
    project_id            BIGINT NOT NULL REFERENCES projects (id),
    id                    BIGINT NOT NULL,
    number                TEXT NOT NULL,
    sub_ledger            TEXT NOT NULL,
    name                  TEXT NOT NULL,
    bank_name             TEXT NOT NULL,
    bank_code             TEXT NOT NULL,
    opened_on             DATE NOT NULL,
    agreement_document_id BIGINT,
    filed_on              DATE,
    closed_on             DATE,
    detail_means_paid     BOOLEAN NOT NULL,
    recorded_seq          BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (number, sub_ledger)
);

CREATE TABLE bank_statements (
    project_id    BIGINT NOT NULL,
    id            BIGINT NOT NULL,
    account_id    BIGINT NOT NULL,
    inbox_id      BIGINT NOT NULL,
    format        TEXT NOT NULL,
    kind          TEXT NOT NULL,
    statement_ref TEXT NOT NULL,
    from_on       DATE,
    to_on         DATE,
    opening_fen   BIGINT,
    closing_fen   BIGINT,
    entries       INTEGER NOT NULL,
    duplicates    INTEGER NOT NULL,
    problems      TEXT NOT NULL,
    received_at   BIGINT NOT NULL,
    recorded_seq  BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, account_id) REFERENCES wage_accounts (project_id, id)
);
CREATE INDEX bank_statements_of_account ON bank_statements (project_id, account_id, id);

CREATE TABLE bank_entries (
    project_id           BIGINT NOT NULL,
    id                   BIGINT NOT NULL,
    account_id           BIGINT NOT NULL,
    statement_id         BIGINT NOT NULL,
    entry_key            TEXT NOT NULL,
    match_key            TEXT NOT NULL,
    booked_on            DATE NOT NULL,
    value_on             DATE,
    direction            TEXT NOT NULL CHECK (direction IN ('credit', 'debit')),
    amount_fen           BIGINT NOT NULL CHECK (amount_fen >= 0),
    reversal             BOOLEAN NOT NULL,
    status               TEXT NOT NULL CHECK (status IN ('booked', 'pending', 'information')),
    seen_in              TEXT NOT NULL,
    bank_ref             TEXT,
    counterparty         TEXT,
    counterparty_account BYTEA,
    counterparty_index   TEXT,
    text                 TEXT NOT NULL,
    purpose              TEXT NOT NULL CHECK (purpose IN ('labour_cost', 'pay_run', 'pay_return', 'deposit', 'interest', 'worker_pay', 'foreign_debit', 'unexplained')),
    recorded_seq         BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, entry_key)
);
CREATE INDEX bank_entries_by_day ON bank_entries (project_id, booked_on);

CREATE TABLE postings (
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

CREATE TABLE posting_lines (
    project_id   BIGINT NOT NULL,
    posting_id   BIGINT NOT NULL,
    ordinal      INTEGER NOT NULL,
    account      TEXT NOT NULL,
    amount_fen   BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, posting_id, ordinal),
    FOREIGN KEY (project_id, posting_id) REFERENCES postings (project_id, id)
);
CREATE INDEX posting_lines_of_account ON posting_lines (project_id, account);

CREATE TABLE pay_sheets (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    month        DATE NOT NULL,
    part         INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'audited', 'published', 'closed')),
    line_count   INTEGER NOT NULL,
    total_fen    BIGINT NOT NULL,
    due_on       DATE NOT NULL,
    version      INTEGER NOT NULL,
    built_by     TEXT NOT NULL,
    submitted_by TEXT,
    audited_by   TEXT,
    audited_on   DATE,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, month, part)
);

CREATE TABLE pay_lines (
    project_id      BIGINT NOT NULL,
    id              BIGINT NOT NULL,
    sheet_id        BIGINT NOT NULL,
    enrolment_id    BIGINT NOT NULL,
    worker_id       BIGINT NOT NULL,
    days_hundredths INTEGER NOT NULL,
    day_rate_fen    BIGINT NOT NULL,
    gross_fen       BIGINT NOT NULL,
    deductions_fen  BIGINT NOT NULL CHECK (deductions_fen >= 0),
    net_fen         BIGINT NOT NULL CHECK (net_fen >= 0),
    due_on          DATE NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('draft', 'signed', 'held', 'approved', 'reserved', 'sent', 'accepted', 'paid', 'rejected', 'returned', 'unknown')),
    state_reason    TEXT,
    disputed_fen    BIGINT NOT NULL,
    attempt         INTEGER NOT NULL,
    paid_on         DATE,
    recorded_seq    BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, sheet_id, enrolment_id),
    FOREIGN KEY (project_id, sheet_id) REFERENCES pay_sheets (project_id, id)
);

-- What happened to a line, in order; `pay_lines.state` is the last of these.
CREATE TABLE line_events (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    line_id      BIGINT NOT NULL,
    state        TEXT NOT NULL,
    reason       TEXT,
    source       TEXT NOT NULL,
    happened_on  DATE NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, line_id) REFERENCES pay_lines (project_id, id)
);
CREATE INDEX line_events_of_line ON line_events (project_id, line_id, id);

CREATE TABLE signatures (
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

CREATE TABLE pay_runs (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    sheet_id     BIGINT NOT NULL,
    account_id   BIGINT NOT NULL,
    message_id   TEXT NOT NULL UNIQUE,
    state        TEXT NOT NULL CHECK (state IN ('sent', 'settled', 'refused')),
    line_count   INTEGER NOT NULL,
    total_fen    BIGINT NOT NULL,
    file         BYTEA NOT NULL,
    file_sha256  TEXT NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, sheet_id) REFERENCES pay_sheets (project_id, id)
);

CREATE TABLE pay_run_lines (
    project_id    BIGINT NOT NULL,
    run_id        BIGINT NOT NULL,
    line_id       BIGINT NOT NULL,
    attempt       INTEGER NOT NULL,
    end_to_end_id TEXT NOT NULL,
    amount_fen    BIGINT NOT NULL CHECK (amount_fen > 0),
    recorded_seq  BIGINT NOT NULL,
    PRIMARY KEY (project_id, run_id, line_id),
    UNIQUE (project_id, end_to_end_id),
    FOREIGN KEY (project_id, run_id) REFERENCES pay_runs (project_id, id)
);
