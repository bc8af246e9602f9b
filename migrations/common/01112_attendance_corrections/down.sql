DROP TABLE correction_steps;
DROP TABLE day_corrections;
