DROP TABLE punch_rows_was;
DROP TABLE clock_differences;
DROP TABLE clock_readings;
DROP TABLE device_offsets;
