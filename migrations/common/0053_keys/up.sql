-- Public halves of certificate keys that were retired by a rotation, so that old certificates can still be checked. New table only.
CREATE TABLE retired_keys (
    kid        TEXT PRIMARY KEY,
    public_key TEXT NOT NULL,
    retired_at BIGINT NOT NULL
);
