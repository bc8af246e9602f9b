DROP INDEX pay_run_lines_by_id;
