-- A punch in some 26 bytes in place of 50: where, who and the message that it came in are small numbers, each kept once beside its
-- long id. What reads punches reads the view of that name, which has the columns of before. The key is still the row, so nothing is
-- booked twice. Day and time follow the place: what a clock sends goes to the end of its own part, and a day is found by one search a place.
-- Every punch is copied once, a million in a few seconds; writers wait meanwhile. A punch whose number at the gate is missing stops it.

-- A machine at a project.
CREATE TABLE punch_places (
    number     INTEGER PRIMARY KEY,
    project_id BIGINT NOT NULL,
    device_id  BIGINT NOT NULL,
    UNIQUE (project_id, device_id)
);
INSERT INTO punch_places (project_id, device_id) SELECT DISTINCT project_id, device_id FROM punches ORDER BY 1, 2;

-- A message that brought punches; one that is told of twice may have two numbers.
CREATE TABLE punch_messages (
    number   INTEGER PRIMARY KEY,
    inbox_id BIGINT NOT NULL
);
INSERT INTO punch_messages (inbox_id) SELECT DISTINCT inbox_id FROM punches ORDER BY 1;

-- Numbers at gates get theirs in place of the hidden one that each row had before, which is no larger.
CREATE TABLE pins_anew (
    id         BIGINT NOT NULL UNIQUE,
    project_id BIGINT NOT NULL,
    pin        BYTEA NOT NULL,
    pin_index  TEXT NOT NULL,
    number     INTEGER PRIMARY KEY,
    UNIQUE (project_id, pin_index)
);
INSERT INTO pins_anew (id, project_id, pin, pin_index) SELECT id, project_id, pin, pin_index FROM pins ORDER BY id;
DROP TABLE pins;
ALTER TABLE pins_anew RENAME TO pins;

-- `local_day` counts days since 1970, `local_time` seconds of that day, both on the device's own clock; -1 stands for a state or verify
-- that the device did not send.
CREATE TABLE punch_rows (
    place      INTEGER NOT NULL,
    local_day  INTEGER NOT NULL,
    local_time INTEGER NOT NULL,
    pin        INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    verify     INTEGER NOT NULL,
    ordinal    INTEGER NOT NULL,
    message    INTEGER NOT NULL,
    PRIMARY KEY (place, local_day, local_time, pin, state, verify, ordinal)
) WITHOUT ROWID;
CREATE UNIQUE INDEX punch_messages_once ON punch_messages (inbox_id);
INSERT INTO punch_rows (place, local_day, local_time, pin, state, verify, ordinal, message)
SELECT p.number, t.local_day, t.local_time, n.number, t.state, t.verify, t.ordinal, m.number
FROM punches t LEFT JOIN punch_places p ON p.project_id = t.project_id AND p.device_id = t.device_id
LEFT JOIN pins n ON n.id = t.pin_id LEFT JOIN punch_messages m ON m.inbox_id = t.inbox_id;
DROP INDEX punch_messages_once;
DROP TABLE punches;

-- The outer joins never leave a punch out, and a question that does not ask who or by which message does without them.
CREATE VIEW punches AS
SELECT p.project_id AS project_id, r.local_day AS local_day, r.local_time AS local_time, p.device_id AS device_id,
       COALESCE(n.id, 0) AS pin_id, r.state AS state, r.verify AS verify, r.ordinal AS ordinal, COALESCE(m.inbox_id, 0) AS inbox_id
FROM punch_places p JOIN punch_rows r ON r.place = p.number
LEFT JOIN pins n ON n.number = r.pin LEFT JOIN punch_messages m ON m.number = r.message;
