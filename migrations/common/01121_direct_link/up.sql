-- Results in direct-link files name the payment and not the order: it is looked up without knowing the project.
-- Locks pay_run_lines for writing while the index is built.
CREATE INDEX pay_run_lines_by_id ON pay_run_lines (end_to_end_id);
