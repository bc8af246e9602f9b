-- Addresses that a user was reached at before, by their blind index: whoever takes the address off a second account is still one person
-- with it for a while. Append only. Locks nothing that is in use: the table is new.
CREATE TABLE former_addresses (
    id            BIGINT PRIMARY KEY,
    user_id       BIGINT NOT NULL REFERENCES users (id),
    address_index TEXT   NOT NULL,
    left_at       BIGINT NOT NULL,
    recorded_seq  BIGINT NOT NULL
);
CREATE INDEX former_addresses_of ON former_addresses (user_id, left_at);
