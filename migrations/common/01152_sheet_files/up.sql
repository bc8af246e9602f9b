-- The import machine takes other sheets than rosters: which one a file is (none: a roster) and the month of a month grid. Locks the table
-- of imports for an instant.
ALTER TABLE roster_imports ADD COLUMN kind TEXT;
ALTER TABLE roster_imports ADD COLUMN month DATE;
