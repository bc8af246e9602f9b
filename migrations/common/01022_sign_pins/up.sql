-- PINs by which workers open their links for signing: chosen by the worker before two persons, or handed out on a slip. Appended only;
-- the last row of a worker counts, and one without a hash takes the PIN away. Locks nothing that is in use: the table is new.
CREATE TABLE sign_pins (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    worker_id    BIGINT NOT NULL,
    origin       TEXT NOT NULL CHECK (origin IN ('chosen', 'slip', 'withdrawn')),
    pin_hash     TEXT,
    witness      TEXT,
    set_by       TEXT NOT NULL,
    set_at       BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    CHECK ((origin = 'withdrawn') = (pin_hash IS NULL))
);
CREATE INDEX sign_pins_worker ON sign_pins (project_id, worker_id);
