DROP TABLE opening_sheets;
