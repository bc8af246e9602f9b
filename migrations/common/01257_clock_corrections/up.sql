-- The offset of a machine's clock that was put right, and what reading its messages again by the right one came to. A passage that is told
-- otherwise then leaves `punch_rows` for `punch_rows_was`, where it stays known under its message; the one in its place stands under a
-- message of its own. `since` is our moment of receipt from which on messages are read by the new offset; what came before, by the earlier.
-- Locks nothing that is in use: the tables are new.
CREATE TABLE device_offsets (
    id           BIGINT PRIMARY KEY,
    device_id    BIGINT NOT NULL,
    project_id   BIGINT NOT NULL,
    since        BIGINT NOT NULL,
    was_minutes  INTEGER NOT NULL,
    minutes      INTEGER NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL
);
CREATE INDEX device_offsets_by_device ON device_offsets (device_id, since);

-- What a reading came to: passages that changed, days that are folded again, days that a pay sheet rests on and that stand as they were,
-- and passages whose bytes are gone or whose reader has changed, which stay as they were read.
CREATE TABLE clock_readings (
    correction_id BIGINT PRIMARY KEY,
    punches       BIGINT NOT NULL,
    days          BIGINT NOT NULL,
    kept_days     BIGINT NOT NULL,
    unread        BIGINT NOT NULL,
    read_at       BIGINT NOT NULL
);

-- A day that a pay sheet rests on, as it stands and as the passages now make it.
CREATE TABLE clock_differences (
    correction_id  BIGINT NOT NULL,
    project_id     BIGINT NOT NULL,
    worked_on      DATE NOT NULL,
    enrolment_id   BIGINT NOT NULL,
    was_first      INTEGER,
    was_last       INTEGER,
    was_hundredths INTEGER NOT NULL,
    first_time     INTEGER,
    last_time      INTEGER,
    hundredths     INTEGER NOT NULL,
    PRIMARY KEY (correction_id, worked_on, enrolment_id)
);

CREATE TABLE punch_rows_was (
    until_at   BIGINT NOT NULL,
    place      INTEGER NOT NULL,
    local_day  INTEGER NOT NULL,
    local_time INTEGER NOT NULL,
    pin        INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    verify     INTEGER NOT NULL,
    ordinal    INTEGER NOT NULL,
    message    BIGINT NOT NULL,
    PRIMARY KEY (until_at, place, local_day, local_time, pin, state, verify, ordinal)
);
