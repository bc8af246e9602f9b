-- The version that an update replaces is kept, unless the same transaction made it.
CREATE FUNCTION keep_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO %I.%I SELECT $1, ($2).*', TG_TABLE_SCHEMA, TG_TABLE_NAME || '_was') USING NEW.recorded_seq, OLD;
    RETURN NEW;
END
$$;
CREATE TRIGGER enrolments_keep BEFORE UPDATE ON enrolments FOR EACH ROW WHEN (OLD.recorded_seq <> NEW.recorded_seq) EXECUTE FUNCTION keep_version();
CREATE TRIGGER wage_accounts_keep BEFORE UPDATE ON wage_accounts FOR EACH ROW WHEN (OLD.recorded_seq <> NEW.recorded_seq) EXECUTE FUNCTION keep_version();
CREATE TRIGGER bank_entries_keep BEFORE UPDATE ON bank_entries FOR EACH ROW WHEN (OLD.recorded_seq <> NEW.recorded_seq) EXECUTE FUNCTION keep_version();
CREATE TRIGGER pay_sheets_keep BEFORE UPDATE ON pay_sheets FOR EACH ROW WHEN (OLD.recorded_seq <> NEW.recorded_seq) EXECUTE FUNCTION keep_version();
CREATE TRIGGER pay_lines_keep BEFORE UPDATE ON pay_lines FOR EACH ROW WHEN (OLD.recorded_seq <> NEW.recorded_seq) EXECUTE FUNCTION keep_version();
CREATE TRIGGER cases_keep BEFORE UPDATE ON cases FOR EACH ROW WHEN (OLD.recorded_seq <> NEW.recorded_seq) EXECUTE FUNCTION keep_version();
CREATE TRIGGER devices_keep BEFORE UPDATE ON devices FOR EACH ROW WHEN (OLD.recorded_seq <> NEW.recorded_seq) EXECUTE FUNCTION keep_version();
