-- Webhooks: who is told of which changes, the calls that wait, and every try. Locks nothing that is in use: the tables are new.
CREATE TABLE webhooks (
    id           BIGINT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    scope_kind   TEXT NOT NULL,
    scope_value  TEXT NOT NULL,
    events       TEXT NOT NULL,
    fields       TEXT NOT NULL,
    body         BYTEA NOT NULL,
    secret       BYTEA NOT NULL,
    old_secret   BYTEA,
    old_until    BIGINT,
    state        TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    reason       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    changed_by   TEXT NOT NULL,
    changed_at   BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL
);

CREATE TABLE webhook_calls (
    id         BIGINT NOT NULL PRIMARY KEY,
    webhook_id BIGINT NOT NULL REFERENCES webhooks (id),
    event_id   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    project_id BIGINT,
    body       BYTEA NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    tries      INTEGER NOT NULL,
    run_at     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE UNIQUE INDEX webhook_calls_once ON webhook_calls (webhook_id, event_id);
CREATE INDEX webhook_calls_due ON webhook_calls (run_at, id) WHERE state = 'queued';
CREATE INDEX webhook_calls_age ON webhook_calls (ended_at);

CREATE TABLE webhook_tries (
    call_id  BIGINT NOT NULL,
    number   INTEGER NOT NULL,
    begun_at BIGINT NOT NULL,
    ended_at BIGINT,
    status   INTEGER,
    outcome  TEXT NOT NULL,
    answer   TEXT NOT NULL,
    PRIMARY KEY (call_id, number)
);
