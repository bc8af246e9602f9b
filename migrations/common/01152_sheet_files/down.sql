ALTER TABLE roster_imports DROP COLUMN month;
ALTER TABLE roster_imports DROP COLUMN kind;
