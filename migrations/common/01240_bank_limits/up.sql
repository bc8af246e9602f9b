-- What a bank takes of names, cards and texts of a payment; nothing where it has not said. Columns without defaults: no row is rewritten,
-- the table is locked for a moment only.
ALTER TABLE bank_profiles ADD COLUMN name_max INTEGER;
ALTER TABLE bank_profiles ADD COLUMN card_min INTEGER;
ALTER TABLE bank_profiles ADD COLUMN card_max INTEGER;
ALTER TABLE bank_profiles ADD COLUMN card_luhn BOOLEAN;
ALTER TABLE bank_profiles ADD COLUMN text_max INTEGER;
ALTER TABLE bank_profiles ADD COLUMN charset TEXT;
