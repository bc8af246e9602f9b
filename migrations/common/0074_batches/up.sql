-- Gates look at all projects of a company and its group, so what is open must be found without reading what is settled: lines with a
-- rest or a dispute, lines paid after a day that is asked about, the companies below one, and from when to when people were on a roll,
-- which the index alone answers. The first two are partial, each by what its question implies, or SQLite would take the second for
-- both. Building them reads pay_lines twice and enrolments once and locks them for that time.
CREATE INDEX pay_lines_open ON pay_lines (project_id, sheet_id) WHERE net_fen - disputed_fen - paid_fen > 0 OR disputed_fen > 0;
CREATE INDEX pay_lines_by_paid_on ON pay_lines (project_id, paid_on) WHERE paid_on IS NOT NULL;
CREATE INDEX enrolments_by_span ON enrolments (project_id, entered_on, left_on);
CREATE INDEX parties_of_parent ON parties (parent_id);

-- How often a job was asked for again after it was taken: what came while it ran is not lost in it.
ALTER TABLE jobs ADD COLUMN asked_again BIGINT NOT NULL DEFAULT 0;
