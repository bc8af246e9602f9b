DROP TABLE device_turns;
