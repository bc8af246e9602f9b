DROP INDEX inbox_sheets_waiting;
