DROP TABLE folders_missing;
