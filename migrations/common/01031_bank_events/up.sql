-- What banks push event by event: ids that were taken, keys with which they sign, their word on an account (its data, the balance of a
-- day, the proof of a month) beside ours, and their word on workers' cards. Locks nothing that is in use: the tables are new.
CREATE TABLE bank_event_ids (
    sender      TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    content     TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (sender, event_id)
);

CREATE TABLE bank_keys (
    id           BIGINT NOT NULL PRIMARY KEY,
    user_id      BIGINT NOT NULL,
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('hmac', 'ed25519')),
    secret       BYTEA NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    ends_at      BIGINT,
    revoked_at   BIGINT,
    recorded_seq BIGINT NOT NULL
);
CREATE INDEX bank_keys_user ON bank_keys (user_id);

-- What happened with a key for the first time: a certification report is made of it.
CREATE TABLE bank_key_marks (
    key_id   BIGINT NOT NULL,
    outcome  TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    PRIMARY KEY (key_id, outcome)
);

CREATE TABLE bank_words (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    account_id   BIGINT NOT NULL,
    inbox_id     BIGINT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('account.opened', 'balance', 'month.proof')),
    about_on     DATE NOT NULL,
    told_fen     BIGINT,
    ours_fen     BIGINT,
    differs      BOOLEAN NOT NULL,
    fields       TEXT NOT NULL,
    told_by      TEXT NOT NULL,
    occurred_at  BIGINT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX bank_words_account ON bank_words (project_id, account_id, kind, about_on);

CREATE TABLE card_words (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    enrolment_id BIGINT NOT NULL,
    card_index   TEXT NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('normal', 'frozen', 'lost', 'closed')),
    source       TEXT NOT NULL,
    occurred_at  BIGINT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
