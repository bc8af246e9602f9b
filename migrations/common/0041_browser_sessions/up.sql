-- Sessions of people in a browser: a random token in a cookie, kept here as its hash.
-- Locks nothing that is in use: the table is new; the reference to users takes a short lock on PostgreSQL.
CREATE TABLE browser_sessions (
    token_hash TEXT PRIMARY KEY,
    user_id    BIGINT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE INDEX browser_sessions_of_user ON browser_sessions (user_id);
