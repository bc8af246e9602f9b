-- Several papers of one sheet cannot be told by the older program; the constraint is put back where each sheet has one.
DROP INDEX opening_sheets_of;
CREATE UNIQUE INDEX opening_sheets_one ON opening_sheets (project_id, sheet_id);
