-- Attendance devices, what they sent, and the work days folded from it. Punches differ by database.

CREATE TABLE devices (
    id             BIGINT PRIMARY KEY,
    serial         TEXT NOT NULL UNIQUE,
    maker          TEXT NOT NULL,
    project_id     BIGINT,
    gate           TEXT NOT NULL,
    direction      TEXT NOT NULL CHECK (direction IN ('in', 'out', 'by_state')),
    offset_minutes INTEGER NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('pending', 'active', 'blocked')),
    com_key_hash   TEXT,
    created_at     BIGINT NOT NULL,
    recorded_seq   BIGINT NOT NULL
);
CREATE INDEX devices_of_project ON devices (project_id);

-- Changes with every request, so it is no part of the journal.
CREATE TABLE device_states (
    device_id     BIGINT PRIMARY KEY REFERENCES devices (id),
    last_seen_at  BIGINT NOT NULL,
    attlog_stamp  TEXT NOT NULL,
    operlog_stamp TEXT NOT NULL,
    photo_stamp   TEXT NOT NULL,
    info          TEXT NOT NULL,
    held_punches  INTEGER NOT NULL
);

CREATE TABLE device_commands (
    id           BIGINT PRIMARY KEY,
    device_id    BIGINT NOT NULL REFERENCES devices (id),
    command      TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'done', 'failed')),
    number       BIGINT NOT NULL,
    return_code  INTEGER,
    created_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    UNIQUE (device_id, number)
);

-- A number that a device knows a person by; it may be an ID number, so it is kept like one.
CREATE TABLE pins (
    id         BIGINT PRIMARY KEY,
    project_id BIGINT NOT NULL,
    pin        BYTEA NOT NULL,
    pin_index  TEXT NOT NULL,
    UNIQUE (project_id, pin_index)
);

CREATE TABLE dirty_days (
    project_id BIGINT NOT NULL,
    local_day  INTEGER NOT NULL,
    PRIMARY KEY (project_id, local_day)
);

CREATE TABLE work_days (
    project_id   BIGINT NOT NULL,
    worked_on    DATE NOT NULL,
    enrolment_id BIGINT NOT NULL,
    worker_id    BIGINT NOT NULL,
    first_time   INTEGER NOT NULL,
    last_time    INTEGER NOT NULL,
    punches      INTEGER NOT NULL,
    hundredths   INTEGER NOT NULL CHECK (hundredths BETWEEN 0 AND 100),
    flags        TEXT NOT NULL,
    PRIMARY KEY (project_id, worked_on, enrolment_id)
);
