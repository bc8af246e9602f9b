-- A bank may sign its tokens with ES256. The table is small: a few keys for each bank. Down gives up keys of that kind.
CREATE TABLE bank_keys_anew (
    id           BIGINT NOT NULL PRIMARY KEY,
    user_id      BIGINT NOT NULL,
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('hmac', 'ed25519', 'es256')),
    secret       BYTEA NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    ends_at      BIGINT,
    revoked_at   BIGINT,
    recorded_seq BIGINT NOT NULL
);
INSERT INTO bank_keys_anew (id, user_id, name, kind, secret, created_by, created_at, ends_at, revoked_at, recorded_seq)
    SELECT id, user_id, name, kind, secret, created_by, created_at, ends_at, revoked_at, recorded_seq FROM bank_keys ORDER BY id;
DROP TABLE bank_keys;
ALTER TABLE bank_keys_anew RENAME TO bank_keys;
CREATE INDEX bank_keys_user ON bank_keys (user_id);
