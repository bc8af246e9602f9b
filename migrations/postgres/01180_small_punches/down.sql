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
) PARTITION BY RANGE (local_day);
DO $$
DECLARE part RECORD;
BEGIN
    FOR part IN SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'punch_rows'::regclass ORDER BY c.relname
    LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF punches %s', replace(part.name, 'punch_rows_', 'punches_'), part.bound);
    END LOOP;
END
$$;
INSERT INTO punches (project_id, local_day, local_time, device_id, pin_id, state, verify, ordinal, inbox_id)
SELECT p.project_id, r.local_day, r.local_time, p.device_id, n.id, r.state, r.verify, r.ordinal, m.inbox_id
FROM punch_rows r LEFT JOIN punch_places p ON p.number = r.place
LEFT JOIN pins n ON n.number = r.pin LEFT JOIN punch_messages m ON m.number = r.message;
DROP TABLE punch_rows;
DROP TABLE punch_messages;
DROP TABLE punch_places;
ALTER TABLE pins DROP COLUMN number;
