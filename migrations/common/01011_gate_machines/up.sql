-- What gate machines need beyond their serial number: the token in the address of a push, a secret that signs, a second identity, and
-- settings; what their messages say of their clock; and what a ZKTeco clock tells of its users and of what was done at it.
-- Every added column is empty or has a default: no table is rewritten. `devices_was` gets the same columns in the same order.
ALTER TABLE devices ADD COLUMN token_index TEXT;
ALTER TABLE devices ADD COLUMN secret BYTEA;
ALTER TABLE devices ADD COLUMN mac TEXT;
ALTER TABLE devices ADD COLUMN settings TEXT;
ALTER TABLE devices ADD COLUMN heartbeat_minutes INTEGER;
ALTER TABLE devices_was ADD COLUMN token_index TEXT;
ALTER TABLE devices_was ADD COLUMN secret BYTEA;
ALTER TABLE devices_was ADD COLUMN mac TEXT;
ALTER TABLE devices_was ADD COLUMN settings TEXT;
ALTER TABLE devices_was ADD COLUMN heartbeat_minutes INTEGER;
CREATE UNIQUE INDEX devices_by_token ON devices (token_index) WHERE token_index IS NOT NULL;

-- `skews`: the latest differences between a machine's clock and ours, in seconds; `ignored`: events without a meaning, counted.
ALTER TABLE device_states ADD COLUMN skews TEXT NOT NULL DEFAULT '';
ALTER TABLE device_states ADD COLUMN far_punches BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device_states ADD COLUMN refused BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device_states ADD COLUMN pictures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device_states ADD COLUMN templates BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device_states ADD COLUMN ignored TEXT NOT NULL DEFAULT '';
ALTER TABLE device_states ADD COLUMN capabilities TEXT NOT NULL DEFAULT '';
ALTER TABLE device_states ADD COLUMN suspected_minutes INTEGER;
ALTER TABLE device_states ADD COLUMN stuck_at BIGINT;

-- The users that a clock says it has. The number may be an ID number, so it is kept like one.
CREATE TABLE device_users (
    device_id BIGINT NOT NULL REFERENCES devices (id),
    pin_index TEXT NOT NULL,
    pin       BYTEA NOT NULL,
    name      TEXT NOT NULL,
    privilege INTEGER,
    told_at   BIGINT NOT NULL,
    PRIMARY KEY (device_id, pin_index)
);

-- What was done at a clock itself: its menu opened, its log cleared, its time set.
CREATE TABLE device_operations (
    id        BIGINT PRIMARY KEY,
    device_id BIGINT NOT NULL REFERENCES devices (id),
    line      TEXT NOT NULL,
    inbox_id  BIGINT NOT NULL,
    told_at   BIGINT NOT NULL,
    UNIQUE (device_id, line)
);
