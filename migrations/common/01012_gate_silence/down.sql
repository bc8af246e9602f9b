DROP TABLE device_silences;
