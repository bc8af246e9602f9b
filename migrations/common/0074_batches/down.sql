ALTER TABLE jobs DROP COLUMN asked_again;
DROP INDEX parties_of_parent;
DROP INDEX enrolments_by_span;
DROP INDEX pay_lines_by_paid_on;
DROP INDEX pay_lines_open;
