-- Back to long ids in each punch; every punch is copied once.
DROP VIEW punches;
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
INSERT INTO punches (project_id, local_day, local_time, device_id, pin_id, state, verify, ordinal, inbox_id)
SELECT p.project_id, r.local_day, r.local_time, p.device_id, n.id, r.state, r.verify, r.ordinal, m.inbox_id
FROM punch_rows r LEFT JOIN punch_places p ON p.number = r.place
LEFT JOIN pins n ON n.number = r.pin LEFT JOIN punch_messages m ON m.number = r.message;
DROP TABLE punch_rows;
DROP TABLE punch_messages;
DROP TABLE punch_places;
CREATE TABLE pins_anew (
    id         BIGINT PRIMARY KEY,
    project_id BIGINT NOT NULL,
    pin        BYTEA NOT NULL,
    pin_index  TEXT NOT NULL,
    UNIQUE (project_id, pin_index)
);
INSERT INTO pins_anew (id, project_id, pin, pin_index) SELECT id, project_id, pin, pin_index FROM pins ORDER BY number;
DROP TABLE pins;
ALTER TABLE pins_anew RENAME TO pins;
