DROP TABLE line_corrections;
