-- Matters of a project's wage money, step by step; wages that others than the wage account paid; secret addresses of calendars.
-- New tables only: nothing is locked.

CREATE TABLE matter_steps (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    matter_id    BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    step         TEXT NOT NULL,
    happened_on  DATE NOT NULL,
    due_on       DATE,
    amount_fen   BIGINT CHECK (amount_fen >= 0),
    payroll_fen  BIGINT,
    balance_fen  BIGINT,
    subject      TEXT,
    reason       TEXT,
    note         TEXT,
    document_id  BIGINT,
    recorded_at  BIGINT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX matter_steps_of_matter ON matter_steps (project_id, matter_id, id);

CREATE TABLE cleared_lines (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    line_id      BIGINT NOT NULL,
    payer        TEXT NOT NULL CHECK (payer IN ('contractor', 'owner', 'deposit')),
    amount_fen   BIGINT NOT NULL CHECK (amount_fen > 0),
    paid_on      DATE NOT NULL,
    reference    TEXT NOT NULL,
    document_id  BIGINT,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, line_id, reference),
    FOREIGN KEY (project_id, line_id) REFERENCES pay_lines (project_id, id)
);

CREATE TABLE calendar_feeds (
    user_id    BIGINT NOT NULL PRIMARY KEY REFERENCES users (id),
    token_hash TEXT NOT NULL UNIQUE,
    made_at    BIGINT NOT NULL
);
