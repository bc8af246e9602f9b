CREATE INDEX posting_lines_of_account ON posting_lines (project_id, account);
