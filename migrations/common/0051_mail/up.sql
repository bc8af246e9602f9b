-- Mail: where people are reached, what they are to hear of, the outbox and what became of each try. New tables only; locks nothing.

-- One row a user; the address is encrypted.
CREATE TABLE user_contacts (
    user_id      BIGINT PRIMARY KEY REFERENCES users (id),
    email        BYTEA,
    language     TEXT NOT NULL CHECK (language IN ('zh', 'en')),
    changed_at   BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL
);

-- A concern of a project that a person is to hear of once. A cured one keeps its row; when the same breaks again it is a new row.
CREATE TABLE notices (
    project_id    BIGINT NOT NULL,
    id            BIGINT NOT NULL,
    user_id       BIGINT NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('finding', 'reminder', 'silence')),
    subject       TEXT NOT NULL,
    urgent        BOOLEAN NOT NULL,
    words         TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('open', 'told', 'cured')),
    first_seen_at BIGINT NOT NULL,
    told_at       BIGINT,
    cured_at      BIGINT,
    PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX notices_standing_once ON notices (project_id, user_id, kind, subject) WHERE state <> 'cured';
CREATE INDEX notices_open ON notices (user_id) WHERE state = 'open';

-- The outbox. A body is encrypted; the address is looked up when the mail leaves.
CREATE TABLE mails (
    id         BIGINT PRIMARY KEY,
    user_id    BIGINT NOT NULL REFERENCES users (id),
    dedupe     TEXT NOT NULL UNIQUE,
    language   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    body       BYTEA NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    state      TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'dead')),
    attempts   INTEGER NOT NULL,
    run_at     BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    sent_at    BIGINT
);
CREATE INDEX mails_due ON mails (run_at) WHERE state = 'queued';

-- Each try. One that stays `begun` was cut off: whether the mail left is not known, and it is sent again under the same Message-ID.
CREATE TABLE mail_attempts (
    mail_id  BIGINT NOT NULL REFERENCES mails (id),
    number   INTEGER NOT NULL,
    begun_at BIGINT NOT NULL,
    ended_at BIGINT,
    outcome  TEXT NOT NULL CHECK (outcome IN ('begun', 'sent', 'deferred', 'refused')),
    detail   TEXT,
    PRIMARY KEY (mail_id, number)
);
