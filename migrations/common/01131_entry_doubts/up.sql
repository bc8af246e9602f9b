-- Which entry moved the money of which payment (out positive, back negative), so that a payment that the bank debits or gives back twice
-- is seen; and entries that a person must look at, with the steps of two persons by which they do.
CREATE TABLE entry_payments (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    entry_id     BIGINT NOT NULL,
    payment      TEXT NOT NULL,
    amount_fen   BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX entry_payments_of_payment ON entry_payments (project_id, payment);
CREATE INDEX entry_payments_of_entry ON entry_payments (project_id, entry_id);

CREATE TABLE entry_doubts (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    entry_id     BIGINT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('refund_waits', 'debited_again', 'debited_otherwise', 'refunded_again')),
    amount_fen   BIGINT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX entry_doubts_of_entry ON entry_doubts (project_id, entry_id);

CREATE TABLE doubt_steps (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    doubt_id     BIGINT NOT NULL,
    step         TEXT NOT NULL CHECK (step IN ('asked', 'settled', 'dropped')),
    answer       TEXT NOT NULL CHECK (answer IN ('refund_of_line', 'no_wage_refund', 'explained')),
    payment      TEXT,
    note         TEXT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX doubt_steps_of_doubt ON doubt_steps (project_id, doubt_id, id);
