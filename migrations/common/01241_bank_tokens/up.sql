-- Tokens that banks' systems used, until they expire: each counts once. The table is new, so nothing in use is locked.
CREATE TABLE bank_token_ids (
    key_id     BIGINT NOT NULL,
    token_id   TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (key_id, token_id)
);
CREATE INDEX bank_token_ids_expiry ON bank_token_ids (expires_at);
