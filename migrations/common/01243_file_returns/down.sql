DROP TABLE file_returns;
