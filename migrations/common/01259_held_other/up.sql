-- What is held of a machine that nobody has admitted, other than passages: `held_punches` counts passages alone from now on, and both
-- together stay below the limit. Locks `device_states` for a moment; no row is rewritten.
ALTER TABLE device_states ADD COLUMN held_other INTEGER NOT NULL DEFAULT 0;
