-- The key is the row: no rowid, no second index. `local_day` counts days since 1970, `local_time` seconds of that day,
-- both on the device's own clock; -1 stands for a state or verify that the device did not send.
CREATE TABLE punches (
    project_id BIGINT NOT NULL,
    local_day  INTEGER NOT NULL,
    local_time INTEGER NOT NULL,
    device_id  BIGINT NOT NULL,
    pin_id     BIGINT NOT NULL,
    state      INTEGER NOT NULL,
    verify     INTEGER NOT NULL,
    ordinal    INTEGER NOT NULL,
    inbox_id   BIGINT NOT NULL,
    PRIMARY KEY (project_id, local_day, local_time, device_id, pin_id, state, verify, ordinal)
) WITHOUT ROWID;
