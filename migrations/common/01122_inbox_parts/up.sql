-- Bodies of more than 1 MiB are kept in pieces of 1 MiB, each encrypted by itself: neither keeping nor reading one takes its size in
-- memory. The message's own body is empty then. Adds a table only.
CREATE TABLE inbox_parts (
    inbox_id BIGINT NOT NULL REFERENCES inbox (id),
    part     INTEGER NOT NULL,
    body     BYTEA NOT NULL,
    PRIMARY KEY (inbox_id, part)
);
