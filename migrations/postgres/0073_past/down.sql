DROP TRIGGER enrolments_keep ON enrolments;
DROP TRIGGER wage_accounts_keep ON wage_accounts;
DROP TRIGGER bank_entries_keep ON bank_entries;
DROP TRIGGER pay_sheets_keep ON pay_sheets;
DROP TRIGGER pay_lines_keep ON pay_lines;
DROP TRIGGER cases_keep ON cases;
DROP TRIGGER devices_keep ON devices;
DROP FUNCTION keep_version();
