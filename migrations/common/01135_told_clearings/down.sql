DROP TABLE clearing_steps;
DROP TABLE told_clearings;
