-- What contractors' systems upload by the protocol of the national real-name platform: apps that may, what they announced beside the
-- registries, requests with their results, and wages as uploaded. Locks nothing that is in use: the tables are new.
CREATE TABLE realname_apps (
    id           BIGINT NOT NULL PRIMARY KEY,
    app_id       TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    profile      TEXT NOT NULL,
    project_id   BIGINT REFERENCES projects (id),
    party_id     BIGINT REFERENCES parties (id),
    secret       BYTEA NOT NULL,
    corp_secret  BYTEA,
    addresses    TEXT NOT NULL,
    methods      TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    created_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    CHECK ((project_id IS NULL) <> (party_id IS NULL))
);
CREATE INDEX realname_apps_project ON realname_apps (project_id);

-- What was announced, version by version; the registries hold what they can, this holds the keys of the protocol and the rest.
CREATE TABLE realname_records (
    id           BIGINT NOT NULL PRIMARY KEY,
    project_id   BIGINT REFERENCES projects (id),
    app_id       BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    key_index    TEXT NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0),
    content      TEXT NOT NULL,
    body         BYTEA NOT NULL,
    number       BIGINT,
    subject_id   BIGINT,
    inbox_id     BIGINT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL
);
CREATE UNIQUE INDEX realname_records_once ON realname_records (kind, key_index, version);
CREATE INDEX realname_records_project ON realname_records (project_id, kind, id);
CREATE INDEX realname_records_number ON realname_records (number, version);
CREATE INDEX realname_records_subject ON realname_records (subject_id, kind);

CREATE TABLE uploaded_pay (
    project_id      BIGINT NOT NULL,
    id              BIGINT NOT NULL,
    sheet_id        BIGINT NOT NULL,
    enrolment_id    BIGINT NOT NULL,
    worker_id       BIGINT NOT NULL,
    month           DATE NOT NULL,
    key_index       TEXT NOT NULL,
    content         TEXT NOT NULL,
    total_fen       BIGINT NOT NULL CHECK (total_fen >= 0),
    actual_fen      BIGINT NOT NULL CHECK (actual_fen >= 0 AND actual_fen <= total_fen),
    days_hundredths INTEGER,
    inbox_id        BIGINT NOT NULL,
    recorded_at     BIGINT NOT NULL,
    recorded_seq    BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX uploaded_pay_once ON uploaded_pay (project_id, key_index);
CREATE INDEX uploaded_pay_sheet ON uploaded_pay (project_id, sheet_id, enrolment_id);

CREATE TABLE realname_requests (
    id          BIGINT NOT NULL PRIMARY KEY,
    serial_code TEXT NOT NULL UNIQUE,
    app_id      BIGINT NOT NULL,
    method      TEXT NOT NULL,
    project_id  BIGINT,
    inbox_id    BIGINT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('0', '10', '20')),
    result      TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX realname_requests_app ON realname_requests (app_id, id);
CREATE INDEX realname_requests_age ON realname_requests (received_at);

CREATE TABLE realname_nonces (
    app_id      BIGINT NOT NULL,
    nonce       TEXT NOT NULL,
    stamp       TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    answer      BYTEA NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (app_id, nonce, stamp)
);
CREATE INDEX realname_nonces_age ON realname_nonces (at);

CREATE TABLE realname_counters (
    name  TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE realname_counts (
    app_id  BIGINT NOT NULL,
    day     DATE NOT NULL,
    method  TEXT NOT NULL,
    outcome TEXT NOT NULL,
    n       BIGINT NOT NULL,
    PRIMARY KEY (app_id, day, method, outcome)
);

CREATE TABLE realname_errors (
    id      BIGINT NOT NULL PRIMARY KEY,
    app_id  BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    method  TEXT NOT NULL,
    code    TEXT NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX realname_errors_app ON realname_errors (app_id, id);
CREATE INDEX realname_errors_age ON realname_errors (at);
