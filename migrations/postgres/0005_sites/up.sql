-- Partitioned by the device's day; a year of partitions is made ahead by the service, the default takes clocks that are years off.
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
) PARTITION BY RANGE (local_day);
CREATE TABLE punches_default PARTITION OF punches DEFAULT;
