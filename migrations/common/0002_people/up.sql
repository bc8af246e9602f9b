-- Users and their grants, machines' keys, companies and what is on record about them.

CREATE TABLE users (
    id                   BIGINT PRIMARY KEY,
    login                TEXT NOT NULL UNIQUE,
    name                 TEXT NOT NULL,
    password_hash        TEXT NOT NULL,
    must_change_password BOOLEAN NOT NULL,
    state                TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'ended')),
    created_at           BIGINT NOT NULL,
    recorded_seq         BIGINT NOT NULL
);

-- Failed log-ins change too often for the journal.
CREATE TABLE login_throttles (
    login        TEXT PRIMARY KEY,
    failures     INTEGER NOT NULL,
    locked_until BIGINT NOT NULL
);

CREATE TABLE grants (
    id           BIGINT PRIMARY KEY,
    user_id      BIGINT NOT NULL REFERENCES users (id),
    role         TEXT NOT NULL,
    scope_kind   TEXT NOT NULL CHECK (scope_kind IN ('everything', 'region', 'organisation', 'project', 'account', 'case', 'grid')),
    scope_value  TEXT NOT NULL,
    from_on      DATE NOT NULL,
    until_on     DATE,
    recorded_seq BIGINT NOT NULL
);
CREATE INDEX grants_of_user ON grants (user_id);

CREATE TABLE sessions (
    id           BIGINT PRIMARY KEY,
    user_id      BIGINT NOT NULL REFERENCES users (id),
    family       BIGINT NOT NULL,
    refresh_hash TEXT NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT,
    revoked_at   BIGINT
);
CREATE INDEX sessions_of_family ON sessions (family);

CREATE TABLE api_keys (
    id           BIGINT PRIMARY KEY,
    name         TEXT NOT NULL,
    key_hash     TEXT NOT NULL UNIQUE,
    role         TEXT NOT NULL,
    scope_kind   TEXT NOT NULL,
    scope_value  TEXT NOT NULL,
    created_by   BIGINT NOT NULL REFERENCES users (id),
    created_at   BIGINT NOT NULL,
    expires_on   DATE,
    revoked_at   BIGINT,
    recorded_seq BIGINT NOT NULL
);

CREATE TABLE unmaskings (
    id           BIGINT PRIMARY KEY,
    user_id      BIGINT NOT NULL,
    subject      TEXT NOT NULL,
    field        TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    at           BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL
);

CREATE TABLE parties (
    id           BIGINT PRIMARY KEY,
    uscc         TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('enterprise', 'public_body', 'bank')),
    parent_id    BIGINT REFERENCES parties (id),
    created_at   BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL
);

CREATE TABLE credit_records (
    id           BIGINT PRIMARY KEY,
    party_id     BIGINT NOT NULL REFERENCES parties (id),
    kind         TEXT NOT NULL,
    region       INTEGER NOT NULL,
    valid_on     DATE NOT NULL,
    until_on     DATE,
    value        TEXT NOT NULL,
    document_id  BIGINT,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL
);
CREATE INDEX credit_records_of_party ON credit_records (party_id);
