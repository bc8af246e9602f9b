-- The version that an update replaces is kept, unless the same transaction made it.
CREATE TRIGGER enrolments_keep BEFORE UPDATE ON enrolments WHEN OLD.recorded_seq <> NEW.recorded_seq BEGIN
    INSERT INTO enrolments_was SELECT NEW.recorded_seq, t.* FROM enrolments t WHERE t.project_id = OLD.project_id AND t.id = OLD.id;
END;
CREATE TRIGGER wage_accounts_keep BEFORE UPDATE ON wage_accounts WHEN OLD.recorded_seq <> NEW.recorded_seq BEGIN
    INSERT INTO wage_accounts_was SELECT NEW.recorded_seq, t.* FROM wage_accounts t WHERE t.project_id = OLD.project_id AND t.id = OLD.id;
END;
CREATE TRIGGER bank_entries_keep BEFORE UPDATE ON bank_entries WHEN OLD.recorded_seq <> NEW.recorded_seq BEGIN
    INSERT INTO bank_entries_was SELECT NEW.recorded_seq, t.* FROM bank_entries t WHERE t.project_id = OLD.project_id AND t.id = OLD.id;
END;
CREATE TRIGGER pay_sheets_keep BEFORE UPDATE ON pay_sheets WHEN OLD.recorded_seq <> NEW.recorded_seq BEGIN
    INSERT INTO pay_sheets_was SELECT NEW.recorded_seq, t.* FROM pay_sheets t WHERE t.project_id = OLD.project_id AND t.id = OLD.id;
END;
CREATE TRIGGER pay_lines_keep BEFORE UPDATE ON pay_lines WHEN OLD.recorded_seq <> NEW.recorded_seq BEGIN
    INSERT INTO pay_lines_was SELECT NEW.recorded_seq, t.* FROM pay_lines t WHERE t.project_id = OLD.project_id AND t.id = OLD.id;
END;
CREATE TRIGGER cases_keep BEFORE UPDATE ON cases WHEN OLD.recorded_seq <> NEW.recorded_seq BEGIN
    INSERT INTO cases_was SELECT NEW.recorded_seq, t.* FROM cases t WHERE t.project_id = OLD.project_id AND t.id = OLD.id;
END;
CREATE TRIGGER devices_keep BEFORE UPDATE ON devices WHEN OLD.recorded_seq <> NEW.recorded_seq BEGIN
    INSERT INTO devices_was SELECT NEW.recorded_seq, t.* FROM devices t WHERE t.id = OLD.id;
END;
