-- One movement that one message tells as a sum and another payment by payment is booked once: the entry that stands aside says in which
-- other one its money is counted. The version that an update replaces is kept with it.
ALTER TABLE bank_entries ADD COLUMN counted_in BIGINT;
ALTER TABLE bank_entries_was ADD COLUMN counted_in BIGINT;
CREATE INDEX bank_entries_counted ON bank_entries (project_id, counted_in) WHERE counted_in IS NOT NULL;
-- Whether messages of another kind tell of some days is asked for each statement, of accounts whose bank tells each movement by itself.
CREATE INDEX bank_statements_of_kind ON bank_statements (project_id, account_id, kind, to_on);
