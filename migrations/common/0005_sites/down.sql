DROP TABLE work_days;
DROP TABLE dirty_days;
DROP TABLE pins;
DROP TABLE device_commands;
DROP TABLE device_states;
DROP TABLE devices;
