DROP TABLE roster_rows;
DROP TABLE roster_steps;
DROP TABLE roster_imports;
