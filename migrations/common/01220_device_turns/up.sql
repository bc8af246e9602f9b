-- From which moment on people pass a machine another way, or on another site; what it told of before stands as it hung then. `since` is in
-- seconds since 1970 on the machine's own clock, as its passages are. A machine without a row has hung as it hangs now for all time.
-- Locks nothing that is in use: the table is new.
CREATE TABLE device_turns (
    id           BIGINT PRIMARY KEY,
    device_id    BIGINT NOT NULL,
    since        BIGINT NOT NULL,
    was          TEXT NOT NULL CHECK (was IN ('in', 'out', 'by_state')),
    direction    TEXT NOT NULL CHECK (direction IN ('in', 'out', 'by_state')),
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL
);
CREATE INDEX device_turns_by_device ON device_turns (device_id, since);
