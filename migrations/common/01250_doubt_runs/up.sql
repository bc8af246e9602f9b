-- The run that a refund in doubt names: what the bank says of that run later may settle it. Only the description of the table is locked.
ALTER TABLE entry_doubts ADD COLUMN named_run TEXT;
