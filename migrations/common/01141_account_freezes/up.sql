-- Banks' word that an account was frozen, or released. A new table only: nothing is locked.
CREATE TABLE account_freezes (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    account_id   BIGINT NOT NULL,
    inbox_id     BIGINT NOT NULL,
    act          TEXT NOT NULL CHECK (act IN ('frozen', 'released')),
    document     TEXT NOT NULL,
    by_whom      TEXT,
    reason       TEXT,
    amount_fen   BIGINT CHECK (amount_fen > 0),
    happened_on  DATE NOT NULL,
    told_by      TEXT NOT NULL,
    occurred_at  BIGINT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, account_id, document, act)
);
