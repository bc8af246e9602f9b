-- What every floor above the store needs: keys, journal, seals, replay, jobs and the inbox.
-- Moments are microseconds since 1970 (UTC); days are civil days in China.

CREATE TABLE marks (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE law_books (
    hash         TEXT PRIMARY KEY,
    activated_at BIGINT NOT NULL,
    body         BYTEA NOT NULL
);

CREATE TABLE data_keys (
    owner   TEXT PRIMARY KEY,
    wrapped BYTEA NOT NULL,
    made_at BIGINT NOT NULL
);

CREATE TABLE chain_heads (
    chain TEXT PRIMARY KEY,
    seq   BIGINT NOT NULL CHECK (seq >= 0),
    hash  TEXT NOT NULL
);

CREATE TABLE journal (
    chain    TEXT NOT NULL,
    seq      BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    actor    TEXT NOT NULL,
    actions  TEXT NOT NULL,
    sealed   TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash     TEXT NOT NULL,
    PRIMARY KEY (chain, seq)
);

CREATE TABLE seals (
    project_id   BIGINT NOT NULL,
    sealed_on    DATE NOT NULL,
    feed         TEXT NOT NULL,
    items        BIGINT NOT NULL,
    root         TEXT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, sealed_on, feed)
);

CREATE TABLE replays (
    caller       TEXT NOT NULL,
    replay_key   TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status       INTEGER NOT NULL,
    body         TEXT NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (caller, replay_key)
);

CREATE TABLE jobs (
    id         BIGINT PRIMARY KEY,
    kind       TEXT NOT NULL,
    dedupe     TEXT NOT NULL,
    payload    TEXT NOT NULL,
    run_at     BIGINT NOT NULL,
    attempts   INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('queued', 'done', 'dead')),
    last_error TEXT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX jobs_queued_once ON jobs (dedupe) WHERE state = 'queued';
CREATE INDEX jobs_due ON jobs (run_at) WHERE state = 'queued';

CREATE TABLE inbox (
    id               BIGINT PRIMARY KEY,
    feed             TEXT NOT NULL,
    source           TEXT NOT NULL,
    project_id       BIGINT,
    request          TEXT NOT NULL,
    content_type     TEXT,
    content_encoding TEXT,
    body             BYTEA NOT NULL,
    body_sha256      TEXT NOT NULL,
    body_len         BIGINT NOT NULL,
    truncated        BOOLEAN NOT NULL,
    received_at      BIGINT NOT NULL,
    remote           TEXT,
    state            TEXT NOT NULL CHECK (state IN ('new', 'done', 'part', 'quarantined', 'held', 'duplicate')),
    parser           TEXT,
    parsed_at        BIGINT,
    items            INTEGER NOT NULL,
    items_digest     TEXT NOT NULL,
    attempts         INTEGER NOT NULL
);
CREATE INDEX inbox_held ON inbox (source, id) WHERE state = 'held';

CREATE TABLE quarantine (
    id         BIGINT PRIMARY KEY,
    inbox_id   BIGINT NOT NULL REFERENCES inbox (id),
    item       INTEGER NOT NULL,
    place      TEXT NOT NULL,
    reason     TEXT NOT NULL,
    detail_zh  TEXT NOT NULL,
    detail_en  TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('open', 'replayed', 'dismissed')),
    closed_by  BIGINT,
    note       TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (inbox_id, item)
);
CREATE INDEX quarantine_open ON quarantine (reason, id) WHERE state = 'open';
