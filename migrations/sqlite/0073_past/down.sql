DROP TRIGGER enrolments_keep;
DROP TRIGGER wage_accounts_keep;
DROP TRIGGER bank_entries_keep;
DROP TRIGGER pay_sheets_keep;
DROP TRIGGER pay_lines_keep;
DROP TRIGGER cases_keep;
DROP TRIGGER devices_keep;
