-- What a project reports to platforms by the protocol of the national real-name platform: the platforms, what was told beside the
-- registries, the outbox of records and messages, receipts, and what each platform is found to believe. Locks nothing that is in use: the
-- tables are new.
CREATE TABLE report_platforms (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    name         TEXT NOT NULL,
    address      TEXT NOT NULL,
    profile      TEXT NOT NULL,
    app_id       TEXT NOT NULL,
    secret       BYTEA NOT NULL,
    corp_secret  BYTEA,
    project_code TEXT,
    kinds        TEXT NOT NULL,
    from_on      DATE NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('active', 'paused')),
    created_at   BIGINT NOT NULL,
    changed_by   TEXT NOT NULL,
    changed_at   BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX report_platforms_once ON report_platforms (project_id, address, app_id);
CREATE UNIQUE INDEX report_platforms_id ON report_platforms (id);

-- How a platform's queue works: nothing here is a person's word.
CREATE TABLE report_queues (
    platform_id  BIGINT NOT NULL PRIMARY KEY,
    project_id   BIGINT NOT NULL,
    stopped      TEXT,
    test_asked_at BIGINT,
    tested_at    BIGINT,
    test_outcome TEXT,
    swept_at     BIGINT,
    looked_at    BIGINT
);

-- Fields that a platform asks for and that no registry here holds, version by version.
CREATE TABLE report_fields (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    subject_id   BIGINT NOT NULL,
    body         BYTEA NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX report_fields_subject ON report_fields (project_id, kind, subject_id, id);

CREATE TABLE report_records (
    id            BIGINT NOT NULL PRIMARY KEY,
    project_id    BIGINT NOT NULL,
    platform_id   BIGINT NOT NULL,
    kind          TEXT NOT NULL,
    rank          INTEGER NOT NULL,
    key           TEXT NOT NULL,
    parent_kind   TEXT,
    parent        TEXT,
    subject_id    BIGINT NOT NULL,
    title         TEXT NOT NULL,
    on_day        DATE NOT NULL,
    root          TEXT NOT NULL,
    wanted        TEXT NOT NULL,
    body          BYTEA NOT NULL,
    accepted      TEXT,
    accepted_body BYTEA,
    accepted_at   BIGINT,
    state         TEXT NOT NULL,
    reason        TEXT NOT NULL,
    call_id       BIGINT,
    number        BIGINT,
    remote_code   TEXT,
    is_alone      INTEGER NOT NULL,
    changed_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX report_records_once ON report_records (platform_id, kind, key);
CREATE INDEX report_records_state ON report_records (platform_id, state, rank, on_day, id);

CREATE TABLE report_calls (
    id          BIGINT NOT NULL PRIMARY KEY,
    project_id  BIGINT NOT NULL,
    platform_id BIGINT NOT NULL,
    kind        TEXT NOT NULL,
    method      TEXT NOT NULL,
    body        BYTEA NOT NULL,
    state       TEXT NOT NULL,
    serial_code TEXT,
    tries       INTEGER NOT NULL,
    polls       INTEGER NOT NULL,
    begun_at    BIGINT NOT NULL,
    next_at     BIGINT NOT NULL,
    ended_at    BIGINT,
    answer      TEXT NOT NULL
);
CREATE INDEX report_calls_open ON report_calls (platform_id, next_at) WHERE ended_at IS NULL;
CREATE INDEX report_calls_age ON report_calls (ended_at);

CREATE TABLE report_call_items (
    call_id   BIGINT NOT NULL,
    place     INTEGER NOT NULL,
    record_id BIGINT NOT NULL,
    digest    TEXT NOT NULL,
    body      BYTEA NOT NULL,
    PRIMARY KEY (call_id, place)
);

-- What a platform said at the end of a message, for ever.
CREATE TABLE report_receipts (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    platform_id  BIGINT NOT NULL,
    call_id      BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    method       TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    serial_code  TEXT,
    items        INTEGER NOT NULL,
    content      TEXT NOT NULL,
    answer       TEXT NOT NULL,
    at           BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX report_receipts_platform ON report_receipts (project_id, platform_id, id);

-- Questions to a platform that wait to be asked: one for each list that it keeps of us.
CREATE TABLE report_looks (
    platform_id BIGINT NOT NULL,
    kind        TEXT NOT NULL,
    span        TEXT NOT NULL,
    project_id  BIGINT NOT NULL,
    asked_at    BIGINT NOT NULL,
    next_at     BIGINT NOT NULL,
    tries       INTEGER NOT NULL,
    PRIMARY KEY (platform_id, kind, span)
);

-- Where a platform believes something else than what it was told.
CREATE TABLE report_differences (
    record_id   BIGINT NOT NULL PRIMARY KEY,
    project_id  BIGINT NOT NULL,
    platform_id BIGINT NOT NULL,
    what        TEXT NOT NULL,
    fields      TEXT NOT NULL,
    found_at    BIGINT NOT NULL
);
CREATE INDEX report_differences_platform ON report_differences (project_id, platform_id, record_id);
